// The world outside as a run needs it: streams, environment and the wish to end. Tests hand in their own.
// It registers no signal handler; main.ts turns signals into these promises.
import type { Environment } from '../process.ts';

export interface Output {
  write(text: string): unknown;
}

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Environment;
  /** Aborted by the first Ctrl-C or SIGTERM: measure no more, sum up. */
  readonly ending: AbortSignal;
  /** Aborted by the second: kill and leave. */
  readonly killing: AbortSignal;
}

/** Resolved after so long; keeps no process alive by itself. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Resolved when the signal is aborted, at once when it already is. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
