// What the instrument says of itself: the delays of the ramp stay as they were at its end, whatever the run brings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SampleEvent } from '../../src/events.ts';
import { NO_METERS } from '../../src/meters.ts';
import { InstrumentAccount } from '../../src/stats/instrument-account.ts';

function sample(clientsStarted: number, tapLoopDelayP99Ms: number, mainLoopDelayP99Ms: number): SampleEvent {
  return {
    type: 'sample',
    atMs: 0,
    wallMs: 0,
    ...NO_METERS,
    tapLoopDelayP99Ms,
    mainLoopDelayP99Ms,
    tapCpuSeconds: 0,
    mainCpuSeconds: 0,
    clientsActive: clientsStarted,
    clientsStarted,
  };
}

test('the delays of the ramp are those of the first sample in which all clients had been started', () => {
  const account = new InstrumentAccount(3);
  account.sampled(sample(2, 9, 40));
  assert.deepEqual(account.read(0).eventLoopDelayMs, { tapP99: 9, mainP99: 40 });
  account.sampled(sample(3, 8, 30));
  account.sampled(sample(3, 1, 2));
  assert.deepEqual(account.read(0).eventLoopDelayMs, { tapP99: 1, mainP99: 2, rampTapP99: 8, rampMainP99: 30 });
});

test('doors for any player have no ramp', () => {
  const account = new InstrumentAccount(0);
  account.sampled(sample(0, 1, 2));
  assert.deepEqual(account.read(0).eventLoopDelayMs, { tapP99: 1, mainP99: 2 });
});
