// Each finding appears when it should, once, and not before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Event, FINDING_CODES } from '../../src/events.ts';
import { NO_METERS } from '../../src/meters.ts';
import { FINDINGS, FindingBook, MAX_FINDINGS } from '../../src/stats/findings.ts';
import type { Finding } from '../../src/stats/summary.ts';
import {
  aTransfer,
  life,
  listing,
  PLAYLIST,
  play,
  playlist,
  quiet,
  range,
  sample,
  segment,
  segmentUrl,
} from './ledger-traffic.ts';

const findings = (events: readonly Event[], atMs = 60_000): Finding[] => [
  ...play(events).snapshot(atMs, 0).summary.findings,
];
const codes = (events: readonly Event[]): string[] => findings(events).map(({ code, subject }) => `${code} ${subject}`);

test('every code has a sentence and a next step', () => {
  for (const code of FINDING_CODES) {
    assert.match(FINDINGS[code].sentence, /^[A-Z].*\.$/);
    assert.match(FINDINGS[code].next, /^[A-Z].*\.$/);
  }
});

test('the book is bounded and counts what it leaves out', () => {
  const book = new FindingBook();
  for (let at = 0; at < MAX_FINDINGS + 7; at += 1) book.raise('segment-missing', `s${at}`, at, '');
  assert.deepEqual([book.read().length, book.overflow], [MAX_FINDINGS, 7]);
});

test('a finding that the journal echoes is not counted twice', () => {
  const missing = aTransfer({ startedAtMs: 5, status: 404 });
  const echo: Event = { type: 'finding', atMs: 6, code: 'segment-missing', subject: segmentUrl(1), evidence: 'x' };
  assert.equal(findings([missing, echo])[0]?.count, 1);
});

test('what a fault of ours did accuses no origin', () => {
  assert.deepEqual(codes([aTransfer({ startedAtMs: 5, status: 404, injected: 'status' })]), []);
  assert.deepEqual(codes([aTransfer({ startedAtMs: 5, termination: 'sD', injected: 'stall' })]), []);
});

test('segment-missing: a segment that the playlist lists and the origin lacks', () => {
  assert.deepEqual(codes([aTransfer({ startedAtMs: 5, status: 404 })]), [`segment-missing ${segmentUrl(1)}`]);
  assert.deepEqual(codes([aTransfer({ startedAtMs: 5, status: 404, kind: 'other' })]), []);
});

test('origin-silent comes from the endings', () => {
  const silent = aTransfer({ startedAtMs: 5, termination: 'sH', upstreamAddress: '10.0.0.1:443' });
  assert.deepEqual(codes([silent]), ['origin-silent 10.0.0.1:443']);
});

test("tls-untrusted comes from connections: the origin's handshake, or the player's", () => {
  const connection: Event = {
    type: 'connection',
    ...{ client: 3, process: 1, connection: 7, requests: 0, openedAtMs: 5, closedAtMs: 9 },
    ...{ writtenBytes: 0, readBytes: 0, excessBytes: 0, tlsBytes: 0, imbalanceBytes: 0, closedBy: 'origin' },
  };
  const [origin, player] = findings([
    connection,
    { ...connection, origin: 'https://o.example:443', tlsFailedWith: 'origin', failure: 'certificate has expired' },
    { ...connection, tlsFailedWith: 'client', failure: 'unknown ca' },
  ]);
  assert.deepEqual([origin?.subject, origin?.evidence], ['https://o.example:443', 'certificate has expired']);
  assert.deepEqual([player?.subject, player?.evidence], ['client 3', 'unknown ca']);
});

test('cookie-path: answers in the clear that FFmpeg clients of ours were given; other players keep their cookies', () => {
  const given = sample(2_000, [], { meters: { ...NO_METERS.meters, pathCookies: 3 } });
  const found = findings([life(1, 1_000, 'start'), given]).find(({ code }) => code === 'cookie-path');
  assert.deepEqual([found?.evidence, found?.count], ['3 answers over http set a cookie with a Path', 1]);
  assert.deepEqual(codes([given]), []);
});

