// The exit summary and the status line: golden pages at 80 columns, and what must hold for any snapshot and width.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FINDING_CODES, TERMINATIONS } from '../../src/events.ts';
import { renderSummary, statusLine } from '../../src/report/exit-summary.ts';
import type { Snapshot, Summary } from '../../src/stats/summary.ts';
import { TERMINATION_WORDS } from '../../src/stats/termination-words.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import { makeKindSummary } from '../support/snapshot-parts.ts';
import { makeStreamSnapshot } from '../support/snapshot-streams.ts';
import { proxyOf } from '../support/tapped.ts';

const OPTIONS = {
  width: 80,
  nextSteps: {
    'playlist-stalled': 'look at the encoder: FFmpeg keeps asking, and the list it gets has not moved for a while',
  },
  metricsUrl: 'http://127.0.0.1:17091',
  files: [
    ['Report', 'r.json'],
    ['Journal', 'j.ndjson'],
  ],
} as const;
const asText = { serializers: [(value: string): string => value] };
const golden = (name: string): string => join(import.meta.dirname, 'golden', name);

describe('the exit summary', () => {
  test('of a full run is this page', (t) => {
    t.assert.fileSnapshot(renderSummary(makeSnapshot(), OPTIONS), golden('summary-full.txt'), asText);
  });

  test('of a run in which nothing happened is this page, with `-` for all that is unknown', (t) => {
    t.assert.fileSnapshot(renderSummary(makeEmptySnapshot(), { width: 80 }), golden('summary-empty.txt'), asText);
  });

  test('says beside the verdict, which is about the instrument, what became of the stream', () => {
    const page = renderSummary(makeSnapshot(), OPTIONS);
    assert.match(page, /What they say: 17 of 524 requests failed \(3\.24 %\); 5 stalls; 4 restarts; found:/);
    assert.match(renderSummary(makeEmptySnapshot(), OPTIONS), /What they say: 0 of 0 requests failed; /);
    assert.doesNotMatch(renderSummary(makeSnapshot(), { ...OPTIONS, hasClients: false }), /4 restarts/);
  });

  test('shows the subjects of one finding together, and of many the first', () => {
    const findings = Array.from({ length: 9 }, (_, at) => ({
      code: 'playlist-stalled' as const,
      subject: `list ${at}`,
      sinceMs: at,
      count: 2,
      evidence: 'e',
    }));
    const page = renderSummary(makeSnapshot({ summary: { findings } }), OPTIONS);
    assert.match(page, /^! playlist-stalled \(18 times\): 9 subjects\n {2}seen {8}list 0: e\n {14}list 1: e\n/m);
    assert.match(page, /^ {14}and 6 more; --report has them all$/m);
    assert.equal(page.match(/look at the encoder/g)?.length, 1);
  });

  test('never exceeds its width, and frames itself with 79 double rules at 80 columns', () => {
    for (const width of [80, 100, 132]) {
      for (const snapshot of [makeSnapshot(), makeEmptySnapshot()]) {
        const lines = renderSummary(snapshot, { ...OPTIONS, width }).split('\n');
        assert.equal(lines[0], '═'.repeat(width - 1));
        for (const line of lines) assert.ok(line.length < width, line);
      }
    }
  });

  test('says what became of streams, and nothing where there was none', () => {
    const page = renderSummary(makeStreamSnapshot(), OPTIONS);
    assert.match(page, /^ {2}streams {3}13, 6 still open; ended cD 1, SD 1, sD 5$/m);
    assert.match(page, /^ {2}content {3}61\.2 MB, 10\.3 Mbit\/s overall; longest gap 5\.10 s$/m);
    assert.match(page, /^ {2}checked {3}325,715 packets, lost sync 1, wrong continuity counters 12$/m);
    assert.doesNotMatch(renderSummary(makeSnapshot(), OPTIONS), /Streams/);
    assert.match(statusLine(makeStreamSnapshot()), /\| streams 6 open \(3 not flowing\), 13\.0 Mbit\/s \|/);
  });

  test('says what origins saw where clients shared connections, and no word of it without a tap', () => {
    const page = (upstream: 'shared' | undefined): string =>
      renderSummary(
        makeSnapshot({ summary: { run: { upstream }, proxy: { connections: 31, upstreamConnections: 4 } } }),
        OPTIONS,
      );
    assert.match(page('shared'), /^Connections shared: origins saw 4 connections instead of 31$/m);
    assert.doesNotMatch(page(undefined), /^Connections/m);
  });

  test('tells caches and addresses apart only where there is something to tell', () => {
    const none = { transfers: 0, waitMs: { n: 0 } };
    const one = proxyOf(makeSnapshot().summary).byAddress.slice(0, 1);
    const silent = { hit: none, miss: none, other: none };
    const page = (proxy: object): string => renderSummary(makeSnapshot({ summary: { proxy } }), OPTIONS);
    assert.doesNotMatch(page({ byCache: silent, byAddress: one }), /Caches/);
    assert.match(page({ byAddress: one }), /^ {2}cache hit +402 +77\.3 % +0\.41 ms +1\.02 ms$/m);
    const addresses = page({ byCache: silent, cacheHitRatio: undefined });
    assert.match(addresses, /^ {2}\[2001:db8::7\]:80 +127 /m);
    assert.doesNotMatch(addresses, /cache unknown|hits of hits/);
  });

  test('cuts no word that cannot be wrapped: a long URL stays whole', () => {
    const url = `http://origin.example/${'long/'.repeat(30)}stream.m3u8`;
    assert.ok(renderSummary(makeSnapshot({ summary: { run: { url } } }), OPTIONS).includes(url));
  });

  test('states each verdict in one sentence with its reasons', () => {
    const page = (verdict: 'valid' | 'degraded' | 'invalid', reasons: readonly string[]): string =>
      renderSummary(makeSnapshot({ summary: { instrument: { verdict, reasons } } }), { width: 132 });
    assert.match(page('valid', []), /^VALID: the numbers of this run can be trusted\.$/m);
    assert.match(page('degraded', ['a', 'b']), /^DEGRADED: .*: a; b\.$/m);
    assert.match(page('invalid', ['2 records lost']), /^INVALID: do not use .*: 2 records lost\.$/m);
  });

  test('words every ending, and gives the next step of every finding it is handed', () => {
    const terminations = Object.fromEntries(TERMINATIONS.map((code, index) => [code, index + 1]));
    const findings = FINDING_CODES.map((code) => ({ code, subject: 's', sinceMs: 0, count: 1, evidence: 'e' }));
    const nextSteps = Object.fromEntries(FINDING_CODES.map((code) => [code, `step for ${code}`]));
    const page = renderSummary(makeSnapshot({ summary: { proxy: { terminations }, findings } }), {
      width: 100,
      nextSteps,
    });
    for (const words of Object.values(TERMINATION_WORDS)) assert.ok(page.includes(words), words);
    for (const step of Object.values(nextSteps)) assert.ok(page.includes(step), step);
  });
});

