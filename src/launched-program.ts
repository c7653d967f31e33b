// One program of the launcher as its starter sees it: its pipes, its pid when that is known, its ending after its last octet.
// It starts nothing itself; launcher.ts tells it what became of it.
import { connect, type Socket } from 'node:net';
import { greeting, type LaunchedStream, type LauncherPlace } from './launcher-messages.ts';
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
  readonly #sockets: Set<Socket> = new Set();
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

  /** `onFailure`: the system does not give it its pipes. */
  connect({ path, token }: LauncherPlace, key: number, onFailure: (reason: string) => void): void {
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
      socket.on('error', ({ message }) => {
        if (this.pid === undefined && !this.hasEnded) onFailure(message);
      });
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#endIfDrained();
      });
      socket.write(greeting(token, { key, stream }));
    }
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
