// hls-swarm as a user runs it: the program as a child with a folder of its own, everything it printed, waiting with a deadline.
// It knows nothing of what the program should do; whatever a test leaves running is killed with it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Environment, type ProgramExit, startProgram } from '../../src/process.ts';
import { signalProcess } from '../../src/process-group.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { originFolders } from './origin-folders.ts';
import { TESTED_FFMPEG } from './second-ffmpeg.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** As in `npm start` and bin/hls-swarm.js. */
export const NODE_OPTIONS: readonly string[] = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--heap-growing-percent=120',
  '--no-maglev',
];
/** A loaded machine takes its time; a test that waits for longer than this waits in vain. */
const DEADLINE_MS = 20_000;
const POLL_MS = 20;

export interface Ended extends ProgramExit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Not yet: undefined, or false. */
type Maybe<Value> = Value | undefined | false;

export interface HlsSwarm {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly hasEnded: boolean;
  signal(name: NodeJS.Signals): void;
  /** Resolves with all that it printed; fails after the deadline, showing what it said. */
  ended(deadlineMs?: number): Promise<Ended>;
  /** Resolves when `condition` holds; fails when the program has ended or after the deadline. */
  until<Value>(
    condition: () => Maybe<Value> | Promise<Maybe<Value>>,
    what: string,
    deadlineMs?: number,
  ): Promise<Value>;
  /** The address of its control server, from the log on stderr. */
  controlUrl(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts `hls-swarm ARGUMENTS` under this Node. `env` is added to ours. */
export function startHlsSwarm(args: readonly string[], env: Environment = {}): HlsSwarm {
  return startChild(process.execPath, [...NODE_OPTIONS, MAIN, ...args], env);
}

/** Runs it to its end; `deadlineMs` for one that is to last longer than most. */
export async function hlsSwarm(args: readonly string[], env: Environment = {}, deadlineMs?: number): Promise<Ended> {
  await using program = startHlsSwarm(args, env);
  return await program.ended(deadlineMs);
}

/** The same for a shell line; `$0` and what follows are `args`. */
export function startShell(line: string, args: readonly string[], env: Environment = {}): HlsSwarm {
  return startChild('bash', ['-c', line, ...args], env);
}

/**
 * The run measured, and its code is that of its verdict. A machine that has other work to do may hold up the tap for so long
 * that the verdict rightly falls; nothing else may make it invalid, so no test depends on an idle machine.
 */
export function assertMeasured({ code, stderr }: Ended, { instrument }: Summary): void {
  const { verdict, reasons, ledgerImbalanceBytes, lostRecords, bypassedRequests } = instrument;
  const counts = { ledgerImbalanceBytes, lostRecords, bypassedRequests };
  assert.deepEqual(counts, { ledgerImbalanceBytes: 0, lostRecords: 0, bypassedRequests: 0 });
  if (verdict === 'invalid') assert.match(reasons.join('; '), /^tap loop delay/);
  assert.equal(code, verdict === 'invalid' ? 98 : 0, stderr);
}

/** What starts the program, for a shell line. */
export const PROGRAM: readonly string[] = [process.execPath, ...NODE_OPTIONS, MAIN];

/**
 * A folder for everything that one run leaves, and a name for FFmpeg that only its processes bear: clients, probes and the
 * encoder are found by it, and the origin's process, which is told it.
 */
export interface Sandbox {
  readonly folder: string;
  readonly ffmpeg: string;
  /** The run's own temporary folder, which must be empty in the end; and no calibration: it would be a fifth of many runs. */
  readonly env: Environment;
  file(name: string): string;
  /** Living processes that are the run's, as `pid command`. */
  processes(): readonly string[];
  leftovers(): readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function sandbox(): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-system-'));
  const temporary = await mkdtemp(join(tmpdir(), 'hls-swarm-system-tmp-'));
  const ffmpeg = join(folder, 'ffmpeg');
  // A script's own name is gone when it execs, so argv[0] carries it on.
  await writeFile(ffmpeg, `#!/bin/bash\nexec -a "$0" '${TESTED_FFMPEG}' "$@"\n`);
  await chmod(ffmpeg, 0o755);
  return {
    folder,
    ffmpeg,
    env: { TMPDIR: temporary, HLS_SWARM_NO_CALIBRATE: 'true' },
    file: (name) => join(folder, name),
    processes: () => processesNaming(folder),
    leftovers: () => readdirSync(temporary),
    [Symbol.asyncDispose]: async () => {
      // What is listed may be gone by its turn. An origin that is killed leaves its folder to whoever comes next.
      const pids = pidsNaming(folder);
      for (const pid of pids) signalProcess(pid, 'SIGKILL');
      for (const path of [folder, temporary, ...pids.flatMap((pid) => originFolders(pid))])
        await rm(path, { recursive: true, force: true });
    },
  };
}

/** Processes whose command line holds `text`, ours left out. */
export function processesNaming(text: string): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(text) ? [`${pid} ${line}`] : [];
    } catch {
      return [];
    }
  });
}

/** The same, without their command lines. */
export function pidsNaming(text: string): readonly number[] {
  return processesNaming(text).map((line) => Number.parseInt(line, 10));
}

function startChild(command: string, args: readonly string[], env: Environment): HlsSwarm {
  let stdout = '';
  let stderr = '';
  let exit: ProgramExit | undefined;
  const program = startProgram(command, args, {
    stdio: { stdout: 'pipe', stderr: 'pipe' },
    env: { ...process.env, ...env },
    onStdout: (chunk) => (stdout += chunk.toString()),
    onStderr: (chunk) => (stderr += chunk.toString()),
  });
  const exited = program.exited.then((how) => (exit = how));
  const { pid } = program;
  assert.ok(pid !== undefined, `${command} was not started`);
  const said = (): string => `\nstdout: ${stdout}\nstderr: ${stderr}`;
  const until: HlsSwarm['until'] = async (condition, what, deadlineMs = DEADLINE_MS) => {
    const endsAt = performance.now() + deadlineMs;
    for (;;) {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
      assert.ok(exit === undefined, `it ended (${JSON.stringify(exit)}) before: ${what}${said()}`);
      assert.ok(performance.now() < endsAt, `waited ${deadlineMs} ms for: ${what}${said()}`);
      await pause(POLL_MS);
    }
  };
  return {
    pid,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    get hasEnded() {
      return exit !== undefined;
    },
    signal: (name) => process.kill(pid, name),
    ended: async (deadlineMs = DEADLINE_MS) => {
      const how = await Promise.race([exited, pause(deadlineMs, undefined, { ref: false })]);
      assert.ok(how !== undefined, `still running after ${deadlineMs} ms${said()}`);
      return { ...how, stdout, stderr };
    },
    until,
    controlUrl: () =>
      until(() => /"url":"(http:[^"]+)","event":"metrics_server_started"/.exec(stderr)?.[1], 'the address of /metrics'),
    [Symbol.asyncDispose]: async () => {
      program.kill();
      await exited;
    },
  };
}
