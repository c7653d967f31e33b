// The tick: what one sample says, with and without a tap, and that reading it changes nothing. No clock is waited for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import type { Event } from '../../src/events.ts';
import { Sampler } from '../../src/run/sampler.ts';

const clock = { nowMs: () => 1_234, wallMs: () => 1_767_225_600_000 } as Clock;

function sampled(): { events: Event[]; ticks: number; timed: number; sampler: Sampler } {
  const seen = { events: [] as Event[], ticks: 0, timed: 0 };
  const sampler = new Sampler({
    clock,
    emit: (event) => seen.events.push(event),
    tap: undefined,
    swarm: undefined,
    afterSample: () => {
      seen.ticks += 1;
    },
    timed: (work) => {
      work();
      seen.timed += 1;
    },
  });
  return Object.assign(seen, { sampler });
}

test('the first sample comes at once, one event before one tick, and none after the stop', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const seen = sampled();
  seen.sampler.start();
  assert.deepEqual([seen.events.length, seen.ticks], [1, 1]);
  context.mock.timers.tick(3_000);
  assert.deepEqual([seen.events.length, seen.ticks, seen.timed], [4, 4, 4], 'each of them handed over to be timed');
  seen.sampler.stop();
  context.mock.timers.tick(3_000);
  assert.deepEqual([seen.events.length, seen.ticks], [4, 4]);
});

test('without tap and swarm the counts are 0, what nobody measured is absent, and the process measures itself', () => {
  const seen = sampled();
  seen.sampler.sample();
  const [event] = seen.events;
  assert.ok(event?.type === 'sample');
  assert.deepEqual(
    [event.atMs, event.wallMs, event.clientsActive, event.clientsStarted],
    [1_234, clock.wallMs(), 0, 0],
  );
  assert.equal(event.contentBytesByKind.segment, 0);
  assert.equal('clientsCpuSeconds' in event, false);
  assert.ok(event.mainCpuSeconds > 0 && event.mainLoopDelayP99Ms >= 0);
  seen.sampler.stop();
});
