// What every room of a command is handed: the terminal, the log, the redaction. A type and nothing else.
// It owns nothing; main.ts builds it once.
import type { Log } from '../log.ts';
import type { LogRing } from './log-ring.ts';
import type { Redact } from './redact.ts';
import type { Terminal } from './terminal.ts';

export interface House {
  readonly terminal: Terminal;
  readonly log: Log;
  /** The last log lines, for the screen. */
  readonly logLines: LogRing;
  readonly redact: Redact;
  /** What Ctrl-C means, for a screen that gets it as a key: the first time end the run, the second time leave at once. */
  readonly end: () => void;
  /** A part that must not fail has failed: the account has a gap and the run ends with the code for a bug. */
  readonly fail: (error: Error) => void;
}
