// The share of requests that failed: one number on the screen, on the page and in the metrics; and what is counted per client
// and per exit beside it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TransferEvent } from '../../src/events.ts';
import { errorRate } from '../../src/report/compatible-figures.ts';
import { readFailures, readUndelivered } from '../../src/stats/failure-ratio.ts';
import type { Ledger } from '../../src/stats/ledger.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import { aTransfer, life, openLedger, PLAYLIST, play, playlist, RUN, segment } from './ledger-traffic.ts';

/** A client that got a playlist and a segment; one segment was not there, one broke off. */
const ONE_REFUSED_ONE_CUT = [
  life(1, 0, 'start'),
  ...playlist(1, 10),
  ...segment(1, 1, 20),
  ...segment(1, 2, 30, { status: 404 }),
  ...segment(1, 3, 40, { termination: 'SD', integrity: 'short' }),
];

function inMetrics(snapshot: Snapshot): number | undefined {
  const isTapped = snapshot.summary.proxy !== undefined;
  return errorRate({ snapshot, facts: { url: '', configuredDurationSeconds: 0, isTapped, hasClientSeries: false } });
}

test('it is the error rate of the metrics, with a tap and without one, and unknown while nothing was asked for', () => {
  const { proxy: _proxy, ...untapped } = makeSnapshot().summary;
  for (const snapshot of [makeSnapshot(), { ...makeSnapshot(), summary: untapped }]) {
    const ratio = readFailures(snapshot.summary)?.ratio;
    assert.ok(ratio !== undefined && ratio > 0);
    assert.equal(ratio, inMetrics(snapshot));
  }
  assert.deepEqual(readFailures(makeEmptySnapshot().summary), { clientErrors: 0, serverErrors: 0, timeouts: 0 });
});

test('where requests passed unseen, or no log is read, nobody knows it', () => {
  assert.equal(readFailures(makeSnapshot({ summary: { proxy: { hasTunnels: true } } }).summary), undefined);
  const unread = play([], openLedger({ run: { ...RUN, isTapped: false, logLevel: 'none' } })).snapshot(1_000, 0);
  assert.equal(readFailures(unread.summary), undefined);
});

test('what the origin refused or cut is a failure too, though no status and no timeout tells of it; who leaves failed nothing', () => {
  const ledger = play([
    ...ONE_REFUSED_ONE_CUT,
    aTransfer({ startedAtMs: 45, termination: 'sH' }),
    aTransfer({ startedAtMs: 50, termination: 'CD', integrity: 'short' }),
    aTransfer({ startedAtMs: 60, termination: 'KD', integrity: 'short' }),
  ]);
  assert.deepEqual(readUndelivered(ledger.snapshot(100, 0).summary), {
    failed: 3,
    broken: 1,
    requests: 7,
    ratio: 3 / 7,
  });
  const { proxy: _proxy, ...untapped } = makeSnapshot().summary;
  assert.equal(readUndelivered(untapped), undefined);
});

test('a client’s row counts whole segments and playlists, and requests that failed by the origin’s doing', () => {
  const ledger = play([
    ...ONE_REFUSED_ONE_CUT,
    aTransfer({ startedAtMs: 50, termination: 'CD', integrity: 'short' }),
    aTransfer({ startedAtMs: 60, termination: 'KD', integrity: 'short' }),
    ...playlist(1, 70, { url: PLAYLIST, status: 503 }),
  ]);
  const [row] = ledger.snapshot(100, 0).clients;
  assert.deepEqual([row?.segments, row?.playlists, row?.failedRequests], [1, 1, 3]);
  const { byKind = {}, terminations } = ledger.snapshot(100, 0).summary.proxy ?? {};
  assert.deepEqual([byKind.segment?.failed, byKind['media-playlist']?.failed], [2, 1]);
  assert.deepEqual(byKind.segment?.terminations, { '--': 2, SD: 1, CD: 1, KD: 1 });
  assert.deepEqual(byKind['media-playlist']?.terminations, { '--': 2 });
  assert.deepEqual(terminations, { '--': 4, SD: 1, CD: 1, KD: 1 });
});

