// One long-lived body while it flows: its own timer, what it says of itself once per second, the check of its octets.
// It relays nothing and ends nothing itself: when a limit is reached it tells, once. No timer is armed per chunk.
import type { Clock } from '../clock.ts';
import type { StreamEvent, TransportStreamCheck } from '../events.ts';
import { TransportStreamChecker } from '../hls/transport-stream.ts';
import { gapSlotOf } from '../meters.ts';
import type { StreamBehaviour } from './behaviour.ts';
import { SILENT_SHOWN_MS } from './limits.ts';
import type { Transfer } from './transfer.ts';

/** No octet before the body, none in it, or a client that does not drain. */
export type StreamTimeout = 'sH' | 'sD' | 'cD';

/** Who can end a transfer whose limit is reached. */
export interface StreamOwner {
  expired(transfer: Transfer, code: StreamTimeout): void;
}

export interface OpenStreamOptions {
  readonly transfer: Transfer;
  readonly clock: Clock;
  readonly limits: StreamBehaviour;
  readonly owner: StreamOwner;
  /** How many reads came after how long a gap, by slot. */
  readonly gaps: Float64Array;
}

interface Limit {
  readonly code: StreamTimeout;
  readonly sinceMs: number;
  readonly limitMs: number;
}

export class OpenStream {
  readonly transfer: Transfer;
  readonly #clock: Clock;
  readonly #limits: StreamBehaviour;
  readonly #owner: StreamOwner;
  /** A limit that begins to hold between two looks is at least this long: the next look comes before its end. */
  readonly #shortestLimitMs: number;
  #timer: NodeJS.Timeout;
  #checker: TransportStreamChecker | undefined;
  readonly #gaps: Float64Array;
  /** Of the read whose gap was counted last. */
  #readAtMs: number | undefined;

  constructor({ transfer, clock, limits, owner, gaps }: OpenStreamOptions) {
    this.transfer = transfer;
    this.#clock = clock;
    this.#limits = limits;
    this.#owner = owner;
    this.#gaps = gaps;
    this.#shortestLimitMs = Math.min(limits.firstByteMs, limits.silentMs, limits.notDrainingMs);
    this.#timer = setTimeout(() => this.#look(), this.#shortestLimitMs);
  }

  /** What the check counted so far; undefined when nobody asked for it. */
  get transportStream(): TransportStreamCheck | undefined {
    return this.#checker?.counts;
  }

  /** From its first octet on the content is looked at, if that was asked for. */
  beginCheck(): void {
    if (this.#limits.checksTransportStream) this.#checker ??= new TransportStreamChecker();
  }

  content(octets: Buffer, start: number, end: number): void {
    this.#checker?.read(octets, start, end);
    this.#countGap();
  }

  event(): StreamEvent {
    const { transfer } = this;
    const { client, process, connection, requestIndex, url, startedAtMs } = transfer.start;
    const atMs = this.#clock.nowMs();
    const { blockedSinceMs } = transfer;
    const { transportStream } = this;
    return {
      type: 'stream',
      client,
      process,
      connection,
      requestIndex,
      url,
      atMs,
      startedAtMs,
      contentBytes: transfer.contentBytes,
      longestGapMs: Math.max(transfer.longestGapMs, transfer.silentMs(atMs)),
      clientBlockedMs: transfer.clientBlockedMs + (blockedSinceMs === undefined ? 0 : atMs - blockedSinceMs),
      state: this.#state(atMs),
      ...(transportStream === undefined ? {} : { transportStream }),
    };
  }

  /** The transfer has ended, or is no stream after all. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /** The transfer has timed it: no clock is read. Some content comes in several pieces of one read. */
  #countGap(): void {
    const { lastReadAtMs, lastGapMs } = this.transfer;
    if (lastGapMs === undefined || lastReadAtMs === this.#readAtMs) return;
    this.#readAtMs = lastReadAtMs;
    const slot = gapSlotOf(Math.max(0, lastGapMs));
    this.#gaps[slot] = (this.#gaps[slot] ?? 0) + 1;
  }

  #state(atMs: number): StreamEvent['state'] {
    const { phase, phaseSinceMs, lastReadAtMs, blockedSinceMs } = this.transfer;
    if (lastReadAtMs === undefined) return 'waiting';
    const notDrainingSinceMs = phase === 'deliver' ? phaseSinceMs : blockedSinceMs;
    if (notDrainingSinceMs !== undefined)
      return atMs - notDrainingSinceMs > SILENT_SHOWN_MS ? 'client-blocked' : 'flowing';
    return atMs - lastReadAtMs > SILENT_SHOWN_MS ? 'silent' : 'flowing';
  }

  /** Armed anew for what is left of the limit that holds now: a stream that flows costs one look per shortest limit. */
  #look(): void {
    const limit = this.#limit();
    const leftMs = limit === undefined ? Infinity : limit.sinceMs + limit.limitMs - this.#clock.nowMs();
    if (limit !== undefined && leftMs <= 0) this.#owner.expired(this.transfer, limit.code);
    else this.#timer = setTimeout(() => this.#look(), Math.min(leftMs, this.#shortestLimitMs));
  }

  /** Undefined before the request is on its way: waiting for its turn and dialling have limits of their own. */
  #limit(): Limit | undefined {
    const { phase, phaseSinceMs, lastReadAtMs, blockedSinceMs } = this.transfer;
    const { firstByteMs, silentMs, notDrainingMs } = this.#limits;
    if (blockedSinceMs !== undefined) return { code: 'cD', sinceMs: blockedSinceMs, limitMs: notDrainingMs };
    switch (phase) {
      case 'send':
      case 'wait':
        return { code: 'sH', sinceMs: phaseSinceMs, limitMs: firstByteMs };
      case 'headers':
        return { code: 'sH', sinceMs: phaseSinceMs, limitMs: silentMs };
      case 'receive':
        return { code: 'sD', sinceMs: lastReadAtMs ?? phaseSinceMs, limitMs: silentMs };
      case 'deliver':
        return { code: 'cD', sinceMs: phaseSinceMs, limitMs: notDrainingMs };
      default:
        return undefined;
    }
  }
}
