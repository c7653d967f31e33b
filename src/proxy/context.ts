// What every connection of a worker shares: clock, meters, records, identities, limits that options set.
// It owns no socket and makes no decision; it exists so that doors and connections need not know the worker.

import type { Clock } from '../clock.ts';
import {
  type ConnectionEvent,
  KINDS,
  type PlaylistEvent,
  type SegmentListedEvent,
  type StreamEvent,
  type TransferEvent,
  type VariantsEvent,
} from '../events.ts';
import type { PlaylistCache } from '../hls/kinds.ts';
import type { Playlist } from '../hls/playlist.ts';
import { WORKER_SLOT } from '../meters.ts';
import type { Behaviour } from './behaviour.ts';
import { BufferPool } from './buffer-pool.ts';
import { MAX_ANNOUNCED_SEGMENTS, type TimeLimits } from './limits.ts';
import { StreamBook } from './stream-book.ts';
import { canonicalHost } from './target.ts';
import { Interception } from './tls/interception.ts';
import type { Ending, Transfer } from './transfer.ts';
import type { UpstreamPool } from './upstream-pool.ts';

/** Every way to write this machine to itself, the unspecified addresses included (Linux connects them to loopback). */
const LOOPBACK =
  /^(?:localhost\.?|(?:::ffff:)?127(?:\.[0-9]+){1,3}|0\.0\.0\.0|::1?|::ffff:(?:7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0))$/i;

/** What leaves a worker as a record. */
export type TapRecord =
  | TransferEvent
  | ConnectionEvent
  | PlaylistEvent
  | VariantsEvent
  | SegmentListedEvent
  | StreamEvent;

export interface ContextOptions {
  readonly clock: Clock;
  readonly slots: Float64Array;
  readonly kinds: Float64Array;
  readonly gaps: Float64Array;
  readonly playlists: PlaylistCache;
  readonly dialTimeoutMs: number;
  readonly behaviour: Behaviour;
  readonly limits: TimeLimits;
  /** Worker k of n: connection numbers are unique in the run because each worker counts its own residue class. */
  readonly worker: number;
  readonly workers: number;
  readonly emit: (record: TapRecord) => void;
}

export class TapContext {
  readonly clock: Clock;
  readonly playlists: PlaylistCache;
  readonly dialTimeoutMs: number;
  readonly behaviour: Behaviour;
  readonly limits: TimeLimits;
  readonly pool: BufferPool = new BufferPool();
  /** Connections to origins that clients share; absent when each has its own. */
  shared: UpstreamPool | undefined;
  readonly emit: (record: TapRecord) => void;
  /** In no order. Not a Set: one that is filled and emptied for ever leaves a trail of tables that keep what they held. */
  readonly openTransfers: Transfer[] = [];
  readonly streams: StreamBook;
  readonly interception: Interception;
  /** Loopback ports of our own listeners: a request to one would run in circles. */
  readonly #ownPorts: Set<number> = new Set();
  readonly #slots: Float64Array;
  readonly #kinds: Float64Array;
  readonly #step: number;
  #lastConnection: number;
  #lastUpstream: number;
  readonly #announced: Set<string> = new Set();
  readonly #readPlaylists: WeakSet<Playlist> = new WeakSet();

  constructor(options: ContextOptions) {
    this.clock = options.clock;
    this.playlists = options.playlists;
    this.dialTimeoutMs = options.dialTimeoutMs;
    this.behaviour = options.behaviour;
    this.limits = options.limits;
    this.emit = options.emit;
    const { clock, emit } = options;
    this.interception = new Interception(clock, options.behaviour.tls.authority);
    this.streams = new StreamBook({
      clock,
      emit,
      limits: options.behaviour.streams,
      intervalMs: options.limits.streamIntervalMs,
      gaps: options.gaps,
    });
    this.#slots = options.slots;
    this.#kinds = options.kinds;
    this.#step = options.workers;
    this.#lastConnection = options.worker + 1 - options.workers;
    this.#lastUpstream = options.worker + 1 - options.workers;
  }

  /** `slot` of WORKER_SLOT. A number, not a name: on the hot path a name would be looked up each time. */
  meter(slot: number, amount: number): void {
    this.#slots[slot] = (this.#slots[slot] ?? 0) + amount;
  }

  /** Content of an open transfer, by the kind it has so far. */
  meterKind(slot: number, bytes: number): void {
    this.#kinds[slot] = (this.#kinds[slot] ?? 0) + bytes;
  }

  /** The content of a transfer so far turns out to be of another kind. */
  moveKind(transfer: Transfer, slot: number): void {
    if (slot === transfer.kindSlot) return;
    // Out before in: a reader between the two stores sees bytes late, never twice.
    this.meterKind(transfer.kindSlot, -transfer.contentBytes);
    this.meterKind(slot, transfer.contentBytes);
    transfer.kindSlot = slot;
  }

  begin(transfer: Transfer): void {
    transfer.openAt = this.openTransfers.push(transfer) - 1;
    this.meter(WORKER_SLOT.transfers, 1);
    this.meter(WORKER_SLOT.openTransfers, 1);
  }

  /** The one ending of a transfer: its meters become final and its record leaves. */
  end(transfer: Transfer, ending: Ending): void {
    this.#forget(transfer);
    this.meter(WORKER_SLOT.openTransfers, -1);
    this.meter(WORKER_SLOT.deliveredBytes, ending.deliveredBytes);
    this.moveKind(transfer, KINDS.indexOf(ending.kind));
    if (transfer.stream !== undefined) this.streams.close(transfer.stream);
    this.emit(transfer.end(ending));
  }

  #forget(transfer: Transfer): void {
    const last = this.openTransfers.pop();
    if (last === undefined || last === transfer) return;
    this.openTransfers[transfer.openAt] = last;
    last.openAt = transfer.openAt;
  }

  addOwnPorts(ports: readonly number[]): void {
    for (const port of ports) this.#ownPorts.add(port);
  }

  isOwnListener({ host, port }: { readonly host: string; readonly port: number }): boolean {
    return this.#ownPorts.has(port) && (LOOPBACK.test(host) || LOOPBACK.test(canonicalHost(host)));
  }

  setMeter(slot: number, value: number): void {
    this.#slots[slot] = value;
  }

  readMeter(slot: number): number {
    return this.#slots[slot] ?? 0;
  }

  nextConnection(): number {
    this.#lastConnection += this.#step;
    return this.#lastConnection;
  }

  nextUpstream(): number {
    this.#lastUpstream += this.#step;
    return this.#lastUpstream;
  }

  /** True the first time: many doors read the same one, and its segments are told once. */
  isFirstReading(playlist: Playlist): boolean {
    if (this.#readPlaylists.has(playlist)) return false;
    this.#readPlaylists.add(playlist);
    return true;
  }

  /** True the first time a resource is named; the oldest names are forgotten beyond a bound. */
  isFirstListing(key: string): boolean {
    if (this.#announced.has(key)) return false;
    this.#announced.add(key);
    if (this.#announced.size > MAX_ANNOUNCED_SEGMENTS) {
      const [oldest] = this.#announced;
      if (oldest !== undefined) this.#announced.delete(oldest);
    }
    return true;
  }
}
