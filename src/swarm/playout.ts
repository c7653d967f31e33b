// When a process's player has played all that FFmpeg has read, from `out_time` alone: the cross-check of the tap's stall model that
// `--restart-on-stall` acts on. It reads no clock, counts no stalls and knows nothing of segments.
import { usToMs } from '../units.ts';

/** The player starts at the first advance, stands still when it has played out, and goes on with the next advance. */
export class Playout {
  #outTimeUs = 0;
  #runsOutAtMs: number | undefined;

  /** `out_time` as it was told at `atMs`; only an advance counts. */
  note(outTimeUs: number | undefined, atMs: number): void {
    if (outTimeUs === undefined || outTimeUs <= this.#outTimeUs) return;
    const advanceMs = usToMs(outTimeUs - this.#outTimeUs);
    this.#outTimeUs = outTimeUs;
    this.#runsOutAtMs = Math.max(this.#runsOutAtMs ?? atMs, atMs) + advanceMs;
  }

  get hasBegun(): boolean {
    return this.#runsOutAtMs !== undefined;
  }

  /** How long the present stall lasts: 0 while it plays, undefined before it began to (until then `-rw_timeout` is in charge). */
  stalledForMs(nowMs: number): number | undefined {
    return this.#runsOutAtMs === undefined ? undefined : Math.max(0, nowMs - this.#runsOutAtMs);
  }
}
