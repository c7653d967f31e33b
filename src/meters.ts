// The layout of the shared-memory slots: each worker writes its own block with plain stores, everybody reads.
// It does not sum over time, keep history or know who reads; a Float64 holds whole bytes exactly up to 9 PB.
import { KINDS, type Kind } from './events.ts';
import { msToUs, usToMs } from './units.ts';

/** Counters of one worker. `open*` are gauges, the rest only grow. Bytes are plaintext octets unless named otherwise. */
export const WORKER_METERS = [
  'connections',
  'openConnections',
  'idleConnections',
  'upstreamConnections',
  'openUpstreamConnections',
  'transfers',
  'openTransfers',
  'requestHeadBytes',
  'requestBodyBytes',
  'responseHeadBytes',
  'interimHeadBytes',
  'framingBytes',
  'contentBytes',
  'excessBytes',
  'deliveredBytes',
  'opaqueBytes',
  'readBytes',
  'writtenBytes',
  'removedFields',
  /** Answers in the clear that set a cookie with a Path. */
  'pathCookies',
  'lostRecords',
  'loopDelayP99Us',
  /** Of the last whole second. */
  'recentLoopDelayP99Us',
  /** The longest of the last one to two seconds. */
  'recentLoopDelayMaxUs',
  'cpuUs',
] as const;
export type WorkerMeter = (typeof WORKER_METERS)[number];
const LOOP_DELAYS: ReadonlySet<WorkerMeter> = new Set([
  'loopDelayP99Us',
  'recentLoopDelayP99Us',
  'recentLoopDelayMaxUs',
]);

/** Per door: what a per-client row needs while transfers are still open, and the number of the process behind it that was
 *  last given a playlist with an end (0: none), which must be known when that process leaves. */
export const DOOR_METERS = ['contentBytes', 'openTransfers', 'lastByteAtMs', 'endedProcess'] as const;
export type DoorMeter = (typeof DOOR_METERS)[number];

const KIND_SLOTS = [...KINDS, 'open'] as const;
/** Index of a kind's content slot; the last slot is content whose kind is not final. */
export const OPEN_KIND: number = KINDS.length;

/** Reads of streams by the time since the read before, a count per slot: whole microseconds up to 64, from there on 32 steps
 *  for each doubling, up to half an hour. */
export const GAP_SLOTS = 864;
const GAP_STEP_BITS = 5;
const GAP_STEPS: number = 2 ** GAP_STEP_BITS;
const MAX_GAP_US = 2 ** 31 - 1;

export function gapSlotOf(gapMs: number): number {
  const us = Math.min(msToUs(gapMs), MAX_GAP_US) | 0;
  const shift = Math.max(0, 31 - GAP_STEP_BITS - Math.clz32(us));
  return shift * GAP_STEPS + (us >> shift);
}

/** The middle of a slot, within 1.6 % of everything in it. */
export function gapOfSlotMs(slot: number): number {
  const shift = Math.max(0, (slot >> GAP_STEP_BITS) - 1);
  const leastUs = (slot - shift * GAP_STEPS) * 2 ** shift;
  return usToMs(leastUs + (2 ** shift - 1) / 2);
}

/** Flags per door, written by the main thread before it acts, read by the worker. */
export const DOOR_FLAGS = ['process', 'stopping'] as const;
export type DoorFlag = (typeof DOOR_FLAGS)[number];

const index = <Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name, position) => [name, position])) as Record<Name, number>;
export const WORKER_SLOT: Readonly<Record<WorkerMeter, number>> = index(WORKER_METERS);
export const DOOR_SLOT: Readonly<Record<DoorMeter, number>> = index(DOOR_METERS);
const FLAG_SLOT = index(DOOR_FLAGS);

const WORKER_BLOCK = WORKER_METERS.length + KIND_SLOTS.length;

export interface MeterShape {
  readonly workers: number;
  readonly doors: number;
}

/** The buffers behind the slots; plain data that `workerData` carries to a thread without a copy. */
export interface MeterBuffers extends MeterShape {
  readonly workerMeters: SharedArrayBuffer;
  readonly streamGaps: SharedArrayBuffer;
  readonly doorMeters: SharedArrayBuffer;
  readonly doorFlags: SharedArrayBuffer;
}

