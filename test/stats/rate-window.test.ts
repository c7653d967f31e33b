// The rates of a counter over a rolling window, against a slow reading of the same definition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateWindow } from '../../src/stats/rate-window.ts';
import { openLedger, RUN, sample } from './ledger-traffic.ts';

test('the median and the highest rate of the window, by the measured time between readings', () => {
  const window = new RateWindow(10_000);
  assert.equal(window.read(), undefined);
  window.add(0, 1_000);
  assert.equal(window.read(), undefined, 'one reading is no rate');
  for (const [atMs, total] of [
    [1_000, 1_100],
    [3_000, 1_500],
    [4_000, 1_500],
  ] as const)
    window.add(atMs, total);
  assert.deepEqual(window.read(), { windowSeconds: 10, n: 3, bytesPerSecondP50: 100, bytesPerSecondMax: 200 });
});

test('what is older than the window is gone, and a reset is neither a rate nor negative', () => {
  const window = new RateWindow(2_000);
  for (const [atMs, total] of [
    [0, 0],
    [1_000, 9_000],
    [2_000, 9_100],
    [3_000, 5],
    [4_000, 105],
  ] as const)
    window.add(atMs, total);
  assert.deepEqual(window.read(), { windowSeconds: 2, n: 2, bytesPerSecondP50: 100, bytesPerSecondMax: 100 });
});

test('it is what sorting all rates of the window gives', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.nat(1_000_000)), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1_000, max: 60_000 }), (increments, windowMs) => {
      const window = new RateWindow(windowMs);
      window.add(0, 0);
      let atMs = 0;
      let total = 0;
      const rates = increments.map(([ms, bytes]) => {
        atMs += ms;
        total += bytes;
        window.add(atMs, total);
        return { atMs, rate: (bytes * 1_000) / ms };
      });
      const kept = rates
        .filter((one) => atMs - one.atMs <= windowMs)
        .map(({ rate }) => rate)
        .sort((a, b) => a - b);
      const read = window.read();
      assert.equal(read?.n, kept.length);
      assert.equal(read?.bytesPerSecondP50, kept[Math.ceil(kept.length / 2) - 1]);
      assert.equal(read?.bytesPerSecondMax, kept.at(-1));
    }),
  );
});

test('--origin-metrics-window reaches the summary: scrapes of the last seconds only', () => {
  const ledger = openLedger({ run: { ...RUN, originMetricsWindowMs: 10_000 } });
  for (let second = 0; second <= 20; second += 1) {
    const networkSentBytesTotal = second <= 5 ? second * 1_000_000 : 5_000_000 + second * 1_000;
    const atMs = second * 1_000;
    ledger.record({ type: 'origin-sample', source: 'node_exporter', atMs, ok: true, networkSentBytesTotal });
    ledger.record(sample(atMs + 1, []));
  }
  assert.deepEqual(ledger.snapshot(20_001, 0).summary.origin.rateWindow, {
    windowSeconds: 10,
    n: 11,
    bytesPerSecondP50: 1_000,
    bytesPerSecondMax: 1_000,
  });
});
