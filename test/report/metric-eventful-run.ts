// A run in which everything happens that a metric tells of: two clients through the tap, failures on every side, a long-lived
// stream, an origin with exporter and access log, a chattering client, a calibration. Events only; it expects nothing.
import type { Event, LinesEvent, StreamEvent, TransferEvent } from '../../src/events.ts';
import type { LedgerOptions } from '../../src/stats/ledger.ts';
import { MAX_PENDING } from '../../src/stats/pairing-process.ts';
import { readThreshold } from '../../src/stats/threshold.ts';
import {
  aTransfer,
  BASE,
  inOrder,
  life,
  liveRun,
  PLAYLIST,
  parsed,
  RUN,
  range,
  sample,
  segment,
  segmentUrl,
  transfersIn,
} from '../stats/ledger-traffic.ts';

const SECONDS = 40;
const ANY_BROKEN_BODY = readThreshold('proxy.terminations.SD>0');
const STREAM_URL = 'http://127.0.0.1:8080/live.ts';
const OTHER_VARIANT = `${BASE}low.m3u8`;
const PORT = 50_112;
const DOOR_PORT = 9_001;
/** What the log announces as a segment, and no playlist does. */
const MISTAKEN = segmentUrl(99);

const LINES: LinesEvent = {
  type: 'lines',
  atMs: 5_000,
  ...{ stderrLines: 700, progressLines: 60, unparsedLines: 3, overlongLines: 1 },
  ...{ droppedStderrLines: 20, droppedProgressLines: 4 },
  droppedShares: [0.4],
};

const CHECKED = { packets: 1_000, syncLosses: 2, continuityErrors: 3 };

const flowing: StreamEvent = {
  type: 'stream',
  ...{ client: 2, process: 1, connection: 20, requestIndex: 1, url: STREAM_URL },
  ...{ atMs: 6_000, startedAtMs: 5_000 },
  contentBytes: 250_000,
  longestGapMs: 40,
  clientBlockedMs: 0,
  state: 'flowing',
  transportStream: CHECKED,
};

/** Transfers of every sort, three octets of framing and an interim head each, the last ones joined with the origin's log. */
const carried: readonly TransferEvent[] = [
  { status: 404, contentBytes: 9 },
  { status: 503, contentBytes: 9, cache: 'hit' as const },
  {
    url: `${BASE}init.mp4`,
    kind: 'init' as const,
    phases: { dnsMs: 1, connectMs: 2, tlsMs: 3, waitMs: 4, receiveMs: 5 },
  },
  { url: `${BASE}key`, kind: 'key' as const },
  { url: `${BASE}what`, kind: 'other' as const },
  { clientBlockedMs: 50, url: segmentUrl(5) },
  { termination: 'sH' as const, integrity: 'short' as const, contentBytes: 0 },
  { injected: 'truncate' as const },
  { url: MISTAKEN, kind: 'key' as const, startedAtMs: 8_500 },
  { url: `${BASE}low1.ts`, contentBytes: 4_711 },
  {
    url: STREAM_URL,
    kind: 'stream' as const,
    client: 2,
    connection: 20,
    contentBytes: 700_000,
    termination: 'SD' as const,
    integrity: 'unknown-length' as const,
    transportStream: CHECKED,
    longestGapMs: 900,
  },
].map((facts, at) =>
  aTransfer({
    startedAtMs: 7_000 + at * 100,
    framingBytes: 3,
    interimHeadBytes: 25,
    upstreamLocalPort: PORT,
    upstreamRequestIndex: at + 1,
    ...facts,
  }),
);

const logged = (line: number, facts: { readonly userAgent?: string } = {}): Event => {
  const transfer = carried[line];
  const bodyBytesSent = (transfer?.framingBytes ?? 0) + (transfer?.contentBytes ?? 0);
  return {
    type: 'origin-request',
    atMs: 9_000,
    remotePort: PORT,
    requestIndex: line + 1,
    method: 'GET',
    path: new URL(transfer?.url ?? BASE).pathname,
    status: transfer?.status ?? 0,
    bytesSent: bodyBytesSent + 240 + 25,
    bodyBytesSent,
    completed: true,
    userAgent: 'hls-swarm/1.0/client-1',
    ...facts,
  };
};

