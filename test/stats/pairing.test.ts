// Pairing of request lines and transfers: each rule by name, any order of arrival, and scripted traffic as the oracle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pairing } from '../../src/stats/pairing.ts';
import { MAX_PENDING } from '../../src/stats/pairing-process.ts';
import {
  type Arrival,
  assertBalanced,
  counts,
  lineArrival,
  NONE,
  NOTHING_OPEN,
  play,
  requestLine,
  transfer,
  transferArrival,
} from './pairing-traffic.ts';

const SEGMENT = 'http://origin/live/seg1.ts';
const PLAYLIST = 'http://origin/live/stream.m3u8';

test('a line and its transfer are one matched attempt with a signed start error', () => {
  const pairing = play([
    lineArrival(requestLine(SEGMENT, 100)),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 100.25 })),
  ]);
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
  assert.equal(pairing.read().groups.segment.startErrorMs.bias, -0.25);
  assert.equal(pairing.read().unit, 'request');
});

test('keep-alive requests are missed: 500 requests on one connection are 500 attempts', () => {
  const arrivals = Array.from({ length: 500 }, (_, place) => [
    lineArrival(requestLine(`http://origin/seg${place}.ts`, place * 2000)),
    transferArrival(transfer({ url: `http://origin/seg${place}.ts`, startedAtMs: place * 2000 + 0.3 })),
  ]).flat();
  assert.deepEqual(counts(play(arrivals)), { ...NONE, matched: 500 });
});

test('same-millisecond requests are lost: lines and transfers of one instant stay apart by URL and by order', () => {
  const same = [0, 1, 2].flatMap((place) => [
    lineArrival(requestLine(SEGMENT, 50)),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 50, connection: place })),
    lineArrival(requestLine(`http://origin/other${place}.ts`, 50)),
    transferArrival(transfer({ url: `http://origin/other${place}.ts`, startedAtMs: 50 })),
  ]);
  assert.deepEqual(counts(play(same)), { ...NONE, matched: 6 });
});

test('byte ranges of one URL are different resources, and bytes=0- is the whole', () => {
  const arrivals = [
    lineArrival(requestLine(SEGMENT, 0, [0, 99])),
    lineArrival(requestLine(SEGMENT, 1, [100, 199])),
    lineArrival(requestLine(SEGMENT, 2, [0, null])),
    transferArrival(transfer({ url: SEGMENT, range: [100, 199], startedAtMs: 0.9 })),
    transferArrival(transfer({ url: SEGMENT, range: [0, 99], startedAtMs: 1.3 })),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 2.2 })),
  ];
  const pairing = play(arrivals);
  assert.deepEqual(counts(pairing), { ...NONE, matched: 3 });
  assert.ok(Math.abs((pairing.read().groups.segment.startErrorMs.bias ?? 0) - (-1.3 + 0.1 - 0.2) / 3) < 1e-9);
});

test('a transfer that no line announced is missed', () => {
  const arrivals = [
    lineArrival(requestLine(PLAYLIST, 0), { guess: 'playlist' }),
    transferArrival(transfer({ url: PLAYLIST, kind: 'media-playlist', startedAtMs: 0.3 })),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 5 })),
  ];
  const pairing = play(arrivals);
  assert.deepEqual(counts(pairing), { ...NONE, missed: 1 });
  assert.deepEqual(counts(pairing, 'playlist'), { ...NONE, matched: 1 });
});

test('a line that no transfer followed is spurious under the parser’s guess, but only once nothing is open', () => {
  const bypassed = [lineArrival(requestLine(SEGMENT, 0), { guess: 'segment' })];
  assert.deepEqual(counts(play(bypassed, NOTHING_OPEN)), { ...NONE, spurious: 1 });
  assert.deepEqual(counts(play(bypassed, { hasOpenTransfers: () => true })), { ...NONE, pending: 1 });
  const unknown = play(bypassed);
  assert.deepEqual(counts(unknown), { ...NONE, pending: 1 });
  unknown.finish();
  assert.deepEqual(counts(unknown), { ...NONE, spurious: 1 });
});

