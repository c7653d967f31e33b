// The timetable on a clock that moves by hand: tiers, re-arming, jitter, no overlap. Nothing is fetched here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { intervalMs, MIN_INTERVAL_MS, Schedule, type ScheduleOptions } from '../../src/scrape/adaptive-interval.ts';
import { FakeTime } from './fake-time.ts';

interface Bench {
  readonly time: FakeTime;
  readonly schedule: Schedule;
  /** Begin of each run. */
  readonly runs: number[];
}

function bench(options: Partial<ScheduleOptions> = {}): Bench {
  const time = new FakeTime();
  const runs: number[] = [];
  const schedule = new Schedule({
    intervalMs: (activeClients) => intervalMs({ activeClients }),
    jitterMs: () => 0,
    random: () => 0.5,
    nowMs: () => time.clock.nowMs(),
    timers: time.timers,
    ...options,
    task: async (signal) => {
      runs.push(time.clock.nowMs());
      await options.task?.(signal);
    },
  });
  return { time, schedule, runs };
}

test('the interval follows the load: 10 s, 3 s, 2 s, 1 s', () => {
  const at = (activeClients: number): number => intervalMs({ activeClients });
  assert.deepEqual([0, 1, 5, 6, 99, 100, 10_000].map(at), [10_000, 3000, 3000, 2000, 2000, 1000, 1000]);
});

test('a fixed interval beats the load, a cap bounds it, and nothing goes below the floor', () => {
  assert.equal(intervalMs({ activeClients: 300, fixedMs: 7000, capMs: 2000 }), 7000);
  assert.equal(intervalMs({ activeClients: 0, capMs: 2000 }), 2000);
  assert.equal(intervalMs({ activeClients: 0, fixedMs: 0 }), MIN_INTERVAL_MS);
  assert.equal(intervalMs({ activeClients: 300, capMs: 1 }), MIN_INTERVAL_MS);
});

for (const [clients, perMinute] of [
  [0, 6],
  [3, 20],
  [8, 30],
  [300, 60],
] as const) {
  test(`${clients} clients: ${perMinute} scrapes per minute, with and without jitter`, async () => {
    for (const jitterMs of [() => 0, (interval: number) => interval / 10]) {
      const { time, schedule, runs } = bench({ jitterMs, random: () => 0.7 });
      schedule.setActiveClients(clients);
      schedule.start();
      await time.advance(60_000 - 1);
      assert.equal(runs.length, perMinute);
      await schedule.stop();
    }
  });
}

test('a change of tier takes effect at once, in both directions', async () => {
  const { time, schedule, runs } = bench();
  schedule.start();
  await time.advance(4000);
  schedule.setActiveClients(300);
  await time.advance(0);
  assert.deepEqual(runs, [0, 4000]);
  await time.advance(1000);
  assert.deepEqual(runs, [0, 4000, 5000]);
  schedule.setActiveClients(0);
  await time.advance(9999);
  assert.equal(runs.length, 3);
  await time.advance(1);
  assert.deepEqual(runs, [0, 4000, 5000, 15_000]);
  await schedule.stop();
});

test('8 clients out of none are seen within 2 s, whenever they come', async () => {
  for (let jumpMs = 0; jumpMs < 12_000; jumpMs += 250) {
    const { time, schedule, runs } = bench();
    schedule.start();
    await time.advance(jumpMs);
    schedule.setActiveClients(8);
    await time.advance(2000);
    const [next = Number.POSITIVE_INFINITY] = runs.filter((at) => at >= jumpMs);
    assert.ok(next - jumpMs <= 2000, `a jump at ${jumpMs} ms, a scrape at ${next} ms`);
    await schedule.stop();
  }
});

test('a cap that becomes known takes effect at the next word of the load', async () => {
  let capMs = 2000;
  const { time, schedule, runs } = bench({ intervalMs: (activeClients) => intervalMs({ activeClients, capMs }) });
  schedule.setActiveClients(8);
  schedule.start();
  await time.advance(2000);
  capMs = 700;
  schedule.setActiveClients(8);
  await time.advance(1500);
  assert.deepEqual(runs, [0, 2000, 2700, 3400]);
  await schedule.stop();
});

test('a change within a tier changes nothing', async () => {
  const { time, schedule, runs } = bench({ jitterMs: () => 200, random: () => 0.9 });
  schedule.setActiveClients(7);
  schedule.start();
  for (let clients = 8; clients < 90; clients += 1) {
    schedule.setActiveClients(clients);
    await time.advance(25);
  }
  assert.equal(runs.length, 1);
  await schedule.stop();
});

test('runs never overlap: a slow one is followed by the next, without a burst that catches up', async () => {
  let running = 0;
  const holder: { time?: FakeTime } = {};
  const made = bench({
    task: () =>
      new Promise<void>((resolve) => {
        running += 1;
        assert.equal(running, 1);
        holder.time?.timers.set(() => {
          running -= 1;
          resolve();
        }, 2500);
      }),
  });
  holder.time = made.time;
  made.schedule.setActiveClients(300);
  made.schedule.start();
  await made.time.advance(10_000);
  assert.deepEqual(made.runs, [0, 2500, 5000, 7500, 10_000]);
});

test('runNow begins after the call: it waits for a run in progress and then runs again', async () => {
  const releases: (() => void)[] = [];
  const { time, schedule, runs } = bench({
    task: () =>
      new Promise<void>((resolve) => {
        releases.push(resolve);
      }),
  });
  schedule.start();
  let isDone = false;
  const now = schedule.runNow().then(() => {
    isDone = true;
  });
  await time.advance(0);
  assert.equal(runs.length, 1);
  releases[0]?.();
  await time.advance(0);
  assert.deepEqual([runs.length, isDone], [2, false]);
  releases[1]?.();
  await now;
  assert.equal(time.armed, 1);
  await schedule.stop();
});

test('runNow works before the start and arms nothing', async () => {
  const { time, schedule, runs } = bench();
  await schedule.runNow();
  assert.deepEqual([runs.length, time.armed], [1, 0]);
});

test('stop tells a run in progress to give up, waits for it and leaves no timer', async () => {
  const { time, schedule, runs } = bench({
    task: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve());
      }),
  });
  schedule.start();
  await schedule.stop();
  await time.advance(60_000);
  await schedule.runNow();
  schedule.start();
  assert.deepEqual([runs.length, time.armed], [1, 0]);
});

test('jitter shifts each due time by at most its width and half the interval, and does not add up', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 5000 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }),
      async (jitterMs, draws) => {
        let draw = 0;
        const random = (): number => {
          draw += 1;
          return draws[draw % draws.length] ?? 0.5;
        };
        const { time, schedule, runs } = bench({ jitterMs: () => jitterMs, random });
        schedule.setActiveClients(300);
        schedule.start();
        await time.advance(10_000);
        await schedule.stop();
        runs.forEach((at, index) => {
          assert.ok(Math.abs(at - index * 1000) <= Math.min(jitterMs, 500) + 1e-6, `run ${index} at ${at}`);
        });
        assert.ok(runs.length >= 10);
      },
    ),
    { numRuns: 25 },
  );
});
