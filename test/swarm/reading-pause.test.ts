// How long a thread sleeps between two looks at what many clients say, by its real clock: never shorter than asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import { FEW_CLIENTS, ReadingPause, readingPauseMs } from '../../src/swarm/reading-pause.ts';

const CLOCK = clockFrom(clockOrigin());

test('few clients are looked at whenever they say something, many after a pause that grows with them to a bound', () => {
  assert.equal(readingPauseMs(FEW_CLIENTS), 0);
  assert.ok(readingPauseMs(FEW_CLIENTS + 1) > 0);
  assert.equal(readingPauseMs(100), 0.5);
  assert.equal(readingPauseMs(1_000), 5);
  assert.equal(readingPauseMs(20_000), 5);
});

test('each look comes a pause after the last one at the earliest, however often something came in between', async () => {
  // Every reading of the clock: the second of each look is when it looks. What a loaded machine does in between does not count.
  const readMs: number[] = [];
  const nowMs = (): number => {
    const ms = CLOCK.nowMs();
    readMs.push(ms);
    return ms;
  };
  const pause = new ReadingPause({ ...CLOCK, nowMs }, 1_000);
  for (let look = 0; look < 4; look += 1) {
    pause.note();
    pause.note();
    await turnOfTheLoop();
  }
  const lookedAtMs = readMs.filter((_, reading) => reading % 2 === 1);
  assert.equal(lookedAtMs.length, 4);
  for (const [look, ms] of lookedAtMs.slice(1).entries()) {
    const sinceMs = ms - (lookedAtMs[look] ?? Number.NaN);
    // The kernel's timer may be early by its own grain only.
    assert.ok(sinceMs >= readingPauseMs(1_000) - 0.1, `${sinceMs} ms`);
  }
});
