// Long-lived bodies in the ledger: told while they flow, replaced by their record, apart from requests that end soon.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, StreamEvent } from '../../src/events.ts';
import { MAX_OPEN_STREAMS, StreamAccount } from '../../src/stats/streams.ts';
import { proxyOf } from '../support/tapped.ts';
import { aTransfer, life, play, sample } from './ledger-traffic.ts';

const URL = 'http://127.0.0.1:8080/live.ts';

function told(atMs: number, facts: Partial<StreamEvent> = {}): StreamEvent {
  return {
    type: 'stream',
    client: 1,
    process: 1,
    connection: 1,
    requestIndex: 1,
    url: URL,
    atMs,
    startedAtMs: 100,
    contentBytes: atMs * 250,
    longestGapMs: 40,
    clientBlockedMs: 0,
    state: 'flowing',
    ...facts,
  };
}

const ended = (facts: Parameters<typeof aTransfer>[0]) => aTransfer({ kind: 'stream', url: URL, ...facts });

const progress = (atMs: number, outTimeMs: number): Event => ({
  type: 'progress',
  client: 1,
  process: 1,
  atMs,
  outTimeUs: outTimeMs * 1_000,
  isEnd: false,
});

test('a stream is open while it is told of, and its record takes the place of all that was told', () => {
  const ledger = play([life(1, 0, 'start'), told(1_000), told(2_000, { longestGapMs: 700, state: 'silent' })]);
  const { streams, summary, clients } = ledger.snapshot(2_500, 0);
  const [row] = streams;
  assert.deepEqual(
    [row?.ageMs, row?.contentBytes, row?.bytesPerSecond, row?.state],
    [2_400, 500_000, 250_000, 'silent'],
  );
  const { open, opened, contentBytes, longestGapMs, endings } = proxyOf(summary).streams;
  assert.deepEqual([open, opened, contentBytes, longestGapMs, endings], [1, 1, 500_000, 700, {}]);
  assert.equal(clients[0]?.contentBytes, 500_000, 'what /health looks at moves while a stream flows');

  const record = ended({
    startedAtMs: 100,
    totalMs: 2_900,
    contentBytes: 600_000,
    termination: 'sD',
    longestGapMs: 900,
  });
  const after = play([record], ledger).snapshot(3_000, 0);
  assert.deepEqual(after.streams, []);
  const { throughput: _throughput, ...rest } = proxyOf(after.summary).streams;
  assert.deepEqual(rest, {
    open: 0,
    opened: 1,
    endings: { sD: 1 },
    contentBytes: 600_000,
    longestGapMs: 900,
    clientBlockedMs: 0,
  });
  assert.equal(after.clients[0]?.contentBytes, 600_000);
});

test('what was told as a stream and turns out to be a file leaves no trace among the streams', () => {
  const { summary, streams } = play([
    told(1_000, { contentBytes: 0, state: 'waiting' }),
    aTransfer({ startedAtMs: 100, kind: 'segment', url: URL }),
  ]).snapshot(2_000, 0);
  assert.deepEqual([streams.length, summary.proxy?.streams.opened], [0, 0]);
});

test('those in trouble come first, then by client; a waiting one has no rate', () => {
  const states = ['flowing', 'waiting', 'client-blocked', 'silent', 'flowing'] as const;
  const events = states.map((state, index) => told(1_000, { client: 5 - index, connection: index + 1, state }));
  const { streams } = play(events).snapshot(1_000, 0);
  assert.deepEqual(
    streams.map(({ client, state, bytesPerSecond }) => [client, state, bytesPerSecond]),
    [
      [2, 'silent', undefined],
      [3, 'client-blocked', undefined],
      [4, 'waiting', undefined],
      [1, 'flowing', undefined],
      [5, 'flowing', undefined],
    ],
  );
});

test('how long a stream lasted is in no histogram of request durations; how long its head took is', () => {
  const record = ended({ startedAtMs: 0, totalMs: 60_000, contentBytes: 9_000 });
  const { summary, phaseBuckets } = play([record]).snapshot(61_000, 0);
  const { phases, ok } = summary.proxy?.byKind.stream ?? {};
  assert.equal(ok, 1);
  assert.deepEqual([phases?.waitMs.n, phases?.receiveMs.n, phases?.totalMs.n], [1, 0, 0]);
  for (const { kind, phase, buckets } of phaseBuckets)
    if (kind === 'stream' && phase !== 'wait') assert.equal(buckets.count, 0, phase);
});

test('throughput follows the meters, not the records', () => {
  const flowing = (atMs: number, stream: number): Event => {
    const one = sample(atMs, []);
    return { ...one, contentBytesByKind: { ...one.contentBytesByKind, stream } };
  };
  const ledger = play([flowing(0, 0), flowing(1_000, 40_000), flowing(2_000, 100_000)]);
  const { throughput } = proxyOf(ledger.snapshot(2_000, 0).summary).streams;
  assert.deepEqual([throughput.totalBytes, throughput.bytesPerSecond1s], [100_000, 60_000]);
});

test('checks of the packets add up over streams, and are absent when nobody asked', () => {
  const check = (packets: number) => ({ packets, syncLosses: 1, continuityErrors: 2 });
  const ledger = play([
    ended({ startedAtMs: 0, transportStream: check(100) }),
    told(1_000, { connection: 2, transportStream: check(11) }),
  ]);
  assert.deepEqual(ledger.snapshot(1_000, 0).summary.proxy?.streams.transportStream, {
    packets: 111,
    syncLosses: 2,
    continuityErrors: 4,
  });
  assert.equal(play([told(1_000)]).snapshot(1_000, 0).summary.proxy?.streams.transportStream, undefined);
});

test('a player without segments starts, stalls and goes on by what FFmpeg reports', () => {
  const ledger = play([
    life(1, 0, 'start'),
    told(900),
    progress(1_000, 0),
    progress(4_000, 200),
    progress(5_000, 1_200),
  ]);
  const now = (atMs: number) => ledger.snapshot(atMs, 0).summary.clients.playback;
  assert.equal(now(5_500).startupMs.max, 4_000);
  assert.deepEqual([now(7_900).stalled, now(7_900).stallCount], [0, 0]);
  assert.deepEqual([now(9_000).stalled, now(9_000).stallCount, now(9_000).stallSeconds], [1, 1, 4]);
  play([progress(10_000, 1_900), progress(11_000, 2_900)], ledger);
  assert.deepEqual([now(12_000).stalled, now(12_000).stallCount, now(12_000).stallSeconds], [0, 1, 5]);
  play([life(1, 12_000, 'stop')], ledger);
  assert.equal(now(60_000).stalled, 0, 'what follows our stop is no stall');
});

test('behind a door without a process of ours an open stream makes its client a running one', () => {
  const { clients } = play([told(1_000, { process: 0 })]).snapshot(1_000, 0);
  assert.equal(clients[0]?.state, 'running');
});

test('streams beyond the limit are counted and not kept', () => {
  const account = new StreamAccount();
  for (let connection = 1; connection <= MAX_OPEN_STREAMS + 3; connection += 1)
    account.stream(told(1_000, { connection }));
  account.stream(told(2_000, { connection: 1 }));
  assert.deepEqual([account.read().open, account.ignored], [MAX_OPEN_STREAMS, 3]);
});

test('a stream at a door without a process of ours begins the run, though no transfer has ended', () => {
  const { elapsedSeconds } = play([told(5_000, { process: 0, startedAtMs: 2_000 })]).snapshot(6_000, 0);
  assert.equal(elapsedSeconds, 4);
});
