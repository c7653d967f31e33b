// Operations over a window against a naive oracle that keeps every sample, the rules of the status, and what events tell.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Event, TransferEvent } from '../../src/events.ts';
import { MAX_WINDOW_SECONDS, OperationWindow } from '../../src/stats/operation-window.ts';
import { OperationBook } from '../../src/stats/operations.ts';
import { RELATIVE_ERROR } from '../../src/stats/sketch.ts';
import { OPERATION_NAMES, type OperationSummary } from '../../src/stats/summary.ts';
import { secondsToMs } from '../../src/units.ts';

interface Sample {
  readonly atMs: number;
  readonly durationMs: number;
  readonly isFailure: boolean;
}

const second = (ms: number): number => Math.floor(ms / 1000);

function recorded(samples: readonly Sample[]): OperationWindow {
  const window = new OperationWindow(0);
  for (const { atMs, durationMs, isFailure } of samples) window.record(atMs, durationMs, Number(isFailure), 1);
  return window;
}

function within(samples: readonly Sample[], nowMs: number, seconds: number): readonly Sample[] {
  return samples.filter(({ atMs }) => second(atMs) > second(nowMs) - seconds && second(atMs) <= second(nowMs));
}

function mean(samples: readonly Sample[]): number {
  return samples.reduce((sum, { durationMs }) => sum + durationMs, 0) / samples.length;
}

/** Nearest rank. */
function quantile(samples: readonly Sample[], q: number): number | undefined {
  const sorted = samples.map(({ durationMs }) => durationMs).sort((one, other) => one - other);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1];
}

function assertNear(actual: number | undefined, expected: number | undefined, error: number): void {
  assert.ok(actual !== undefined && expected !== undefined);
  assert.ok(Math.abs(actual - expected) <= error * Math.abs(expected) + 1e-9, `${actual} is not ${expected}`);
}

const sample: fc.Arbitrary<Sample> = fc.record({
  atMs: fc.integer({ min: 0, max: secondsToMs(1_200) }),
  durationMs: fc.double({ min: 0.001, max: 60_000, noNaN: true }),
  isFailure: fc.boolean(),
});
const history = fc
  .array(sample, { maxLength: 200 })
  .map((samples) => samples.toSorted((one, other) => one.atMs - other.atMs));

test('counts, failures, sums and extremes are exactly those of the samples in the window', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: MAX_WINDOW_SECONDS }), (samples, seconds) => {
      const nowMs = samples.at(-1)?.atMs ?? 0;
      const chosen = within(samples, nowMs, seconds);
      const read = recorded(samples).read(nowMs, seconds);
      const failures = chosen.filter(({ isFailure }) => isFailure).length;
      assert.deepEqual([read.count, read.failures], [chosen.length, failures]);
      assert.equal(read.total.count, samples.length);
      if (chosen.length === 0) return;
      const durations = chosen.map(({ durationMs }) => durationMs);
      assert.deepEqual([read.minMs, read.maxMs], [Math.min(...durations), Math.max(...durations)]);
      assert.equal(read.successRate, (100 * (chosen.length - failures)) / chosen.length);
      assertNear(read.averageMs, mean(chosen), 1e-9);
    }),
  );
});

test('quantiles are within 1 % of the value of that rank in the ten-second slots that the window touches', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: MAX_WINDOW_SECONDS }), (samples, seconds) => {
      const nowMs = samples.at(-1)?.atMs ?? 0;
      const chosen = within(samples, nowMs, seconds);
      const read = recorded(samples).read(nowMs, seconds);
      if (chosen.length === 0) return;
      const firstSlot = Math.floor(Math.max(0, second(nowMs) - seconds + 1) / 10);
      const touched = samples.filter(({ atMs }) => second(atMs) >= firstSlot * 10);
      const bounded = (value: number | undefined): number =>
        Math.min(Math.max(value ?? Number.NaN, read.minMs ?? Number.NaN), read.maxMs ?? Number.NaN);
      assertNear(read.p50Ms, bounded(quantile(touched, 0.5)), RELATIVE_ERROR);
      assertNear(read.p95Ms, bounded(quantile(touched, 0.95)), RELATIVE_ERROR);
      assertNear(read.p99Ms, bounded(quantile(touched, 0.99)), RELATIVE_ERROR);
    }),
    { numRuns: 500 },
  );
});

test('any window has its quantiles in order and within its own extremes', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: MAX_WINDOW_SECONDS }), (samples, seconds) => {
      const read = recorded(samples).read(samples.at(-1)?.atMs ?? 0, seconds);
      const ordered = [read.minMs, read.p50Ms, read.p95Ms, read.p99Ms, read.maxMs];
      assert.equal(
        ordered.every((value) => (value === undefined) === (read.count === 0)),
        true,
      );
      assert.deepEqual(
        ordered,
        ordered.toSorted((one, other) => (one ?? 0) - (other ?? 0)),
      );
    }),
  );
});

