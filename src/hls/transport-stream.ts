// Checks octets of an MPEG transport stream (ISO/IEC 13818-1 section 2.4.3) in whatever pieces they come: packets, lost
// sync, continuity counters. It keeps no content, compares no payloads and knows no program: of a packet it sees six octets.
import type { TransportStreamCheck } from '../events.ts';

const TS_PACKET_BYTES = 188;
const SYNC_OCTET = 0x47;
/** As many sync octets, one packet apart, are taken for sync found again: content holds single ones everywhere. */
const SYNCS_TO_TRUST = 3;
/** From one octet to the last of the sync octets that would confirm it. */
const SYNC_SPAN_BYTES: number = (SYNCS_TO_TRUST - 1) * TS_PACKET_BYTES;
/** Sync, PID, control, and of an adaptation field its length and flags. */
const SEEN_BYTES = 6;
/** Stuffing; its counter means nothing. */
const NULL_PID = 0x1f_ff;
const COUNTER_MASK = 0x0f;
const HAS_PAYLOAD = 0b01;
const HAS_ADAPTATION_FIELD = 0b10;
const DISCONTINUITY_INDICATOR = 0x80;

interface Counter {
  last: number;
  /** The last packet came twice: that is allowed once. */
  isRepeated: boolean;
}

/** The first three packets begin where they should: enough to call content MPEG-TS. */
export function hasTransportPackets(octets: Uint8Array): boolean {
  return [0, 1, 2].every((packet) => octets[packet * TS_PACKET_BYTES] === SYNC_OCTET);
}
/** What `hasTransportPackets` needs to see. */
export const TRANSPORT_PROBE_BYTES: number = SYNC_SPAN_BYTES + 1;

/** One stream from its first octet, where a packet has to begin. The counts do not depend on how the octets were split. */
export class TransportStreamChecker {
  readonly #seen = new Uint8Array(SEEN_BYTES);
  readonly #counters = new Map<number, Counter>();
  /** Octets of the present packet that came; its first six are in `#seen`. */
  #packetBytes = 0;
  /** Out of sync: what came since the first octet that may begin a packet. Undefined while in sync. */
  #suspects: Buffer | undefined;
  #packets = 0;
  #syncLosses = 0;
  #continuityErrors = 0;

  /** The octets from `start` up to `end`; they are not kept. */
  read(octets: Buffer, start: number = 0, end: number = octets.length): void {
    if (this.#suspects === undefined) this.#readPackets(octets, start, end);
    else this.#search(Buffer.concat([this.#suspects, octets.subarray(start, end)]));
  }

  /** So far; a packet counts when its last octet has come. */
  get counts(): TransportStreamCheck {
    return { packets: this.#packets, syncLosses: this.#syncLosses, continuityErrors: this.#continuityErrors };
  }

  #readPackets(octets: Buffer, start: number, end: number): void {
    let position = start;
    while (position < end) {
      if (this.#packetBytes === 0 && octets[position] !== SYNC_OCTET) {
        this.#loseSync(octets, position, end);
        return;
      }
      const bytes = Math.min(TS_PACKET_BYTES - this.#packetBytes, end - position);
      const seenBytes = Math.min(bytes, SEEN_BYTES - this.#packetBytes);
      for (let index = 0; index < seenBytes; index += 1)
        this.#seen[this.#packetBytes + index] = octets[position + index] ?? 0;
      this.#packetBytes += bytes;
      position += bytes;
      if (this.#packetBytes === TS_PACKET_BYTES) this.#endPacket();
    }
  }

  #endPacket(): void {
    this.#packetBytes = 0;
    this.#packets += 1;
    const [, high = 0, low = 0, control = 0, fieldBytes = 0, flags = 0] = this.#seen;
    const pid = ((high & 0x1f) << 8) | low;
    if (pid === NULL_PID) return;
    const contents = (control >> 4) & 0b11;
    const isSignalled =
      (contents & HAS_ADAPTATION_FIELD) !== 0 && fieldBytes > 0 && (flags & DISCONTINUITY_INDICATOR) !== 0;
    // From here the counter may go on anywhere, also after a packet that is no more than the signal.
    if (isSignalled) this.#counters.delete(pid);
    if ((contents & HAS_PAYLOAD) !== 0) this.#count(pid, control & COUNTER_MASK);
  }

  #count(pid: number, value: number): void {
    const counter = this.#counters.get(pid);
    if (counter === undefined) {
      this.#counters.set(pid, { last: value, isRepeated: false });
      return;
    }
    const isNext = value === ((counter.last + 1) & COUNTER_MASK);
    const isRepetition = value === counter.last && !counter.isRepeated;
    if (!isNext && !isRepetition) this.#continuityErrors += 1;
    counter.last = value;
    counter.isRepeated = isRepetition;
  }

  /** What is missing between here and the next packet is one loss of sync, not an error of each counter too. */
  #loseSync(octets: Buffer, start: number, end: number): void {
    this.#syncLosses += 1;
    this.#counters.clear();
    this.#search(octets.subarray(start, end));
  }

  #search(octets: Buffer): void {
    for (let from = octets.indexOf(SYNC_OCTET); from >= 0; from = octets.indexOf(SYNC_OCTET, from + 1)) {
      const isRefuted = [1, 2].some((packet) => {
        const octet = octets[from + packet * TS_PACKET_BYTES];
        return octet !== undefined && octet !== SYNC_OCTET;
      });
      if (isRefuted) continue;
      if (from + SYNC_SPAN_BYTES < octets.length) {
        this.#suspects = undefined;
        this.#readPackets(octets, from, octets.length);
        return;
      }
      // Not refuted and not confirmed: the rest decides. A copy, because the octets are on loan.
      this.#suspects = Buffer.from(octets.subarray(from));
      return;
    }
    this.#suspects = Buffer.alloc(0);
  }
}
