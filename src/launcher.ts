// Starts many programs through a small process of its own (launcher-main.ts): a fork of this one would copy its page tables and
// hold up every thread meanwhile, 2 ms at 100 MB, 9 ms at 500 MB. Their pipes are sockets that end here.
// It does not restart, parse, time or log anything. When its process is lost, all programs end with it, and the next start gets
// a new one.
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  greeting,
  JsonLines,
  jsonLine,
  LAUNCHER_VARIABLE,
  type LaunchedStream,
  type LauncherNews,
  type LauncherOrder,
  type LauncherPlace,
} from './launcher-messages.ts';
import {
  deathSignalPrefix,
  findProgram,
  forgetGroup,
  neverStarted,
  PIPE_DRAIN_LIMIT_MS,
  type Program,
  type ProgramExit,
  type ProgramOptions,
  rememberGroup,
  type StartProgram,
  StopSequence,
  startProgram,
} from './process.ts';
import { KIB, MS_PER_SECOND } from './units.ts';

/** One read of a pipe; every reader is done with it before the next one is made, so all share it. */
const READ_BYTES: number = 64 * KIB;
const OPEN_LIMIT_MS: number = 10 * MS_PER_SECOND;
const STREAMS: readonly (readonly [LaunchedStream, 'stdout' | 'stderr' | 'fd3', 'onStdout' | 'onStderr' | 'onFd3'])[] =
  [
    [1, 'stdout', 'onStdout'],
    [2, 'stderr', 'onStderr'],
    [3, 'fd3', 'onFd3'],
  ];

export class Launcher {
  /** As `startProgram`, but for the pid, which comes later, and stdin, which is /dev/null. */
  readonly startProgram: StartProgram = (command, args, options) => {
    const env = definedOnly(options.env ?? process.env);
    const found = findProgram(command, env['PATH']);
    if ('failure' in found) return neverStarted(found.failure);
    const program = new LaunchedProgram(command, options);
    const [file = command, ...argv] = [...deathSignalPrefix(), found.path, ...args];
    const { cwd } = options;
    const order = { type: 'start', file, args: argv, env, ...(cwd === undefined ? {} : { cwd }) } as const;
    void this.#ready().then(
      (nest) => nest.start(program, order),
      (error: Error) => program.onLost(error.message),
    );
    return program;
  };

  #nest: Promise<Nest>;
  #isClosed = false;

  /** Rejects with an Error of one sentence when the process does not come up. */
  static async open(): Promise<Launcher> {
    return new Launcher(await Nest.open());
  }

  private constructor(nest: Nest) {
    this.#nest = Promise.resolve(nest);
  }

  /** Ends it, and with it at once what still runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const nest = await this.#nest.catch(() => undefined);
    await nest?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #ready(): Promise<Nest> {
    const nest = await this.#nest.catch(() => undefined);
    if (nest?.isLost === false || this.#isClosed) return this.#nest;
    this.#nest = Nest.open();
    return this.#nest;
  }
}

/** The launcher's process and what it was told to start. */
class Nest {
  readonly #process: Program;
  readonly #place: LauncherPlace;
  readonly #programs: Map<number, LaunchedProgram> = new Map();
  readonly #control: Socket;
  #lastKey = 0;
  isLost = false;

