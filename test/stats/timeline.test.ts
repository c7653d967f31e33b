// The course of a run: a point per tick, halved when there are too many without losing a count or a peak; lives of processes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClientEvent } from '../../src/events.ts';
import { MAX_LIVES, Timeline } from '../../src/stats/timeline.ts';
import { makeSnapshot } from '../support/snapshot.ts';

const BEGAN_MS = 2_000;

function tick(timeline: Timeline, second: number, bytes: number, stalled: number): void {
  timeline.add(
    makeSnapshot({
      atMs: BEGAN_MS + second * 1_000,
      elapsedSeconds: second,
      summary: { proxy: { throughput: { totalBytes: bytes } }, clients: { playback: { stalled } } },
    }),
  );
}

const client = (number: number, process: number, event: 'start' | 'exit', atMs: number): ClientEvent => ({
  ...{ type: 'client', client: number, process, event, atMs },
  ...(event === 'exit' ? { category: 'error' } : {}),
});

test('a short run has a point per tick, in seconds of the run', () => {
  const timeline = new Timeline();
  for (const [second, bytes] of [0, 100, 250].entries()) tick(timeline, second, bytes, 0);
  tick(timeline, 2, 999, 9);
  const { stepSeconds, seconds, columns } = timeline.read();
  assert.deepEqual([stepSeconds, seconds, columns.proxyBytes], [1, [0, 1, 2], [0, 100, 250]]);
});

test('however long a run, its points are bounded, its last count is the last one and no peak is lost', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 20 }),
      fc.array(fc.record({ bytes: fc.nat(1_000), stalled: fc.nat(50) }), { minLength: 1, maxLength: 120 }),
      (maxPoints, ticks) => {
        const timeline = new Timeline(maxPoints);
        let total = 0;
        const totals = ticks.map(({ bytes, stalled }, second) => {
          total += bytes;
          tick(timeline, second, total, stalled);
          return total;
        });
        const { stepSeconds, seconds, columns } = timeline.read();
        assert.ok(seconds.length <= maxPoints, `${seconds.length} points`);
        assert.ok(Number.isInteger(Math.log2(stepSeconds)));
        assert.deepEqual(
          columns.proxyBytes,
          seconds.map((second) => totals[Math.round(second)]),
        );
        assert.equal(seconds.at(-1), ticks.length - 1);
        assert.equal(Math.max(...columns.stalledClients.map(Number)), Math.max(...ticks.map(({ stalled }) => stalled)));
      },
    ),
    { numRuns: 50 },
  );
});

test('a process has a line from its start to its exit, and what never ended has no end', () => {
  const timeline = new Timeline();
  tick(timeline, 1, 0, 0);
  for (const event of [
    client(1, 1, 'start', 2_000),
    client(2, 1, 'start', 2_500),
    client(1, 1, 'exit', 5_000),
    client(1, 2, 'start', 5_500),
    client(1, 1, 'exit', 6_000),
  ])
    timeline.observe(event);
  assert.deepEqual(timeline.read().lives, [
    { client: 1, process: 1, startSeconds: 0, endSeconds: 3, category: 'error' },
    { client: 2, process: 1, startSeconds: 0.5 },
    { client: 1, process: 2, startSeconds: 3.5 },
  ]);
});

test('processes beyond the bound are counted', () => {
  const timeline = new Timeline();
  for (let process = 1; process <= MAX_LIVES + 5; process += 1) timeline.observe(client(1, process, 'start', process));
  const { lives, processes } = timeline.read();
  assert.deepEqual([lives.length, processes], [MAX_LIVES, MAX_LIVES + 5]);
});