test('a transfer of minutes is waited for: its record comes at its end', () => {
  const arrivals = [
    lineArrival(requestLine(SEGMENT, 0)),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 0.4, totalMs: 240_000 })),
  ];
  let nowMs = 0;
  const open = { hasOpenTransfers: () => nowMs < 240_000 };
  const pairing = new Pairing();
  arrivals[0]?.deliver(pairing);
  for (; nowMs < 240_000; nowMs += 1000) pairing.settle(nowMs, open);
  pairing.settle(nowMs, open);
  arrivals[1]?.deliver(pairing);
  for (const laterMs of [1000, 2000]) pairing.settle(nowMs + laterMs, open);
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
});

test('a GET line written to a connection that was gone is a dead connection, not spurious, though transfers go on', () => {
  const arrivals = Array.from({ length: 20 }, (_, place) => [
    lineArrival(requestLine(PLAYLIST, place * 2000), { guess: 'playlist', isNewConnection: false }),
    lineArrival(requestLine(PLAYLIST, place * 2000 + 0.6), { guess: 'playlist', isNewConnection: true }),
    transferArrival(transfer({ url: PLAYLIST, kind: 'media-playlist', startedAtMs: place * 2000 + 0.9 })),
  ]).flat();
  const pairing = play(arrivals, { hasOpenTransfers: () => true });
  assert.deepEqual(counts(pairing, 'playlist'), { ...NONE, matched: 20, deadConnection: 20 });
});

test('both lines in one read of the pipe: the repeated one is dead, also when the log does not say who dialled', () => {
  for (const isNewConnection of [true, undefined]) {
    const arrivals = [
      lineArrival(requestLine(SEGMENT, 10)),
      lineArrival(requestLine(SEGMENT, 10), { guess: 'segment', ...(isNewConnection ? { isNewConnection } : {}) }),
      transferArrival(transfer({ url: SEGMENT, startedAtMs: 9.5 })),
    ];
    assert.deepEqual(counts(play(arrivals, NOTHING_OPEN)), { ...NONE, matched: 1, deadConnection: 1 });
  }
});

test('a reload of a playlist is no repetition: its lost predecessor is spurious', () => {
  const arrivals = [
    lineArrival(requestLine(PLAYLIST, 0), { guess: 'playlist', isNewConnection: false }),
    lineArrival(requestLine(PLAYLIST, 1500), { guess: 'playlist', isNewConnection: false }),
    transferArrival(transfer({ url: PLAYLIST, kind: 'media-playlist', startedAtMs: 1500.2 })),
  ];
  assert.deepEqual(counts(play(arrivals, NOTHING_OPEN), 'playlist'), { ...NONE, matched: 1, spurious: 1 });
});

test('an attempt that the origin failed and its retry are two attempts', () => {
  const arrivals = [
    lineArrival(requestLine(SEGMENT, 0), { guess: 'segment', isNewConnection: false }),
    lineArrival(requestLine(SEGMENT, 3), { guess: 'segment', isNewConnection: true }),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 0.4, totalMs: 2 })),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 3.4, connection: 2 })),
  ];
  assert.deepEqual(counts(play(arrivals)), { ...NONE, matched: 2 });
});

test('a redirect and the request that follows it are two attempts', () => {
  const target = 'http://edge/seg1.ts';
  const arrivals = [
    lineArrival(requestLine(SEGMENT, 0)),
    lineArrival(requestLine(target, 2)),
    transferArrival(transfer({ url: SEGMENT, kind: 'redirect', startedAtMs: 0.2, totalMs: 1 })),
    transferArrival(transfer({ url: target, startedAtMs: 2.2 })),
  ];
  const pairing = play(arrivals);
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
  assert.equal(pairing.read().groups.other.matched, 1);
});

