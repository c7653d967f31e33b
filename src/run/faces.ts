// What a person sees while the run goes on: the screen when there is a terminal for it, else one line now and then.
// It reads the last snapshot and nothing else; the summary at the end is not its business.
import type { Options } from '../config/options.ts';
import { statusLine } from '../report/exit-summary.ts';
import type { Snapshot } from '../stats/summary.ts';
import { actionOf } from '../tui/keys.ts';
import { canUseScreen, openScreen, type Screen } from '../tui/screen.ts';
import { bodyOf, view } from '../tui/view.ts';
import { INITIAL_VIEW_STATE, nextState, type ViewState } from '../tui/view-state.ts';
import { secondsToMs } from '../units.ts';
import type { House } from './house.ts';

export interface FacesOptions {
  readonly house: House;
  readonly options: Options;
  readonly latest: () => Snapshot | undefined;
  /** False for the tap alone. */
  readonly hasClients?: boolean;
}

const STATUS_INTERVAL_MS: number = secondsToMs(5);
const SCREEN_INTERVAL_MS = 500;
/** More lines than a screen has rows are never shown. */
const LOG_LINES = 200;

export class Faces {
  readonly #house: House;
  readonly #latest: () => Snapshot | undefined;
  readonly #hasClients: boolean;
  readonly #screen: Screen | undefined;
  readonly #timer: NodeJS.Timeout;
  #state: ViewState = INITIAL_VIEW_STATE;
  #shown: Snapshot | undefined;

  /** From here on the terminal belongs to the screen, where there is one. */
  constructor({ house, options, latest, hasClients = true }: FacesOptions) {
    this.#house = house;
    this.#latest = latest;
    this.#hasClients = hasClients;
    const { stdin, stdout, env } = house.terminal;
    if (options.tui && canUseScreen(env, stdout, stdin)) {
      house.logLines.isScreenOn = true;
      this.#screen = openScreen({ stdin, stdout, env, onKey: (press) => this.#press(press) });
      house.terminal.killing.addEventListener('abort', () => this.stop(), { once: true });
      this.#screen.onResize(() => this.#draw());
      this.#timer = setInterval(() => this.#draw(), SCREEN_INTERVAL_MS);
      this.#draw();
    } else this.#timer = setInterval(() => this.#tellStatus(), STATUS_INTERVAL_MS);
  }

  /** Gives the terminal back. Any number of times. */
  stop(): void {
    clearInterval(this.#timer);
    this.#screen?.close();
    this.#house.logLines.isScreenOn = false;
  }

  #press(press: string): void {
    const action = actionOf(press, this.#state);
    if (action === undefined || this.#screen === undefined) return;
    if (action === 'quit') this.#house.end();
    if (action === 'redraw') this.#screen.forget();
    const seen = { clients: this.#shown?.clients ?? [], body: bodyOf(this.#screen.size()) };
    this.#state = nextState(this.#state, action, seen);
    this.#draw();
  }

  #draw(): void {
    if (this.#screen === undefined) return;
    if (!this.#state.isPaused) this.#shown = this.#latest();
    const logLines = this.#house.logLines.last(LOG_LINES);
    this.#screen.draw(view(this.#shown, this.#screen.size(), { ...this.#state, logLines }));
  }

  #tellStatus(): void {
    const snapshot = this.#latest();
    if (snapshot === undefined) return;
    this.#house.terminal.stderr.write(`${statusLine(snapshot, { hasClients: this.#hasClients })}\n`);
  }
}
