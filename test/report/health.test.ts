// /health judged from hand-made histories: each reason appears when its condition has held long enough, and not before.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { assessHealth, type Health, HealthHistory } from '../../src/report/health.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { makeSnapshot } from '../support/snapshot.ts';
import { makeClientRow, type Overrides } from '../support/snapshot-parts.ts';

/** One snapshot per second over `seconds`, healthy but for what `at` changes. */
function history(seconds: number, at: (second: number) => Overrides<Snapshot> = () => ({})): Snapshot[] {
  return Array.from({ length: seconds + 1 }, (_, second) =>
    makeSnapshot({
      ...at(second),
      atMs: second * 1_000,
      summary: { findings: [], ...at(second).summary },
      clients: at(second).clients ?? moving(second),
    }),
  );
}

const moving = (second: number): Snapshot['clients'] =>
  Array.from({ length: 10 }, (_, index) => makeClientRow(index + 1, { contentBytes: 1_000 * (second + 1) }));

const withSilent =
  (silent: number) =>
  (second: number): Overrides<Snapshot> => ({
    openTransfers: silent,
    clients: moving(second).map((row) => (row.client <= silent ? { ...row, contentBytes: 77 } : row)),
  });

const healthy: Health = { isHealthy: true, reasons: [] };

describe('health', () => {
  test('is good before the first snapshot and while all goes well', () => {
    assert.deepEqual(assessHealth([]), healthy);
    assert.deepEqual(
      assessHealth(
        history(60, (second) => ({ lastListing: { atMs: second * 1_000, ok: true } })),
        2,
      ),
      healthy,
    );
  });

  test('ends when a loop was late for 10 s without a break', () => {
    const late =
      (from: number) =>
      (second: number): Overrides<Snapshot> => ({
        recentLoopDelayP99Ms: { main: second >= from ? 101 : 3 },
      });
    assert.deepEqual(assessHealth(history(20, late(11))), healthy);
    assert.deepEqual(assessHealth(history(20, late(10))).reasons, ['main loop delay p99 above 100 ms for 10 s']);
    assert.deepEqual(assessHealth(history(9, late(0))), healthy, 'not before 10 s have passed');
    const once = history(20, () => ({ summary: { instrument: { eventLoopDelayMs: { tapP99: 900, mainP99: 900 } } } }));
    assert.deepEqual(assessHealth(once), healthy, 'what was late over the run so far may be over');
  });

  test('ends when more than a tenth of the clients wait 30 s for bytes', () => {
    assert.deepEqual(assessHealth(history(30, withSilent(1))), healthy);
    assert.deepEqual(assessHealth(history(30, withSilent(2))).reasons, [
      'transfers without bytes for 30 s on 2 of 10 running clients',
    ]);
    assert.deepEqual(assessHealth(history(29, withSilent(2))), healthy);
  });

  test('does not call clients silent that have nothing open', () => {
    const idle = history(30, (second) => ({ ...withSilent(5)(second), openTransfers: 1 }));
    assert.deepEqual(assessHealth(idle), healthy);
  });

  test('ends when a scraper is older than three intervals', () => {
    const listing = history(30, () => ({ lastListing: { atMs: 20_000, ok: true } }));
    assert.deepEqual(assessHealth(listing, 3).reasons, ['segment-size listing older than 3 intervals']);
    assert.deepEqual(assessHealth(listing, 4), healthy);
    const stale =
      (evidence: (second: number) => string) =>
      (second: number): Overrides<Snapshot> => ({
        summary: {
          findings: [
            {
              code: 'origin-metrics-stale',
              subject: 'nginx_exporter',
              sinceMs: 1,
              count: 1,
              evidence: evidence(second),
            },
          ],
        },
      });
    const growing = history(
      3,
      stale((second) => `silent for ${second} s`),
    );
    assert.deepEqual(assessHealth(growing).reasons, ['origin metrics of nginx_exporter older than 3 intervals']);
    assert.deepEqual(
      assessHealth(
        history(
          3,
          stale(() => 'silent for 2 s'),
        ),
      ),
      healthy,
      'it answers again',
    );
  });

  test('ends with lost records and with a bypass', () => {
    const { reasons } = assessHealth(
      history(0, () => ({ summary: { instrument: { lostRecords: 2, bypassedRequests: 3 } } })),
    );
    assert.deepEqual(reasons, ['2 records lost', '3 requests bypassed the tap']);
  });

  test('keeps no more history than its longest window needs, and judges the same as with all of it', () => {
    const keeper = new HealthHistory({ listingIntervalSeconds: 2 });
    const all = history(120, (second) => ({
      ...withSilent(4)(second),
      lastListing: { atMs: second * 1_000, ok: true },
    }));
    all.forEach((snapshot, index) => {
      keeper.record(snapshot);
      assert.deepEqual(keeper.assess(), assessHealth(all.slice(0, index + 1), 2), `at ${index} s`);
    });
    assert.equal(keeper.assess().isHealthy, false);
  });

  test('keeps the rows of no snapshot but the last: of 1,000 clients they would be the most of the heap', async () => {
    const keeper = new HealthHistory();
    const rows = history(30).map((snapshot) => {
      keeper.record(snapshot);
      return new WeakRef(snapshot.clients);
    });
    // What a WeakRef was made of lives until the turn ends.
    await nextTurn();
    collectGarbage();
    assert.equal(rows.slice(0, -1).filter((ref) => ref.deref() !== undefined).length, 0);
    assert.deepEqual(keeper.assess(), healthy);
  });
});
