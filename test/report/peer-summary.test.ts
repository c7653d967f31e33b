// Every section of go-ffmpeg-hls-swarm's exit summary and where it is on our page: a reviewed table, each with the number from
// the snapshot; and its formats against the recorded behaviour, where we have the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderSummary } from '../../src/report/exit-summary.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { formatElapsed } from '../../src/units.ts';
import { holds } from '../support/peer-vectors.ts';
import { makeSnapshot } from '../support/snapshot.ts';
import { makeKindSummary } from '../support/snapshot-parts.ts';

interface Place {
  /** Number of the section, and its row. */
  readonly peer: string;
  /** What our line begins with; lines that go on below it belong to it. */
  readonly row: string;
  readonly shows: (snapshot: Snapshot) => readonly string[];
  readonly note?: string;
}

const SNAPSHOT = makeSnapshot({
  summary: {
    proxy: {
      byKind: { other: makeKindSummary(1, { transfers: 9, statusCodes: { '404': undefined, '503': undefined } }) },
    },
  },
});
const OPTIONS = { width: 80, metricsUrl: 'http://127.0.0.1:17091' } as const;

const PLACES: readonly Place[] = [
  { peer: 'O1 Frame', row: '═', shows: () => ['═'.repeat(79)] },
  {
    peer: 'O2 Warning block',
    row: '  log lines',
    shows: () => ['12 dropped (0.24 % at the worst', '1 clients above', '--stats-buffer'],
    note: 'theirs never came: drops were not counted',
  },
  { peer: 'O3 Run Duration', row: 'Duration', shows: () => ['43.3 s'] },
  { peer: 'O3 Target Clients', row: 'Clients', shows: () => ['12 asked for'] },
  {
    peer: 'O3 Peak Active Clients',
    row: 'Clients',
    shows: ({ summary }) => [`${summary.clients.peakActive} at once at most`],
    note: 'theirs was the number of clients that were ever registered',
  },
  { peer: 'O4 Manifest: total, rate, per client', row: '  media-playlist', shows: () => ['256', '5.92', '21.3'] },
  { peer: 'O4 Segments: total, rate, per client', row: '  segment  ', shows: () => ['250', '5.78', '20.8'] },
  { peer: 'O4 Init segments', row: '  init  ', shows: () => ['22', '0.51', '1.8'] },
  {
    peer: 'O4 Total Bytes',
    row: '  proxy  ',
    shows: () => ['128,743,616'],
    note: 'of each account, with rates by window',
  },
  { peer: 'O5 share at 1.0x, below', row: '  speed', shows: () => ['9 (82 %) at 1x or', '2 (18 %) below'] },
  { peer: 'O5 Average Speed', row: '  speed', shows: () => ['1.04x'] },
  { peer: 'O5 Stalled Clients', row: '  stalls', shows: () => ['1 clients stalled now', '5 modelled'] },
  { peer: 'O5 Drift: average, max', row: '  drift', shows: () => ['mean 740 ms', 'max 5.90 s'] },
  { peer: 'O5 High Drift Clients', row: '  drift', shows: ({ drift }) => [`${drift.highClients} clients above 5 s`] },
  { peer: 'O6 Uptime Distribution', row: '  uptime', shows: () => ['p50 12.6 s', 'p95 41.3 s', 'p99 42.8 s'] },
  { peer: 'O7 Total Starts', row: '  processes', shows: ({ summary }) => [`${summary.clients.starts} starts`] },
  { peer: 'O7 Total Restarts', row: '  processes', shows: ({ summary }) => [`${summary.clients.restarts} restarts`] },
  { peer: 'O8 HTTP n', row: '  404 ', shows: () => ['proxy 8', 'in the log 4'] },
  { peer: 'O8 Timeouts', row: '  in the log  t', shows: ({ summary }) => [`timeouts ${summary.parser.timeouts}`] },
  { peer: 'O8 Reconnections', row: '  in the log  t', shows: () => ['reconnections 8'] },
  { peer: 'O8 Error Rate', row: '  error rate  ', shows: () => ['2.2059 %'], note: 'four decimals, as theirs' },
  { peer: 'O9 Exit Codes', row: '  exit codes', shows: () => ['0 (clean): 4', '1 (error): 2', 'SIGKILL: 1'] },
  {
    peer: 'O10 [2] unknown URLs',
    row: '  other  ',
    shows: () => ['9'],
    note: 'requests of no known kind have their row',
  },
  { peer: 'O10 [3] peak drop rate', row: '  log lines', shows: () => ['0.24 %'] },
  { peer: 'O11 Metrics address', row: 'Metrics', shows: () => ['http://127.0.0.1:17091/metrics'] },
  { peer: 'O12 wall times', row: '  inferred', shows: () => ['p50 1.90 s', 'receive p50 14.2 ms'] },
  { peer: 'O12 segment bytes, lookup rate', row: '  lookup  ', shows: () => ['127,082,816', '95.1 %'] },
  { peer: 'O12 TCP', row: '  dials', shows: () => ['30 of 32 connected', 'refused 2'] },
  { peer: 'O12 skipped, expired', row: '  in the log  t', shows: () => ['skipped 0', 'expired 0'] },
];

/** Of the snapshot's own. */
const NO_EXITS = { '0': undefined, '1': undefined, SIGKILL: undefined };
const LINES: readonly string[] = renderSummary(SNAPSHOT, OPTIONS).split('\n');

for (const { peer, row, shows, note } of PLACES) {
  test(`${peer} is on the page${note === undefined ? '' : `: ${note}`}`, () => {
    const text = textOf(row);
    for (const value of shows(SNAPSHOT)) assert.ok(text.includes(value), `${value} in: ${text}`);
  });
}

holds('summary_format', {
  duration: ({ input, expected }) => assert.equal(formatElapsed(input), expected),
  exit_label: ({ input, expected }) => {
    const page = renderSummary(
      makeSnapshot({ summary: { clients: { exitCodes: { ...NO_EXITS, [String(input)]: 3 } } } }),
      OPTIONS,
    );
    const label = / {2}exit codes.*?(\([^)]*\))/.exec(page)?.[1] ?? '';
    assert.equal(label, expected);
  },
});

/** Every line that begins with it, each with those that go on below it. */
function textOf(row: string): string {
  const found = LINES.flatMap((line, at) => {
    if (!line.startsWith(row)) return [];
    const next = LINES.slice(at + 1).findIndex((below) => !/^ {12}/.test(below));
    return [line, ...LINES.slice(at + 1, at + 1 + Math.max(0, next))];
  });
  assert.ok(found.length > 0, `no line ${row}`);
  return found.map((line) => line.trim()).join(' ');
}