test('what is at or after the stop is out on both sides and counted once per attempt', () => {
  const pairing = new Pairing();
  pairing.processStopping(1, 1, 5000);
  play(
    [
      lineArrival(requestLine(SEGMENT, 1000)),
      transferArrival(transfer({ url: SEGMENT, startedAtMs: 1000.2 })),
      lineArrival(requestLine('http://origin/cut.ts', 4999)),
      transferArrival(transfer({ url: 'http://origin/cut.ts', startedAtMs: 4999.3, stopping: true })),
      lineArrival(requestLine('http://origin/after.ts', 5000)),
      transferArrival(transfer({ url: 'http://origin/unseen.ts', startedAtMs: 5100, stopping: true })),
    ],
    NOTHING_OPEN,
    pairing,
  );
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1, excludedAtStop: 3 });
});

test('a door outlives restarts: attempts of two processes never pair, and the former’s lines end with it', () => {
  const pairing = play([
    lineArrival(requestLine(SEGMENT, 100)),
    { atMs: 150, deliver: (target) => target.processStarted(1, 2) },
    lineArrival(requestLine(SEGMENT, 200, undefined, 2)),
    transferArrival(transfer({ url: SEGMENT, process: 2, startedAtMs: 100.3 })),
    transferArrival(transfer({ url: SEGMENT, process: 0, startedAtMs: 100.3 })),
  ]);
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1, spurious: 1 });
});

test('a late line counts as matched and is left out of the timing', () => {
  const pairing = play([
    lineArrival(requestLine(SEGMENT, 900), { guess: 'segment', isLate: true }),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 20 })),
  ]);
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
  assert.equal(pairing.read().groups.segment.lateLines, 1);
  assert.deepEqual(pairing.read().groups.segment.startErrorMs, { n: 0 });
});

test('a line is late by the second’s own loop delay, said before the settling; then it may be seconds late', () => {
  const pairing = new Pairing();
  lineArrival(requestLine(SEGMENT, 3000)).deliver(pairing);
  lineArrival(requestLine(PLAYLIST, 5000), { guess: 'playlist' }).deliver(pairing);
  transferArrival(transfer({ url: SEGMENT, startedAtMs: 20 })).deliver(pairing);
  transferArrival(transfer({ url: PLAYLIST, kind: 'media-playlist', startedAtMs: 3100 })).deliver(pairing);
  pairing.linesWereLate(2000, 3000);
  pairing.finish();
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
  assert.equal(pairing.read().groups.segment.lateLines, 1);
  assert.deepEqual(counts(pairing, 'playlist'), { ...NONE, missed: 1, spurious: 1 }, 'without a delay that is no pair');
});

test('a request is late by the delay of its thread of the tap, said before the settling; then its line may be seconds early', () => {
  const pairing = new Pairing();
  lineArrival(requestLine(SEGMENT, 20)).deliver(pairing);
  lineArrival(requestLine(PLAYLIST, 3100), { guess: 'playlist' }).deliver(pairing);
  transferArrival(transfer({ url: SEGMENT, startedAtMs: 3000 })).deliver(pairing);
  transferArrival(transfer({ url: PLAYLIST, kind: 'media-playlist', startedAtMs: 5000 })).deliver(pairing);
  pairing.requestsWereLate(2000, 3000);
  pairing.finish();
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
  assert.equal(pairing.read().groups.segment.lateLines, 1);
  assert.deepEqual(pairing.read().groups.segment.startErrorMs, { n: 0 });
  assert.deepEqual(counts(pairing, 'playlist'), { ...NONE, missed: 1, spurious: 1 }, 'without a delay that is no pair');
});

