// Bounds how many lines of one stream are looked at in a short time, so that one chattering process cannot hold up the rest.
// It keeps no lines: what is over the budget is counted and gone.

/** Longer than any delay of a healthy main loop, short enough that a full budget costs a few milliseconds. */
const WINDOW_MS = 100;

export class LineBudget {
  readonly #linesPerWindow: number;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #dropped = 0;

  constructor(linesPerWindow: number) {
    this.#linesPerWindow = linesPerWindow;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** true when the line that arrived at `atMs` may be looked at. */
  take(atMs: number): boolean {
    if (atMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = atMs;
      this.#taken = 0;
    }
    if (this.#taken < this.#linesPerWindow) {
      this.#taken += 1;
      return true;
    }
    this.#dropped += 1;
    return false;
  }
}
