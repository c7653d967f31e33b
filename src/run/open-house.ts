// Builds what every command is handed, and turns signals into wishes: the first ends the run, the second leaves at once.
// It never exits; main.ts does, with the code for the second signal.
import { clockFrom, clockOrigin } from '../clock.ts';
import type { Options } from '../config/options.ts';
import { createLog } from '../log.ts';
import type { House } from './house.ts';
import { LogRing } from './log-ring.ts';
import { createRedact } from './redact.ts';

/** A script that signals the whole process group reaches us twice, directly and through npm. That is one wish. */
const SAME_SIGNAL_MS = 50;

export interface OpenHouse {
  readonly house: House;
  /** Why the run had to end, when a part that must not fail has failed. */
  failure(): Error | undefined;
  /** Ends every client without a word and gives the terminal back. */
  kill(): void;
}

/** `leave` is called at the second signal, when everything of ours has been killed. */
export function openHouse(options: Options, leave: () => void): OpenHouse {
  const clock = clockFrom(clockOrigin());
  const ending = new AbortController();
  const killing = new AbortController();
  const logLines = new LogRing();
  let failure: Error | undefined;
  let lastSignalAtMs = Number.NEGATIVE_INFINITY;
  const onWish = (): void => {
    const isSame = clock.nowMs() - lastSignalAtMs < SAME_SIGNAL_MS;
    lastSignalAtMs = clock.nowMs();
    if (isSame) return;
    if (!ending.signal.aborted) {
      ending.abort();
      return;
    }
    killing.abort();
    leave();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onWish);
  const redact = createRedact(options.redact ?? 'query-values');
  const log = createLog({
    redact,
    format: options.logFormat,
    verbose: options.verbose,
    ...(options.logFile === undefined ? {} : { file: options.logFile }),
    onLine: (line) => logLines.add(line),
    toStderr: () => !logLines.isScreenOn,
  });
  const { stdin, stdout, stderr, env } = process;
  const house: House = {
    terminal: {
      stdin,
      stdout,
      // Here and not where the sentences are made: one that nobody thought of must not show a secret either.
      stderr: { isTTY: stderr.isTTY === true, write: (text) => stderr.write(redact(text)) },
      env,
      ending: ending.signal,
      killing: killing.signal,
    },
    log,
    logLines,
    redact,
    end: onWish,
    fail: (error) => {
      failure ??= error;
      ending.abort();
    },
  };
  return { house, failure: () => failure, kill: () => killing.abort() };
}
