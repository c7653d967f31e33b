// The tap of one thread: its doors, the batches of records that leave it, and what it says of itself (loop delay, CPU).
// It is the same code in a worker and in a test's own thread; it is handed `post` and knows no thread.
import { clockFrom } from '../clock.ts';
import { PlaylistCache } from '../hls/kinds.ts';
import { LoopDelay } from '../loop-delay.ts';
import { DoorSlots, type MeterBuffers, WORKER_METERS, WORKER_SLOT, type WorkerMeter, workerSlots } from '../meters.ts';
import { MS_PER_SECOND, msToUs } from '../units.ts';
import type { Behaviour } from './behaviour.ts';
import { TapContext, type TapRecord } from './context.ts';
import { Door } from './door.ts';
import { MAX_BATCHES_UNDERWAY, type TimeLimits } from './limits.ts';
import { QuietCollector } from './quiet-collector.ts';
import type { RecordBatch } from './record-batch.ts';
import { RecordWriter } from './record-writer.ts';
import { shareOf, UpstreamPool } from './upstream-pool.ts';

export interface TapSetup {
  readonly buffers: MeterBuffers;
  readonly worker: number;
  /** Clients whose doors this thread holds. */
  readonly clients: readonly number[];
  readonly clockOrigin: bigint;
  readonly dialTimeoutMs: number;
  readonly behaviour: Behaviour;
  readonly limits: TimeLimits;
}

/** Bytes of transfers that have no record yet: what the meters are ahead of the records at a batch's instant. */
export const OPEN_BYTES = [
  'requestHeadBytes',
  'requestBodyBytes',
  'responseHeadBytes',
  'interimHeadBytes',
  'framingBytes',
  'contentBytes',
] as const;
type OpenName = `open${Capitalize<(typeof OPEN_BYTES)[number] | 'deliveredBytes'>}`;
export type BatchMeters = Record<WorkerMeter | OpenName, number>;

export type TapMessage =
  | { readonly type: 'doors'; readonly ports: readonly (readonly [client: number, port: number])[] }
  | {
      readonly type: 'batch';
      readonly worker: number;
      readonly atMs: number;
      readonly records: RecordBatch;
      readonly meters: BatchMeters;
      readonly lostRecords: number;
    }
  | { readonly type: 'closed' };

export type TapCommand =
  | { readonly type: 'own-ports'; readonly ports: readonly number[] }
  | { readonly type: 'taken'; readonly numbers: RecordBatch['numbers'] }
  | { readonly type: 'close' };

/** What is late now, beside what was late over the run; as often as the account is sampled. */
const RECENT_MS: number = MS_PER_SECOND;

export class TapCore {
  readonly #setup: TapSetup;
  readonly #post: (message: TapMessage) => void;
  readonly #slots: Float64Array;
  readonly #context: TapContext;
  readonly #doors: readonly (readonly [client: number, door: Door])[];
  readonly #loopDelay: LoopDelay = new LoopDelay();
  #recentSinceMs = 0;
  /** Of the second before. */
  #formerMaxMs = 0;
  readonly #quiet: QuietCollector = new QuietCollector();
  #timer: NodeJS.Timeout | undefined;
  readonly #records: RecordWriter = new RecordWriter();
  #underway = 0;
  #lostRecords = 0;

