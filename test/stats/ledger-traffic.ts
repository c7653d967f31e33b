// Scripts a small run as events, the way the rooms emit them: clients that play a live stream through the tap, its meters,
// the listing and the origin's log. It keeps its own sums, so that a ledger can be held against them.
import type {
  ClientEvent,
  Event,
  Kind,
  ParsedEvent,
  ParsedFact,
  SampleEvent,
  TransferEvent,
} from '../../src/events.ts';
import { NO_METERS } from '../../src/meters.ts';
import { Ledger, type LedgerOptions } from '../../src/stats/ledger.ts';

export const BASE = 'http://127.0.0.1:8080/live/';
export const PLAYLIST: string = `${BASE}stream.m3u8`;
export const segmentUrl = (number: number): string => `${BASE}seg${String(number).padStart(5, '0')}.ts`;
export const segmentBytes = (number: number): number => 250_000 + number * 1_000;

export const RUN: LedgerOptions['run'] = {
  id: 'test',
  startedAt: '2026-11-21T09:30:00.000Z',
  startedAtWallMs: 1_795_253_400_000,
  url: PLAYLIST,
  clients: 2,
  variant: 'all',
  version: '1.0.0',
  ffmpeg: '5.1.9',
  node: 'v24.21.0',
  proxyWorkers: 1,
  seed: 1,
  durationSeconds: 60,
  isLive: true,
  isTapped: true,
};

export function openLedger(options: Partial<LedgerOptions> = {}): Ledger {
  return new Ledger({ run: RUN, segmentCacheWindow: 300, statsDropThreshold: 0.01, ...options });
}

export function play(events: Iterable<Event>, ledger: Ledger = openLedger()): Ledger {
  for (const event of events) ledger.record(event);
  return ledger;
}

export function aTransfer(facts: Partial<TransferEvent> & { readonly startedAtMs: number }): TransferEvent {
  const contentBytes = facts.contentBytes ?? 1_000;
  return {
    type: 'transfer',
    client: 1,
    process: 1,
    connection: 1,
    requestIndex: 1,
    method: 'GET',
    url: segmentUrl(1),
    kind: 'segment',
    status: 200,
    cache: 'unknown',
    startedAtWallMs: RUN.startedAtWallMs + facts.startedAtMs,
    requestHeadBytes: 180,
    requestBodyBytes: 0,
    responseHeadBytes: 240,
    interimHeadBytes: 0,
    framingBytes: 0,
    contentBytes,
    deliveredBytes: contentBytes + 240,
    phases: { sendMs: 0.1, waitMs: 2, headersMs: 0.1, receiveMs: 6.8, deliverMs: 1 },
    totalMs: 10,
    clientBlockedMs: 0,
    longestGapMs: 0,
    early: false,
    stale: false,
    injected: null,
    termination: '--',
    integrity: 'complete',
    stopping: false,
    ...facts,
  };
}

export function parsed(client: number, atMs: number, fact: ParsedFact, process = 1): ParsedEvent {
  return { type: 'parsed', client, process, atMs, ...fact };
}

export function life(
  client: number,
  atMs: number,
  event: ClientEvent['event'],
  more: Partial<ClientEvent> = {},
): Event {
  return { type: 'client', client, process: 1, atMs, event, ...more };
}

/** Log and tap of one segment: announced, opened, asked for, carried. */
export function segment(client: number, number: number, atMs: number, facts: Partial<TransferEvent> = {}): Event[] {
  const url = segmentUrl(number);
  const contentBytes = segmentBytes(number);
  return [
    parsed(client, atMs, { rule: 'hls-request', url, offset: 0, playlist: 0 }),
    parsed(client, atMs, { rule: 'open', url, context: 'http', isNewConnection: false }),
    parsed(client, atMs, { rule: 'request', method: 'GET', url }),
    aTransfer({ client, url, contentBytes, startedAtMs: atMs + 0.3, ...facts }),
  ];
}

export function playlist(client: number, atMs: number, facts: Partial<TransferEvent> = {}): Event[] {
  const { url = PLAYLIST } = facts;
  return [
    parsed(client, atMs, { rule: 'open', url, context: 'http', isNewConnection: false }),
    parsed(client, atMs, { rule: 'request', method: 'GET', url }),
    aTransfer({ client, url, kind: 'media-playlist', contentBytes: 400, startedAtMs: atMs + 0.3, ...facts }),
  ];
}

