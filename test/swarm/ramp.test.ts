// The ramp's schedule: the asked rate is kept, whatever the jitter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../src/random.ts';
import { rampSchedule } from '../../src/swarm/ramp.ts';

const options = fc.record({
  clients: fc.integer({ min: 0, max: 400 }),
  ratePerSecond: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
  jitterMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
});

test('every client starts within half a gap of its own slot: first at 0, ascending, never negative', () => {
  fc.assert(
    fc.property(options, fc.integer(), (ramp, seed) => {
      const schedule = rampSchedule(ramp, seededRandom(seed));
      assert.equal(schedule.length, ramp.clients);
      const gapMs = 1_000 / ramp.ratePerSecond;
      const shift = Math.min(ramp.jitterMs, gapMs / 2) + 1e-6;
      schedule.forEach((atMs, slot) => {
        assert.ok(Math.abs(atMs - slot * gapMs) <= shift, `slot ${slot} at ${atMs}`);
        assert.ok(atMs >= (schedule[slot - 1] ?? 0));
      });
      if (ramp.clients > 0) assert.equal(schedule[0], 0);
    }),
  );
});

test('jitter does not add up: 5 per second asked is 5 per second given (defect O2)', () => {
  const schedule = rampSchedule({ clients: 500, ratePerSecond: 5, jitterMs: 200 }, seededRandom(1));
  const realRate = 499 / ((schedule.at(-1) ?? 0) / 1_000);
  assert.ok(Math.abs(realRate - 5) < 0.01, String(realRate));
});

test('the same seed gives the same ramp, another seed another', () => {
  const ramp = { clients: 20, ratePerSecond: 5, jitterMs: 200 };
  assert.deepEqual(rampSchedule(ramp, seededRandom(3)), rampSchedule(ramp, seededRandom(3)));
  assert.notDeepEqual(rampSchedule(ramp, seededRandom(3)), rampSchedule(ramp, seededRandom(4)));
});

test('the last start counts gaps, not clients', () => {
  const lastMs = (clients: number, ratePerSecond: number): number | undefined =>
    rampSchedule({ clients, ratePerSecond, jitterMs: 0 }, seededRandom(1)).at(-1);
  assert.equal(lastMs(10, 5), 1_800);
  assert.equal(lastMs(0, 5), undefined);
  assert.equal(lastMs(10, 0), 0);
});
