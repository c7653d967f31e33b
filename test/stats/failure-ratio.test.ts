// The share of requests that failed: one number on the screen, on the page and in the metrics; and what is counted per client
// and per exit beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRate } from '../../src/report/compatible-figures.ts';
import { readFailures } from '../../src/stats/failure-ratio.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import { aTransfer, life, openLedger, PLAYLIST, play, playlist, RUN, segment } from './ledger-traffic.ts';

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

test('a client’s row counts whole segments and playlists, and requests that failed by the origin’s doing', () => {
  const ledger = play([
    life(1, 0, 'start'),
    ...playlist(1, 10),
    ...segment(1, 1, 20),
    ...segment(1, 2, 30, { status: 404 }),
    ...segment(1, 3, 40, { termination: 'SD', integrity: 'short' }),
    aTransfer({ startedAtMs: 50, termination: 'CD', integrity: 'short' }),
    aTransfer({ startedAtMs: 60, termination: 'KD', integrity: 'short' }),
    ...playlist(1, 70, { url: PLAYLIST, status: 503 }),
  ]);
  const [row] = ledger.snapshot(100, 0).clients;
  assert.deepEqual([row?.segments, row?.playlists, row?.failedRequests], [1, 1, 3]);
  const { byKind = {}, terminations } = ledger.snapshot(100, 0).summary.proxy ?? {};
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
