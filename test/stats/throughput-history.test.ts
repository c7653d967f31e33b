// The last five minutes as points: that no byte is lost or made up, points that are over stay, and unknown is not 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ThroughputTracker } from '../../src/stats/throughput.ts';
import { newestPoint, pointsOf } from '../../src/stats/throughput-history.ts';
import { liveRun, openLedger, play, RUN } from './ledger-traffic.ts';

const POINT_MS = 5_000;

/** A tracker that was sampled after each of these gaps with so many bytes more. */
function trackerOf(steps: readonly { readonly gapMs: number; readonly bytes: number }[]): {
  readonly tracker: ThroughputTracker;
  readonly endMs: number;
} {
  const tracker = new ThroughputTracker();
  let atMs = 0;
  tracker.sample(atMs);
  for (const { gapMs, bytes } of steps) {
    atMs += gapMs;
    tracker.add(bytes);
    tracker.sample(atMs);
  }
  return { tracker, endMs: atMs };
}

test('within five minutes the points add up to every byte that was counted', () => {
  const step = fc.record({ gapMs: fc.integer({ min: 200, max: 4_000 }), bytes: fc.nat({ max: 10_000_000 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 70 }), (steps) => {
      const { tracker, endMs } = trackerOf(steps);
      const newest = newestPoint(endMs);
      const points = pointsOf(tracker, newest);
      const firstMs = (newest - points.length + 1) * POINT_MS;
      const sum = points.reduce<number>((bytes, rate, at) => {
        const fromMs = Math.max(0, firstMs + at * POINT_MS);
        const toMs = Math.min(endMs, firstMs + (at + 1) * POINT_MS);
        return bytes + ((rate ?? 0) * Math.max(0, toMs - fromMs)) / 1_000;
      }, 0);
      assert.ok(Math.abs(sum - tracker.totalBytes) <= 1e-6 * Math.max(1, tracker.totalBytes), `${sum}`);
    }),
  );
});

test('a point that is over is the same a minute later, and what nobody measured is undefined', () => {
  const steps = Array.from({ length: 61 }, (_, at) => ({ gapMs: 1_000, bytes: 1_000 * (at % 7) }));
  const { tracker } = trackerOf(steps.slice(0, 30));
  const before = pointsOf(tracker, newestPoint(30_000));
  const after = pointsOf(trackerOf(steps).tracker, newestPoint(61_000));
  assert.deepEqual(before.slice(-6), after.slice(-13, -7));
  assert.equal(before.filter((rate) => rate === undefined).length, 54);
});

test('a steady rate is that rate at every point, however seldom a source is asked', () => {
  for (const gapMs of [500, 1_000, 3_300, 10_000]) {
    const steps = Array.from({ length: Math.floor(120_000 / gapMs) }, () => ({ gapMs, bytes: 2 * gapMs }));
    const { tracker, endMs } = trackerOf(steps);
    for (const rate of pointsOf(tracker, newestPoint(endMs)))
      assert.ok(rate === undefined || Math.abs(rate - 2_000) < 1e-6, String(rate));
  }
});

test('without two samples there is no span and no point', () => {
  const tracker = new ThroughputTracker();
  assert.equal(tracker.span, undefined);
  assert.deepEqual(new Set(pointsOf(tracker, 3)), new Set([undefined]));
});

test('an account that has no figure has no points: no listing, no origin', () => {
  const ledger = play(liveRun(7));
  const history = ledger.snapshot(9_000, 0).throughputHistory;
  assert.equal(history.pointSeconds, 5);
  assert.equal(history.newest, 1);
  assert.ok((history.proxy?.at(-2) ?? 0) > 0);
  const untapped = openLedger({ run: { ...RUN, isTapped: false } }).snapshot(9_000, 0).throughputHistory;
  assert.deepEqual(untapped, { pointSeconds: 5, newest: 1 });
});
