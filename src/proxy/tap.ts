// The tap as the main thread sees it: doors spread over worker threads, flags, meters, records as events.
// It relays nothing itself; a worker that dies is a bug that ends the run, never a silent gap.
import { Worker } from 'node:worker_threads';
import { clockFrom } from '../clock.ts';
import type { Emit } from '../events.ts';
import { allocateMeters, DoorSlots, type MeterBuffers, readMeters, readStreamGaps } from '../meters.ts';
import { type Behaviour, MIRROR } from './behaviour.ts';
import { MAX_YOUNG_GENERATION_MIB, TIME_LIMITS, type TimeLimits } from './limits.ts';
import { RecordReader } from './record-reader.ts';
import { type TapCommand, TapCore, type TapMessage, type TapSetup } from './tap-core.ts';

export interface TapOptions {
  readonly doors: number;
  readonly workers: number;
  readonly clockOrigin: bigint;
  /** How long a dial to an origin may take, as the players themselves would wait. */
  readonly dialTimeoutMs: number;
  readonly emit: Emit;
  /** Handed the taking of each batch of records, to be done at once: whoever wants to know how long it takes. */
  readonly timed?: (work: () => void) => void;
  /** A worker died: the account has a gap and the run must end. */
  readonly onFailure: (error: Error) => void;
  /** Run the same code in this thread (tests). */
  readonly inThread?: boolean;
  /** What it does beyond counting; what is left out is as in MIRROR. */
  readonly behaviour?: Partial<Behaviour>;
  /** Other limits than TIME_LIMITS (tests). */
  readonly limits?: Partial<TimeLimits>;
}

interface Thread {
  send(command: TapCommand): void;
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
}

const WORKER_ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './worker-main.ts' : './worker-main.js',
  import.meta.url,
);

export class Tap {
  readonly #options: TapOptions;
  readonly #buffers: MeterBuffers;
  readonly #threads: readonly Thread[];
  readonly #ports: Map<number, number> = new Map();
  /** By worker: each numbers its texts on its own. */
  readonly #readers: readonly RecordReader[];
  readonly #doors: readonly DoorSlots[];