/** A reading of the meters at which every transfer so far has been recorded. */
export function sample(
  atMs: number,
  transfers: readonly TransferEvent[],
  more: Partial<SampleEvent> = {},
): SampleEvent {
  const meters: Record<string, number> = { ...NO_METERS.meters };
  const contentBytesByKind: Record<Kind | 'open', number> = { ...NO_METERS.contentBytesByKind };
  for (const transfer of transfers) {
    meters['transfers'] = (meters['transfers'] ?? 0) + 1;
    for (const name of BYTES) meters[name] = (meters[name] ?? 0) + transfer[name];
    contentBytesByKind[transfer.kind] += transfer.contentBytes;
  }
  return {
    type: 'sample',
    atMs,
    wallMs: RUN.startedAtWallMs + atMs,
    meters,
    contentBytesByKind,
    tapLoopDelayP99Ms: 0.5,
    mainLoopDelayP99Ms: 2,
    tapLoopDelayRecentP99Ms: 0.4,
    mainLoopDelayRecentP99Ms: 1.5,
    tapCpuSeconds: atMs / 100_000,
    mainCpuSeconds: atMs / 100_000,
    clientsActive: 2,
    clientsStarted: 2,
    ...more,
  };
}

export const BYTES = [
  'requestHeadBytes',
  'requestBodyBytes',
  'responseHeadBytes',
  'interimHeadBytes',
  'framingBytes',
  'contentBytes',
  'deliveredBytes',
] as const;

/** Samples each second from `fromMs` to `toMs`, as if nothing more had passed. */
export function quiet(fromMs: number, toMs: number, transfers: readonly TransferEvent[] = []): SampleEvent[] {
  const samples: SampleEvent[] = [];
  for (let atMs = fromMs; atMs <= toMs; atMs += 1_000) samples.push(sample(atMs, transfers));
  return samples;
}

export function listing(atMs: number, numbers: readonly number[], more: { sizeBytes?: number } = {}): Event {
  return {
    type: 'listing',
    atMs,
    url: 'http://127.0.0.1:8080/files/json/',
    ok: true,
    entries: [
      { name: 'stream.m3u8', sizeBytes: 400 },
      ...numbers.map((number) => ({
        name: `seg${String(number).padStart(5, '0')}.ts`,
        sizeBytes: more.sizeBytes ?? segmentBytes(number),
      })),
    ],
    ownBytes: 900,
  };
}

export const transfersIn = (events: readonly Event[]): TransferEvent[] =>
  events.filter((event): event is TransferEvent => event.type === 'transfer');

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Two clients, `seconds` of a live stream with 2 s segments, meters each second, a listing each second; all stopped at the end. */
export function liveRun(seconds: number): Event[] {
  const events: Event[] = [];
  for (const client of [1, 2]) events.push(life(client, client * 100, 'start', { pid: 1000 + client }));
  for (let second = 1; second <= seconds; second += 1) {
    const atMs = second * 1_000;
    for (const client of [1, 2]) {
      if (second % 2 === 1)
        events.push(...playlist(client, atMs + client), ...segment(client, second, atMs + client + 2));
    }
    events.push(listing(atMs + 400, range(Math.max(1, second - 9), second)));
    events.push(sample(atMs + 500, transfersIn(events)));
  }
  const endMs = seconds * 1_000 + 900;
  for (const client of [1, 2]) {
    events.push(life(client, endMs, 'stop'));
    events.push(
      life(client, endMs + 50, 'exit', { category: 'stopped', exitCode: 255, uptimeMs: endMs, cpuSeconds: 0.5 }),
    );
  }
  return events;
}

/** When an event is of, ms of the run: a transfer by its beginning. */
export const instantOf = (event: Event): number =>
  'atMs' in event ? event.atMs : 'startedAtMs' in event ? event.startedAtMs : 0;

export const inOrder = (events: readonly Event[]): Event[] =>
  events.toSorted((one, other) => instantOf(one) - instantOf(other));
