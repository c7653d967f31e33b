// Gives the memory of a burst back: a thread without traffic collects no garbage, so what thousands of connections took would
// stay for as long as the program waits for the next ones. One full collection when a burst is over, and never under traffic.
// It decides by the number of open connections that it is told, and keeps nothing else.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { secondsToMs } from '../units.ts';

/** Open connections of one thread whose memory is worth the collection's pause (0.1 s for a large heap). */
const BURST_CONNECTIONS = 256;
/** Players that come back sooner are still the same burst. */
const QUIET_MS: number = secondsToMs(5);

type Collect = () => void;

export class QuietCollector {
  readonly #collect: Collect;
  #isAfterBurst = false;
  #quietSinceMs: number | undefined;

  constructor(collect: Collect = collectGarbage) {
    this.#collect = collect;
  }

  /** To be told now and then, at the least while nothing is open. */
  look(openConnections: number, atMs: number): void {
    if (openConnections >= BURST_CONNECTIONS) this.#isAfterBurst = true;
    if (openConnections > 0) {
      this.#quietSinceMs = undefined;
      return;
    }
    this.#quietSinceMs ??= atMs;
    if (!this.#isAfterBurst || atMs - this.#quietSinceMs < QUIET_MS) return;
    this.#isAfterBurst = false;
    this.#collect();
  }
}

/** The inspector's way to the same end never returns in a worker; this one is what V8 offers without a flag at the start. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as (options: object) => void)({ type: 'major', flavor: 'last-resort' });
}
