// Unpacks what a worker sent: the records as they were, in their order. It decides nothing and loses nothing.

import { INJECTED, KINDS, type Phases, TERMINATIONS, type TransferEvent } from '../events.ts';
import type { TapRecord } from './context.ts';
import type { Mutable } from './mutable.ts';
import { AT, CACHES, INTEGRITIES, OPEN_END, type RecordBatch, WIDTH } from './record-batch.ts';

export class RecordReader {
  #texts: string[] = [];

  /** The records of a batch, in the order in which they were added. */
  read(batch: RecordBatch): TapRecord[] {
    if (batch.forgetsTexts) this.#texts = [];
    for (const text of batch.texts) this.#texts.push(text);
    const records: TapRecord[] = [];
    let next = 0;
    for (let position = 0; position <= batch.transfers; position += 1) {
      for (; batch.others[next]?.[0] === position; next += 1) {
        const record = batch.others[next]?.[1];
        if (record !== undefined) records.push(record);
      }
      if (position < batch.transfers) records.push(this.#transfer(batch.numbers, position * WIDTH));
    }
    if (batch.extras.length > 0) addExtras(records, batch.extras);
    return records;
  }

  #text(number: number): string {
    const text = this.#texts[number];
    if (text === undefined) throw new Error(`a batch names text ${number} of ${this.#texts.length}`);
    return text;
  }

  #transfer(n: Float64Array, at: number): TransferEvent {
    const event: Mutable<TransferEvent> = {
      type: 'transfer',
      client: n[at + AT.client] as number,
      process: n[at + AT.process] as number,
      connection: n[at + AT.connection] as number,
      requestIndex: n[at + AT.requestIndex] as number,
      method: this.#text(n[at + AT.method] as number),
      url: this.#text(n[at + AT.url] as number),
      kind: nameOf(KINDS, n[at + AT.kind]),
      cache: nameOf(CACHES, n[at + AT.cache]),
      startedAtWallMs: n[at + AT.startedAtWallMs] as number,
      startedAtMs: n[at + AT.startedAtMs] as number,
      requestHeadBytes: n[at + AT.requestHeadBytes] as number,
      requestBodyBytes: n[at + AT.requestBodyBytes] as number,
      responseHeadBytes: n[at + AT.responseHeadBytes] as number,
      interimHeadBytes: n[at + AT.interimHeadBytes] as number,
      framingBytes: n[at + AT.framingBytes] as number,
      contentBytes: n[at + AT.contentBytes] as number,
      deliveredBytes: n[at + AT.deliveredBytes] as number,
      phases: phasesOf(n, at),
      totalMs: n[at + AT.totalMs] as number,
      clientBlockedMs: n[at + AT.clientBlockedMs] as number,
      longestGapMs: n[at + AT.longestGapMs] as number,
      early: n[at + AT.early] === 1,
      stale: n[at + AT.stale] === 1,
      injected: isAbsent(n[at + AT.injected]) ? null : nameOf(INJECTED, n[at + AT.injected]),
      termination: nameOf(TERMINATIONS, n[at + AT.termination]),
      integrity: nameOf(INTEGRITIES, n[at + AT.integrity]),
      stopping: n[at + AT.stopping] === 1,
    };
    this.#addWhatIsThere(event, n, at);
    return event;
  }

  #addWhatIsThere(event: Mutable<TransferEvent>, n: Float64Array, at: number): void {
    const has = (field: number): boolean => !isAbsent(n[at + field]);
    const number = (field: number): number => n[at + field] as number;
    if (has(AT.upstreamConnection)) event.upstreamConnection = number(AT.upstreamConnection);
    if (has(AT.upstreamRequestIndex)) event.upstreamRequestIndex = number(AT.upstreamRequestIndex);
    if (has(AT.upstreamLocalPort)) event.upstreamLocalPort = number(AT.upstreamLocalPort);
    if (has(AT.upstreamAddress)) event.upstreamAddress = this.#text(number(AT.upstreamAddress));
    if (has(AT.upstreamReused)) event.upstreamReused = number(AT.upstreamReused) === 1;
    if (has(AT.rangeFirst))
      event.range = [number(AT.rangeFirst), number(AT.rangeLast) === OPEN_END ? null : number(AT.rangeLast)];
    if (has(AT.status)) event.status = number(AT.status);
    if (has(AT.mediaType)) event.mediaType = this.#text(number(AT.mediaType));
    if (has(AT.ageSeconds)) event.ageSeconds = number(AT.ageSeconds);
    if (has(AT.location)) event.location = this.#text(number(AT.location));
    if (has(AT.declaredContentLength)) event.declaredContentLength = number(AT.declaredContentLength);
  }
}

function isAbsent(number: number | undefined): boolean {
  return number === undefined || Number.isNaN(number);
}

function nameOf<Name extends string>(names: readonly Name[], index: number | undefined): Name {
  const name = names[index ?? -1];
  if (name === undefined) throw new Error(`a batch names entry ${index} of a list of ${names.length}`);
  return name;
}

function phasesOf(n: Float64Array, at: number): Phases {
  const phases: Mutable<Phases> = {};
  if (!isAbsent(n[at + AT.queueMs])) phases.queueMs = n[at + AT.queueMs] as number;
  if (!isAbsent(n[at + AT.dnsMs])) phases.dnsMs = n[at + AT.dnsMs] as number;
  if (!isAbsent(n[at + AT.connectMs])) phases.connectMs = n[at + AT.connectMs] as number;
  if (!isAbsent(n[at + AT.tlsMs])) phases.tlsMs = n[at + AT.tlsMs] as number;
  if (!isAbsent(n[at + AT.sendMs])) phases.sendMs = n[at + AT.sendMs] as number;
  if (!isAbsent(n[at + AT.waitMs])) phases.waitMs = n[at + AT.waitMs] as number;
  if (!isAbsent(n[at + AT.headersMs])) phases.headersMs = n[at + AT.headersMs] as number;
  if (!isAbsent(n[at + AT.receiveMs])) phases.receiveMs = n[at + AT.receiveMs] as number;
  if (!isAbsent(n[at + AT.deliverMs])) phases.deliverMs = n[at + AT.deliverMs] as number;
  return phases;
}

function addExtras(records: TapRecord[], extras: RecordBatch['extras']): void {
  const transfers = records.filter((record) => record.type === 'transfer');
  for (const [position, extra] of extras) {
    const transfer = transfers[position];
    if (transfer !== undefined) Object.assign(transfer, extra);
  }
}
