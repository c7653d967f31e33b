// What a player lived through by FFmpeg's own progress, where nobody sees segments to model it from: of an endless transport
// stream, and of any stream without a tap. Its grain is that of the reports: between them FFmpeg says nothing, also while it waits.
import { usToMs } from '../units.ts';
import type { PlaybackState } from './playback.ts';

/** Three reports without news, or none at all for as long: one late report is no stall. */
const STALLED_AFTER_MS = 3_000;

/** One client process. A stall begins with the last report that advanced and ends with the next that does. */
export class StreamPlayback {
  readonly #startedAtMs: number;
  readonly #stalledAfterMs: number;
  #outTimeMs = 0;
  #playingSinceMs: number | undefined;
  #advancedAtMs = 0;
  #endedAtMs = Number.POSITIVE_INFINITY;
  #stallCount = 0;
  #stallMs = 0;

  /** `stalledAfterMs`: what `out_time` may stand still for; infinite where nobody knows. */
  constructor(startedAtMs: number, stalledAfterMs: number = STALLED_AFTER_MS) {
    this.#startedAtMs = startedAtMs;
    this.#stalledAfterMs = stalledAfterMs;
  }

  /** `out_time` of a progress report. */
  progress(outTimeUs: number, atMs: number): void {
    const outTimeMs = usToMs(outTimeUs);
    if (outTimeMs <= this.#outTimeMs || atMs > this.#endedAtMs) return;
    this.#outTimeMs = outTimeMs;
    if (this.#playingSinceMs === undefined) this.#playingSinceMs = atMs;
    else if (atMs - this.#advancedAtMs > this.#stalledAfterMs) {
      this.#stallCount += 1;
      this.#stallMs += atMs - this.#advancedAtMs;
    }
    this.#advancedAtMs = atMs;
  }

  /** The process ended or is being stopped: what follows is no stall. */
  end(atMs: number): void {
    this.#endedAtMs = Math.min(this.#endedAtMs, atMs);
  }

  read(atMs: number): PlaybackState {
    const none = { segments: 0, unlistedSegments: 0, ignored: 0 };
    if (this.#playingSinceMs === undefined) return { playMs: 0, stallCount: 0, stallMs: 0, isStalled: false, ...none };
    const untilMs = Math.min(atMs, this.#endedAtMs);
    const stillMs = untilMs - this.#advancedAtMs;
    const isStalled = stillMs > this.#stalledAfterMs;
    return {
      startupMs: this.#playingSinceMs - this.#startedAtMs,
      playMs: Math.max(0, untilMs - this.#playingSinceMs),
      stallCount: this.#stallCount + (isStalled ? 1 : 0),
      stallMs: this.#stallMs + (isStalled ? stillMs : 0),
      isStalled,
      ...(isStalled ? { stalledSinceMs: this.#advancedAtMs } : {}),
      ...none,
    };
  }
}
