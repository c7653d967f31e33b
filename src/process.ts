// The only way to start a program (execa): no shell, a process group of its own, dead when we are dead, pipes read to their end.
// It does not restart, parse, time or log anything, and it never signals a process that has already been reaped. Many programs
// at a steady rate are launcher.ts's: a start here copies the page tables of this whole process.
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { execa, execaSync } from 'execa';
import { forgetGroup, rememberGroup, StopSequence, signalGroup } from './process-group.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ProgramOptions {
  readonly stdio: {
    /** 'pipe' is never written to: the child sees its end when it is closed, that is when we are gone. Default 'ignore'. */
    readonly stdin?: 'ignore' | 'pipe' | 'inherit';
    readonly stdout: 'pipe' | 'ignore' | 'inherit';
    readonly stderr: 'pipe' | 'ignore' | 'inherit';
    readonly fd3?: 'pipe';
  };
  /** The whole environment of the child; default ours. Undefined values are left out. */
  readonly env?: Environment;
  readonly cwd?: string;
  /** What the kernel tells it when we die by whatever means, where util-linux has `setpriv`. Default SIGKILL. */
  readonly deathSignal?: 'SIGKILL' | 'SIGURG';
  /** It starts no others, unless it is a script: many such ones need no group each (launcher.ts). Default false. */
  readonly isLeaf?: boolean;
  /** When the pid was not known yet as the program was handed back (launcher.ts): once, as soon as it is. */
  readonly onStarted?: (pid: number) => void;
  /** A chunk is the callee's during the call only. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  readonly onFd3?: (chunk: Buffer) => void;
}

/** How a program ended: `code`, or `signal`; or `failure` when it never started (a sentence that names it). */
export interface ProgramExit {
  readonly code?: number;
  readonly signal?: string;
  readonly failure?: string;
}

export interface Program {
  /** Absent when the program could not be started, or not yet. */
  readonly pid?: number | undefined;
  /** Resolved once, after the last octet of every pipe was handed over. Never rejects. */
  readonly exited: Promise<ProgramExit>;
  /** SIGTERM to the group, again after 0.5 s (FFmpeg 7 with -nostdin ignores the first), SIGKILL after `graceMs`. */
  stop(options?: { readonly graceMs?: number }): Promise<ProgramExit>;
  /** SIGKILL to the group at once. */
  kill(): void;
  /** It has begun and caught up: of many, it comes after those that are beginning (launcher.ts). Absent for a fork of ours. */
  giveWay?(): void;
}

export type StartProgram = (command: string, args: readonly string[], options: ProgramOptions) => Program;

export interface ProgramOutput extends ProgramExit {
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** More than `maxBytes` came on one stream: the rest was dropped and the program killed. */
  readonly overflowed: boolean;
}

/** A descendant that left the group may hold a pipe open for ever: that long after the exit we stop listening. */
export const PIPE_DRAIN_LIMIT_MS = 2_000;
const PROXY_VARIABLES = new Set(['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']);

/**
 * Starts `command` (a path, or a name looked up in PATH) in a process group of its own. A program that cannot be started is
 * not an exception: `pid` is absent and `exited` says why. Where util-linux has `setpriv`, the kernel kills the child when
 * we die by whatever means. That signal is sent when the *thread* that forked ends, so only the main thread may start programs.
 * @throws TypeError for a NUL octet in an argument, Error when called from a worker thread: mistakes of the caller
 */
export function startProgram(command: string, args: readonly string[], options: ProgramOptions): Program {
  if (!isMainThread)
    throw new Error(`${command}: programs are started from the main thread only (parent-death signal)`);
  // Another signal is for a program that sees to it itself.
  const isTied = options.deathSignal === undefined;
  const prepared = prepareProgram(command, args, { ...options, ...(isTied ? { parent: process.pid } : {}) });
  if ('failure' in prepared) return neverStarted(prepared.failure);
  const { stdin = 'ignore', stdout, stderr, fd3 } = options.stdio;
  const child = execa(prepared.file, prepared.args, {
    stdio: fd3 === undefined ? [stdin, stdout, stderr] : [stdin, stdout, stderr, fd3],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: prepared.env,
    extendEnv: false,
    detached: true,
    buffer: false,
    encoding: 'buffer',
    reject: false,
  });
  child.stdio[1]?.on('data', options.onStdout ?? ignore);
  child.stdio[2]?.on('data', options.onStderr ?? ignore);
  child.stdio[3]?.on('data', options.onFd3 ?? ignore);
  const ended = child.then((result) => result.cause);
  if (child.pid === undefined)
    return neverStarted(ended.then((cause) => `${command} could not be started: ${reasonOf(cause)}`));
  return supervised(child.nodeChildProcess, child.pid, ended);
}

/** Runs a short-lived program to its end and hands back what it printed (UTF-8), both streams bounded. Never rejects. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly maxBytes: number; readonly env?: Environment },
): Promise<ProgramOutput> {
  let timedOut = false;
  const stdout = new Collected(options.maxBytes, () => program.kill());
  const stderr = new Collected(options.maxBytes, () => program.kill());
  const program = startProgram(command, args, {
    stdio: { stdout: 'pipe', stderr: 'pipe' },
    ...(options.env === undefined ? {} : { env: options.env }),
    onStdout: (chunk) => stdout.add(chunk),
    onStderr: (chunk) => stderr.add(chunk),
  });
  const timer = setTimeout(() => {
    timedOut = true;
    program.kill();
  }, options.timeoutMs);
  const exit = await program.exited;
  clearTimeout(timer);
  return {
    ...exit,
    stdout: stdout.text(),
    stderr: stderr.text(),
    timedOut,
    overflowed: stdout.overflowed || stderr.overflowed,
  };
}

/** `env` without the variables that silently decide which proxy FFmpeg uses (`no_proxy` even beats `-http_proxy`). */
export function withoutProxyVariables(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !PROXY_VARIABLES.has(name.toLowerCase())));
}

