// How finished transfers cross from a worker to the main thread: numbers in one transferable buffer, each text once.
// A structured clone of the records themselves costs more than relaying the octets they count. Everything else that a
// worker says is rare and crosses as it is. Layout only: record-writer.ts fills a batch, record-reader.ts reads it.
import type { CacheStatus, Integrity, TransferEvent } from '../events.ts';
import type { TapRecord } from './context.ts';
import { BATCH_RECORDS } from './limits.ts';

/** What crosses. `numbers` is transferred with its buffer and comes back to be used again. */
export interface RecordBatch {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly transfers: number;
  /** Texts that `numbers` names for the first time; they take the next free numbers. */
  readonly texts: readonly string[];
  /** The numbers of texts begin anew with this batch. */
  readonly forgetsTexts: boolean;
  /** Other records, each with the number of transfers before it. */
  readonly others: readonly (readonly [after: number, record: Exclude<TapRecord, TransferEvent>])[];
  /** Of few transfers, what few have; by position. */
  readonly extras: readonly (readonly [position: number, extras: Extras])[];
}

export type Extras = Pick<TransferEvent, 'recordedFields' | 'transportStream'>;

export const CACHES: readonly CacheStatus[] = ['hit', 'miss', 'other', 'unknown'];
export const INTEGRITIES: readonly Integrity[] = ['complete', 'short', 'excess', 'unknown-length'];

/** Where each number of a transfer stands. */
export const AT = {
  client: 0,
  process: 1,
  connection: 2,
  requestIndex: 3,
  upstreamConnection: 4,
  upstreamRequestIndex: 5,
  upstreamLocalPort: 6,
  upstreamAddress: 7,
  upstreamReused: 8,
  method: 9,
  url: 10,
  kind: 11,
  rangeFirst: 12,
  rangeLast: 13,
  status: 14,
  mediaType: 15,
  cache: 16,
  ageSeconds: 17,
  location: 18,
  startedAtWallMs: 19,
  startedAtMs: 20,
  requestHeadBytes: 21,
  requestBodyBytes: 22,
  responseHeadBytes: 23,
  interimHeadBytes: 24,
  framingBytes: 25,
  contentBytes: 26,
  deliveredBytes: 27,
  declaredContentLength: 28,
  totalMs: 29,
  clientBlockedMs: 30,
  longestGapMs: 31,
  early: 32,
  stale: 33,
  injected: 34,
  termination: 35,
  integrity: 36,
  stopping: 37,
  queueMs: 38,
  dnsMs: 39,
  connectMs: 40,
  tlsMs: 41,
  sendMs: 42,
  waitMs: 43,
  headersMs: 44,
  receiveMs: 45,
  deliverMs: 46,
} as const;
export const WIDTH: number = Object.keys(AT).length;
export const ABSENT: number = Number.NaN;
/** The end of a range that goes to the resource's end. */
export const OPEN_END = -1;

/** Room for one batch. */
export function newNumbers(): Float64Array<ArrayBuffer> {
  return new Float64Array(BATCH_RECORDS * WIDTH);
}
