// The last lines of the log for the screen: order, bound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogRing } from '../../src/run/log-ring.ts';

test('the last lines come in the order in which they were added, fewer when there are fewer', () => {
  const ring = new LogRing();
  for (const line of ['a', 'b', 'c']) ring.add(line);
  assert.deepEqual(ring.last(2), ['b', 'c']);
  assert.deepEqual(ring.last(10), ['a', 'b', 'c']);
});

test('an endless log takes no endless memory: 500 lines stay', () => {
  const ring = new LogRing();
  for (let line = 0; line < 2_000; line += 1) ring.add(String(line));
  assert.equal(ring.last(5_000).length, 500);
  assert.equal(ring.last(1)[0], '1999');
});
