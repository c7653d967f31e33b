// What a scrape takes along: the tap's meters as they stand, and the control server's octets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocateMeters, readMeters, WORKER_SLOT, workerSlots } from '../../src/meters.ts';
import { meterReader } from '../../src/run/meter-reader.ts';
import { flowCut } from '../../src/stats/flow-cut.ts';

const NO_TOTALS = { tlsBytes: 0, ownRequests: 0, ownBytes: 0, ownReceivedBytes: 0, ownServedBytes: 0 };

test('a reading is of its own instant, over all workers, and has all that the account cuts', () => {
  const buffers = allocateMeters({ workers: 2, doors: 2 });
  let nowMs = 5;
  const clock = { nowMs: () => nowMs, wallMs: () => 0 };
  const read = meterReader(clock, { meters: () => readMeters(buffers) }, () => 77);
  const before = read?.();
  for (const worker of [0, 1]) workerSlots(buffers, worker).slots[WORKER_SLOT.readBytes] = 100;
  nowMs = 9;
  const after = read?.();
  assert.deepEqual(
    [before?.atMs, before?.meters['readBytes'], after?.atMs, after?.meters['readBytes']],
    [5, 0, 9, 200],
  );
  const { contentBytesByKind, ...cut } = flowCut(after, NO_TOTALS);
  assert.deepEqual([cut.readBytes, cut.controlBytes], [200, 77]);
  const figures = Object.keys(cut).filter((figure) => !Object.hasOwn(NO_TOTALS, figure) && figure !== 'controlBytes');
  assert.deepEqual(figures.toSorted(), Object.keys(after?.meters ?? {}).toSorted());
  assert.ok(Object.values(contentBytesByKind).every((bytes) => bytes === 0));
});

test('without a tap there is nothing to read', () => {
  assert.equal(
    meterReader({ nowMs: () => 0, wallMs: () => 0 }, undefined, () => 0),
    undefined,
  );
});
