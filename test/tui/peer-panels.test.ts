// Every row of go-ffmpeg-hls-swarm's dashboard and where it is on our screens: a reviewed table. Each entry names the row, our
// screen and line, and the number from the snapshot that must stand there; where the row meant something else than it said, why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kind } from '../../src/events.ts';
import { readFailures } from '../../src/stats/failure-ratio.ts';
import type { KindSummary, ProxySummary, Quantiles, Snapshot } from '../../src/stats/summary.ts';
import { count, mbps, percent, seconds } from '../../src/tui/figures.ts';
import { view } from '../../src/tui/view.ts';
import { INITIAL_VIEW_STATE, type ScreenName } from '../../src/tui/view-state.ts';
import { formatBytes, formatMbps, formatMs, formatShortMs } from '../../src/units.ts';
import { makeSnapshot } from '../support/snapshot.ts';

type Proxy = ProxySummary;

interface Place {
  /** Number of the panel, and its row. */
  readonly peer: string;
  readonly screen: ScreenName;
  /** What our line, or our half of it, begins with. */
  readonly row: string;
  readonly shows: (snapshot: Snapshot) => readonly string[];
  /** Where the row said one thing and was another. */
  readonly note?: string;
}

const SIZE = { columns: 200, rows: 60 };
const SNAPSHOT = makeSnapshot({
  summary: {
    origin: { rateWindow: { windowSeconds: 30, n: 14, bytesPerSecondP50: 2_912_000, bytesPerSecondMax: 3_777_000 } },
    parser: { events: { 'segment-failed': 14, 'segment-skipped': 15, 'segments-expired': 16, 'playlist-failed': 17 } },
  },
});

const proxyOf = ({ summary }: Snapshot): Proxy => summary.proxy ?? assert.fail('a tapped run');
const kindOf = (snapshot: Snapshot, kind: Kind): KindSummary => proxyOf(snapshot).byKind[kind] ?? assert.fail(kind);
const transfers = (snapshot: Snapshot, ...kinds: readonly Kind[]): string =>
  count(kinds.reduce((sum, kind) => sum + kindOf(snapshot, kind).transfers, 0));
const quantiles = ({ p25, p50, p75, p95, p99, max }: Quantiles): string[] =>
  [p25, p50, p75, p95, p99, max].map((ms) => formatShortMs(ms ?? Number.NaN));
const times = (value: number | undefined): string => `${value?.toFixed(2)}x`;
const [embedded] = SNAPSHOT.originSources;
const rules = (snapshot: Snapshot): Readonly<Record<string, number>> => snapshot.summary.parser.events ?? {};
const failed = (snapshot: Snapshot): string => percent(readFailures(snapshot.summary)?.ratio ?? Number.NaN);

