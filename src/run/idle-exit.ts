// `--idle-exit`: notices that nobody has been connected to any door for a while, from the live meters alone.
// It ends nothing; who waits for it does.
import type { Clock } from '../clock.ts';
import type { MeterReading } from '../meters.ts';

/** Between two looks: a tenth of the time asked for, so that it leaves little later than asked, but not restlessly. */
const LOOKS = 10;
const SHORTEST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 1_000;

export interface IdleOptions {
  readonly clock: Clock;
  readonly idleMs: number;
  readonly meters: () => MeterReading['meters'];
}

export class IdleWatch {
  readonly #options: IdleOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #idle: PromiseWithResolvers<void> = Promise.withResolvers();
  #connections = 0;
  /** The first look that found nobody: the last one who was there may have left at any time since the look before. */
  #sinceMs: number | undefined;

  constructor(options: IdleOptions) {
    const lookMs = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, options.idleMs / LOOKS));
    this.#options = options;
    this.#sinceMs = options.clock.nowMs();
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  /** Resolves when there was no open connection for so long, counted from the start at the earliest. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { clock, idleMs, meters } = this.#options;
    const { connections, openConnections } = meters();
    // One that came and went between two looks counts too.
    const isUsed = openConnections > 0 || connections !== this.#connections;
    this.#connections = connections;
    this.#sinceMs = isUsed ? undefined : (this.#sinceMs ?? clock.nowMs());
    if (this.#sinceMs !== undefined && clock.nowMs() - this.#sinceMs >= idleMs) this.#idle.resolve();
  }
}
