// What a person sees while the run goes on: the screen when there is a terminal for it, else one line now and then.
// It reads the last snapshot and nothing else; the summary at the end is not its business.
import type { Options } from '../config/options.ts';
import { statusLine } from '../report/exit-summary.ts';
import type { Snapshot } from '../stats/summary.ts';
import { actionOf } from '../tui/keys.ts';
import { canUseScreen, openScreen, type Screen } from '../tui/screen.ts';
import { bodyOf, view } from '../tui/view.ts';
import { INITIAL_VIEW_STATE, type Notice, nextState, type ViewState } from '../tui/view-state.ts';
import { secondsToMs } from '../units.ts';
import type { House } from './house.ts';

export interface FacesOptions {
  readonly house: House;
  readonly options: Options;
  readonly latest: () => Snapshot | undefined;
  /** False for the tap alone. */
  readonly hasClients?: boolean;
  /** Handed each paint, to be done at once: whoever wants to know how long it takes. */
  readonly timed?: (work: () => void) => void;
  /** Writes the report of now; resolves to where. */
  readonly writeReport?: () => Promise<string>;
}

const STATUS_INTERVAL_MS: number = secondsToMs(5);
const SCREEN_INTERVAL_MS = 500;
/** More lines than a screen has rows are never shown. */
const LOG_LINES = 200;
/** A notice stands for 6 s, and while it is paused too. */
const NOTICE_PAINTS = 12;

export class Faces {
  readonly #house: House;
  readonly #latest: () => Snapshot | undefined;
  readonly #hasClients: boolean;
  readonly #timed: (work: () => void) => void;
  readonly #writeReport: (() => Promise<string>) | undefined;
  readonly #screen: Screen | undefined;
  readonly #timer: NodeJS.Timeout;
  #state: ViewState = INITIAL_VIEW_STATE;
  #shown: Snapshot | undefined;
  #noticePaints = 0;
  #writing: Promise<void> | undefined;

  /** From here on the terminal belongs to the screen, where there is one. */
  constructor({ house, options, latest, hasClients = true, timed = (work) => work(), writeReport }: FacesOptions) {
    this.#house = house;
    this.#latest = latest;
    this.#hasClients = hasClients;
    this.#timed = timed;
    this.#writeReport = writeReport;
    const { stdin, stdout, env } = house.terminal;
    if (options.tui && canUseScreen(env, stdout, stdin)) {
      house.logLines.isScreenOn = true;
      this.#screen = openScreen({ stdin, stdout, env, onKey: (press) => this.#press(press) });
      house.terminal.killing.addEventListener('abort', () => void this.stop(), { once: true });
      this.#screen.onResize(() => this.#draw());
      this.#timer = setInterval(() => this.#tick(), SCREEN_INTERVAL_MS);
      this.#draw();
    } else this.#timer = setInterval(() => this.#tellStatus(), STATUS_INTERVAL_MS);
  }

  /** Gives the terminal back at once; resolves when a report that is being written is there. Any number of times. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#screen?.close();
    this.#house.logLines.isScreenOn = false;
    await this.#writing;
  }

  /** Seen at the next paint, and for some seconds; where there is no screen the log has it. */
  note(text: string): void {
    this.#noticePaints = NOTICE_PAINTS;
    this.#state = { ...this.#state, notice: { text, isFailure: false } };
  }

  #press(press: string): void {
    const action = actionOf(press, this.#state);
    if (action === undefined || this.#screen === undefined) return;
    if (action === 'quit') this.#house.end();
    if (action === 'redraw') this.#screen.forget();
    if (action === 'report') this.#report();
    const seen = { clients: this.#shown?.clients ?? [], body: bodyOf(this.#screen.size()) };
    this.#state = nextState(this.#state, action, seen);
    this.#draw();
  }

  #tick(): void {
    if (this.#noticePaints > 0) this.#noticePaints -= 1;
    else if (this.#state.notice !== undefined) this.#state = { ...this.#state, notice: undefined };
    this.#draw();
  }

  /** One at a time: two writers of one file would be in each other's way. */
  #report(): void {
    if (this.#writeReport === undefined || this.#writing !== undefined) return;
    const told = (notice: Notice): void => {
      this.#writing = undefined;
      this.#tell(notice);
    };
    this.#writing = this.#writeReport().then(
      (path) => told({ text: `report written to ${path}`, isFailure: false }),
      (error: unknown) => told({ text: error instanceof Error ? error.message : String(error), isFailure: true }),
    );
  }

  #tell(notice: Notice): void {
    this.#noticePaints = NOTICE_PAINTS;
    this.#state = { ...this.#state, notice };
    this.#draw();
  }

  #draw(): void {
    const screen = this.#screen;
    if (screen === undefined) return;
    if (!this.#state.isPaused) this.#shown = this.#latest();
    const logLines = this.#house.logLines.last(LOG_LINES);
    this.#timed(() => screen.draw(view(this.#shown, screen.size(), { ...this.#state, logLines })));
  }

  #tellStatus(): void {
    const snapshot = this.#latest();
    if (snapshot === undefined) return;
    this.#house.terminal.stderr.write(`${statusLine(snapshot, { hasClients: this.#hasClients })}\n`);
  }
}
