// How many lines are looked at, and that every other one is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineBudget } from '../../src/swarm/line-budget.ts';

test('taken and dropped lines together are all lines, and no 100 ms take more than twice the budget', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 500 }),
      (size, gaps) => {
        const budget = new LineBudget(size);
        let atMs = 0;
        const taken: number[] = [];
        for (const gap of gaps) {
          atMs += gap;
          if (budget.take(atMs)) taken.push(atMs);
        }
        assert.equal(taken.length + budget.dropped, gaps.length);
        for (const start of taken) assert.ok(taken.filter((at) => at >= start && at < start + 100).length <= 2 * size);
      },
    ),
  );
});

test('a quiet stream loses nothing', () => {
  const budget = new LineBudget(10);
  for (let atMs = 0; atMs < 10_000; atMs += 10) assert.equal(budget.take(atMs), true);
  assert.equal(budget.dropped, 0);
});
