// The sketch against sorted arrays: data sets x sizes x quantiles, both signs, merged pairs, seeded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_BUCKETS, RELATIVE_ERROR, Sketch } from '../../src/stats/sketch.ts';

const QUANTILES = [0, 0.001, 0.025, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.999, 1];
const SIZES = [1, 2, 3, 10, 100, 1000, 20_000];

/** A small generator of its own (mulberry32), so that every run sees the same data. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const DATA_SETS: Readonly<Record<string, (random: () => number, place: number) => number>> = {
  constant: () => 42.5,
  ascending: (_, place) => place,
  uniform: (random) => random() * 1000,
  'exponential latencies': (random) => -Math.log(1 - random()) * 20,
  'lognormal latencies': (random) => Math.exp(1 + 1.5 * normal(random)),
  'two modes': (random) => (random() < 0.9 ? 1 + random() : 900 + 100 * random()),
  'heavy tail': (random) => 1 / (1 - random()) ** 1.5,
  'signed errors': (random) => normal(random) * 0.3 - 0.2,
  'negative only': (random) => -1 - random() * 50,
  'with zeros': (random) => Math.max(0, random() - 0.5) * (random() < 0.5 ? 1 : -1),
  'microseconds to minutes': (random) => 10 ** (random() * 9 - 3),
};

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

function nearestRank(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

function assertWithin(actual: number | undefined, truth: number, what: string): void {
  const allowed = RELATIVE_ERROR * Math.abs(truth) + 1e-9;
  assert.ok(actual !== undefined && Math.abs(actual - truth) <= allowed, `${what}: ${actual} for ${truth}`);
}

function assertAgrees(sketch: Sketch, values: readonly number[], what: string): void {
  const sorted = Float64Array.from(values).sort();
  const magnitudes = Float64Array.from(values, Math.abs).sort();
  assert.equal(sketch.count, values.length, what);
  assert.equal(sketch.min, sorted[0], what);
  assert.equal(sketch.max, sorted.at(-1), what);
  for (const q of QUANTILES) {
    assertWithin(sketch.quantile(q), nearestRank([...sorted], q), `${what} q${q}`);
    assertWithin(sketch.absoluteQuantile(q), nearestRank([...magnitudes], q), `${what} |q${q}|`);
  }
}

for (const [name, next] of Object.entries(DATA_SETS)) {
  test(`quantiles of ${name} are within 1 % of the sorted values at every size`, () => {
    for (const size of SIZES) {
      const random = seeded(size);
      const values = Array.from({ length: size }, (_, place) => next(random, place));
      assertAgrees(sketchOf(values), values, `${size} values`);
    }
  });
}

test('merged pairs of all data sets equal one sketch of all values', () => {
  const sets = Object.entries(DATA_SETS).map(([name, next]) => {
    const random = seeded(7);
    return { name, values: Array.from({ length: 500 }, (_, place) => next(random, place)) };
  });
  for (const left of sets) {
    for (const right of sets) {
      const merged = sketchOf(left.values);
      const other = sketchOf(right.values);
      merged.merge(other);
      assertAgrees(merged, [...left.values, ...right.values], `${left.name} + ${right.name}`);
      assertAgrees(other, right.values, `${right.name} after it was merged`);
    }
  }
});

test('merging is the same in any grouping and conserves counts, for any signed values', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { maxLength: 60 });
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const left = sketchOf(a);
      left.merge(sketchOf(b));
      left.merge(sketchOf(c));
      const right = sketchOf(b);
      right.merge(sketchOf(c));
      const whole = sketchOf(a);
      whole.merge(right);
      assert.equal(left.count, a.length + b.length + c.length);
      for (const q of QUANTILES) assert.equal(left.quantile(q), whole.quantile(q));
    }),
    { numRuns: 200 },
  );
});

test('a quantile of several sketches is that of all of them merged, and leaves them as they are', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(values, { maxLength: 5 }), (lists) => {
      const sketches = lists.map(sketchOf);
      const merged = sketchOf(lists.flat());
      for (const q of QUANTILES) assert.equal(Sketch.quantileOf(sketches, q), merged.quantile(q));
      for (const [place, sketch] of sketches.entries()) assert.equal(sketch.count, lists[place]?.length);
    }),
    { numRuns: 200 },
  );
});

test('a count stands for that many values, and merging a sketch with itself doubles it', () => {
  const sketch = new Sketch();
  sketch.add(5, 3);
  sketch.add(-7, 2);
  sketch.merge(sketch);
  assert.equal(sketch.count, 10);
  assert.equal(sketch.sum, 2);
  assert.equal(sketch.mean, 0.2);
  assertWithin(sketch.quantile(0.4), -7, 'q0.4');
  assertWithin(sketch.quantile(0.41), 5, 'q0.41');
});

test('an empty sketch has no quantile, no mean, no minimum and no maximum', () => {
  const sketch = new Sketch();
  assert.deepEqual(
    [sketch.count, sketch.quantile(0.5), sketch.absoluteQuantile(0.5), sketch.mean, sketch.min, sketch.max],
    [0, undefined, undefined, undefined, undefined, undefined],
  );
  sketch.merge(new Sketch());
  assert.equal(sketch.min, undefined);
  sketch.add(1);
  assert.equal(sketch.quantile(1.5), undefined);
});

test('values that are no number and counts that are none are ignored and counted', () => {
  const sketch = new Sketch();
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) sketch.add(value);
  for (const count of [0, -1, Number.NaN]) sketch.add(1, count);
  assert.equal(sketch.ignored, 5);
  assert.equal(sketch.count, 0);
});

test('the range of all our durations in both signs fits without a collapse', () => {
  const sketch = new Sketch();
  for (let magnitude = 1e-3; magnitude <= 600_000; magnitude *= 1.005) {
    sketch.add(magnitude);
    sketch.add(-magnitude);
  }
  assert.equal(sketch.collapsed, 0);
  assert.ok(sketch.buckets <= MAX_BUCKETS);
});

test('beyond the limit of buckets the smallest magnitudes become zero, are counted, and the large ones stay exact', () => {
  const values: number[] = [];
  for (let exponent = -9; exponent < 200; exponent += 0.02) values.push(10 ** exponent, -(10 ** exponent));
  const sketch = sketchOf(values);
  assert.ok(sketch.buckets <= MAX_BUCKETS);
  assert.ok(sketch.collapsed > 0);
  assert.equal(sketch.count, values.length);
  const sorted = [...Float64Array.from(values).sort()];
  for (const q of [0, 0.01, 0.99, 1]) assertWithin(sketch.quantile(q), nearestRank(sorted, q), `q${q}`);
  assert.equal(sketch.quantile(0.5), 0);
});

test('a sketch of few values is small', () => {
  const random = seeded(1);
  const sketch = sketchOf(Array.from({ length: 10_000 }, () => 100 + random() * 10));
  assert.ok(sketch.buckets <= 7, `${sketch.buckets} buckets`);
});
