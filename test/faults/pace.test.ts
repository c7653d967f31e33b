// The token bucket against its own definition, with a clock of numbers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pace } from '../../src/faults/pace.ts';

test('octets go at the rate when everyone waits as long as told', () => {
  const rates = fc.integer({ min: 1, max: 100_000_000 });
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 1_000_000 }), (bytesPerSecond, wanted) => {
      const content = Math.min(wanted, bytesPerSecond * 2);
      let nowMs = 0;
      const pace = new Pace(bytesPerSecond, nowMs);
      for (let left = content; left > 0; ) {
        left -= pace.take(left, nowMs);
        if (left > 0) nowMs += pace.waitMs(left) + 1e-6;
      }
      const expectedMs = (content / bytesPerSecond) * 1_000;
      assert.ok(Math.abs(nowMs - expectedMs) <= 1 + expectedMs * 0.01, `${nowMs} ms instead of ${expectedMs} ms`);
    }),
  );
});

test('never more than the rate and a tenth of a second of credit, whenever it is asked', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 500 }), fc.nat({ max: 5_000 })), { maxLength: 50 }), (asked) => {
      let nowMs = 0;
      let taken = 0;
      const pace = new Pace(10_000, nowMs);
      for (const [waitMs, wanted] of asked) {
        nowMs += waitMs;
        const now = pace.take(wanted, nowMs);
        assert.ok(now <= wanted && now <= 1_000);
        taken += now;
      }
      assert.ok(taken <= nowMs * 10 + 1_000);
    }),
  );
});

test('a wait is long enough for at least one octet, also at the slowest rate', () => {
  const pace = new Pace(1, 0);
  assert.equal(pace.take(10, 0), 0);
  assert.equal(pace.waitMs(10), 1_000);
  assert.equal(pace.take(10, 1_000), 1);
});