describe('the status line', () => {
  test('is one line with the figures that a person looks for', () => {
    assert.equal(
      statusLine(makeSnapshot()),
      '00:00:43 of 00:01:00 | clients 11/12 | segments 250, 24.3 Mbit/s | wait p95 1.49 ms | stalled 1 | ' +
        'HTTP errors 11 | restarts 4 | degraded; tap loop delay p99 12.4 ms is above 10 ms',
    );
  });

  test('shows what is unknown as unknown, and no end for an endless run', () => {
    assert.equal(
      statusLine(makeEmptySnapshot({ remainingSeconds: undefined })),
      '00:00:00 | clients 0/12 (ramping) | segments 0, - | wait p95 - | stalled 0 | HTTP errors 0 | restarts 0 | valid',
    );
  });
});

test('a run of streams shows how long their heads took, and no rows of requests that it never makes', () => {
  const page = renderSummary(makeStreamSnapshot(), OPTIONS);
  assert.match(page, /^ {2}stream wait +12( +[\d.]+ ms){4}$/m);
  assert.doesNotMatch(page, /^ {2}(segment|playlist) (wait|receive)/m);
  const both = renderSummary(makeSnapshot({ summary: { proxy: { byKind: { stream: makeKindSummary(2) } } } }), OPTIONS);
  for (const row of ['segment wait', 'segment receive', 'playlist wait', 'playlist receive', 'stream wait'])
    assert.match(both, new RegExp(`^ {2}${row} `, 'm'));
  assert.doesNotMatch(renderSummary(makeSnapshot(), OPTIONS), /stream wait/);
  assert.match(statusLine(makeStreamSnapshot()), /\| wait p95 [\d.]+ ms \|/);
});

