// The world outside as a run needs it: streams, environment and the wish to end. Tests hand in their own.
// It registers no signal handler; main.ts turns signals into these promises.
import type { Environment } from '../process.ts';

export interface Output {
  write(text: string): unknown;
}

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** What is written here is redacted. */
  readonly stderr: Output & { readonly isTTY?: boolean };
  readonly env: Environment;
  /** Aborted by the first Ctrl-C or SIGTERM: measure no more, sum up. */
  readonly ending: AbortSignal;
  /** Aborted by the second: kill and leave. */
  readonly killing: AbortSignal;
}

/** A disk that takes longer for a few lines is not waited for. */
const FILE_POLLS = 100;
const FILE_POLL_MS = 2;

/** Resolved after so long; keeps no process alive by itself. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Resolved when this thread has no file operation under way (a log's last lines), or after a short while. */
export async function fileWrites(): Promise<void> {
  const isBusy = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
  for (let polls = 0; isBusy() && polls < FILE_POLLS; polls += 1)
    await new Promise((resolve) => setTimeout(resolve, FILE_POLL_MS));
}

/** Resolved when the signal is aborted, at once when it already is. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
