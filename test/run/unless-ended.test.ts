// A start that is cut short by the wish to end, whatever it is waiting for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotMeasure } from '../../src/run/exit-codes.ts';
import { unlessEnded } from '../../src/run/unless-ended.ts';

const never = new Promise<never>(() => {});
const refused = (error: unknown): boolean =>
  error instanceof CannotMeasure && error.message === 'ended before the test';

test('a step hands on what it gives and why it failed', async () => {
  const { signal: ending } = new AbortController();
  assert.equal(await unlessEnded({ ending }, Promise.resolve(7), 'the test'), 7);
  const failure = new Error('of the step');
  await assert.rejects(unlessEnded({ ending }, Promise.reject(failure), 'the test'), failure);
});

test('a step that never ends is left as soon as the run is ended, also when it was ended before', async () => {
  const controller = new AbortController();
  const left = unlessEnded({ ending: controller.signal }, never, 'the test');
  controller.abort();
  await assert.rejects(left, refused);
  await assert.rejects(unlessEnded({ ending: controller.signal }, Promise.resolve(7), 'the test'), refused);
});
