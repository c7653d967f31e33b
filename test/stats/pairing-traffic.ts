// Builds request lines and transfers for the pairing tests, and plays them in their order of arrival.
// Its one judgement: whatever happened, lines and transfers both balance.
import assert from 'node:assert/strict';
import type { ByteRange, Kind, ParsedEvent, TransferEvent } from '../../src/events.ts';
import { type OpenTransfers, Pairing, type RequestNote } from '../../src/stats/pairing.ts';

export type RequestLine = ParsedEvent & { readonly rule: 'request' };

export interface TransferFacts {
  readonly client?: number;
  readonly process?: number;
  readonly connection?: number;
  readonly url: string;
  readonly range?: ByteRange;
  readonly kind?: Kind;
  readonly startedAtMs: number;
  readonly totalMs?: number;
  readonly stopping?: boolean;
}

export function transfer(facts: TransferFacts): TransferEvent {
  return {
    type: 'transfer',
    client: facts.client ?? 1,
    process: facts.process ?? 1,
    connection: facts.connection ?? 1,
    requestIndex: 1,
    method: 'GET',
    url: facts.url,
    kind: facts.kind ?? 'segment',
    ...(facts.range === undefined ? {} : { range: facts.range }),
    status: 200,
    cache: 'unknown',
    startedAtWallMs: facts.startedAtMs,
    startedAtMs: facts.startedAtMs,
    requestHeadBytes: 100,
    requestBodyBytes: 0,
    responseHeadBytes: 100,
    interimHeadBytes: 0,
    framingBytes: 0,
    contentBytes: 1000,
    deliveredBytes: 1100,
    phases: {},
    totalMs: facts.totalMs ?? 10,
    clientBlockedMs: 0,
    longestGapMs: 0,
    early: false,
    stale: false,
    injected: null,
    termination: '--',
    integrity: 'complete',
    stopping: facts.stopping ?? false,
  };
}

export function requestLine(url: string, atMs: number, range?: ByteRange, process = 1): RequestLine {
  return {
    type: 'parsed',
    client: 1,
    process,
    atMs,
    rule: 'request',
    method: 'GET',
    url,
    ...(range === undefined ? {} : { range }),
  };
}

/** Something that reaches the pairing at an instant. */
export interface Arrival {
  readonly atMs: number;
  readonly deliver: (pairing: Pairing) => void;
}

export function lineArrival(line: RequestLine, note: RequestNote = { guess: 'segment' }): Arrival {
  return { atMs: line.atMs, deliver: (pairing) => pairing.request(line, note) };
}

export function transferArrival(event: TransferEvent, delayMs = 0): Arrival {
  return {
    atMs: event.startedAtMs + event.totalMs + delayMs,
    deliver: (pairing) => pairing.transfer(event),
  };
}

export const NOTHING_OPEN: OpenTransfers = { hasOpenTransfers: () => false };

/** All arrivals in the order of time with a settling each second and some after the end; not finished. */
export function play(arrivals: readonly Arrival[], open?: OpenTransfers, pairing: Pairing = new Pairing()): Pairing {
  const sorted = [...arrivals].sort((a, b) => a.atMs - b.atMs);
  let settledMs = Math.floor((sorted[0]?.atMs ?? 0) / 1000) * 1000;
  for (const arrival of sorted) {
    while (settledMs + 1000 <= arrival.atMs) {
      settledMs += 1000;
      pairing.settle(settledMs, open);
    }
    arrival.deliver(pairing);
  }
  for (let turn = 0; turn < 6; turn += 1) {
    settledMs += 1000;
    pairing.settle(settledMs, open);
  }
  return pairing;
}

/** Lines and transfers both balance, whatever happened. */
export function assertBalanced(pairing: Pairing): void {
  const { groups, totals } = pairing.read();
  const sum = (field: 'matched' | 'missed' | 'spurious' | 'deadConnection'): number =>
    Object.values(groups).reduce((total, group) => total + group[field], 0);
  const { excludedLines, droppedLines, pendingLines, excludedTransfers, outOfUnit, droppedTransfers } = totals;
  assert.equal(
    totals.lines,
    sum('matched') + sum('spurious') + sum('deadConnection') + excludedLines + droppedLines + pendingLines,
  );
  assert.equal(
    totals.transfers,
    sum('matched') + sum('missed') + excludedTransfers + outOfUnit + droppedTransfers + totals.pendingTransfers,
  );
}

export function counts(pairing: Pairing, group: 'segment' | 'playlist' = 'segment'): Record<string, number> {
  assertBalanced(pairing);
  const { matched, missed, spurious, deadConnection, excludedAtStop, pending } = pairing.read().groups[group];
  return { matched, missed, spurious, deadConnection, excludedAtStop, pending };
}

export const NONE: Readonly<Record<string, number>> = {
  matched: 0,
  missed: 0,
  spurious: 0,
  deadConnection: 0,
  excludedAtStop: 0,
  pending: 0,
};