export function allocateMeters({ workers, doors }: MeterShape): MeterBuffers {
  return {
    workers,
    doors,
    workerMeters: new SharedArrayBuffer(workers * WORKER_BLOCK * Float64Array.BYTES_PER_ELEMENT),
    streamGaps: new SharedArrayBuffer(workers * GAP_SLOTS * Float64Array.BYTES_PER_ELEMENT),
    doorMeters: new SharedArrayBuffer(doors * DOOR_METERS.length * Float64Array.BYTES_PER_ELEMENT),
    doorFlags: new SharedArrayBuffer(doors * DOOR_FLAGS.length * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** One worker's counters: `slots[WORKER_SLOT.contentBytes]`; content by kind in `kinds`, gaps between reads in `gaps`. */
export function workerSlots(
  buffers: MeterBuffers,
  worker: number,
): { slots: Float64Array; kinds: Float64Array; gaps: Float64Array } {
  const offset = worker * WORKER_BLOCK * Float64Array.BYTES_PER_ELEMENT;
  return {
    slots: new Float64Array(buffers.workerMeters, offset, WORKER_METERS.length),
    kinds: new Float64Array(
      buffers.workerMeters,
      offset + WORKER_METERS.length * Float64Array.BYTES_PER_ELEMENT,
      KIND_SLOTS.length,
    ),
    gaps: new Float64Array(buffers.streamGaps, worker * GAP_SLOTS * Float64Array.BYTES_PER_ELEMENT, GAP_SLOTS),
  };
}

/** One door's view; doors are numbered from 1 as clients are. */
export class DoorSlots {
  readonly #meters: Float64Array;
  readonly #flags: Int32Array;

  constructor(buffers: MeterBuffers, door: number) {
    const width = DOOR_METERS.length;
    this.#meters = new Float64Array(buffers.doorMeters, (door - 1) * width * Float64Array.BYTES_PER_ELEMENT, width);
    const flagWidth = DOOR_FLAGS.length;
    this.#flags = new Int32Array(buffers.doorFlags, (door - 1) * flagWidth * Int32Array.BYTES_PER_ELEMENT, flagWidth);
  }

  /** `slot` of DOOR_SLOT. A number, not a name: on the hot path a name would be looked up each time. */
  add(slot: number, amount: number): void {
    this.#meters[slot] = (this.#meters[slot] ?? 0) + amount;
  }

  set(slot: number, value: number): void {
    this.#meters[slot] = value;
  }

  get(meter: DoorMeter): number {
    return this.#meters[DOOR_SLOT[meter]] ?? 0;
  }

  process(): number {
    return Atomics.load(this.#flags, FLAG_SLOT.process);
  }

  isStopping(): boolean {
    return Atomics.load(this.#flags, FLAG_SLOT.stopping) !== 0;
  }

  setFlag(flag: DoorFlag, value: number): void {
    Atomics.store(this.#flags, FLAG_SLOT[flag], value);
  }
}

export interface MeterReading {
  readonly meters: Readonly<Record<WorkerMeter, number>>;
  readonly contentBytesByKind: Readonly<Record<Kind | 'open', number>>;
}

/** What meters read where there is no tap. */
export const NO_METERS: MeterReading = {
  meters: Object.fromEntries(WORKER_METERS.map((name) => [name, 0])) as Record<WorkerMeter, number>,
  contentBytesByKind: Object.fromEntries(KIND_SLOTS.map((kind) => [kind, 0])) as Record<Kind | 'open', number>,
};

/** Sums over all workers at this instant (maximum for the loop delays): meter values and content by kind. */
export function readMeters(buffers: MeterBuffers): MeterReading {
  const meters = { ...NO_METERS.meters };
  const contentBytesByKind = { ...NO_METERS.contentBytesByKind };
  for (let worker = 0; worker < buffers.workers; worker += 1) {
    const { slots, kinds } = workerSlots(buffers, worker);
    for (const name of WORKER_METERS) {
      const value = slots[WORKER_SLOT[name]] ?? 0;
      meters[name] = LOOP_DELAYS.has(name) ? Math.max(meters[name], value) : meters[name] + value;
    }
    KIND_SLOTS.forEach((kind, position) => {
      contentBytesByKind[kind] += kinds[position] ?? 0;
    });
  }
  return { meters, contentBytesByKind };
}

/** Reads of streams by the gap before them, over all workers, since the tap was opened. */
export function readStreamGaps(buffers: MeterBuffers): Float64Array {
  const sums = new Float64Array(GAP_SLOTS);
  for (let worker = 0; worker < buffers.workers; worker += 1) {
    for (const [slot, reads] of workerSlots(buffers, worker).gaps.entries()) sums[slot] = (sums[slot] ?? 0) + reads;
  }
  return sums;
}