const PLACES: readonly Place[] = [
  // N1 Header bar
  { peer: 'N1 name', screen: 'overview', row: 'hls-swarm', shows: ({ summary }) => [summary.run.version] },
  {
    peer: 'N1 Metrics lamp',
    screen: 'overview',
    row: 'log lines',
    shows: ({ summary }) => [`▲ ${count(summary.parser.droppedLines)} dropped`],
    note: 'theirs never left green: drops were not counted; beyond the limit ours is a verdict with its reason',
  },
  { peer: 'N1 Clients', screen: 'overview', row: '▲ not all clients running', shows: () => ['(11 / 12)'] },
  { peer: 'N1 Elapsed', screen: 'overview', row: 'hls-swarm', shows: () => ['00:00:43'] },
  // N3 Request Statistics
  {
    peer: 'N3 Manifest Requests',
    screen: 'overview',
    row: 'playlists ',
    shows: (snapshot) => [transfers(snapshot, 'media-playlist', 'multivariant-playlist')],
  },
  {
    peer: 'N3 Manifest Requests, rate',
    screen: 'overview',
    row: '▲ not all clients running',
    shows: ({ requestRates }) => [`${requestRates.playlist.toFixed(1)} playlists/s`],
    note: 'theirs was a mean since the start',
  },
  {
    peer: 'N3 Segment Requests',
    screen: 'overview',
    row: 'segments ',
    shows: (snapshot) => [transfers(snapshot, 'segment')],
  },
  {
    peer: 'N3 Segment Requests, rate',
    screen: 'overview',
    row: '▲ not all clients running',
    shows: ({ requestRates }) => [`${requestRates.segment.toFixed(1)} segments/s`],
  },
  {
    peer: 'N3 Total Bytes',
    screen: 'overview',
    row: 'total ',
    shows: (snapshot) => [formatBytes(proxyOf(snapshot).allBytesThroughput?.totalBytes ?? 0)],
    note: 'theirs was what -progress said, which is nothing with null output',
  },
  {
    peer: 'N3 Total Bytes, rate',
    screen: 'overview',
    row: 'overall ',
    shows: (snapshot) => [mbps(proxyOf(snapshot).allBytesThroughput?.bytesPerSecondOverall ?? 0)],
  },
  // N4 Latency and throughput
  {
    peer: 'N4 Manifest Latency: P25, P50, P75, P95, P99, Max',
    screen: 'performance',
    row: 'playlist total',
    shows: (snapshot) => quantiles(kindOf(snapshot, 'media-playlist').phases.totalMs),
    note: 'theirs was the interval between two log lines; that is `inferred` here',
  },
  {
    peer: 'N4 Segment Latency: P25, P50, P75, P95, P99, Max',
    screen: 'performance',
    row: 'segment total',
    shows: (snapshot) => quantiles(kindOf(snapshot, 'segment').phases.totalMs),
    note: 'as above',
  },
  ...(
    [
      ['Last 1s', '1 s ', 'bytesPerSecond1s'],
      ['Last 30s', '30 s ', 'bytesPerSecond30s'],
      ['Last 60s', '60 s ', 'bytesPerSecond60s'],
      ['Last 5m', '5 min ', 'bytesPerSecond300s'],
      ['Overall', 'overall ', 'bytesPerSecondOverall'],
    ] as const
  ).map(
    ([label, row, window]): Place => ({
      peer: `N4 Segment Throughput, ${label}`,
      screen: 'overview',
      row,
      shows: ({ summary }) =>
        [summary.proxy?.throughput, summary.parser.throughput, summary.origin.segmentThroughput].map((throughput) =>
          mbps(throughput?.[window] ?? Number.NaN),
        ),
    }),
  ),
  {
    peer: 'N4 Segment Throughput, Total',
    screen: 'overview',
    row: 'total ',
    shows: ({ summary }) => [formatBytes(summary.parser.throughput?.totalBytes ?? 0)],
  },
  { peer: 'N4 Lookup %', screen: 'overview', row: 'bytes ', shows: () => [`lookup ${percent(231 / 243)} found`] },
  // N5 Playback Health
  {
    peer: 'N5 Speed Distribution',
    screen: 'overview',
    row: 'speed ',
    shows: ({ speeds }) => [`${speeds.above} at 1x or more, ${speeds.below} below`],
  },
  {
    peer: 'N5 Average Speed',
    screen: 'overview',
    row: 'speed ',
    shows: ({ summary }) => [times(summary.clients.averageSpeed)],
  },
  {
    peer: 'N5 Stalled Clients',
    screen: 'overview',
    row: 'stalls ',
    shows: ({ summary }) => [`✖ ${count(summary.clients.playback.stalled)} stalled now`],
    note: 'theirs were clients with a low mean speed',
  },
  {
    peer: 'N5 Max Drift',
    screen: 'overview',
    row: 'behind live',
    shows: ({ drift }) => [`drift max ${seconds(drift.maxSeconds ?? Number.NaN)}`],
  },
  // N6 Errors
  { peer: 'N6 HTTP codes', screen: 'overview', row: 'HTTP ', shows: () => ['▲ 404 x8', '▲ 503 x3'] },
  {
    peer: 'N6 Timeouts',
    screen: 'errors',
    row: 'in the log',
    shows: ({ summary }) => [`timeouts ${count(summary.parser.timeouts)}`],
  },
  {
    peer: 'N6 Reconnections',
    screen: 'errors',
    row: 'in the log',
    shows: ({ summary }) => [`reconnections ${count(summary.parser.reconnections)}`],
  },
  { peer: 'N6 Error Rate', screen: 'errors', row: 'failed ', shows: (snapshot) => [`✖ ${failed(snapshot)}`] },
  // N7 Origin Server
  { peer: 'N7 CPU', screen: 'origin', row: '● embedded', shows: () => [percent(embedded?.cpuRatio ?? 0)] },
  {
    peer: 'N7 Memory, used and total',
    screen: 'origin',
    row: '● embedded',
    shows: () => [embedded?.memoryUsedBytes, embedded?.memoryTotalBytes].map((bytes) => formatBytes(bytes ?? 0)),
  },
  {
    peer: 'N7 Net In',
    screen: 'origin',
    row: '● embedded',
    shows: () => [mbps(embedded?.receivedBytesPerSecond ?? 0)],
  },
  { peer: 'N7 Net Out', screen: 'origin', row: '● embedded', shows: () => [mbps(embedded?.sentBytesPerSecond ?? 0)] },
  {
    peer: 'N7 Net Out: P50, Max, window',
    screen: 'origin',
    row: 'sends ',
    shows: () => [`p50 ${formatMbps(2_912_000)}`, `max ${formatMbps(3_777_000)}`, 'last 30 s'],
  },
  // N8 Nginx
  { peer: 'N8 Connections', screen: 'origin', row: '● embedded', shows: () => [count(embedded?.connections)] },
  { peer: 'N8 Req/sec', screen: 'origin', row: '● embedded', shows: () => ['12.4'] },
  {
    peer: 'N8 Req Time P99',
    screen: 'origin',
    row: 'answers ',
    shows: (snapshot) => [`p99 ${formatMs(kindOf(snapshot, 'segment').phases.waitMs.p99 ?? 0)}`],
    note: 'no exporter of nginx tells it, so theirs was always 0; ours is what the tap timed',
  },
  // N9 Layer box
  {
    peer: 'N9 Timing',
    screen: 'agreement',
    row: 'segment ',
    shows: () => ['99.19 %'],
    note: 'the share of stamped lines says nothing of how good the times are: the errors of start times do',
  },
  // N10 HLS layer, left
  {
    peer: 'N10 Segments Downloaded',
    screen: 'overview',
    row: 'segments ',
    shows: ({ summary }) => [count(summary.parser.requests?.segment)],
  },
  {
    peer: 'N10 Segments Failed',
    screen: 'errors',
    row: 'in the log',
    shows: (snapshot) => [`segments failed ${count(rules(snapshot)['segment-failed'])}`],
  },
  {
    peer: 'N10 Segments Skipped',
    screen: 'errors',
    row: 'in the log',
    shows: (snapshot) => [`skipped ${count(rules(snapshot)['segment-skipped'])}`],
  },
  {
    peer: 'N10 Segments Expired',
    screen: 'errors',
    row: 'in the log',
    shows: (snapshot) => [`expired ${count(rules(snapshot)['segments-expired'])}`],
  },
  {
    peer: 'N10 Segment Wall Time',
    screen: 'agreement',
    row: 'inferred ',
    shows: ({ summary }) => [formatMs(summary.parser.inferred?.segmentMs.p50 ?? 0), 'on the wire'],
    note: 'an interval of the log, not a time of downloading: it stands beside what the wire took, with its error',
  },
  // N11 HLS layer, right
  {
    peer: 'N11 Playlists Refreshed',
    screen: 'overview',
    row: 'playlists ',
    shows: ({ summary }) => [count(summary.parser.requests?.playlist)],
  },
  {
    peer: 'N11 Playlists Failed',
    screen: 'errors',
    row: 'in the log',
    shows: (snapshot) => [`playlists failed ${count(rules(snapshot)['playlist-failed'])}`],
  },
  {
    peer: 'N11 Jitter, Late',
    screen: 'overview',
    row: 'behind live',
    shows: ({ summary }) => [`p95 ${formatMs(summary.clients.playback.behindLiveMs.p95 ?? 0)}`],
    note: 'what late playlists do to a viewer; theirs compared reloads with a target duration of 2 s',
  },
  {
    peer: 'N11 Sequence Current, Skips',
    screen: 'errors',
    row: 'in the log',
    shows: ({ summary }) => [`sequence jumps ${count(summary.parser.sequence?.jumps)}`],
    note: 'their current sequence was the number of segments downloaded',
  },
  // N12 HTTP layer
  { peer: 'N12 Successful', screen: 'errors', row: '  200 ', shows: () => ['524'], note: 'theirs were all openings' },
  { peer: 'N12 Failed', screen: 'errors', row: 'failed ', shows: (snapshot) => [failed(snapshot)] },
  {
    peer: 'N12 Reconnects',
    screen: 'errors',
    row: 'in the log',
    shows: ({ summary }) => [count(summary.parser.reconnections)],
  },
  { peer: 'N12 4xx Client', screen: 'errors', row: 'failed ', shows: () => ['▲ 4xx 8'] },
  { peer: 'N12 5xx Server', screen: 'errors', row: 'failed ', shows: () => ['▲ 5xx 3'] },
  { peer: 'N12 Error Rate, Status', screen: 'errors', row: 'failed ', shows: (snapshot) => [`✖ ${failed(snapshot)}`] },
  // N13 TCP layer
  {
    peer: 'N13 Success, Health',
    screen: 'errors',
    row: 'dials ',
    shows: ({ summary }) => [
      `${count(summary.parser.tcp?.connected)} of ${count(summary.parser.tcp?.started)} connected`,
    ],
  },
  { peer: 'N13 Refused, Timeout', screen: 'errors', row: 'dials ', shows: () => ['▲ refused 2'] },
  {
    peer: 'N13 Connect Latency',
    screen: 'performance',
    row: 'segment connect',
    shows: (snapshot) => quantiles(kindOf(snapshot, 'segment').phases.connectMs),
    note: 'of the tap to the origin: a tapped client dials its own door',
  },
  // N14 Footer
  {
    peer: 'N14 keys',
    screen: 'overview',
    row: 'q quit',
    shows: () => ['? help', '[1 overview]', '5 origin', 'e report'],
  },
  { peer: 'N14 URL', screen: 'overview', row: 'hls-swarm', shows: ({ summary }) => [summary.run.url] },
  // N15 Detail table
  {
    peer: 'N15 ID, Segments, Bytes, Speed, Errors',
    screen: 'clients',
    row: '   12 ',
    shows: ({ clients }) => {
      const row = clients[11] ?? assert.fail('twelve clients');
      return [count(row.segments), formatBytes(row.contentBytes ?? 0), times(row.speed), count(row.failedRequests)];
    },
  },
];

