// One finding of the preflight and its line for people. It checks nothing itself.

export interface Check {
  readonly name: string;
  /** false = the run cannot go on. */
  readonly ok: boolean;
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was found, and what is needed. */
  readonly detail: string;
  /** What to type or to change. */
  readonly fix?: string;
}

const SYMBOLS = { ok: '✓', warn: '⚠', fail: '✗' } as const;
/** SGR: green, yellow, red; the shape says the same to those who see no colour. */
const COLOURS = { ok: 32, warn: 33, fail: 31 } as const;
const ESCAPE = '\u001B[';

/** A warning is no failure. */
export function havePassed(checks: readonly Pick<Check, 'ok'>[]): boolean {
  return checks.every(({ ok }) => ok);
}

/** One check as a line, the fix on a second one. `isColoured`: for a terminal that shows colours. */
export function formatCheck({ name, level, detail, fix }: Check, isColoured = false): string {
  const symbol = isColoured ? `${ESCAPE}${COLOURS[level]}m${SYMBOLS[level]}${ESCAPE}0m` : SYMBOLS[level];
  const line = `${symbol} ${name}: ${detail}`;
  return fix === undefined ? line : `${line}\n  Fix: ${fix}`;
}
