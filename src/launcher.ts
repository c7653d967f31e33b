// Starts many programs through a small process of its own (launcher-main.ts): a fork of this one would copy its page tables and
// hold up every thread meanwhile, 2 ms at 100 MB, 9 ms at 500 MB. Their pipes have names, and end here.
// It does not restart, parse, time or log anything. When its process is lost, all programs end with it, and the next start gets
// a new one.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clockFrom, clockOrigin } from './clock.ts';
import { GroupGuard } from './group-guard.ts';
import { LaunchedProgram } from './launched-program.ts';
import {
  greeting,
  JsonLines,
  jsonLine,
  LAUNCHER_VARIABLE,
  type LauncherNews,
  type LauncherOrder,
  type LauncherPlace,
} from './launcher-messages.ts';
import { NamedPipes } from './named-pipes.ts';
import { neverStarted, type Program, prepareProgram, type StartProgram, startProgram } from './process.ts';
import { MS_PER_SECOND } from './units.ts';

const OPEN_LIMIT_MS: number = 10 * MS_PER_SECOND;
/** Programs that are being started at a time; the others wait here, where whoever is stopped need not be started first. */
const MAX_UNDERWAY = 32;
/** What a client says in its log, and its progress. */
const PIPES_PER_PROGRAM = 2;
/** Of a file, to tell a script from a program. */
const FIRST_BYTES = 64;

export class Launcher {
  /** As `startProgram`, but for the pid, which comes later, and stdin, which is /dev/null. */
  readonly startProgram: StartProgram = (command, args, options) => {
    const prepared = prepareProgram(command, args, options);
    if ('failure' in prepared) return neverStarted(prepared.failure);
    const program = new LaunchedProgram(command, options);
    const { path, ...how } = prepared;
    const { cwd } = options;
    const isLeaf = options.isLeaf === true && isCompiled(path);
    const order = { type: 'start', ...how, isLeaf, ...(cwd === undefined ? {} : { cwd }) } as const;
    void this.#start(program, order).catch((error: Error) => program.onLost(error.message));
    return program;
  };

  readonly #programs: number;
  readonly #pipes: NamedPipes;
  #running: Promise<LauncherProcess>;
  #isClosed = false;

  /**
   * `programs`: how many it is for; many give way to everything else (launcher-main.ts). Rejects with an Error of one sentence when
   * the process does not come up, or there are no pipes to be had.
   */
  static async open(programs = 1): Promise<Launcher> {
    using made = new DisposableStack();
    const pipes = made.use(await NamedPipes.open(programs * PIPES_PER_PROGRAM, clockFrom(clockOrigin()).wallMs()));
    const running = await LauncherProcess.open(programs);
    made.move();
    return new Launcher(programs, pipes, running);
  }

  private constructor(programs: number, pipes: NamedPipes, running: LauncherProcess) {
    this.#programs = programs;
    this.#pipes = pipes;
    this.#running = Promise.resolve(running);
  }

  /** Ends it, and with it at once what still runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const running = await this.#running.catch(() => undefined);
    await running?.close();
    this.#pipes[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start(program: LaunchedProgram, order: StartOrder): Promise<void> {
    const running = await this.#ready();
    program.reserve(this.#pipes, await this.#pipes.take(program.streams.length));
    running.start(program, order);
  }

  async #ready(): Promise<LauncherProcess> {
    const present = this.#running;
    const running = await present.catch(() => undefined);
    if (running?.isLost === false || this.#isClosed) return present;
    // Unless somebody else who waited has opened the next one already.
    if (this.#running === present) this.#running = LauncherProcess.open(this.#programs);
    return this.#running;
  }
}

type StartOrder = Omit<Extract<LauncherOrder, { readonly type: 'start' }>, 'key' | 'pipes'>;

/** The launcher's process and what it was told to start. */
class LauncherProcess {
  readonly #process: Program;
  /** It would hear of our death itself, behind all that it started and that has become busy by our death. */
  readonly #guard: GroupGuard | undefined;
  readonly #programs: Map<number, LaunchedProgram> = new Map();
  readonly #waiting: (readonly [LaunchedProgram, StartOrder])[] = [];
  readonly #underway: Set<number> = new Set();
  readonly #control: Socket;
  #lastKey = 0;
  isLost = false;

  static async open(programs: number): Promise<LauncherProcess> {
    const name = `hls-swarm-${randomUUID()}`;
    // The abstract name space leaves no file behind, whatever ends us.
    const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), name);
    const place: LauncherPlace = { path, token: randomUUID(), programs };
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
    return new LauncherProcess(child, place);
  }

  private constructor(child: Program, place: LauncherPlace) {
    this.#process = child;
    this.#guard = child.pid === undefined ? undefined : new GroupGuard(child.pid);
    const lines = new JsonLines();
    this.#control = connect(place.path);
    this.#control.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of lines.read(chunk)) this.#hear(JSON.parse(line) as LauncherNews);
    });
    this.#control.on('error', () => {});
    this.#control.write(greeting(place.token));
    void child.exited.then(({ signal, code }) => this.#onLost(signal ?? `exit code ${code}`));
  }

  start(program: LaunchedProgram, order: StartOrder): void {
    this.#waiting.push([program, order]);
    this.#startNext();
  }

  async close(): Promise<void> {
    await this.#process.stop();
  }

  #startNext(): void {
    while (this.#underway.size < MAX_UNDERWAY) {
      const [program, order] = this.#waiting.shift() ?? [];
      if (program === undefined || order === undefined) return;
      // Somebody stopped it while it waited.
      if (!program.hasEnded) this.#order(program, order);
    }
  }

  #order(program: LaunchedProgram, order: StartOrder): void {
    this.#lastKey += 1;
    const key = this.#lastKey;
    this.#programs.set(key, program);
    this.#underway.add(key);
    try {
      this.#tell({ ...order, key, pipes: program.open() });
    } catch (error) {
      this.#hear({ type: 'failed', key, reason: (error as Error).message });
      return;
    }
    program.onOrdered({
      signal: (signal) => this.#tell({ type: 'signal', key, signal }),
      giveWay: () => this.#tell({ type: 'give-way', key }),
    });
  }

  #tell(order: LauncherOrder): void {
    this.#control.write(jsonLine(order));
  }

  #hear(news: LauncherNews): void {
    const program = this.#programs.get(news.key);
    if (this.#underway.delete(news.key)) this.#startNext();
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
    this.#guard?.close();
    this.#control.destroy();
    const waiting = this.#waiting.splice(0).map(([program]) => program);
    for (const program of [...this.#programs.values(), ...waiting])
      program.onLost(`the process that starts clients was lost (${how})`);
    this.#programs.clear();
  }
}

/** Every system's programs but scripts have a NUL octet in their first ones; unreadable ones are taken for scripts. */
function isCompiled(file: string): boolean {
  const first = Buffer.alloc(FIRST_BYTES);
  try {
    const descriptor = openSync(file, 'r');
    try {
      return first.subarray(0, readSync(descriptor, first)).includes(0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

/** launcher-main.ts beside this file; .js in a built package. */
function entry(): string {
  return fileURLToPath(new URL(`./launcher-main${extname(import.meta.url)}`, import.meta.url));
}
