// Work that is timed: done at once, given back as it is, counted with its failures; gaps of streams by what is new of their totals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GAP_SLOTS, gapSlotOf } from '../../src/meters.ts';
import { OperationClock } from '../../src/run/operation-clock.ts';
import type { OperationName, OperationSummary } from '../../src/stats/summary.ts';

interface Stage {
  nowMs: number;
  readonly operations: OperationClock;
  readonly of: (name: OperationName) => OperationSummary;
}

function stage(): Stage {
  const time = { nowMs: 0 };
  const operations = new OperationClock({ nowMs: () => time.nowMs, wallMs: () => 0 });
  const of = (name: OperationName): OperationSummary => {
    const found = operations.read().find((summary) => summary.name === name);
    assert.ok(found !== undefined);
    return found;
  };
  return Object.assign(time, { operations, of });
}

test('work is done at once, its result is given back, and what it took is counted', () => {
  const scene = stage();
  const result = scene.operations.time('stats_aggregate', () => {
    scene.nowMs += 7;
    return 'done';
  });
  scene.operations.timing('tui_render')(() => (scene.nowMs += 3));
  assert.equal(result, 'done');
  assert.deepEqual([scene.of('stats_aggregate').count, scene.of('stats_aggregate').maxMs], [1, 7]);
  assert.deepEqual([scene.of('tui_render').count, scene.of('tui_render').maxMs], [1, 3]);
});

test('work that throws is a failure, and throws', () => {
  const { operations, of } = stage();
  const work = (): never => {
    throw new Error('no screen');
  };
  assert.throws(() => operations.time('tui_render', work), /no screen/);
  assert.deepEqual([of('tui_render').count, of('tui_render').failures, of('tui_render').successRate], [1, 1, 0]);
});

test('of totals of gaps only what is new counts', () => {
  const { operations, of } = stage();
  const totals = (reads: number): Float64Array =>
    new Float64Array(GAP_SLOTS).fill(reads, gapSlotOf(40), gapSlotOf(40) + 1);
  for (const reads of [3, 3, 10]) operations.noteGaps(totals(reads));
  const { count, p50Ms = 0 } = of('mpegts_chunk_read');
  assert.equal(count, 10);
  assert.ok(Math.abs(p50Ms - 40) < 1, String(p50Ms));
});
