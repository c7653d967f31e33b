// The last minute in slots: what is read, what is too old, what comes late, how many slots.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Minute } from '../../src/stats/minute.ts';

function filled(instantsMs: readonly number[], slots?: number): Minute<number[]> {
  const minute = slots === undefined ? new Minute<number[]>(() => []) : new Minute<number[]>(() => [], slots);
  for (const atMs of instantsMs) minute.at(atMs)?.push(atMs);
  return minute;
}

test('what happened within 55 seconds is in the minute, what is a minute old is not', () => {
  const minute = filled([1_000, 6_000, 59_000]);
  assert.deepEqual(minute.before(59_999).flat().toSorted(), [1_000, 59_000, 6_000]);
  assert.deepEqual(minute.before(61_000).flat().toSorted(), [59_000, 6_000]);
  assert.deepEqual(minute.before(200_000), []);
});

test('what comes late goes into its own slot, unless a later one has taken its place', () => {
  const minute = filled([58_000, 2_000]);
  assert.deepEqual(minute.before(59_000).flat(), [2_000, 58_000]);
  minute.at(61_000)?.push(61_000);
  assert.equal(minute.at(2_000), undefined);
});

test('a reader in the past sees nothing of what came after', () => {
  assert.deepEqual(filled([1_000, 30_000]).before(4_000).flat(), [1_000]);
});

test('of four slots a quarter of the minute is forgotten at once', () => {
  const minute = filled([1_000, 14_000, 16_000], 4);
  assert.deepEqual(minute.before(59_000).flat(), [1_000, 14_000, 16_000]);
  assert.deepEqual(minute.before(60_000).flat(), [16_000]);
  assert.equal(minute.slotNumber(14_999), 0);
  assert.equal(minute.slotNumber(15_000), 1);
});