/** What is handed to the system, whoever forks. */
export interface PreparedProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of the program itself. */
  readonly path: string;
}

/**
 * The file that `command` stands for, behind what ties its life to ours; or a sentence why there is none. `parent`: a process
 * without which it is not to begin at all.
 */
export function prepareProgram(
  command: string,
  args: readonly string[],
  options: Pick<ProgramOptions, 'env' | 'deathSignal'> & { readonly parent?: number },
): PreparedProgram | { readonly failure: string } {
  const env = definedOnly(options.env ?? process.env);
  const found = findProgram(command, env['PATH']);
  if ('failure' in found) return found;
  const [file = command, ...rest] = [...tieToParent(options), found.path, ...args];
  return { file, args: rest, env, path: found.path };
}

/** The absolute path of the file that `command` stands for (a child may run in another folder), or a sentence why there is none. */
export function findProgram(
  command: string,
  path: string | undefined,
): { readonly path: string } | { readonly failure: string } {
  if (command.includes('/')) {
    const problem = problemOf(command);
    return problem === undefined ? { path: resolve(command) } : { failure: `${command} ${problem}` };
  }
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '');
  const file = folders
    .map((folder) => resolve(folder, command))
    .find((candidate) => problemOf(candidate) === undefined);
  return file === undefined
    ? { failure: `${command} was not found in PATH (${folders.join(delimiter)})` }
    : { path: file };
}

function problemOf(file: string): string | undefined {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return 'does not exist';
  if (!status.isFile()) return 'is not a file';
  try {
    accessSync(file, constants.X_OK);
    return undefined;
  } catch {
    return 'is not executable';
  }
}

/**
 * `setpriv` replaces itself by the program: the pid stays. It takes some milliseconds to tell the kernel, and a parent that dies in
 * them has died unseen: the shell looks whose child it still is, and gives way to the program in turn.
 */
function tieToParent({ deathSignal = 'SIGKILL', parent }: Parameters<typeof prepareProgram>[2]): readonly string[] {
  ties ??= usableTies();
  if (ties.setpriv === undefined) return [];
  const look =
    parent === undefined || ties.shell === undefined ? [] : [ties.shell, '-c', IF_STILL_MY_CHILD, `${parent}`];
  return [ties.setpriv, ...deathSignalOptions(deathSignal), ...look];
}

/** `$0` is the parent. */
const IF_STILL_MY_CHILD = '[ "$PPID" = "$0" ] && exec "$@"';

interface Ties {
  readonly setpriv?: string;
  readonly shell?: string;
}

let ties: Ties | undefined;

/** Probed once, as BusyBox has a `setpriv` without the option. */
function usableTies(): Ties {
  const [setpriv, shell] = ['setpriv', 'sh'].map((name) => findProgram(name, process.env['PATH']));
  if (setpriv === undefined || 'failure' in setpriv) return {};
  const args = [...deathSignalOptions('SIGKILL'), process.execPath, '--version'];
  if (execaSync(setpriv.path, args, { reject: false, stdio: 'ignore' }).exitCode !== 0) return {};
  return { setpriv: setpriv.path, ...(shell === undefined || 'failure' in shell ? {} : { shell: shell.path }) };
}

function deathSignalOptions(signal: string): readonly string[] {
  return ['--pdeathsig', signal.replace('SIG', ''), '--'];
}

/** `ended` resolves when the process is gone and its pipes are read to their end. */
function supervised(child: ChildProcess, pid: number, ended: Promise<unknown>): Program {
  const sequence = new StopSequence((name) => signalGroup(pid, name));
  let drainTimer: NodeJS.Timeout | undefined;
  rememberGroup(pid);
  child.once('exit', () => {
    sequence.signal('SIGKILL');
    sequence.end();
    forgetGroup(pid);
    drainTimer = setTimeout(() => child.stdio.forEach((stream) => void stream?.destroy()), PIPE_DRAIN_LIMIT_MS);
  });
  const exited = ended.then((): ProgramExit => {
    clearTimeout(drainTimer);
    if (child.signalCode !== null) return { signal: child.signalCode };
    return child.exitCode === null ? {} : { code: child.exitCode };
  });
  const stop: Program['stop'] = ({ graceMs } = {}) => {
    sequence.begin(graceMs);
    return exited;
  };
  return { pid, exited, stop, kill: () => sequence.signal('SIGKILL') };
}

export function neverStarted(failure: string | PromiseLike<string>): Program {
  const exited = Promise.resolve(failure).then((text): ProgramExit => ({ failure: text }));
  return { exited, stop: () => exited, kill: ignore };
}

class Collected {
  overflowed = false;
  readonly #chunks: Buffer[] = [];
  readonly #onOverflow: () => void;
  #roomBytes: number;

  constructor(maxBytes: number, onOverflow: () => void) {
    this.#roomBytes = maxBytes;
    this.#onOverflow = onOverflow;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk.subarray(0, this.#roomBytes));
    if (chunk.length > this.#roomBytes && !this.overflowed) {
      this.overflowed = true;
      this.#onOverflow();
    }
    this.#roomBytes = Math.max(0, this.#roomBytes - chunk.length);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

function definedOnly(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function ignore(): void {}
