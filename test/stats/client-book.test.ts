// One row per client: states, what belongs to a process and what to the client, and the modelled player.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../src/events.ts';
import type { ClientRow, Snapshot } from '../../src/stats/summary.ts';
import { aTransfer, BASE, life, openLedger, PLAYLIST, play, RUN, sample, segmentUrl } from './ledger-traffic.ts';

const read = (events: readonly Event[], atMs: number): Snapshot => play(events).snapshot(atMs, 0);
const row = (events: readonly Event[], atMs: number): ClientRow | undefined => read(events, atMs).clients[0];

const progress = (atMs: number, outTimeMs: number, speed: number, process = 1): Event => ({
  type: 'progress',
  client: 1,
  process,
  atMs,
  outTimeUs: outTimeMs * 1_000,
  speed,
  isEnd: false,
});

const listed = (number: number): Event => ({
  type: 'segment-listed',
  atMs: 0,
  url: segmentUrl(number),
  playlistUrl: PLAYLIST,
  mediaSequence: number,
  durationSeconds: 2,
});

const got = (number: number, atMs: number, process = 1): Event =>
  aTransfer({ url: segmentUrl(number), startedAtMs: atMs - 10, totalMs: 10, process });

test('the states of a client over its life', () => {
  const steps: [Event, ClientRow['state']][] = [
    [life(1, 10, 'start'), 'starting'],
    [got(1, 300), 'running'],
    [life(1, 400, 'exit', { category: 'error' }), 'stopped'],
    [life(1, 401, 'restart-scheduled', { delayMs: 250 }), 'backoff'],
    [life(1, 700, 'start', { process: 2 }), 'starting'],
    [progress(800, 40, 1, 2), 'running'],
    [life(1, 900, 'stop', { process: 2 }), 'stopping'],
    [life(1, 950, 'exit', { process: 2, category: 'stopped' }), 'stopped'],
  ];
  const ledger = openLedger();
  assert.equal(ledger.snapshot(0, 0).clients[0]?.state, 'created');
  for (const [event, state] of steps) {
    ledger.record(event);
    assert.equal(ledger.snapshot(1_000, 0).clients[0]?.state, state);
  }
  const { starts, restarts, exits, active, peakActive } = ledger.snapshot(1_000, 0).summary.clients;
  assert.deepEqual({ starts, restarts, active, peakActive }, { starts: 2, restarts: 1, active: 0, peakActive: 1 });
  assert.deepEqual([exits.error, exits.stopped], [1, 1]);
});

test('drift, speed and uptime belong to the process: a restart begins them again', () => {
  const first = [life(1, 0, 'start'), progress(3_000, 2_000, 2)];
  assert.deepEqual(
    [row(first, 3_000)?.driftSeconds, row(first, 3_000)?.speed, row(first, 3_000)?.uptimeMs],
    [1, 2, 3_000],
  );
  const second = [...first, life(1, 4_000, 'exit', { category: 'error' }), life(1, 5_000, 'start', { process: 2 })];
  assert.deepEqual([row(second, 6_000)?.driftSeconds, row(second, 6_000)?.speed], [undefined, undefined]);
  const late = [...second, progress(9_000, 9_999, 1), progress(9_000, 4_500, 1.1, 2)];
  assert.equal(row(late, 10_000)?.driftSeconds, 0.5);
  assert.equal(read(late, 10_000).drift.averageSeconds, 0.5);
});

test('drift grows while FFmpeg says nothing, and a client that is far behind is counted', () => {
  const { drift } = read([life(1, 0, 'start'), progress(3_000, 2_000, 1)], 7_500);
  assert.deepEqual(drift, { averageSeconds: 5.5, maxSeconds: 5.5, highClients: 1 });
});

test('startup, stalls and distance to the live edge come from complete segments', () => {
  const events: Event[] = [
    ...[1, 2, 3, 4].map(listed),
    life(1, 100, 'start'),
    { ...aPlaylist, segmentCount: 3 },
    got(1, 500),
    got(2, 510),
    sample(3_000, []),
  ];
  const { clients, summary } = read(events, 4_000);
  assert.equal(summary.clients.playback.startupMs.n, 1);
  assert.ok(Math.abs((summary.clients.playback.startupMs.p50 ?? 0) - 400) < 4);
  assert.deepEqual([clients[0]?.segments, clients[0]?.isStalled, clients[0]?.behindLiveMs], [2, false, 2_000]);
  const stalled = read(events, 5_500).summary.clients.playback;
  assert.deepEqual([stalled.stalled, stalled.stallCount, stalled.stallSeconds, stalled.stallRatio], [1, 1, 1, 0.2]);
  const stopped = read([...events, life(1, 4_400, 'stop')], 60_000).summary.clients.playback;
  assert.deepEqual([stopped.stalled, stopped.stallCount], [0, 0], 'what follows a stop is no stall');
});

const aPlaylist: Event & { type: 'playlist' } = {
  type: 'playlist',
  client: 1,
  process: 1,
  atMs: 400,
  url: PLAYLIST,
  mediaSequence: 1,
  segmentCount: 3,
  targetDurationSeconds: 2,
  listedSeconds: 6,
  endlist: false,
};

test('ramp, elapsed and remaining time count from the first start', () => {
  const one = read([life(1, 1_000, 'start')], 11_000);
  assert.deepEqual([one.isRamping, one.elapsedSeconds, one.remainingSeconds], [true, 10, 50]);
  assert.equal(one.summary.run.rampSeconds, undefined);
  const both = read([life(1, 1_000, 'start'), life(2, 3_500, 'start')], 11_000);
  assert.deepEqual([both.isRamping, both.summary.run.rampSeconds], [false, 2.5]);
  const ledger = play([life(1, 1_000, 'start')]);
  ledger.finish(21_000);
  assert.equal(ledger.snapshot(99_000, 0).summary.run.durationSeconds, 20, 'a run that is over gets no older');
});

test('a door without a process of ours is a running client', () => {
  const { clients, isRamping, summary } = read([...[1, 2].map(listed), got(1, 500, 0)], 1_000);
  assert.deepEqual([clients[0]?.state, clients[0]?.segments, isRamping], ['running', 1, false]);
  assert.equal(summary.clients.playback.startupMs.n, 0, 'nobody knows when that player was started');
});

test('content of the variants that no client was to play is overhead; unknown without a multivariant playlist', () => {
  const variants: Event = {
    type: 'variants',
    client: 1,
    process: 1,
    atMs: 0,
    url: `${BASE}master.m3u8`,
    variants: [
      { url: `${BASE}low.m3u8`, bandwidthBitsPerSecond: 400_000 },
      { url: PLAYLIST, bandwidthBitsPerSecond: 2_000_000 },
    ],
  };
  const low: Event = { ...(listed(7) as Event & { type: 'segment-listed' }), playlistUrl: `${BASE}low.m3u8` };
  const events = [low, listed(1), got(7, 500), got(1, 600)];
  const wasted = (variant: string, known: readonly Event[]): number | undefined =>
    play([...known, ...events], openLedger({ run: { ...RUN, variant } })).snapshot(1_000, 0).summary.proxy
      .unselectedVariantBytes;
  assert.equal(wasted('highest', [variants]), 1_000);
  assert.equal(wasted('lowest', [variants]), 1_000);
  assert.equal(wasted('all', [variants]), 0);
  assert.equal(wasted('highest', []), undefined);
});
