// The run's clock: the same zero in every thread, finer than anything that is measured with it. It times nothing here.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { clockFrom, clockOrigin } from '../src/clock.ts';

/** What two threads may disagree by; a hundredth of what a phase is rounded to. */
const GRAIN_MS = 0.001;
const ROUNDS = 50;

const ECHO = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { clockFrom } = await import(workerData.module);
  const clock = clockFrom(workerData.origin);
  parentPort.on('message', () => parentPort.postMessage(clock.nowMs()));
  parentPort.postMessage('ready');
`;

test('it counts from its origin and never back', () => {
  const clock = clockFrom(clockOrigin());
  let last = clock.nowMs();
  assert.ok(last > -GRAIN_MS && last < 1000, `${last}`);
  for (let round = 0; round < 10_000; round += 1) {
    const now = clock.nowMs();
    assert.ok(now >= last);
    last = now;
  }
});

test('what another thread reads lies between what this one read before and after', async () => {
  const origin = clockOrigin();
  const clock = clockFrom(origin);
  const module = new URL('../src/clock.ts', import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(ECHO)}`), {
    workerData: { origin, module },
  });
  await once(worker, 'message');
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = clock.nowMs();
    worker.postMessage('now');
    const [there] = (await once(worker, 'message')) as [number];
    const after = clock.nowMs();
    assert.ok(there >= before - GRAIN_MS && there <= after + GRAIN_MS, `${before} <= ${there} <= ${after}`);
  }
  await worker.terminate();
});
