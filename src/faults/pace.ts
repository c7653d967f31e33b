// A token bucket: how many octets may go now at a given rate, and when the next ones may. Instants are handed in.
// It holds no octets and sets no timer.
import { msToSeconds, secondsToMs } from '../units.ts';

/** Octets go in portions of this length: fine enough to look like a slow line, few enough to cost nothing. */
const STEP_MS = 25;
/** Time that was not used, because nothing was there to send or a timer came late, is made good up to this much. */
const CREDIT_MS = 100;

export class Pace {
  readonly #bytesPerSecond: number;
  readonly #mostBytes: number;
  #availableBytes: number;
  #atMs: number;

  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#mostBytes = Math.max(1, this.#bytesIn(CREDIT_MS));
    this.#availableBytes = 0;
    this.#atMs = nowMs;
  }

  /** Takes as many of the wanted octets as may go now; perhaps none. */
  take(wantedBytes: number, nowMs: number): number {
    this.#availableBytes = Math.min(this.#mostBytes, this.#availableBytes + this.#bytesIn(nowMs - this.#atMs));
    this.#atMs = nowMs;
    const taken = Math.min(wantedBytes, Math.floor(this.#availableBytes));
    this.#availableBytes -= taken;
    return taken;
  }

  /** After `take`: how long until a portion of the octets that are left may go. */
  waitMs(leftBytes: number): number {
    const portion = Math.max(1, Math.min(leftBytes, this.#bytesIn(STEP_MS)));
    return secondsToMs(Math.max(0, portion - this.#availableBytes) / this.#bytesPerSecond);
  }

  #bytesIn(ms: number): number {
    return msToSeconds(ms) * this.#bytesPerSecond;
  }
}
