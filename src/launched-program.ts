// One program of the launcher as its starter sees it: its pipes, its pid when that is known, its ending after its last octet.
// It starts nothing itself; launcher.ts tells it what became of it.
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { LaunchedPipe, LaunchedStream } from './launcher-messages.ts';
import type { NamedPipes } from './named-pipes.ts';
import { PIPE_DRAIN_LIMIT_MS, type Program, type ProgramExit, type ProgramOptions } from './process.ts';
import { forgetGroup, rememberGroup, StopSequence } from './process-group.ts';
import { KIB } from './units.ts';

/** One read of a pipe; every reader is done with it before the next one is made, so all share it. */
const READ_BYTES: number = 64 * KIB;
const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);
const STREAMS: readonly (readonly [LaunchedStream, 'stdout' | 'stderr' | 'fd3', 'onStdout' | 'onStderr' | 'onFd3'])[] =
  [
    [1, 'stdout', 'onStdout'],
    [2, 'stderr', 'onStderr'],
    [3, 'fd3', 'onFd3'],
  ];

/** What the launcher can be told about it from the moment on in which it was asked to start it. */
export interface LaunchedOrders {
  signal(name: NodeJS.Signals): void;
  giveWay(): void;
}

export class LaunchedProgram implements Program {
  pid: number | undefined;
  readonly exited: Promise<ProgramExit>;
  readonly command: string;
  readonly streams: readonly LaunchedStream[];
  readonly #options: ProgramOptions;
  /** Our ends. */
  readonly #open: Set<Socket> = new Set();
  #pipes: NamedPipes | undefined;
  /** Not opened yet, one for each stream. */
  #paths: readonly string[] = [];
  readonly #resolve: (exit: ProgramExit) => void;
  readonly #sequence: StopSequence;
  #givesWay = false;
  /** Stopped before anybody was asked to start it, it never is. */
  #orders: LaunchedOrders = {
    signal: (signal) => this.onExit({ signal }),
    giveWay: () => {
      this.#givesWay = true;
    },
  };
  #exit: ProgramExit | undefined;
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(command: string, options: ProgramOptions) {
    this.command = command;
    this.#options = options;
    this.streams = STREAMS.filter(([, name]) => options.stdio[name] === 'pipe').map(([stream]) => stream);
    const { promise, resolve } = Promise.withResolvers<ProgramExit>();
    this.exited = promise;
    this.#resolve = resolve;
    this.#sequence = new StopSequence((name) => this.#orders.signal(name));
  }

  stop({ graceMs }: { readonly graceMs?: number } = {}): Promise<ProgramExit> {
    this.#sequence.begin(graceMs);
    return this.exited;
  }

  kill(): void {
    this.#sequence.signal('SIGKILL');
  }

  giveWay(): void {
    this.#orders.giveWay();
  }

  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  /** `paths`: a pipe for each of its streams, which go back when they are not used any more. */
  reserve(pipes: NamedPipes, paths: readonly string[]): void {
    this.#pipes = pipes;
    this.#paths = paths;
    if (this.hasEnded) this.#giveBack();
  }

  /**
   * Opens our end of each pipe: it has to be there before the program's.
   * @throws Error when there is no descriptor left
   */
  open(): readonly LaunchedPipe[] {
    const paths = this.#paths;
    this.#paths = [];
    return this.streams.map((stream, index) => {
      const path = paths[index] ?? '';
      this.#read(stream, path);
      return { stream, path };
    });
  }

  onOrdered(orders: LaunchedOrders): void {
    this.#orders = orders;
    if (this.#givesWay) orders.giveWay();
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
    this.#giveBack();
    // Who never began has said nothing.
    if (this.pid === undefined) this.#destroyAll();
    else this.#drainTimer = setTimeout(() => this.#destroyAll(), PIPE_DRAIN_LIMIT_MS);
    this.#endIfDrained();
  }

  /** Nobody knows how it ended, or it never began. */
  onLost(failure: string): void {
    this.onExit({ failure });
  }

  #read(stream: LaunchedStream, path: string): void {
    const [, , handler] = STREAMS[stream - 1] ?? [];
    const take = handler === undefined ? undefined : this.#options[handler];
    const onread = {
      buffer: READ_BUFFER,
      callback: (bytes: number): boolean => {
        take?.(READ_BUFFER.subarray(0, bytes));
        return true;
      },
    };
    const socket = new Socket({
      fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      readable: true,
      writable: false,
      onread,
    });
    this.#open.add(socket);
    let isAtEnd = false;
    socket.on('end', () => {
      isAtEnd = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#open.delete(socket);
      // Where the end was not seen, somebody may write into it for as long as they like.
      if (isAtEnd) this.#pipes?.giveBack(path);
      else this.#pipes?.drop(path);
      this.#endIfDrained();
    });
  }

  #giveBack(): void {
    for (const path of this.#paths) this.#pipes?.giveBack(path);
    this.#paths = [];
  }

  #destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #endIfDrained(): void {
    if (this.#exit === undefined || this.#open.size > 0) return;
    clearTimeout(this.#drainTimer);
    this.#resolve(this.#exit);
  }
}
