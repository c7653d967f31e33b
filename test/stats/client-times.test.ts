// Wait and receive of one client's segments: the populations, the run and its last minute, how long the client held up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StreamEvent } from '../../src/events.ts';
import { ClientTimes } from '../../src/stats/client-times.ts';
import { RELATIVE_ERROR } from '../../src/stats/sketch.ts';
import { aTransfer } from './ledger-traffic.ts';

const near = (actual: number | undefined, expected: number): void =>
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) <= expected * RELATIVE_ERROR + 1e-9,
    `${actual} is not ${expected}`,
  );

const stream = (atMs: number, clientBlockedMs: number): StreamEvent => ({
  type: 'stream',
  client: 1,
  process: 1,
  connection: 9,
  requestIndex: 1,
  url: 'http://origin/live.ts',
  atMs,
  startedAtMs: 1_000,
  contentBytes: 5_000,
  longestGapMs: 40,
  clientBlockedMs,
  state: 'flowing',
});

test('nothing is known before the first segment', () => {
  const none = { n: 0, window: { n: 0 } };
  assert.deepEqual(new ClientTimes().read(0), { waitMs: none, receiveMs: none, clientBlockedRatio: undefined });
});

test('the populations are those of the phases: wait over 2xx heads, receive over ok ones that the client did not slow down', () => {
  const times = new ClientTimes();
  const phases = { waitMs: 4, receiveMs: 100 };
  const at = (facts: object): void => times.transfer(aTransfer({ startedAtMs: 0, totalMs: 104, phases, ...facts }));
  at({});
  at({ integrity: 'short', termination: 'SD' });
  at({ clientBlockedMs: 50 });
  at({ status: 404 });
  at({ kind: 'media-playlist' });
  at({ injected: 'throttle' });
  const { waitMs, receiveMs } = times.read(1_000);
  assert.deepEqual([waitMs.n, waitMs.window.n, receiveMs.n, receiveMs.window.n], [3, 3, 1, 1]);
  near(waitMs.p95, 4);
  near(receiveMs.window.p95, 100);
});

test('what is older than a minute is of the run only', () => {
  const times = new ClientTimes();
  const got = (startedAtMs: number, waitMs: number): void =>
    times.transfer(aTransfer({ startedAtMs, totalMs: 0, phases: { waitMs, receiveMs: 1 } }));
  got(10_000, 500);
  got(50_000, 2);
  near(times.read(59_000).waitMs.window.p95, 500);
  near(times.read(76_000).waitMs.window.p95, 2);
  near(times.read(76_000).waitMs.p95, 500);
  assert.deepEqual(times.read(200_000).waitMs.window, { n: 0 });
  assert.equal(times.read(200_000).waitMs.n, 2);
});

test('reading changes nothing: any instants in any order read the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 200_000 }), fc.double({ min: 0.01, max: 5_000, noNaN: true })), {
        maxLength: 60,
      }),
      fc.array(fc.nat({ max: 260_000 }), { minLength: 1, maxLength: 20 }),
      (values, instants) => {
        const read = new ClientTimes();
        const fresh = (): ClientTimes => {
          const times = new ClientTimes();
          for (const [startedAtMs, waitMs] of values)
            times.transfer(aTransfer({ startedAtMs, totalMs: 0, phases: { waitMs, receiveMs: waitMs } }));
          return times;
        };
        for (const [startedAtMs, waitMs] of values) {
          read.transfer(aTransfer({ startedAtMs, totalMs: 0, phases: { waitMs, receiveMs: waitMs } }));
          read.read(startedAtMs);
        }
        for (const atMs of instants) assert.deepEqual(read.read(atMs), fresh().read(atMs));
      },
    ),
    { numRuns: 60 },
  );
});

test('the blocked share is of the time of receiving, and of an open stream as it last told', () => {
  const times = new ClientTimes();
  const got = (clientBlockedMs: number, kind: 'segment' | 'stream', facts = {}): void =>
    times.transfer(
      aTransfer({ startedAtMs: 0, kind, clientBlockedMs, phases: { waitMs: 1, receiveMs: 1_000 }, ...facts }),
    );
  got(0, 'segment');
  got(500, 'segment');
  assert.equal(times.read(0).clientBlockedRatio, 0.25);
  times.stream(stream(2_000, 100));
  times.stream(stream(3_000, 1_500));
  assert.equal(times.read(0).clientBlockedRatio, 2_000 / 4_000);
  got(1_600, 'stream', { connection: 9, phases: { waitMs: 1, receiveMs: 2_200 } });
  assert.equal(times.read(0).clientBlockedRatio, 2_100 / 4_200);
  assert.equal(times.read(0).waitMs.n, 2, 'how long a stream waited is in its own table');
});