test('playlist-lost: two failed reloads in a row of one client, or exit 0 without ENDLIST', () => {
  const failed = (client: number, atMs: number) => playlist(client, atMs, { status: 503 });
  assert.deepEqual(codes([...failed(1, 1), ...playlist(1, 2), ...failed(1, 3), ...failed(2, 4)]), []);
  assert.deepEqual(codes([...failed(1, 1), ...failed(1, 2), ...failed(1, 3)]), [`playlist-lost ${PLAYLIST}`]);
  assert.deepEqual(codes([life(3, 0, 'start'), life(3, 9, 'exit', { category: 'playlistLost' })]), [
    'playlist-lost client 3',
  ]);
});

const reading = (client: number, atMs: number, mediaSequence: number): Event => ({
  type: 'playlist',
  client,
  process: 1,
  atMs,
  url: PLAYLIST,
  mediaSequence,
  segmentCount: 6,
  targetDurationSeconds: 2,
  listedSeconds: 12,
  endlist: false,
});

test('a sequence that falls within the list is an older copy, beyond it the encoder began again', () => {
  assert.deepEqual(codes([reading(1, 1, 100), reading(1, 2, 101), reading(2, 3, 100)]), [], 'each door for itself');
  assert.deepEqual(codes([reading(1, 1, 101), reading(1, 2, 100)]), [`sequence-went-back ${PLAYLIST}`]);
  assert.deepEqual(codes([reading(1, 1, 101), reading(1, 2, 0)]), [`encoder-restarted ${PLAYLIST}`]);
});

/** A list of six unless told otherwise; `name` is of its last segment. */
const list = (client: number, atMs: number, mediaSequence: number, name: string, segmentCount = 6): Event => ({
  ...(reading(client, atMs, mediaSequence) as Event & { type: 'playlist' }),
  segmentCount,
  lastSegmentUrl: `${PLAYLIST}/${name}`,
});

test('numbers that start over are a new list also where they do not fall far: shorter, or another segment in the same place', () => {
  const restarted = [`encoder-restarted ${PLAYLIST}`];
  assert.deepEqual(codes([list(1, 1, 4, 'a9'), list(1, 2, 0, 'a1', 2)]), restarted);
  assert.deepEqual(codes([list(1, 1, 0, 'a5'), list(1, 2, 4, 'a9'), list(1, 3, 0, 'b5')]), restarted);
  assert.deepEqual(codes([list(1, 1, 0, 'a5'), list(1, 2, 4, 'a9'), list(1, 3, 0, 'a5')]), [
    `sequence-went-back ${PLAYLIST}`,
  ]);
});

test('a list that fell back and goes on from there is a new one; an older copy is followed by the newest again', () => {
  const climb = (from: number): Event[] =>
    range(from, from + 3).map((number) => list(1, 10 + number, number, `x${number}`));
  const [first] = findings([list(1, 1, 50, 'x50'), ...climb(44)]);
  assert.equal(first?.code, 'sequence-went-back');
  assert.deepEqual(codes([list(1, 1, 50, 'x50'), ...climb(44)]).slice(1), [`encoder-restarted ${PLAYLIST}`]);
  const turns = range(50, 60).flatMap((number) => [
    list(1, number, number, `x${number}`),
    list(1, number, number - 2, `x${number - 2}`),
  ]);
  assert.deepEqual(codes(turns), [`sequence-went-back ${PLAYLIST}`]);
});