  constructor(setup: TapSetup, post: (message: TapMessage) => void) {
    this.#setup = setup;
    this.#post = post;
    const { slots, kinds, gaps } = workerSlots(setup.buffers, setup.worker);
    this.#slots = slots;
    this.#context = new TapContext({
      clock: clockFrom(setup.clockOrigin),
      slots,
      kinds,
      gaps,
      playlists: new PlaylistCache(),
      dialTimeoutMs: setup.dialTimeoutMs,
      behaviour: setup.behaviour,
      limits: setup.limits,
      worker: setup.worker,
      workers: setup.buffers.workers,
      emit: (record) => this.#record(record),
    });
    this.#context.shared = sharedPool(this.#context, setup);
    this.#doors = setup.clients.map((client) => [
      client,
      new Door(this.#context, client, new DoorSlots(setup.buffers, client)),
    ]);
  }

  /** Opens the doors and begins to report. Rejects when a door cannot be opened. */
  async open(): Promise<void> {
    // Loading and reading what TLS needs takes 0.1 s: here nobody waits for this thread yet.
    const { authority, verifiesOrigin } = this.#setup.behaviour.tls;
    if (authority !== undefined) await this.#context.interception.prepare(verifiesOrigin);
    const ports = await Promise.all(this.#doors.map(async ([client, door]) => [client, await door.open()] as const));
    this.#loopDelay.enable();
    // What it took to come this far is the zero that the run's account of this thread begins at.
    this.#measureSelf();
    this.#timer = setInterval(() => this.#flush(), this.#setup.limits.batchIntervalMs);
    this.#post({ type: 'doors', ports });
  }

  command(command: TapCommand): void {
    if (command.type === 'own-ports') this.#context.addOwnPorts(command.ports);
    else if (command.type === 'taken') this.#taken(command.numbers);
    else this.#close();
  }

  #close(): void {
    this.#context.shared?.close();
    for (const [, door] of this.#doors) door.close();
    clearInterval(this.#timer);
    this.#flush();
    this.#loopDelay.disable();
    this.#post({ type: 'closed' });
  }

  #taken(numbers: RecordBatch['numbers']): void {
    this.#underway -= 1;
    this.#records.giveBack(numbers);
  }

  #record(record: TapRecord): void {
    this.#records.add(record);
    if (this.#records.isFull) this.#flush();
  }

  /** Sends what there is. A main thread that does not take its batches costs records, counted, and never memory. */
  #flush(): void {
    this.#measureSelf();
    if (this.#underway >= MAX_BATCHES_UNDERWAY) {
      this.#lostRecords += this.#records.drop();
      this.#context.setMeter(WORKER_SLOT.lostRecords, this.#lostRecords);
      return;
    }
    this.#underway += 1;
    this.#post({
      type: 'batch',
      worker: this.#setup.worker,
      atMs: this.#context.clock.nowMs(),
      records: this.#records.take(),
      meters: this.#meters(),
      lostRecords: this.#lostRecords,
    });
  }

  #measureSelf(): void {
    const nowMs = this.#context.clock.nowMs();
    this.#context.setMeter(WORKER_SLOT.loopDelayP99Us, msToUs(this.#loopDelay.p99Ms));
    // At once, not with its second: what was read late must be known before it is judged.
    const longestMs = Math.max(this.#formerMaxMs, this.#loopDelay.recentMaxMs);
    this.#context.setMeter(WORKER_SLOT.recentLoopDelayMaxUs, msToUs(longestMs));
    if (nowMs - this.#recentSinceMs >= RECENT_MS) {
      const recent = this.#loopDelay.takeRecent();
      this.#context.setMeter(WORKER_SLOT.recentLoopDelayP99Us, msToUs(recent.p99Ms));
      this.#formerMaxMs = recent.maxMs;
      this.#recentSinceMs = nowMs;
    }
    const { user, system } = process.threadCpuUsage();
    this.#context.setMeter(WORKER_SLOT.cpuUs, user + system);
    this.#quiet.look(this.#context.readMeter(WORKER_SLOT.openConnections), nowMs);
  }

  #meters(): BatchMeters {
    const meters = Object.fromEntries(
      WORKER_METERS.map((name) => [name, this.#slots[WORKER_SLOT[name]] ?? 0]),
    ) as BatchMeters;
    for (const name of OPEN_BYTES) {
      let bytes = 0;
      for (const transfer of this.#context.openTransfers) bytes += transfer[name];
      meters[openName(name)] = bytes;
    }
    // Delivered octets are metered when their transfer ends: none are ever open.
    meters.openDeliveredBytes = 0;
    return meters;
  }
}

function sharedPool(context: TapContext, { behaviour, worker, buffers }: TapSetup): UpstreamPool | undefined {
  if (behaviour.upstream === 'mirror') return undefined;
  const { maxConnectionsPerOrigin, idleMs } = behaviour.shared;
  return new UpstreamPool(context, {
    maxConnectionsPerOrigin: shareOf(maxConnectionsPerOrigin, worker, buffers.workers),
    idleMs,
  });
}

function openName(name: (typeof OPEN_BYTES)[number]): OpenName {
  return `open${name.charAt(0).toUpperCase()}${name.slice(1)}` as OpenName;
}