  /** Opens all doors. Rejects, with nothing left open, when one cannot be opened. */
  static async open(options: TapOptions): Promise<Tap> {
    const tap = new Tap(options);
    try {
      await Promise.all(tap.#threads.map(({ opened }) => opened));
    } catch (error) {
      await tap.close();
      throw error;
    }
    tap.addOwnPorts([...tap.#ports.values()]);
    return tap;
  }

  private constructor(options: TapOptions) {
    this.#options = options;
    const workers = Math.max(1, Math.min(options.workers, options.doors));
    this.#buffers = allocateMeters({ workers, doors: options.doors });
    this.#doors = Array.from({ length: options.doors }, (_, position) => new DoorSlots(this.#buffers, position + 1));
    this.#readers = Array.from({ length: workers }, () => new RecordReader());
    this.#threads = Array.from({ length: workers }, (_, worker) => this.#start(this.#setup(worker, workers)));
  }

  get workers(): number {
    return this.#threads.length;
  }

  /** The door's port, by client; each client has its own. */
  get ports(): ReadonlyMap<number, number> {
    return this.#ports;
  }

  /** PEM; what a player must trust to have its TLS read here. Undefined where the run made none. */
  get caCertificate(): string | undefined {
    return this.#options.behaviour?.tls?.authority?.certificate;
  }

  doorUrl(client: number): string {
    return `http://127.0.0.1:${this.#ports.get(client)}`;
  }

  /** Listeners of ours that no request may be sent to through a door. */
  addOwnPorts(ports: readonly number[]): void {
    for (const thread of this.#threads) thread.send({ type: 'own-ports', ports });
  }

  /** Which FFmpeg process is behind a door from now on; raised before the process starts. */
  setProcess(client: number, process: number): void {
    this.#doors[client - 1]?.setFlag('process', process);
  }

  /** The process behind a door is being stopped by us; raised before the signal is sent. */
  setStopping(client: number, isStopping: boolean): void {
    this.#doors[client - 1]?.setFlag('stopping', isStopping ? 1 : 0);
  }

  door(client: number): DoorSlots | undefined {
    return this.#doors[client - 1];
  }

  meters(): ReturnType<typeof readMeters> {
    return readMeters(this.#buffers);
  }

  /** Reads of streams by the gap before them, per slot of meters.ts. */
  streamGaps(): Float64Array {
    return readStreamGaps(this.#buffers);
  }

  /** Ends every connection, takes the last records, ends the threads. */
  async close(): Promise<void> {
    for (const thread of this.#threads) thread.send({ type: 'close' });
    await Promise.all(this.#threads.map(({ closed }) => closed));
  }

  #setup(worker: number, workers: number): TapSetup {
    const clients = Array.from({ length: this.#options.doors }, (_, position) => position + 1);
    return {
      buffers: this.#buffers,
      worker,
      clients: clients.filter((client) => (client - 1) % workers === worker),
      clockOrigin: this.#options.clockOrigin,
      dialTimeoutMs: this.#options.dialTimeoutMs,
      behaviour: { ...MIRROR, ...this.#options.behaviour },
      limits: { ...TIME_LIMITS, ...this.#options.limits },
    };
  }

  #start(setup: TapSetup): Thread {
    return this.#options.inThread === true ? this.#startHere(setup) : this.#startWorker(setup);
  }

  #startWorker(setup: TapSetup): Thread {
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const worker = new Worker(WORKER_ENTRY, {
      workerData: setup,
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_GENERATION_MIB },
    });
    let isOpen = false;
    worker.on('message', (message: TapMessage) => {
      if (message.type === 'doors') isOpen = true;
      // Not at the thread's exit: a name lookup without an answer holds a thread for the resolver's own ten seconds.
      if (message.type === 'closed') closed.resolve();
      this.#take(message, (command) => worker.postMessage(command, movable(command)), opened.resolve);
    });
    worker.on('error', (error) => {
      if (!isOpen) {
        opened.reject(error);
        return;
      }
      // What this worker had open has no record any more: the account has a gap, and says so.
      const records = Math.max(1, this.meters().meters.openTransfers);
      this.#options.emit({ type: 'lost', atMs: clockFrom(this.#options.clockOrigin).nowMs(), where: 'tap', records });
      this.#options.onFailure(error as Error);
    });
    worker.on('exit', () => {
      opened.reject(new Error('a worker of the tap ended before its doors were open'));
      closed.resolve();
    });
    return {
      send: (command) => worker.postMessage(command, movable(command)),
      opened: opened.promise,
      closed: closed.promise,
    };
  }

  #startHere(setup: TapSetup): Thread {
    const closed = Promise.withResolvers<void>();
    const core: TapCore = new TapCore(setup, (message) => {
      this.#take(
        message,
        (command) => core.command(command),
        () => {},
      );
      if (message.type === 'closed') closed.resolve();
    });
    return { send: (command) => core.command(command), opened: core.open(), closed: closed.promise };
  }

  #take(message: TapMessage, reply: (command: TapCommand) => void, onDoors: () => void): void {
    if (message.type === 'doors') {
      for (const [client, port] of message.ports) this.#ports.set(client, port);
      onDoors();
    } else if (message.type === 'batch') {
      const { timed } = this.#options;
      if (timed === undefined) this.#takeBatch(message);
      else timed(() => this.#takeBatch(message));
      reply({ type: 'taken', numbers: message.records.numbers });
    }
  }

  #takeBatch({ records, worker, atMs, meters, lostRecords }: TapMessage & { readonly type: 'batch' }): void {
    for (const record of this.#readers[worker]?.read(records) ?? []) this.#options.emit(record);
    this.#options.emit({ type: 'batch', worker, atMs, meters, lostRecords });
  }
}

/** The numbers of a batch move from thread to thread and back; they are never copied. */
function movable(command: TapCommand): ArrayBuffer[] {
  return command.type === 'taken' ? [command.numbers.buffer] : [];
}