  static async open(): Promise<Nest> {
    const name = `hls-swarm-${randomUUID()}`;
    // The abstract name space leaves no file behind, whatever ends us.
    const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), name);
    const place: LauncherPlace = { path, token: randomUUID() };
    const { promise: ready, resolve } = Promise.withResolvers<'ready'>();
    let said = '';
    const child = startProgram(process.execPath, [entry()], {
      stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
      env: { ...process.env, [LAUNCHER_VARIABLE]: JSON.stringify(place) },
      onStdout: () => resolve('ready'),
      onStderr: (chunk) => {
        said = chunk.toString();
      },
    });
    const limit = setTimeout(() => child.kill(), OPEN_LIMIT_MS);
    const first = await Promise.race([ready, child.exited]);
    clearTimeout(limit);
    if (first !== 'ready')
      throw new Error(
        `the process that starts clients does not come up: ${first.failure ?? (said.trim() || 'no word')}`,
      );
    return new Nest(child, place);
  }

  private constructor(child: Program, place: LauncherPlace) {
    this.#process = child;
    this.#place = place;
    const lines = new JsonLines();
    this.#control = connect(place.path);
    this.#control.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of lines.read(chunk)) this.#hear(JSON.parse(line) as LauncherNews);
    });
    this.#control.on('error', () => {});
    this.#control.write(greeting(place.token, {}));
    void child.exited.then(({ signal, code }) => this.#onLost(signal ?? `exit code ${code}`));
  }

  start(
    program: LaunchedProgram,
    order: Omit<Extract<LauncherOrder, { readonly type: 'start' }>, 'key' | 'streams'>,
  ): void {
    this.#lastKey += 1;
    const key = this.#lastKey;
    this.#programs.set(key, program);
    program.connect(this.#place, key);
    this.#tell({ ...order, key, streams: program.streams });
    program.onOrdered((signal) => this.#tell({ type: 'signal', key, signal }));
  }

  async close(): Promise<void> {
    await this.#process.stop();
  }

  #tell(order: LauncherOrder): void {
    this.#control.write(jsonLine(order));
  }

  #hear(news: LauncherNews): void {
    const program = this.#programs.get(news.key);
    if (news.type === 'started') {
      program?.onStarted(news.pid);
      return;
    }
    this.#programs.delete(news.key);
    if (news.type === 'failed') program?.onLost(`${program.command} could not be started: ${news.reason}`);
    else {
      const { code, signal } = news;
      program?.onExit({ ...(code === undefined ? {} : { code }), ...(signal === undefined ? {} : { signal }) });
    }
  }

  #onLost(how: string): void {
    this.isLost = true;
    this.#control.destroy();
    for (const program of this.#programs.values()) program.onLost(`the process that starts clients was lost (${how})`);
    this.#programs.clear();
  }
}

class LaunchedProgram implements Program {
  pid: number | undefined;
  readonly exited: Promise<ProgramExit>;
  readonly command: string;
  readonly streams: readonly LaunchedStream[];
  readonly #options: ProgramOptions;
  readonly #sockets: Set<Socket> = new Set();
  readonly #resolve: (exit: ProgramExit) => void;
  readonly #sequence: StopSequence;
  /** Signals that were sent before there was anybody to send them. */
  readonly #early: NodeJS.Signals[] = [];
  #signal: (name: NodeJS.Signals) => void;
  #exit: ProgramExit | undefined;
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(command: string, options: ProgramOptions) {
    this.command = command;
    this.#options = options;
    this.streams = STREAMS.filter(([, name]) => options.stdio[name] === 'pipe').map(([stream]) => stream);
    const { promise, resolve } = Promise.withResolvers<ProgramExit>();
    this.exited = promise;
    this.#resolve = resolve;
    this.#signal = (name) => this.#early.push(name);
    this.#sequence = new StopSequence((name) => this.#signal(name));
  }

  stop({ graceMs }: { readonly graceMs?: number } = {}): Promise<ProgramExit> {
    this.#sequence.begin(graceMs);
    return this.exited;
  }

  kill(): void {
    this.#sequence.signal('SIGKILL');
  }

  connect({ path, token }: LauncherPlace, key: number): void {
    for (const [stream, , handler] of STREAMS) {
      if (!this.streams.includes(stream)) continue;
      const take = this.#options[handler];
      const onread = {
        buffer: READ_BUFFER,
        callback: (bytes: number): boolean => {
          take?.(READ_BUFFER.subarray(0, bytes));
          return true;
        },
      };
      const socket = connect({ path, onread });
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#endIfDrained();
      });
      socket.write(greeting(token, { key, stream }));
    }
  }

  onOrdered(signal: (name: NodeJS.Signals) => void): void {
    this.#signal = signal;
    for (const name of this.#early) signal(name);
  }

  onStarted(pid: number): void {
    this.pid = pid;
    rememberGroup(pid);
    this.#options.onStarted?.(pid);
  }

  onExit(exit: ProgramExit): void {
    this.#exit = exit;
    this.#sequence.end();
    if (this.pid !== undefined) forgetGroup(this.pid);
    this.#drainTimer = setTimeout(() => this.#sockets.forEach((socket) => void socket.destroy()), PIPE_DRAIN_LIMIT_MS);
    this.#endIfDrained();
  }

  /** Nobody knows how it ended, or it never began. */
  onLost(failure: string): void {
    this.onExit({ failure });
  }

  #endIfDrained(): void {
    if (this.#exit === undefined || this.#sockets.size > 0) return;
    clearTimeout(this.#drainTimer);
    this.#resolve(this.#exit);
  }
}

const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);

/** launcher-main.ts beside this file; .js in a built package. */
function entry(): string {
  return fileURLToPath(new URL(`./launcher-main${extname(import.meta.url)}`, import.meta.url));
}

function definedOnly(env: NonNullable<ProgramOptions['env']>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