test('one restart is one finding, however many doors see it, and the next one is another', () => {
  const doors = [1, 2, 3];
  const all = (atMs: number, sequence: number): Event[] =>
    doors.map((client) => list(client, atMs + client, sequence, `s${sequence}`));
  const [finding] = findings([...all(0, 52), ...all(10, 0), ...all(20, 1)]);
  assert.deepEqual([finding?.code, finding?.count, finding?.sinceMs], ['encoder-restarted', 1, 11]);
  assert.match(
    finding?.evidence ?? '',
    /^media sequence fell from 52 to 0 \(client 3\), the last segment is now .*s0$/,
  );
  assert.equal(findings([...all(0, 52), ...all(10, 0), ...all(20, 40), ...all(30, 0)])[0]?.count, 2);
});

test('listing-lags says since when, and by how much the listing is behind', () => {
  const events = (shown: number): Event[] => [
    life(1, 0, 'start'),
    listing(1, range(1, 10)),
    ...range(1, 30).flatMap((number, at) => segment(1, number, 100 + at * 10)),
    life(1, 900, 'exit', { category: 'success' }),
    listing(1_000, range(1, 26)),
    listing(4_360, range(1, shown)),
    sample(9_000, []),
  ];
  const lagging = (all: readonly Event[]) => findings(all).find(({ code }) => code === 'listing-lags');
  const { sinceMs, evidence } = lagging(events(28)) ?? {};
  assert.equal(sinceMs, 360, 'segment 27 was asked for');
  assert.equal(
    evidence,
    '4 of 30 segments were asked for before the listing showed them; 2 came later, after 4.00 s (median), 4.00 s at most',
  );
  assert.match(lagging(events(26))?.evidence ?? '', /none of them is listed yet$/);
});

test('lookup-low and listing-lags need enough attempts', () => {
  const run = (numbers: number[]): Event[] => [
    life(1, 0, 'start'),
    listing(1, range(1, 10)),
    ...numbers.flatMap((number, at) => segment(1, number, 100 + at * 10)),
    life(1, 5_000, 'exit', { category: 'success' }),
    listing(6_000, range(1, 10)),
    sample(7_000, []),
  ];
  assert.deepEqual(codes(run([...range(1, 9), ...range(11, 15)])), []);
  assert.deepEqual(codes(run([...range(1, 10), ...range(1, 10), ...range(11, 17)])), [
    'lookup-low segment sizes',
    'listing-lags segment sizes',
  ]);
});

test('client-restarting: three restarts within a minute', () => {
  const restart = (process: number, atMs: number): Event[] => [
    life(1, atMs, 'start', { process }),
    life(1, atMs + 100, 'exit', { process, category: 'error' }),
    life(1, atMs + 101, 'restart-scheduled', { process, delayMs: 250 }),
  ];
  const starts = (gapMs: number): Event[] => [1, 2, 3, 4].flatMap((process) => restart(process, process * gapMs));
  assert.deepEqual(codes([...starts(500), sample(2_500, [])]), ['client-restarting client 1']);
  assert.deepEqual(codes([...starts(40_000), sample(160_500, [])]), []);
});

test('instrument-overloaded and machine-full, once ten seconds have been seen', () => {
  const busy = (atMs: number, machineCpuRatio: number): Event => sample(atMs, [], { machineCpuRatio });
  const calm = Array.from({ length: 8 }, (_, at) => busy(at * 1_000, 0.5));
  assert.deepEqual(codes([...calm.slice(0, 3), busy(8_000, 0.99)]), [], 'too early');
  assert.deepEqual(codes([...calm, busy(8_000, 0.5), busy(9_000, 0.99)]), [], 'a tenth is allowed');
  assert.deepEqual(codes([...calm, busy(8_000, 0.99), busy(9_000, 0.99)]), ['machine-full this machine']);
  const late = (atMs: number) => sample(atMs, [], { tapLoopDelayP99Ms: 11, mainLoopDelayP99Ms: 101 });
  const overloaded = ['instrument-overloaded tap loop', 'instrument-overloaded main loop'];
  assert.deepEqual(codes(quiet(1_000, 5_000).map(({ atMs }) => late(atMs))), []);
  assert.deepEqual(codes(quiet(1_000, 10_000).map(({ atMs }) => late(atMs))), overloaded);
});
