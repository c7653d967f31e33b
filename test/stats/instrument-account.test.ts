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

test('a machine that is full while its clients start is not full, one that stays so is', () => {
  const account = new InstrumentAccount(2);
  const at = (seconds: number, started: number, starting: number, machineCpuRatio: number): void =>
    account.sampled({
      ...sample(started, 0, 0),
      atMs: seconds * 1_000,
      clientsStarting: starting,
      machineCpuRatio,
    });
  for (let second = 0; second < 20; second += 1) at(second, second < 10 ? 1 : 2, 1, 1);
  assert.equal(account.machineFull, undefined);
  for (let second = 20; second < 30; second += 1) at(second, 2, 0, second < 25 ? 1 : 0.5);
  assert.deepEqual(account.machineFull, { share: 0.5, sinceMs: 20_000 });
  // A process that starts again later is no ramp.
  for (let second = 30; second < 40; second += 1) at(second, 2, 1, 1);
  const { share } = account.machineFull ?? {};
  assert.equal(share, 0.75);
});

test('a client that never plays does not make a start of the whole run', () => {
  const account = new InstrumentAccount(1);
  for (let second = 0; second < 80; second += 1)
    account.sampled({ ...sample(1, 0, 0), atMs: second * 1_000, clientsStarting: 1, machineCpuRatio: 1 });
  assert.deepEqual(account.machineFull, { share: 1, sinceMs: 61_000 });
});

test('doors for any player have no ramp', () => {
  const account = new InstrumentAccount(0);
  account.sampled(sample(0, 1, 2));
  assert.deepEqual(account.read(0).eventLoopDelayMs, { tapP99: 1, mainP99: 2 });
});
