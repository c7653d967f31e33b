// Error statistics against two-pass arithmetic and sorted arrays; ratios of nothing stay undefined.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coverage, ErrorAccumulator, errorRatio, kindAgreement } from '../../src/stats/agreement.ts';

const errors = fc.array(fc.double({ noNaN: true, min: -1e4, max: 1e4 }), { maxLength: 80 });

function accumulate(values: readonly number[]): ErrorAccumulator {
  const accumulator = new ErrorAccumulator();
  for (const value of values) accumulator.add(value);
  return accumulator;
}

function assertNear(actual: number | undefined, truth: number, allowed: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - truth) <= allowed, `${actual} for ${truth}`);
}

function assertMoments(accumulator: ErrorAccumulator, values: readonly number[]): void {
  const read = accumulator.read();
  assert.equal(read.n, values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length > 0) assertNear(read.bias, mean, 1e-6);
  if (values.length < 2) {
    assert.equal(read.sd, undefined);
    return;
  }
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  assertNear(read.sd, sd, 1e-6);
  assertNear(read.low, mean - 1.96 * sd, 1e-5);
  assertNear(read.high, mean + 1.96 * sd, 1e-5);
}

test('bias, deviation and limits of agreement equal two-pass arithmetic, merged or not', () => {
  fc.assert(
    fc.property(errors, errors, (left, right) => {
      assertMoments(accumulate(left), left);
      const merged = accumulate(left);
      merged.merge(accumulate(right));
      assertMoments(merged, [...left, ...right]);
    }),
  );
});

test('quantiles keep the sign, absolute quantiles do not', () => {
  const read = accumulate(Array.from({ length: 1000 }, (_, place) => (place - 800) / 10)).read();
  assertNear(read.p2_5, -77.6, 0.8);
  assertNear(read.p97_5, 17.4, 0.2);
  assertNear(read.absP50, 30, 0.3);
  assertNear(read.absP95, 75, 0.8);
});

test('no errors give n 0 alone, one error gives no spread', () => {
  assert.deepEqual(accumulate([]).read(), { n: 0 });
  const one = accumulate([-0.25]).read();
  assert.deepEqual({ ...one }, { n: 1, bias: -0.25, p2_5: -0.25, p97_5: -0.25, absP50: 0.25, absP95: 0.25 });
});

test('precision and recall are over attempts that were judged, and missing when there were none', () => {
  const counts = {
    missed: 0,
    spurious: 0,
    deadConnection: 7,
    excludedAtStop: 3,
    pending: 2,
    lateLines: 0,
    wrongKind: 0,
  };
  const full = kindAgreement({ ...counts, transfers: 15, matched: 8, missed: 2, spurious: 8, startErrorMs: { n: 0 } });
  assert.equal(full.precision, 0.5);
  assert.equal(full.recall, 0.8);
  assert.equal(full.coverage, 10 / 15, 'left out at the stop and waiting: recall says nothing of them');
  const empty = kindAgreement({ ...counts, transfers: 0, matched: 0, startErrorMs: { n: 0 } });
  assert.equal('precision' in empty || 'recall' in empty || 'coverage' in empty, false);
  assert.equal(empty.deadConnection, 7);
});

test('ratios against nothing are undefined, errors are signed', () => {
  assert.equal(coverage(0, 0), undefined);
  assert.equal(coverage(3, 4), 0.75);
  assert.equal(errorRatio(90, 100), -0.1);
  assert.equal(errorRatio(90, 0), undefined);
});
