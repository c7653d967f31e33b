// One finding of the preflight and its line for people. It checks nothing itself.

export interface Check {
  readonly name: string;
  /** false = the run cannot go on. */
  readonly ok: boolean;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to type or to change. */
  readonly fix?: string;
}

const SYMBOLS = { ok: '✓', warn: '⚠', fail: '✗' } as const;

/** One check as a line, the fix on a second one. */
export function formatCheck(check: Check): string {
  const line = `${SYMBOLS[check.level]} ${check.name}: ${check.detail}`;
  return check.fix === undefined ? line : `${line}\n  Fix: ${check.fix}`;
}
