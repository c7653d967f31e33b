// Lets many clients say something before this thread looks again. Waking up costs as much as reading a chunk, and a thread that looks
// whenever something comes finds one chunk at a time. It knows nothing of what came, and holds up nothing when nothing came.
import type { Clock } from '../clock.ts';

/** Up to here the reader's work does not matter, and lines are stamped and read as they are written. */
export const FEW_CLIENTS = 50;

/** Of 1,000 clients some eight chunks come in that time. */
const MS_PER_CLIENT = 0.005;
/** What comes first is stamped as much later, and everybody else who wants something of this thread waits as long. */
const LONGEST_MS = 5;

/** Between two looks at least; 0 with few clients, whose lines are stamped when they are written. */
export function readingPauseMs(clients: number): number {
  return clients > FEW_CLIENTS ? Math.min(clients * MS_PER_CLIENT, LONGEST_MS) : 0;
}

export class ReadingPause {
  readonly #clock: Clock;
  readonly #lengthMs: number;
  /** Nobody ever wakes whoever waits on it. */
  readonly #bell: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #next: NodeJS.Immediate | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, clients: number) {
    this.#clock = clock;
    this.#lengthMs = readingPauseMs(clients);
  }

  /** Something came: behind all that is there now, the thread sleeps until the pause since its last look is over. */
  note(): void {
    if (this.#lengthMs > 0) this.#next ??= setImmediate(() => this.#pause());
  }

  #pause(): void {
    this.#next = undefined;
    const leftMs = this.#lookedAtMs + this.#lengthMs - this.#clock.nowMs();
    if (leftMs > 0) Atomics.wait(this.#bell, 0, 0, leftMs);
    this.#lookedAtMs = this.#clock.nowMs();
  }
}
