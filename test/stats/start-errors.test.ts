// Errors of start times by bins: held against the list of errors itself, and that none is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RELATIVE_ERROR, Sketch } from '../../src/stats/sketch.ts';
import { START_ERROR_BOUNDS_MS } from '../../src/stats/start-errors.ts';

test('every error is in the bin of its value, or in the next one when it lies at the bound', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { maxLength: 80 }), (errors) => {
      const sketch = new Sketch();
      for (const error of errors) sketch.add(error);
      const counts = sketch.countsWithin(START_ERROR_BOUNDS_MS);
      assert.equal(counts.length, START_ERROR_BOUNDS_MS.length + 1);
      assert.equal(
        counts.reduce((sum, one) => sum + one, 0),
        errors.length,
      );
      let upTo = 0;
      for (const [bin, bound] of START_ERROR_BOUNDS_MS.entries()) {
        upTo += counts[bin] ?? 0;
        const slack = Math.abs(bound) * 2 * RELATIVE_ERROR + 1e-9;
        assert.ok(upTo >= errors.filter((error) => error <= bound - slack).length, `below ${bound}`);
        assert.ok(upTo <= errors.filter((error) => error <= bound + slack).length, `up to ${bound}`);
      }
    }),
  );
});

test('the bounds ascend and are the same on both sides of none', () => {
  assert.deepEqual(
    START_ERROR_BOUNDS_MS,
    START_ERROR_BOUNDS_MS.toSorted((one, other) => one - other),
  );
  assert.deepEqual(START_ERROR_BOUNDS_MS.map((bound) => -bound + 0).toReversed(), [...START_ERROR_BOUNDS_MS]);
});