/** Scrapes each second of a server that counts a little more than the tap, and of its host. */
const scraped: readonly Event[] = range(1, SECONDS).flatMap((second): Event[] => [
  {
    type: 'origin-sample',
    source: 'embedded',
    atMs: second * 1_000 + 500,
    ok: true,
    cpuRatio: 0.2,
    memoryUsedBytes: 7e8,
    memoryTotalBytes: 8e9,
    connectionsActive: 3,
    ...{ connectionsReading: 0, connectionsWriting: 1, connectionsWaiting: 2 },
    requestsTotal: second * 3,
    bytesSentTotal: second * 300_000,
    intervalSeconds: 1,
    ownBytes: 800,
  },
  {
    type: 'origin-sample',
    source: 'node_exporter',
    atMs: second * 1_000 + 600,
    ok: true,
    networkSentBytesTotal: second * 320_000,
    networkDevices: [{ name: 'eth0', sentBytesTotal: second * 320_000, receivedBytesTotal: second * 9_000 }],
    intervalSeconds: 1,
  },
  {
    type: 'origin-sample',
    source: 'access-log',
    atMs: second * 1_000 + 700,
    ok: true,
    logLines: second * 3,
    unusableLogLines: second,
    intervalSeconds: 1,
  },
]);

const listed: readonly Event[] = range(1, SECONDS).map((number): Event => {
  const facts = { playlistUrl: PLAYLIST, mediaSequence: number, durationSeconds: 1 };
  return { type: 'segment-listed', atMs: 500, url: segmentUrl(number), ...facts };
});

const playlistRead: Event = {
  type: 'playlist',
  client: 1,
  process: 1,
  atMs: 600,
  url: PLAYLIST,
  mediaSequence: 1,
  segmentCount: 10,
  targetDurationSeconds: 2,
  listedSeconds: 20,
  lastSegmentUrl: segmentUrl(10),
  endlist: false,
};

/** The parser's side of failures: what the tap saw, and what it did not. */
const said: readonly Event[] = [
  parsed(1, 7_010, { rule: 'request', method: 'GET', url: segmentUrl(1) }),
  parsed(1, 7_020, { rule: 'http-error', status: 404, text: 'Not Found' }),
  parsed(1, 7_025, { rule: 'request', method: 'GET', url: segmentUrl(1) }),
  parsed(1, 7_030, { rule: 'timeout', text: 'Connection timed out' }),
  parsed(1, 7_040, { rule: 'reconnect', offset: 0, delaySeconds: 1 }),
  parsed(1, 7_050, { rule: 'tcp-start', address: '127.0.0.1', port: 8_080 }),
  parsed(1, 7_060, { rule: 'tcp-connected', address: '127.0.0.1', port: 8_080 }),
  parsed(1, 7_070, { rule: 'tcp-failed', target: '127.0.0.1:8080', reason: 'refused' }),
  parsed(1, 7_090, { rule: 'sequence-change', from: 7, to: 9 }),
  parsed(1, 7_091, { rule: 'sequence-change', from: 9, to: 1 }),
  parsed(1, 7_092, { rule: 'http-statistics', text: 'Statistics', connections: 1, requests: 9, retries: 1 }),
  ...range(0, MAX_PENDING).map((at) =>
    parsed(2, 40_200, { rule: 'request', method: 'GET', url: `${BASE}flood${at}.ts` }),
  ),
  parsed(1, 8_499, { rule: 'hls-request', url: MISTAKEN, offset: 0, playlist: 0 }),
  parsed(1, 8_500, { rule: 'request', method: 'GET', url: MISTAKEN }),
  parsed(2, 7_080, { rule: 'request', method: 'GET', url: `${BASE}never-sent.ts` }),
];

