// The last lines of the log, so that a screen can show them, and the word on who owns stderr meanwhile.
// It formats nothing.

/** More than fits on any screen; enough to see how a failure began. */
const MAX_LINES = 500;

export class LogRing {
  /** A screen owns the terminal: log lines are kept here only. */
  isScreenOn = false;
  #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }

  last(count: number): readonly string[] {
    return this.#lines.slice(-count);
  }
}
