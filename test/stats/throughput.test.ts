// ThroughputTracker against a full-history oracle, the peer's vectors and the founding defects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Throughput } from '../../src/stats/summary.ts';
import { RING_SAMPLES, ThroughputTracker } from '../../src/stats/throughput.ts';
import { secondsToMs } from '../../src/units.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { holds } from '../support/peer-vectors.ts';

/** Feeds `bytesPerSecond` for `seconds`, one sample per second, from `fromSecond` on. */
function run(tracker: ThroughputTracker, bytesPerSecond: number, seconds: number, fromSecond = 0): void {
  if (fromSecond === 0) tracker.sample(0);
  for (let second = 1; second <= seconds; second += 1) {
    tracker.add(bytesPerSecond);
    tracker.sample(secondsToMs(fromSecond + second));
  }
}

test('numbers vanish when a second reader polls (double drain): any number of readers see the same', () => {
  const tracker = new ThroughputTracker();
  run(tracker, 1_000_000, 90);
  const first = tracker.read();
  assert.equal(first.bytesPerSecond1s, 1_000_000);
  for (let reader = 0; reader < 1000; reader += 1) {
    assert.deepEqual(tracker.read(), first);
    assert.equal(tracker.rate(secondsToMs(30)), 1_000_000);
  }
});

test('throughput shows "no data" after data: a silent second is 0 bytes per second, totals and averages stay', () => {
  const tracker = new ThroughputTracker();
  run(tracker, 500, 10);
  tracker.sample(secondsToMs(11));
  const read = tracker.read();
  assert.equal(read.bytesPerSecond1s, 0);
  assert.equal(read.totalBytes, 5000);
  assert.ok(Math.abs((read.bytesPerSecondOverall ?? 0) - 5000 / 11) < 1e-9);
  run(tracker, 0, 3600, 11);
  assert.deepEqual(tracker.read(), {
    bytesPerSecond1s: 0,
    bytesPerSecond30s: 0,
    bytesPerSecond60s: 0,
    bytesPerSecond300s: 0,
    bytesPerSecondOverall: 5000 / 3611,
    totalBytes: 5000,
  });
});

test('before the first second has passed there are totals and no rates', () => {
  const tracker = new ThroughputTracker();
  tracker.add(10);
  assert.deepEqual(tracker.read(), { totalBytes: 10 });
  tracker.sample(0);
  assert.deepEqual(tracker.read(), { totalBytes: 10 });
  assert.equal(tracker.rate(secondsToMs(1)), undefined);
});

test('the 300 s window spans 300 s once the ring is full, not 299', () => {
  const tracker = new ThroughputTracker();
  run(tracker, 1000, 300);
  run(tracker, 3000, 100, 300);
  assert.equal(tracker.read().bytesPerSecond300s, (200 * 1000 + 100 * 3000) / 300);
  assert.equal(RING_SAMPLES, 301);
});

test('a window is divided by what was measured when the history is younger or the sampling is slower', () => {
  const tracker = new ThroughputTracker();
  tracker.sample(0);
  tracker.add(500);
  tracker.sample(5000);
  tracker.add(700);
  tracker.sample(7000);
  assert.equal(tracker.read().bytesPerSecond1s, 350);
  assert.equal(tracker.read().bytesPerSecond60s, 1200 / 7);
});

test('the window may end at an earlier instant, as a slower source needs it', () => {
  const tracker = new ThroughputTracker();
  run(tracker, 100, 20);
  run(tracker, 900, 20, 20);
  assert.equal(tracker.rate(secondsToMs(10), secondsToMs(20)), 100);
  assert.equal(tracker.rate(secondsToMs(10), secondsToMs(30.4)), 900);
  assert.equal(tracker.rate(secondsToMs(10), secondsToMs(500)), 900);
  assert.equal(tracker.rate(secondsToMs(10), 0), undefined, 'nothing was measured before the first sample');
  run(tracker, 900, 300, 40);
  assert.equal(tracker.rate(secondsToMs(10), secondsToMs(20)), undefined, 'the ring no longer holds that instant');
});

test('the overall rate counts from the given beginning, as every other figure of the run does', () => {
  const tracker = new ThroughputTracker();
  run(tracker, 0, 60);
  run(tracker, 1000, 20, 60);
  assert.equal(tracker.read().bytesPerSecondOverall, 250);
  assert.equal(tracker.read(secondsToMs(60)).bytesPerSecondOverall, 1000);
  assert.equal(tracker.read(secondsToMs(80)).bytesPerSecondOverall, undefined, 'nothing has been measured since');
  const { bytesPerSecondOverall: _overall, ...windows } = tracker.read(secondsToMs(60));
  assert.deepEqual(windows, (({ bytesPerSecondOverall: _own, ...rest }) => rest)(tracker.read()));
});

test('a cumulative source never lowers the total, and its restart is counted', () => {
  const tracker = new ThroughputTracker(5000);
  tracker.sample(0);
  for (const total of [5000, 6000, 6000, 400, 900]) tracker.setTotal(total);
  assert.equal(tracker.totalBytes, 1000 + 400 + 500);
  assert.equal(tracker.resets, 1);
  assert.equal(new ThroughputTracker().resets, 0);
});

