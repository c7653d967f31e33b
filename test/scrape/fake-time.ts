// A clock and timers that move only when a test says so.
// It runs callbacks in the order of their due times and lets promises settle between them.
import type { Clock } from '../../src/clock.ts';
import type { Timers } from '../../src/scrape/adaptive-interval.ts';

export class FakeTime {
  #nowMs = 0;
  #next = 0;
  readonly #pending = new Map<number, { dueMs: number; callback: () => void }>();

  readonly clock: Clock = { nowMs: () => this.#nowMs, wallMs: () => this.#nowMs };
  readonly timers: Timers = {
    set: (callback, delayMs) => {
      this.#next += 1;
      this.#pending.set(this.#next, { dueMs: this.#nowMs + delayMs, callback });
      return this.#next;
    },
    clear: (handle) => this.#pending.delete(handle as number),
  };

  get armed(): number {
    return this.#pending.size;
  }

  /** Lets everything happen that is due within the next `ms`. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const [first] = [...this.#pending].toSorted(([, a], [, b]) => a.dueMs - b.dueMs);
      if (first === undefined || first[1].dueMs > endMs) break;
      this.#pending.delete(first[0]);
      this.#nowMs = Math.max(this.#nowMs, first[1].dueMs);
      first[1].callback();
    }
    this.#nowMs = endMs;
    await settle();
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