test('a run in tunnels says that nothing is known of segments, not that there were none', () => {
  const proxy = {
    hasTunnels: true,
    throughput: undefined,
    allBytesThroughput: undefined,
    byKind: { segment: undefined },
  };
  const snapshot = makeEmptySnapshot({ summary: { proxy } });
  assert.match(statusLine(snapshot), /\| segments -, - \|/);
  const page = renderSummary(snapshot, OPTIONS);
  assert.match(page, /^ {2}proxy( +-){6}$/m);
  assert.equal(page.match(/^ {2}none seen; requests passed in tunnels$/gm)?.length, 2, 'requests and HTTP errors');
  const logged = makeEmptySnapshot({ summary: { proxy, parser: { httpErrors: { '404': 1 } } } });
  assert.match(renderSummary(logged, OPTIONS), /^ {2}404 {3}proxy -, in the log 1$/m);
});

test('the status line of the tap alone speaks of doors, not of clients', () => {
  assert.equal(
    statusLine(makeSnapshot({ remainingSeconds: undefined }), { hasClients: false }),
    '00:00:43 | doors 12, 3 transfers open | segments 250, 24.3 Mbit/s | wait p95 1.49 ms | HTTP errors 11 | ' +
      'degraded; tap loop delay p99 12.4 ms is above 10 ms',
  );
});

test('the tap alone has no clients: what FFmpeg would have said is left out, what passed the doors is not', () => {
  const page = renderSummary(makeSnapshot(), { ...OPTIONS, hasClients: false });
  for (const heading of ['Agreement', 'Estimators', 'Playback', 'Clients  '])
    assert.doesNotMatch(page, new RegExp(heading));
  for (const heading of ['Requests', 'Request phases', 'How transfers ended', 'Instrument', 'Doors  '])
    assert.match(page, new RegExp(heading));
});

describe('without a tap', () => {
  const agreement = Object.fromEntries(
    ['segment', 'playlist', 'init', 'key', 'other'].map((kind) => [
      kind,
      { unavailable: 'no reference: nothing was tapped', startErrorMs: { n: 0 } },
    ]),
  ) as Partial<Summary['agreement']>;
  const { agreement: scored, ...summary } = makeSnapshot().summary;
  const untapped = (more: Partial<Summary>): Snapshot => {
    const { proxy: _proxy, ...rest } = { ...summary, agreement: { ...scored, ...agreement }, ...more };
    return { ...makeSnapshot(), summary: { ...rest, reconciliation: {} } };
  };

  test('the status line takes the log’s figures, and has none where no log is read', () => {
    assert.match(
      statusLine(untapped({})),
      /\| segments 249, 24\.0 Mbit\/s \| wait p95 - \| stalled 1 \| HTTP errors 6 \|/,
    );
    const { lines, droppedLines } = summary.parser;
    const parser = { level: 'none' as const, lines, droppedLines };
    assert.match(statusLine(untapped({ parser })), /\| segments -, - \|.*\| HTTP errors - \|/);
  });

  test('the page has no account of the tap, and says why nothing is judged', () => {
    const page = renderSummary(untapped({}), OPTIONS);
    assert.doesNotMatch(page, /Request phases|How transfers ended|Caches|clients stalled now; out_time/);
    assert.match(page, /^Requests \(in the log; nothing was tapped\)$/m);
    assert.match(page, /^ {2}not judged +no reference: nothing was tapped$/m);
    assert.match(page, /^ {2}404 +proxy -, in the log 4$/m);
    assert.match(page, /^ {2}proxy( +-){6}$/m);
  });
});