test('a lost line does not push the later ones of a reloaded playlist to their neighbours', () => {
  const arrivals: Arrival[] = [];
  for (let place = 0; place < 60; place += 1) {
    const url = { url: PLAYLIST, kind: 'media-playlist' } as const;
    const note = { guess: 'playlist', isNewConnection: false } as const;
    if (place !== 7) arrivals.push(lineArrival(requestLine(PLAYLIST, place * 1000), note));
    if (place !== 33) arrivals.push(transferArrival(transfer({ ...url, startedAtMs: place * 1000 + 0.3 })));
  }
  const pairing = play(arrivals, NOTHING_OPEN);
  assert.deepEqual(counts(pairing, 'playlist'), { ...NONE, matched: 58, missed: 1, spurious: 1 });
  assert.ok(Math.abs((pairing.read().groups.playlist.startErrorMs.absP95 ?? 0) - 0.3) < 0.01);
});

test('after a delay of our own loop nothing is given up before what waited in the pipes was read', () => {
  const pairing = new Pairing();
  lineArrival(requestLine(SEGMENT, 0)).deliver(pairing);
  pairing.settle(1000, NOTHING_OPEN);
  pairing.settle(11_000, NOTHING_OPEN);
  transferArrival(transfer({ url: SEGMENT, startedAtMs: 0.3 })).deliver(pairing);
  for (const atMs of [12_000, 13_000]) pairing.settle(atMs, NOTHING_OPEN);
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
});

test('below debug level the logical open is the unit: segments and init sections, other transfers are out of it', () => {
  const pairing = play(
    [
      transferArrival(transfer({ url: PLAYLIST, kind: 'media-playlist', startedAtMs: 0 })),
      {
        atMs: 20,
        deliver: (target) => {
          const base = { type: 'parsed', client: 1, process: 1, atMs: 20, rule: 'hls-request' } as const;
          target.hlsRequest({ ...base, url: SEGMENT, offset: 500, playlist: 0 }, { guess: 'segment' });
        },
      },
      transferArrival(transfer({ url: SEGMENT, range: [500, 999], startedAtMs: 20.4 })),
      transferArrival(transfer({ url: 'http://origin/unseen.ts', startedAtMs: 40 })),
    ],
    NOTHING_OPEN,
  );
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1, missed: 1 });
  assert.equal(pairing.read().unit, 'hls-request');
  assert.equal(pairing.read().totals.outOfUnit, 1);
});

test('where GET lines are printed the logical opens count for nothing', () => {
  const open = {
    type: 'parsed',
    client: 1,
    process: 1,
    rule: 'hls-request',
    url: SEGMENT,
    offset: 0,
    playlist: 0,
  } as const;
  const pairing = new Pairing();
  pairing.hlsRequest({ ...open, atMs: 0 }, { guess: 'segment' });
  transferArrival(transfer({ url: SEGMENT, range: [5, 9], startedAtMs: 0.4 })).deliver(pairing);
  lineArrival(requestLine(SEGMENT, 0.1, [5, 9])).deliver(pairing);
  pairing.hlsRequest({ ...open, atMs: 1 }, { guess: 'segment' });
  pairing.finish();
  assert.deepEqual(counts(pairing), { ...NONE, matched: 1 });
  assert.equal(pairing.read().totals.droppedLines, 1);
});

test('what is pending is bounded: the oldest lines and transfers are dropped and counted', () => {
  const pairing = new Pairing();
  for (let place = 0; place < MAX_PENDING + 10; place += 1) {
    lineArrival(requestLine(`http://origin/l${place}`, place)).deliver(pairing);
    transferArrival(transfer({ url: `http://origin/t${place}`, startedAtMs: place })).deliver(pairing);
  }
  const { totals } = pairing.read();
  assert.equal(totals.pendingLines, MAX_PENDING);
  assert.equal(totals.droppedLines, 10);
  assert.equal(totals.droppedTransfers, 10);
  assertBalanced(pairing);
});

test('reading changes nothing', () => {
  const pairing = play([
    lineArrival(requestLine(SEGMENT, 0)),
    transferArrival(transfer({ url: SEGMENT, startedAtMs: 1 })),
  ]);
  assert.deepEqual(pairing.read(), pairing.read());
});