test('bytes that are negative or no number, and samples from the past, are counted and change nothing', () => {
  const tracker = new ThroughputTracker();
  run(tracker, 10, 2);
  for (const bytes of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    tracker.add(bytes);
    tracker.setTotal(bytes);
  }
  tracker.sample(500);
  tracker.sample(Number.NaN);
  assert.equal(tracker.ignored, 8);
  assert.equal(tracker.totalBytes, 20);
  assert.equal(tracker.read().bytesPerSecond1s, 10);
});

test('a sample of the same instant replaces the former one', () => {
  const tracker = new ThroughputTracker();
  run(tracker, 10, 2);
  tracker.add(90);
  tracker.sample(2000);
  assert.equal(tracker.read().bytesPerSecond1s, 100);
});

interface Kept {
  readonly atMs: number;
  readonly total: number;
}

/** The definition, on the whole history that the ring may still hold. */
function oracle(history: readonly Kept[], windowMs: number): number | undefined {
  const held = history.slice(-RING_SAMPLES);
  const end = held.at(-1);
  if (end === undefined || held.length < 2) return undefined;
  let base = held[0] ?? end;
  for (const kept of held.slice(0, -1)) {
    const isNearer = Math.abs(kept.atMs - (end.atMs - windowMs)) < Math.abs(base.atMs - (end.atMs - windowMs));
    if (isNearer) base = kept;
  }
  return ((end.total - base.total) / (end.atMs - base.atMs)) * secondsToMs(1);
}

test('every window equals the definition on the whole history, for any spacing of samples', () => {
  const step = fc.record({ bytes: fc.nat(1_000_000), gapMs: fc.integer({ min: 1, max: 9000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 700, size: 'max' }), (steps) => {
      const tracker = new ThroughputTracker();
      const history: Kept[] = [];
      let [atMs, total] = [0, 0];
      for (const { bytes, gapMs } of steps) {
        tracker.add(bytes);
        atMs += gapMs;
        total += bytes;
        tracker.sample(atMs);
        history.push({ atMs, total });
      }
      for (const seconds of [1, 30, 60, 300]) {
        const expected = oracle(history, secondsToMs(seconds));
        const actual = tracker.rate(secondsToMs(seconds));
        assert.equal(actual === undefined, expected === undefined);
        assert.ok(Math.abs((actual ?? 0) - (expected ?? 0)) <= 1e-9 * (expected ?? 0), `${seconds} s`);
      }
      assert.equal(tracker.read().totalBytes, total);
    }),
    { numRuns: 60 },
  );
});

type Operation = ['add' | 'advance_s', number] | ['sample' | 'reset' | 'stats'] | ['repeat', number, Operation[]];

interface PeerReading {
  readonly read: Throughput;
  readonly history: readonly Kept[];
}

/** A peer `stats` reads the clock and the bytes since the last sample; here that is a sample, then a reading. */
function replay(operations: readonly Operation[]): PeerReading[] {
  const readings: PeerReading[] = [];
  let atMs = 0;
  let tracker = new ThroughputTracker();
  let history: Kept[] = [];
  const sampleNow = (): void => {
    tracker.sample(atMs);
    if (history.at(-1)?.atMs === atMs) history.pop();
    history.push({ atMs, total: tracker.totalBytes });
  };
  sampleNow();
  const step = (operation: Operation): void => {
    if (operation[0] === 'repeat') for (let turn = 0; turn < operation[1]; turn += 1) operation[2].forEach(step);
    else if (operation[0] === 'add') tracker.add(operation[1]);
    else if (operation[0] === 'advance_s') atMs += secondsToMs(operation[1]);
    else if (operation[0] === 'sample') sampleNow();
    else if (operation[0] === 'reset') {
      tracker = new ThroughputTracker();
      history = [];
      sampleNow();
    } else {
      sampleNow();
      readings.push({ read: tracker.read(), history: [...history] });
    }
  };
  operations.forEach(step);
  return readings;
}

const FIELDS = [
  ['total_bytes', 'totalBytes', undefined],
  ['avg_1s', 'bytesPerSecond1s', 1],
  ['avg_30s', 'bytesPerSecond30s', 30],
  ['avg_60s', 'bytesPerSecond60s', 60],
  ['avg_300s', 'bytesPerSecond300s', 300],
  ['avg_overall', 'bytesPerSecondOverall', undefined],
] as const;

holds('throughput_tracker', {
  '': (vector) => {
    const readings = replay(vector['ops']);
    assert.equal(readings.length, vector['expected_stats'].length);
    for (const [place, { read, history }] of readings.entries()) {
      for (const [figure, ours, windowSeconds] of FIELDS) {
        const isOurOwn = differenceOf('throughput_tracker', vector, figure) !== undefined;
        const ourTruth = windowSeconds === undefined ? undefined : oracle(history, secondsToMs(windowSeconds));
        const expected = isOurOwn && ourTruth !== undefined ? ourTruth : vector['expected_stats'][place][figure];
        const value = read[ours];
        // The peer says 0 where no time has passed; we say nothing.
        if (value === undefined) assert.equal(expected, 0, figure);
        else assert.ok(Math.abs(value - expected) <= 1e-6 * Math.abs(expected), `${figure}: ${value} for ${expected}`);
      }
    }
  },
});
