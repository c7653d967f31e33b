// What a person sees while the run goes on: the screen when there is a terminal for it, else one line now and then.
// It reads the last snapshot and nothing else; the summary at the end is not its business.
import type { Options } from '../config/options.ts';
import { statusLine } from '../report/exit-summary.ts';
import type { Snapshot } from '../stats/summary.ts';
import { secondsToMs } from '../units.ts';
import type { House } from './house.ts';

export interface FacesOptions {
  readonly house: House;
  readonly options: Options;
  readonly url: string;
  readonly latest: () => Snapshot | undefined;
}

const STATUS_INTERVAL_MS: number = secondsToMs(5);

export class Faces {
  readonly #options: FacesOptions;
  readonly #quit: PromiseWithResolvers<void> = Promise.withResolvers();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FacesOptions) {
    this.#options = options;
  }

  /** Resolved when the person at the screen wants to end the run. */
  get quit(): Promise<void> {
    return this.#quit.promise;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#tellStatus(), STATUS_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tellStatus(): void {
    const {
      house: { terminal },
      latest,
    } = this.#options;
    const snapshot = latest();
    if (snapshot !== undefined) terminal.stderr.write(`${statusLine(snapshot)}\n`);
  }
}