const told: readonly Event[] = [
  {
    type: 'calibration',
    atMs: 0,
    transfers: 20,
    addedMsP25: 0.1,
    addedMsP50: 0.2,
    addedMsP75: 0.3,
    cpuMsPerTransfer: 0.04,
    cpuMsPerMiB: 0.4,
  },
  {
    type: 'variants',
    client: 1,
    process: 1,
    atMs: 100,
    url: `${BASE}all.m3u8`,
    variants: [
      { url: PLAYLIST, bandwidthBitsPerSecond: 2e6 },
      { url: OTHER_VARIANT, bandwidthBitsPerSecond: 1e6 },
    ],
  },
  {
    type: 'segment-listed',
    atMs: 100,
    url: `${BASE}low1.ts`,
    playlistUrl: OTHER_VARIANT,
    mediaSequence: 1,
    durationSeconds: 2,
  },
  LINES,
  flowing,
  { type: 'lost', atMs: 9_000, where: 'journal', records: 2 },
  { type: 'finding', atMs: 9_000, code: 'tls-untrusted', subject: 'origin.example', evidence: 'self-signed' },
  {
    type: 'progress',
    client: 1,
    process: 1,
    atMs: 9_000,
    outTimeUs: 12e6,
    totalSizeBytes: 3e6,
    speed: 1.1,
    isEnd: false,
  },
  { type: 'progress', client: 2, process: 1, atMs: 9_000, outTimeUs: 2e6, speed: 0.4, isEnd: false },
  {
    type: 'connection',
    client: 1,
    process: 1,
    ...{
      connection: 1,
      upstreamConnection: 1,
      upstreamLocalPort: PORT,
      openedAtMs: 100,
      closedAtMs: 9_500,
      requests: 10,
    },
    ...{ writtenBytes: 1_800, readBytes: 1_000_000, excessBytes: 0, tlsBytes: 0, opaqueBytes: 50, imbalanceBytes: 17 },
    closedBy: 'origin',
  },
];

/** Client 1 fails and comes again. */
const restarted: readonly Event[] = [
  life(1, 30_000, 'exit', { category: 'error', exitCode: 1, uptimeMs: 30_000, cpuSeconds: 0.4 }),
  life(1, 30_250, 'start', { process: 2 }),
];

/** The meters of each second say what had been carried by then, and more that no record names. */
function metered(events: readonly Event[]): readonly Event[] {
  return events.map((event) => {
    if (event.type !== 'sample') return event;
    const read = sample(
      event.atMs,
      transfersIn(events).filter(({ startedAtMs }) => startedAtMs < event.atMs),
    );
    const meters = { ...read.meters, opaqueBytes: event.atMs / 10, openTransfers: 2 };
    return {
      ...read,
      meters,
      mainLoopDelayMaxMs: event.atMs > 9_000 && event.atMs < 11_000 ? 60 : 1,
      clientsCpuSeconds: 3,
    };
  });
}

export const EVENTFUL_RUN: {
  readonly events: readonly Event[];
  readonly readAtMs: readonly number[];
  readonly options: Partial<LedgerOptions> & Pick<LedgerOptions, 'run'>;
} = {
  events: metered(
    inOrder([
      ...told,
      ...listed,
      playlistRead,
      ...liveRun(SECONDS),
      ...carried,
      ...said,
      ...carried.flatMap((_, line) => (line === 3 ? [] : [logged(line)])),
      logged(0, { userAgent: 'hls-swarm-listing/1.0.0' }),
      ...scraped,
      ...restarted,
      ...segment(1, 50, 32_000, { process: 2 }),
    ]),
  ),
  readAtMs: [6_500, 9_500, 15_000, 31_000, 60_000],
  options: {
    run: { ...RUN, variant: 'highest' },
    doorPorts: new Map([[1, DOOR_PORT]]),
    thresholds: 'threshold' in ANY_BROKEN_BODY ? [ANY_BROKEN_BODY.threshold] : [],
  },
};
