// A limit on how long a peer may take. What this thread was itself held up by meanwhile is granted on top, once: timers come before what
// the kernel has for us, so a peer that answered long ago would otherwise be blamed for our own delay.
// It ends nothing itself, and an answer that keeps this thread busy again gets no second grant.
import type { Clock } from '../clock.ts';

export class PeerTimeout {
  #timer: NodeJS.Timeout;

  /** `onTimeout` is called once, `limitMs` from now at the earliest, unless it is cleared before. */
  constructor(clock: Clock, limitMs: number, onTimeout: () => void) {
    const dueAtMs = clock.nowMs() + limitMs;
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(onTimeout, clock.nowMs() - dueAtMs);
    }, limitMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
