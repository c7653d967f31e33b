// MPEG-TS packets for tests: sync octet, PID, continuity counter and a payload that differs from packet to packet.
// They hold no tables and no media: FFmpeg plays none of it.
export const PACKET_BYTES = 188;

export interface Packet {
  readonly pid?: number;
  readonly counter?: number;
  readonly hasPayload?: boolean;
  /** An adaptation field of one octet of flags, with the discontinuity indicator or without. */
  readonly adaptation?: 'none' | 'plain' | 'discontinuity';
}

/** One packet; the payload holds no sync octet. */
export function packet({ pid = 256, counter = 0, hasPayload = true, adaptation = 'none' }: Packet): Buffer {
  const octets = Buffer.alloc(PACKET_BYTES, (pid + counter) & 0x3f);
  octets[0] = 0x47;
  octets[1] = pid >> 8;
  octets[2] = pid & 0xff;
  octets[3] = (adaptation === 'none' ? 0 : 0x20) | (hasPayload ? 0x10 : 0) | counter;
  if (adaptation === 'none') return octets;
  octets[4] = 1;
  octets[5] = adaptation === 'discontinuity' ? 0x80 : 0;
  return octets;
}

/** Consecutive packets of one PID, counters as they have to be. */
export function packets(count: number, first = 0): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => packet({ counter: (first + index) % 16 })));
}
