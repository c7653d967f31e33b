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

test('a frozen playlist: every client stalls when its media is played, at the live edge all the while', () => {
  const events = [
    ...[1, 2].map(listed),
    life(1, 0, 'start'),
    { ...aPlaylist, segmentCount: 2 },
    got(1, 500),
    got(2, 600),
  ];
  const at = (atMs: number): unknown[] => {
    const { isStalled = false, stallCount, stallMs, behindLiveMs } = row(events, atMs) ?? {};
    return [isStalled, stallCount, stallMs, behindLiveMs];
  };
  assert.deepEqual(at(4_500), [false, 0, 0, 0]);
  assert.deepEqual(at(9_500), [true, 1, 5_000, 0]);
  const moving = [...events, listed(3), { ...aPlaylist, segmentCount: 3 }, got(3, 10_000)];
  assert.deepEqual([row(moving, 10_100)?.isStalled, row(moving, 10_100)?.stallMs], [false, 5_500]);
});

test('out_time that stands still for more than two target durations contradicts a model that sees no stall', () => {
  const playing = [
    ...[1, 2, 3, 4, 5].map(listed),
    life(1, 0, 'start'),
    aPlaylist,
    progress(1_000, 500, 1),
    got(1, 900),
  ];
  const events = [...playing, ...[2, 3, 4, 5].map((number) => got(number, 1_000)), progress(2_000, 500, 1)];
  assert.equal(row(events, 5_000)?.outTimeStillMs, undefined, 'two target durations are 4 s');
  const { clients, summary } = read(events, 6_000);
  assert.deepEqual([clients[0]?.outTimeStillMs, clients[0]?.isStalled], [5_000, false]);
  assert.deepEqual([summary.clients.playback.outTimeStalled, summary.clients.playback.stalled], [1, 0]);
  const moved = [...events, progress(6_000, 2_500, 1)];
  assert.equal(row(moved, 7_000)?.outTimeStillMs, undefined);
  const restarted = [...events, life(1, 6_000, 'exit', { category: 'error' }), life(1, 7_000, 'start', { process: 2 })];
  assert.equal(row(restarted, 60_000)?.outTimeStillMs, undefined, 'the next process has not said anything yet');
});

test('a restart ends the player: its stalls stay counted, startup and distance to the live edge are the new one’s', () => {
  const first = [...[1, 2, 3].map(listed), life(1, 0, 'start'), aPlaylist, got(1, 300), got(2, 5_300)];
  const ended = [...first, life(1, 6_000, 'exit', { category: 'signal', reason: 'SIGKILL', uptimeMs: 6_000 })];
  const between = row(ended, 9_000);
  assert.deepEqual(
    [between?.state, between?.exitCategory, between?.exitReason, between?.stallCount, between?.behindLiveMs],
    ['stopped', 'signal', 'SIGKILL', 1, undefined],
  );
  const again = [...ended, life(1, 10_000, 'start', { process: 2 }), got(3, 10_700, 2)];
  const after = row(again, 11_000);
  assert.deepEqual([after?.startupMs, after?.stallCount, after?.stallMs, after?.restarts], [700, 1, 3_000, 1]);
  assert.deepEqual(
    [after?.segments, after?.waitMs.n, after?.exitReason],
    [3, 3, 'SIGKILL'],
    'these belong to the client',
  );
  assert.equal(after?.behindLiveMs, undefined, 'the new process has not read a playlist');
  const edge = [...again, { ...aPlaylist, process: 2 }];
  assert.equal(row(edge, 11_000)?.behindLiveMs, 0);
});

test('a reason is kept as far as a row can use it', () => {
  const events = [life(1, 0, 'start'), life(1, 10, 'exit', { category: 'error', reason: 'x'.repeat(5_000) })];
  assert.equal(row(events, 20)?.exitReason?.length, 300);
});

test('without a tap, and where all of it may be in tunnels, its figures are unknown, not nothing', () => {
  const unseen = ['segments', 'contentBytes', 'stallCount', 'stallMs', 'clientBlockedRatio', 'behindLiveMs'] as const;
  const events = [life(1, 0, 'start'), progress(900, 500, 1)];
  for (const run of [
    { ...RUN, isTapped: false },
    { ...RUN, url: 'https://origin/live.m3u8', tls: 'tunnel' as const },
  ]) {
    const [client, later] = play(events, openLedger({ run })).snapshot(1_000, 0).clients;
    for (const name of unseen) assert.equal(client?.[name], undefined, name);
    for (const name of unseen) assert.equal(later?.[name], undefined, name);
    assert.deepEqual([client?.speed, client?.restarts, client?.state], [1, 0, 'running']);
  }
  const seen = play(events).snapshot(1_000, 0).clients[0];
  assert.deepEqual([seen?.segments, seen?.contentBytes, seen?.stallCount], [0, 0, 0]);
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

test('a door without a process of ours that has all of an ended list is not stalled', () => {
  const ended = { ...aPlaylist, process: 0, segmentCount: 1, endlist: true };
  const { clients } = read([listed(1), ended, got(1, 500, 0)], 60_000);
  assert.deepEqual([clients[0]?.isStalled, clients[0]?.stallCount], [false, 0]);
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
  const media = [low, listed(1), got(7, 500), got(1, 600)];
  const wasted = (variant: string, known: readonly Event[], events = media): number | undefined =>
    play([...known, ...events], openLedger({ run: { ...RUN, variant } })).snapshot(1_000, 0).summary.proxy
      ?.unselectedVariantBytes;
  assert.equal(wasted('highest', [variants]), 1_000);
  assert.equal(wasted('lowest', [variants]), 1_000);
  assert.equal(wasted('all', [variants]), 0);
  assert.equal(wasted('highest', []), undefined);
  const moved = `${BASE}low/moved.m3u8`;
  const redirected = aTransfer({
    url: `${BASE}low.m3u8`,
    startedAtMs: 1,
    kind: 'redirect',
    status: 302,
    location: moved,
  });
  const elsewhere = [{ ...low, playlistUrl: moved }, got(7, 500)];
  assert.equal(wasted('highest', [variants, redirected], elsewhere), 1_000, 'they are listed by where it came from');
});
