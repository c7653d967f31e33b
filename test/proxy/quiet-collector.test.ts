// When a thread's memory is given back: once after each burst, when it has been quiet for a while, and never under traffic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuietCollector } from '../../src/proxy/quiet-collector.ts';

interface Step {
  readonly open: number;
  readonly atMs: number;
}

/** At which instants it collected. */
function collectionsOf(steps: readonly Step[]): readonly number[] {
  const collections: number[] = [];
  let nowMs = 0;
  const collector = new QuietCollector(() => collections.push(nowMs));
  for (const { open, atMs } of steps) {
    nowMs = atMs;
    collector.look(open, atMs);
  }
  return collections;
}

test('once after a burst, after five quiet seconds', () => {
  const burst = [
    { open: 300, atMs: 0 },
    { open: 1, atMs: 100 },
    { open: 0, atMs: 200 },
    { open: 0, atMs: 5_100 },
    { open: 0, atMs: 5_200 },
    { open: 0, atMs: 20_000 },
  ];
  assert.deepEqual(collectionsOf(burst), [5_200]);
  const again = burst.map(({ open, atMs }) => ({ open, atMs: atMs + 30_000 }));
  assert.deepEqual(collectionsOf([...burst, ...again]), [5_200, 35_200]);
});

test('not for a few connections, however long it is quiet after them', () => {
  assert.deepEqual(collectionsOf([5, 0, 0, 0].map((open, step) => ({ open, atMs: step * 10_000 }))), []);
});

test('not while a single connection is open, and a connection begins the quiet time anew', () => {
  const steps = [
    { open: 300, atMs: 0 },
    { open: 1, atMs: 60_000 },
    { open: 0, atMs: 60_100 },
    { open: 2, atMs: 64_000 },
    { open: 0, atMs: 64_100 },
    { open: 0, atMs: 69_000 },
    { open: 0, atMs: 69_100 },
  ];
  assert.deepEqual(collectionsOf(steps), [69_100]);
});

test('what it does by itself is a collection: unreachable memory is given back', () => {
  let waste: object[] | undefined = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  const before = process.memoryUsage().heapUsed;
  assert.equal(waste.length, 200_000);
  waste = undefined;
  const collector = new QuietCollector();
  collector.look(1_000, 0);
  collector.look(0, 1);
  collector.look(0, 6_000);
  assert.ok(process.memoryUsage().heapUsed < before - 5_000_000);
});