test('reading changes nothing: readers of any window at any rate see what a single reader sees', () => {
  fc.assert(
    fc.property(
      history,
      fc.array(fc.integer({ min: 1, max: MAX_WINDOW_SECONDS }), { maxLength: 5 }),
      (samples, asked) => {
        const nowMs = samples.at(-1)?.atMs ?? 0;
        const [read, unread] = [new OperationWindow(0), recorded(samples)];
        for (const { atMs, durationMs, isFailure } of samples) {
          read.record(atMs, durationMs, Number(isFailure), 1);
          for (const seconds of asked) read.read(atMs, seconds);
        }
        assert.deepEqual(read.read(nowMs, 300), unread.read(nowMs, 300));
      },
    ),
  );
});

test('the baseline is the 95th percentile of the first whole minute with a hundred samples', () => {
  const bursts = fc.array(
    fc.record({ minute: fc.integer({ min: 0, max: 6 }), count: fc.integer({ min: 1, max: 150 }) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(bursts, (chosen) => {
      const samples = chosen
        .toSorted((one, other) => one.minute - other.minute)
        .flatMap(({ minute, count }) =>
          Array.from({ length: count }, (_, index) => ({
            atMs: minute * 60_000 + index * 100,
            durationMs: 1 + minute * 10 + index,
            isFailure: false,
          })),
        );
      const nowMs = 7 * 60_000;
      const first = second(samples[0]?.atMs ?? 0);
      const minutes = Map.groupBy(samples, ({ atMs }) => Math.floor((second(atMs) - first) / 60));
      const found = [...minutes].find(
        ([minute, held]) => held.length >= 100 && second(nowMs) >= first + 60 * (minute + 1),
      );
      const { baselineP95Ms } = recorded(samples).read(nowMs, 300);
      if (found === undefined) assert.equal(baselineP95Ms, undefined);
      else assertNear(baselineP95Ms, quantile(found[1], 0.95), RELATIVE_ERROR);
    }),
  );
});

describe('an operation', () => {
  const many = (count: number, durationMs: number, failures = 0, fromSecond = 0): Sample[] =>
    Array.from({ length: count }, (_, index) => ({
      atMs: secondsToMs(fromSecond) + Math.floor((index * 50_000) / count),
      durationMs,
      isFailure: index < failures,
    }));
  const statusAt = (nowMs: number, samples: readonly Sample[]): OperationSummary['status'] =>
    recorded(samples).read(nowMs, 300).status;

  test('that never happened has no figures, no success rate and nothing to warn of', () => {
    assert.deepEqual(new OperationWindow(0).read(59_999, 60), {
      windowSeconds: 60,
      coveredSeconds: 60,
      isTruncated: false,
      total: { count: 0, failures: 0, sumMs: 0 },
      count: 0,
      failures: 0,
      status: 'ok',
    });
  });

  test('says how much of the window was watched', () => {
    const window = new OperationWindow(10_500);
    const { coveredSeconds, isTruncated } = window.read(20_000, 300);
    assert.deepEqual([coveredSeconds, isTruncated], [11, true]);
    assert.deepEqual(window.read(10_700, 1).isTruncated, false);
    assert.equal(window.read(1_000_000, 900).coveredSeconds, 900);
  });

  test('warns below 99 % and is critical below 95 % of success', () => {
    assert.equal(statusAt(60_000, many(1000, 5, 10)), 'ok');
    assert.equal(statusAt(60_000, many(1000, 5, 11)), 'warn');
    assert.equal(statusAt(60_000, many(1000, 5, 50)), 'warn');
    assert.equal(statusAt(60_000, many(1000, 5, 51)), 'critical');
  });

  test('warns when its 95th percentile is more than twice that of its first minute', () => {
    const slower = (durationMs: number): Sample[] => [...many(200, 10), ...many(200, durationMs, 0, 400)];
    assert.equal(recorded(slower(19)).read(secondsToMs(600), 300).status, 'ok');
    const read = recorded(slower(21)).read(secondsToMs(600), 300);
    assert.equal(read.status, 'warn');
    assertNear(read.baselineP95Ms, 10, RELATIVE_ERROR);
  });

  test('is critical when the last ten seconds take more than three times the mean of the window', () => {
    const burst = (durationMs: number): Sample[] => [...many(100, 10), { atMs: 58_000, durationMs, isFailure: false }];
    assert.equal(statusAt(60_000, burst(30)), 'ok');
    assert.equal(statusAt(60_000, burst(100)), 'critical');
    assert.equal(statusAt(70_000, burst(100)), 'ok', 'ten seconds later it is over');
  });

  test('leaves out what is older than its ring and what is no duration, and says how many', () => {
    const window = recorded([{ atMs: secondsToMs(1_000), durationMs: 1, isFailure: false }]);
    for (const [atMs, durationMs] of [
      [secondsToMs(100), 1],
      [secondsToMs(1_000), Number.NaN],
      [secondsToMs(1_000), -1],
      [-1, 1],
    ] as const)
      window.record(atMs, durationMs, 0, 1);
    assert.deepEqual([window.ignored, window.read(secondsToMs(1_000), 900).count], [4, 1]);
  });

  test('counts what comes late in the second in which it was', () => {
    const window = recorded(many(100, 10));
    assert.equal(window.read(secondsToMs(100), 200).count, 100);
    for (let late = 0; late < 10; late += 1) window.record(secondsToMs(5), 500, 0, 1);
    const read = window.read(secondsToMs(100), 200);
    assert.deepEqual([read.count, read.maxMs], [110, 500]);
    assertNear(read.p99Ms, 500, RELATIVE_ERROR);
    assertNear(read.p50Ms, 10, RELATIVE_ERROR);
    assert.equal(window.read(secondsToMs(100), 50).count, 0);
  });

  test('has quantiles of all of the longest window, wherever in a slot it begins', () => {
    const window = new OperationWindow(0);
    window.record(secondsToMs(7), 1_000, 0, 10);
    window.record(secondsToMs(905), 1, 0, 10);
    assertNear(window.read(secondsToMs(905), 900).p95Ms, 1_000, RELATIVE_ERROR);
  });

  test('has no baseline of what comes late, of a minute that had too few', () => {
    const window = recorded(many(50, 10));
    window.record(secondsToMs(61), 10, 0, 50);
    window.record(secondsToMs(30), 500, 0, 60);
    assert.equal(window.read(secondsToMs(200), 300).baselineP95Ms, undefined);
  });
});

const TRANSFER = {
  type: 'transfer',
  kind: 'segment',
  termination: '--',
  status: 200,
  startedAtMs: 1_000,
  totalMs: 40,
  phases: { waitMs: 12 },
  stopping: false,
} as TransferEvent;

function observed(...events: readonly object[]): (name: OperationSummary['name']) => OperationSummary {
  const book = new OperationBook(0);
  for (const event of events) book.observe(event as Event);
  const summaries = new Map(book.read(2_000).map((summary) => [summary.name, summary]));
  return (name) => summaries.get(name) as OperationSummary;
}

describe('the book of operations', () => {
  test('has every operation from the first moment on, in one order', () => {
    assert.deepEqual(
      new OperationBook(0).read(0).map(({ name }) => name),
      OPERATION_NAMES,
    );
  });

  test('takes fetches by kind from transfers, segments with the wait for their first octet', () => {
    const of = observed(
      TRANSFER,
      { ...TRANSFER, kind: 'media-playlist', totalMs: 5 },
      { ...TRANSFER, kind: 'multivariant-playlist', totalMs: 7 },
      { ...TRANSFER, kind: 'key', totalMs: 3 },
      { ...TRANSFER, kind: 'redirect', totalMs: 100 },
    );
    assert.deepEqual([of('hls_segment_fetch').averageMs, of('hls_segment_ttfb').averageMs], [40, 12]);
    assert.deepEqual([of('hls_manifest_fetch').count, of('hls_manifest_fetch').averageMs], [2, 6]);
    assert.deepEqual([of('hls_key_fetch').count, of('hls_key_fetch').averageMs], [1, 3]);
  });

  test('counts errors and broken transfers as failures and leaves out those that we ended ourselves', () => {
    const of = observed(
      TRANSFER,
      { ...TRANSFER, status: 404 },
      { ...TRANSFER, termination: 'SD' },
      { ...TRANSFER, termination: 'SC', phases: {}, status: undefined },
      { ...TRANSFER, termination: 'KD' },
      { ...TRANSFER, termination: 'CD', stopping: true },
    );
    assert.deepEqual([of('hls_segment_fetch').count, of('hls_segment_fetch').failures], [4, 3]);
    assert.deepEqual([of('hls_segment_ttfb').count, of('hls_segment_ttfb').failures], [3, 2]);
  });

  test('takes what playlists, scrapes and listings took, and nothing of those that do not say', () => {
    const of = observed(
      { type: 'playlist', atMs: 1_000, readMs: 0.25 },
      { type: 'variants', atMs: 1_000, readMs: 0.75 },
      { type: 'playlist', atMs: 1_000 },
      { type: 'origin-sample', atMs: 1_000, ok: true, tookMs: 3 },
      { type: 'origin-sample', atMs: 1_000, ok: false, tookMs: 5 },
      { type: 'listing', atMs: 1_000, ok: true, tookMs: 9 },
    );
    assert.deepEqual([of('hls_manifest_generation').count, of('hls_manifest_generation').averageMs], [2, 0.5]);
    assert.deepEqual([of('origin_scrape').successRate, of('origin_scrape').averageMs], [50, 4]);
    assert.deepEqual([of('segment_size_scrape').count, of('segment_size_scrape').maxMs], [1, 9]);
  });
});
