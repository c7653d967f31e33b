// Phase quantiles against sorted values, the window's edges, and bucket counts against their definition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BucketCounter, LONGEST_MS, PhaseQuantiles } from '../../src/stats/quantiles.ts';
import { secondsToMs } from '../../src/units.ts';

const durationMs = fc.double({ noNaN: true, min: 0, max: LONGEST_MS });

function nearestRank(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

test('run and window quantiles are within 1 % and a microsecond of the sorted durations', () => {
  fc.assert(
    fc.property(fc.array(durationMs, { minLength: 1, maxLength: 300, size: 'max' }), (values) => {
      const quantiles = new PhaseQuantiles();
      for (const value of values) quantiles.record(value, 1000);
      const read = quantiles.read(2000);
      assert.equal(read.n, values.length);
      assert.equal(read.window?.n, values.length);
      for (const [name, q] of [
        ['p50', 0.5],
        ['p95', 0.95],
        ['p99', 0.99],
      ] as const) {
        const truth = nearestRank(values, q);
        for (const actual of [read[name], read.window?.[name]]) {
          assert.ok(
            actual !== undefined && Math.abs(actual - truth) <= truth * 0.01 + 0.0015,
            `${name} ${actual} ${truth}`,
          );
        }
      }
      assert.equal(read.max, Math.max(...values));
    }),
    { numRuns: 100 },
  );
});

test('without a value there is n 0 and no quantile, neither in the run nor in the window', () => {
  assert.deepEqual(new PhaseQuantiles().read(5000), { n: 0, window: { n: 0 } });
});

test('the window forgets after a minute, the run does not', () => {
  const quantiles = new PhaseQuantiles();
  quantiles.record(100, secondsToMs(2));
  quantiles.record(200, secondsToMs(40));
  assert.equal(quantiles.read(secondsToMs(59)).window?.n, 2);
  assert.equal(quantiles.read(secondsToMs(61)).window?.n, 1);
  assert.deepEqual(quantiles.read(secondsToMs(130)).window, { n: 0 });
  assert.equal(quantiles.read(secondsToMs(130)).n, 2);
});

test('the window counts by the end of a duration even when records come late, and never counts one twice', () => {
  const quantiles = new PhaseQuantiles();
  quantiles.record(7, secondsToMs(100));
  quantiles.record(5, secondsToMs(70));
  quantiles.record(3, secondsToMs(38));
  assert.equal(quantiles.read(secondsToMs(100)).window?.n, 2, 'the slot of 38 s is that of 98 s');
  assert.equal(quantiles.read(secondsToMs(100)).n, 3);
});

test('reading changes nothing', () => {
  const quantiles = new PhaseQuantiles();
  quantiles.record(12, 0);
  assert.deepEqual(quantiles.read(1000), quantiles.read(1000));
  quantiles.read(secondsToMs(500));
  assert.equal(quantiles.read(1000).window?.n, 1);
});

test('less than a microsecond counts as one, more than ten minutes is counted and cut, what is no duration is ignored', () => {
  const quantiles = new PhaseQuantiles();
  quantiles.record(0, 0);
  assert.equal(quantiles.read(0).window?.p50, 0.001);
  quantiles.record(LONGEST_MS * 3, 0);
  assert.equal(quantiles.clamped, 1);
  assert.equal(quantiles.read(0).max, LONGEST_MS);
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) quantiles.record(value, 0);
  assert.equal(quantiles.ignored, 3);
  assert.equal(quantiles.read(0).n, 2);
});

test('bucket counts are cumulative and a bound belongs to its bucket, for any values', () => {
  const bounds = [0.005, 0.1, 1, 30];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ noNaN: true, min: 0, max: 60 }), fc.constantFrom(...bounds))),
      (values) => {
        const counter = new BucketCounter(bounds);
        for (const value of values) counter.observe(value);
        const read = counter.read();
        assert.deepEqual(
          read.counts,
          bounds.map((bound) => values.filter((value) => value <= bound).length),
        );
        assert.equal(read.count, values.length);
        assert.ok(Math.abs(read.sum - values.reduce((sum, value) => sum + value, 0)) < 1e-6);
      },
    ),
  );
});

test('bounds that do not ascend are refused by name, and what is no number is ignored', () => {
  assert.throws(() => new BucketCounter([1, 1]), /bounds \[1, 1\] must ascend/);
  const counter = new BucketCounter([1]);
  counter.observe(Number.NaN);
  assert.deepEqual(counter.read(), { bounds: [1], counts: [0], count: 0, sum: 0 });
  assert.equal(counter.ignored, 1);
});
