// An outside server for a test, on a port of its own: started, waited for, stopped by process. What it serves is the caller's.
// It installs nothing (see require.ts) and keeps no files.
import { setTimeout as pause } from 'node:timers/promises';
import { type Program, startProgram } from '../../src/process.ts';
import { freePort } from './free-port.ts';

export interface Service {
  readonly port: number;
  readonly pid: number;
  url(path: string): string;
  /** All that it has printed. */
  said(): string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServiceOptions {
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  /** Answers with a 2xx as soon as it serves. */
  readonly readyPath: string;
}

const START_ATTEMPTS = 5;
const DEADLINE_MS = 15_000;
const POLL_MS = 20;

/** @throws Error with what it said when it does not come up */
export async function startService({ command, args, readyPath }: ServiceOptions): Promise<Service> {
  let said = '';
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const program = startProgram(command, args(port), {
      stdio: { stdout: 'pipe', stderr: 'pipe' },
      onStdout: (chunk) => (said += chunk.toString()),
      onStderr: (chunk) => (said += chunk.toString()),
    });
    if (await isReady(program, `http://127.0.0.1:${port}${readyPath}`)) return running(program, port, () => said);
    await program.stop();
    // Somebody took the port between our look and its bind; anything else will not get better.
    if (!/address already in use/i.test(said)) break;
  }
  throw new Error(`${command} does not come up: ${said.trim() || 'it said nothing'}`);
}

function running(program: Program, port: number, said: () => string): Service {
  const stop = async (): Promise<void> => {
    await program.stop();
  };
  return {
    port,
    pid: program.pid ?? 0,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    said,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function isReady(program: Program, url: string): Promise<boolean> {
  let hasEnded = false;
  void program.exited.then(() => {
    hasEnded = true;
  });
  const endsAt = performance.now() + DEADLINE_MS;
  while (!hasEnded && performance.now() < endsAt) {
    const isUp = await fetch(url, { headers: { connection: 'close' } }).then(
      async (response) => {
        await response.body?.cancel();
        return response.ok;
      },
      () => false,
    );
    // An answer proves that it is ours only while ours lives: it ends when it cannot have the port.
    if (isUp && !hasEnded) return true;
    await pause(POLL_MS);
  }
  return false;
}