for (const { peer, screen, row, shows, note } of PLACES) {
  test(`${peer} is on screen ${screen}${note === undefined ? '' : `: ${note}`}`, () => {
    const line = rowOf(screen, row);
    const values = shows(SNAPSHOT);
    assert.ok(values.length > 0);
    for (const value of values) assert.ok(line.includes(value), `${value} in: ${line}`);
  });
}

test('N2 Ramp Progress: the bar fills with the clients that run, and the words say how many', () => {
  const ramping = makeSnapshot({ isRamping: true, summary: { clients: { active: 6 } } });
  assert.match(linesOf('overview', ramping)[2] ?? '', /^█{12}░{12} starting \(6 \/ 12\)/);
  const running = makeSnapshot({ summary: { clients: { active: 12 } } });
  assert.match(linesOf('overview', running)[2] ?? '', /^all clients running \(12 \/ 12\)/);
});

test('N15 Manifests: the number of the chosen client is below the table', () => {
  const clients = { ...INITIAL_VIEW_STATE.clients, chosen: 7 };
  const lines = view(SNAPSHOT, SIZE, { ...INITIAL_VIEW_STATE, screen: 'clients', clients }).map((line) =>
    line.map(({ text }) => text).join(''),
  );
  assert.ok(lines.some((line) => line.startsWith('client 7 ') && line.includes('playlists 28')));
});

function linesOf(screen: ScreenName, snapshot: Snapshot = SNAPSHOT): string[] {
  return view(snapshot, SIZE, { ...INITIAL_VIEW_STATE, screen }).map((line) => line.map(({ text }) => text).join(''));
}

/** From the label to the end of its half of the line. */
function rowOf(screen: ScreenName, label: string): string {
  for (const line of linesOf(screen)) {
    if (line.startsWith(label)) return line;
    const at = line.indexOf(`  ${label}`);
    if (at >= 0) return line.slice(at + 2);
  }
  return assert.fail(`no row ${label} on screen ${screen}`);
}
