// How long a thread sleeps between two looks at what many clients say, by its real clock: never shorter than asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import { FEW_CLIENTS, ReadingPause, readingPauseMs } from '../../src/swarm/reading-pause.ts';

const CLOCK = clockFrom(clockOrigin());

test('few clients are looked at whenever they say something, many after a pause that grows with them to a bound', () => {
  assert.equal(readingPauseMs(FEW_CLIENTS), 0);
  assert.ok(readingPauseMs(FEW_CLIENTS + 1) > 0 && readingPauseMs(100) < 0.5);
  assert.equal(readingPauseMs(1_000), 3);
  assert.equal(readingPauseMs(20_000), 3);
});

test('each look comes a pause after the last one at the earliest, however often something came in between', async () => {
  const slept: number[] = [];
  const pause = new ReadingPause(CLOCK, 1_000);
  for (let look = 0; look < 4; look += 1) {
    pause.note();
    pause.note();
    const sinceMs = CLOCK.nowMs();
    await turnOfTheLoop();
    slept.push(CLOCK.nowMs() - sinceMs);
  }
  const total = slept.slice(1).reduce((sum, ms) => sum + ms, 0);
  // The kernel's timer may be early by its own grain only.
  assert.ok(total >= 3 * (readingPauseMs(1_000) - 0.1), `${slept} ms`);
});