test('exits are counted by code, and by signal where a signal ended the process', () => {
  const exit = (process: number, more: { exitCode?: number; signal?: string }): ReturnType<typeof life> =>
    life(1, process * 10, 'exit', { process, category: 'error', ...more });
  const ledger = play([
    life(1, 0, 'start'),
    exit(1, { exitCode: 1 }),
    exit(2, { exitCode: 1 }),
    exit(3, { exitCode: 0 }),
    exit(4, { signal: 'SIGKILL' }),
    exit(5, {}),
  ]);
  assert.deepEqual(ledger.snapshot(100, 0).summary.clients.exitCodes, { '0': 1, '1': 2, SIGKILL: 1 });
});

test('the drift of a process that was stopped is what it was then, as its speed is: the page at the end has both', () => {
  const ledger = play([
    life(1, 1_000, 'start'),
    { type: 'progress', client: 1, process: 1, atMs: 9_000, outTimeUs: 7_500_000, speed: 0.94, isEnd: false },
    life(1, 10_000, 'stop'),
    life(1, 10_400, 'exit', { category: 'stopped' }),
  ]);
  const { clients, drift, speeds } = ledger.snapshot(60_000, 0);
  assert.equal(clients[0]?.driftSeconds, 1.5);
  assert.deepEqual(drift, { averageSeconds: 1.5, maxSeconds: 1.5, highClients: 0 });
  assert.deepEqual(speeds, { above: 0, below: 1 });
  play([life(1, 61_000, 'start', { process: 2 })], ledger);
  assert.equal(ledger.snapshot(62_000, 0).clients[0]?.driftSeconds, undefined, 'a new process has its own');
});

describe('a timeout is the silence of the origin, whoever lost patience first', () => {
  const LIMIT_MS = 2_000;
  const patient = (): Ledger => openLedger({ run: { ...RUN, clientTimeoutMs: LIMIT_MS } });
  const { status: _none, ...headless } = aTransfer({ startedAtMs: 0, contentBytes: 0, integrity: 'short' });
  const left = (facts: Partial<TransferEvent>): TransferEvent => ({ ...headless, ...facts });
  const cases: readonly (readonly [what: string, event: TransferEvent, timeouts: 0 | 1])[] = [
    ['the tap, dialling', left({ termination: 'sC', totalMs: 10 }), 1],
    ['the tap, at the head', left({ termination: 'sH', totalMs: 10 }), 1],
    ['the tap, within the content', left({ termination: 'sD', status: 200, totalMs: 10 }), 1],
    ['a client whose request was held back', left({ termination: 'CQ', injected: 'delay', totalMs: LIMIT_MS }), 1],
    ['a client that waited for the connection', left({ termination: 'CC', totalMs: LIMIT_MS }), 1],
    ['a client that waited for the head', left({ termination: 'CH', totalMs: LIMIT_MS + 112 }), 1],
    ['a client that left before that', left({ termination: 'CH', totalMs: LIMIT_MS - 1 }), 0],
    [
      'a client that waited for the first octet of the content',
      left({ termination: 'CD', status: 200, totalMs: 2_200, phases: { waitMs: 100, receiveMs: 2_100 } }),
      1,
    ],
    [
      'a client that waited for the next octet',
      left({ termination: 'CD', status: 200, contentBytes: 9, longestGapMs: 2_100, totalMs: 9_000 }),
      1,
    ],
    [
      'a client that left a long answer that flowed',
      left({ termination: 'CD', status: 200, contentBytes: 9, longestGapMs: 100, totalMs: 9_000 }),
      0,
    ],
    ['a client that did not drain', left({ termination: 'cD', status: 200, totalMs: 9_000, longestGapMs: 9_000 }), 0],
    ['our own stop', left({ termination: 'KH', totalMs: 9_000 }), 0],
  ];
  for (const [what, event, timeouts] of cases) {
    test(what, () => {
      const snapshot = play([life(1, 0, 'start'), event], patient()).snapshot(10_000, 0);
      assert.equal(snapshot.summary.proxy?.timeouts, timeouts);
      assert.equal(snapshot.clients[0]?.failedRequests, timeouts);
      assert.equal(snapshot.summary.proxy?.byKind.segment?.failed, timeouts);
      assert.equal(readFailures(snapshot.summary)?.ratio, timeouts);
      assert.equal(inMetrics(snapshot), timeouts);
    });
  }

  test('a player whose limit nobody knows may leave when it likes', () => {
    const { summary } = play([left({ termination: 'CH', totalMs: 60_000 })]).snapshot(60_000, 0);
    assert.equal(summary.proxy?.timeouts, 0);
  });
});
