// Times what the instrument does over and over, and keeps the book of it. It runs what it is handed, at once, and nothing else.
import type { Clock } from '../clock.ts';
import { GAP_SLOTS, gapOfSlotMs } from '../meters.ts';
import { OperationBook } from '../stats/operations.ts';
import type { OperationName, OperationSummary } from '../stats/summary.ts';

export class OperationClock {
  readonly book: OperationBook;
  readonly #clock: Clock;
  #gaps: Float64Array = new Float64Array(GAP_SLOTS);

  constructor(clock: Clock) {
    this.#clock = clock;
    this.book = new OperationBook(clock.nowMs());
  }

  /** A function that does what it is handed and counts it as one operation: a failure when it throws. */
  timing(name: OperationName): (work: () => void) => void {
    return (work) => this.time(name, work);
  }

  time<Result>(name: OperationName, work: () => Result): Result {
    const beganAtMs = this.#clock.nowMs();
    let isFailure = true;
    try {
      const result = work();
      isFailure = false;
      return result;
    } finally {
      const endedAtMs = this.#clock.nowMs();
      this.book.record(name, endedAtMs, endedAtMs - beganAtMs, isFailure);
    }
  }

  /** Takes the running totals of the gaps between reads of streams (meters.ts); what is new since the last call counts now. */
  noteGaps(totals: Float64Array): void {
    const nowMs = this.#clock.nowMs();
    for (const [slot, total] of totals.entries()) {
      const reads = total - (this.#gaps[slot] ?? 0);
      if (reads > 0) this.book.recordMany('mpegts_chunk_read', nowMs, gapOfSlotMs(slot), reads);
    }
    this.#gaps = totals;
  }

  read(windowSeconds?: number): OperationSummary[] {
    return this.book.read(this.#clock.nowMs(), windowSeconds);
  }
}
