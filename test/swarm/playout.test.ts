// The stall that --restart-on-stall acts on: what was read is played before anything is one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Playout } from '../../src/swarm/playout.ts';

function played(...advances: readonly (readonly [outTimeMs: number, atMs: number])[]): Playout {
  const playout = new Playout();
  for (const [outTimeMs, atMs] of advances) playout.note(outTimeMs * 1_000, atMs);
  return playout;
}

test('before the first advance there is no stall to speak of', () => {
  const playout = new Playout();
  playout.note(undefined, 100);
  playout.note(0, 200);
  assert.equal(playout.stalledForMs(60_000), undefined);
});

test('three segments read at once are six seconds to play, and only then the stall begins', () => {
  const playout = played([6_000, 1_000]);
  assert.equal(playout.stalledForMs(6_999), 0);
  assert.equal(playout.stalledForMs(9_000), 2_000);
});

test('blocks that repeat the same out_time change nothing', () => {
  const playout = played([2_000, 1_000], [2_000, 2_000], [2_000, 5_000]);
  assert.equal(playout.stalledForMs(5_000), 2_000);
});

test('the next advance ends the stall: what was missed is not made up for', () => {
  const playout = played([2_000, 0], [4_000, 10_000]);
  assert.equal(playout.stalledForMs(11_999), 0);
  assert.equal(playout.stalledForMs(13_000), 1_000);
});

test('whoever reads faster than it plays never stalls, however the blocks come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 50 }), (gaps) => {
      const playout = new Playout();
      let nowMs = 0;
      for (const gapMs of gaps) {
        assert.equal(playout.stalledForMs(nowMs) ?? 0, 0);
        playout.note((nowMs + 5_000) * 1_000, nowMs);
        nowMs += gapMs;
      }
    }),
  );
});
