// Packs a worker's records into batches for the main thread. It decides nothing, and what cannot leave is counted.
import { INJECTED, KINDS, type Phases, TERMINATIONS, type TransferEvent } from '../events.ts';
import type { TapRecord } from './context.ts';
import { BATCH_RECORDS, MAX_KNOWN_TEXTS } from './limits.ts';
import {
  ABSENT,
  AT,
  CACHES,
  type Extras,
  INTEGRITIES,
  newNumbers,
  OPEN_END,
  type RecordBatch,
  WIDTH,
} from './record-batch.ts';

export class RecordWriter {
  #numbers: Float64Array<ArrayBuffer>;
  readonly #free: Float64Array<ArrayBuffer>[] = [];
  readonly #known: Map<string, number> = new Map();
  #transfers = 0;
  #texts: string[] = [];
  #forgetsTexts = true;
  #others: [number, Exclude<TapRecord, TransferEvent>][] = [];
  #extras: [number, Extras][] = [];

  constructor() {
    this.#numbers = newNumbers();
  }

  get length(): number {
    return this.#transfers + this.#others.length;
  }

  get isFull(): boolean {
    return this.length >= BATCH_RECORDS;
  }

  add(record: TapRecord): void {
    if (record.type !== 'transfer') {
      this.#others.push([this.#transfers, record]);
      return;
    }
    const { recordedFields, transportStream } = record;
    if (recordedFields !== undefined || transportStream !== undefined) {
      this.#extras.push([
        this.#transfers,
        {
          ...(recordedFields === undefined ? {} : { recordedFields }),
          ...(transportStream === undefined ? {} : { transportStream }),
        },
      ]);
    }
    this.#write(record, this.#transfers * WIDTH);
    this.#transfers += 1;
  }

  /** What was added since the last call. Its numbers leave this thread with it. */
  take(): RecordBatch {
    const batch = {
      numbers: this.#numbers,
      transfers: this.#transfers,
      texts: this.#texts,
      forgetsTexts: this.#forgetsTexts,
      others: this.#others,
      extras: this.#extras,
    };
    this.#numbers = this.#free.pop() ?? newNumbers();
    this.#forgetsTexts = this.#known.size > MAX_KNOWN_TEXTS;
    if (this.#forgetsTexts) this.#known.clear();
    this.#clear();
    return batch;
  }

  /** Drops what was added since the last `take`; returns how many records that were. */
  drop(): number {
    const dropped = this.length;
    // The reader will never see the texts of this batch.
    this.#known.clear();
    this.#forgetsTexts = true;
    this.#clear();
    return dropped;
  }

  /** A batch was read: its numbers may be used again. */
  giveBack(numbers: Float64Array<ArrayBuffer>): void {
    this.#free.push(numbers);
  }

  #clear(): void {
    this.#transfers = 0;
    this.#texts = [];
    this.#others = [];
    this.#extras = [];
  }

  #text(text: string | undefined): number {
    if (text === undefined) return ABSENT;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const number = this.#known.size;
    this.#known.set(text, number);
    this.#texts.push(text);
    return number;
  }

  #write(event: TransferEvent, at: number): void {
    const n = this.#numbers;
    n[at + AT.client] = event.client;
    n[at + AT.process] = event.process;
    n[at + AT.connection] = event.connection;
    n[at + AT.requestIndex] = event.requestIndex;
    n[at + AT.upstreamConnection] = event.upstreamConnection ?? ABSENT;
    n[at + AT.upstreamRequestIndex] = event.upstreamRequestIndex ?? ABSENT;
    n[at + AT.upstreamLocalPort] = event.upstreamLocalPort ?? ABSENT;
    n[at + AT.upstreamAddress] = this.#text(event.upstreamAddress);
    n[at + AT.upstreamReused] = event.upstreamReused === undefined ? ABSENT : Number(event.upstreamReused);
    n[at + AT.method] = this.#text(event.method);
    n[at + AT.url] = this.#text(event.url);
    n[at + AT.kind] = KINDS.indexOf(event.kind);
    n[at + AT.rangeFirst] = event.range === undefined ? ABSENT : event.range[0];
    n[at + AT.rangeLast] = event.range === undefined ? ABSENT : (event.range[1] ?? OPEN_END);
    n[at + AT.status] = event.status ?? ABSENT;
    n[at + AT.mediaType] = this.#text(event.mediaType);
    n[at + AT.cache] = CACHES.indexOf(event.cache);
    n[at + AT.ageSeconds] = event.ageSeconds ?? ABSENT;
    n[at + AT.location] = this.#text(event.location);
    n[at + AT.startedAtWallMs] = event.startedAtWallMs;
    n[at + AT.startedAtMs] = event.startedAtMs;
    n[at + AT.requestHeadBytes] = event.requestHeadBytes;
    n[at + AT.requestBodyBytes] = event.requestBodyBytes;
    n[at + AT.responseHeadBytes] = event.responseHeadBytes;
    n[at + AT.interimHeadBytes] = event.interimHeadBytes;
    n[at + AT.framingBytes] = event.framingBytes;
    n[at + AT.contentBytes] = event.contentBytes;
    n[at + AT.deliveredBytes] = event.deliveredBytes;
    n[at + AT.declaredContentLength] = event.declaredContentLength ?? ABSENT;
    n[at + AT.totalMs] = event.totalMs;
    n[at + AT.clientBlockedMs] = event.clientBlockedMs;
    n[at + AT.longestGapMs] = event.longestGapMs;
    n[at + AT.early] = Number(event.early);
    n[at + AT.stale] = Number(event.stale);
    n[at + AT.injected] = event.injected === null ? ABSENT : INJECTED.indexOf(event.injected);
    n[at + AT.termination] = TERMINATIONS.indexOf(event.termination);
    n[at + AT.integrity] = INTEGRITIES.indexOf(event.integrity);
    n[at + AT.stopping] = Number(event.stopping);
    this.#writePhases(event.phases, at);
  }

  /** One by one: an absent property that is asked for by a changing name is looked up the slow way. */
  #writePhases(phases: Phases, at: number): void {
    const n = this.#numbers;
    n[at + AT.queueMs] = phases.queueMs ?? ABSENT;
    n[at + AT.dnsMs] = phases.dnsMs ?? ABSENT;
    n[at + AT.connectMs] = phases.connectMs ?? ABSENT;
    n[at + AT.tlsMs] = phases.tlsMs ?? ABSENT;
    n[at + AT.sendMs] = phases.sendMs ?? ABSENT;
    n[at + AT.waitMs] = phases.waitMs ?? ABSENT;
    n[at + AT.headersMs] = phases.headersMs ?? ABSENT;
    n[at + AT.receiveMs] = phases.receiveMs ?? ABSENT;
    n[at + AT.deliverMs] = phases.deliverMs ?? ABSENT;
  }
}
