// What was asked for behind redirects: the chain's first URL, once per answer; and what depends on it in a run of redirects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteRange, Event, TransferEvent } from '../../src/events.ts';
import { Redirects } from '../../src/stats/redirects.ts';
import {
  aTransfer,
  life,
  listing,
  openLedger,
  PLAYLIST,
  parsed,
  play,
  RUN,
  range,
  segmentUrl,
} from './ledger-traffic.ts';

const ELSEWHERE = 'http://cdn.example:8080/far/';
const moved = (url: string, location: string, more: Partial<TransferEvent> = {}): TransferEvent =>
  aTransfer({ url, location, kind: 'redirect', status: 302, contentBytes: 0, startedAtMs: 1, ...more });

test('a target stands for the first URL of its chain, once for each redirect that led there', () => {
  const redirects = new Redirects();
  const original = (event: TransferEvent): string => redirects.original(event).url;
  const [first, second, third] = ['http://a/1.ts', 'http://b/1.ts', 'http://c/1.ts?x=1'] as const;
  assert.equal(original(moved(first, second)), first);
  assert.equal(original(moved(second, third)), first);
  assert.equal(original(moved(first, second)), first);
  assert.equal(original(aTransfer({ url: third, startedAtMs: 2 })), first);
  assert.equal(original(aTransfer({ url: third, startedAtMs: 3 })), third, 'asked for by itself');
  assert.equal(original(moved(second, third)), first);
});

test('ranges of one file, other clients and later processes are told apart', () => {
  const redirects = new Redirects();
  const at = (bytes: ByteRange, more: Partial<TransferEvent> = {}): TransferEvent =>
    aTransfer({ url: 'http://b/all.ts', range: bytes, startedAtMs: 2, ...more });
  redirects.original(moved('http://a/one.ts', 'http://b/all.ts', { range: [0, 9] }));
  assert.equal(redirects.original(at([10, 19])).url, 'http://b/all.ts');
  assert.equal(redirects.original(at([0, 9], { client: 2 })).url, 'http://b/all.ts');
  assert.equal(redirects.original(at([0, 9], { process: 2 })).url, 'http://b/all.ts');
  const { url, range: bytes } = redirects.original(at([0, 9]));
  assert.deepEqual([url, bytes], ['http://a/one.ts', [0, 9]]);
});

test('targets that are never asked for are forgotten, the oldest first', () => {
  const redirects = new Redirects();
  for (const number of range(1, 100)) redirects.original(moved(`http://a/${number}`, `http://b/${number}`));
  assert.equal(redirects.original(aTransfer({ url: 'http://b/1', startedAtMs: 2 })).url, 'http://b/1');
  assert.equal(redirects.original(aTransfer({ url: 'http://b/100', startedAtMs: 2 })).url, 'http://a/100');
});

/** A live stream of 2 s segments, each behind a redirect, played as it comes. */
function redirectedRun(isListed: boolean): Event[] {
  const events: Event[] = [life(1, 0, 'start')];
  for (const number of range(1, 10)) {
    const atMs = number * 2_000;
    const url = segmentUrl(number);
    const target = `${ELSEWHERE}${number}.ts?token=${number}`;
    const mediaSequence = number;
    events.push({ ...liveList(atMs - 5, number) });
    if (isListed)
      events.push({ type: 'segment-listed', atMs, url, playlistUrl: PLAYLIST, mediaSequence, durationSeconds: 2 });
    events.push(
      parsed(1, atMs, { rule: 'hls-request', url, offset: 0, playlist: 0 }),
      parsed(1, atMs, { rule: 'open', url, context: 'http', isNewConnection: false }),
      parsed(1, atMs, { rule: 'request', method: 'GET', url }),
      moved(url, target, { startedAtMs: atMs }),
      parsed(1, atMs + 10, { rule: 'request', method: 'GET', url: target }),
      aTransfer({ url: target, startedAtMs: atMs + 10, contentBytes: 500 }),
      listing(atMs + 100, range(1, number), { sizeBytes: 500 }),
    );
  }
  return events;
}

const liveList = (atMs: number, newest: number): Event => ({
  type: 'playlist',
  client: 1,
  process: 1,
  atMs,
  url: PLAYLIST,
  mediaSequence: newest,
  segmentCount: 1,
  targetDurationSeconds: 2,
  listedSeconds: 2,
  endlist: false,
});

test('a player whose segments are redirected plays as well as any other, whether they are listed or not', () => {
  for (const isListed of [true, false]) {
    const ledger = play(redirectedRun(isListed), openLedger({ run: { ...RUN, clients: 1, logLevel: 'debug' } }));
    const { summary, clients } = ledger.snapshot(20_500, 0);
    const { playback } = summary.clients;
    assert.deepEqual(
      [playback.stalled, playback.stallSeconds, playback.stallRatio, playback.startupMs.n],
      [0, 0, 0, 1],
    );
    assert.equal(clients[0]?.behindLiveMs, isListed ? 0 : undefined);
  }
});

test('the lookup is held against the redirected segments that it has decided, and durations meet', () => {
  const ledger = play(redirectedRun(true), openLedger({ run: { ...RUN, clients: 1, logLevel: 'debug' } }));
  const { agreement } = ledger.snapshot(20_500, 0).summary;
  const lookup = agreement.estimators.find(({ name }) => name === 'lookup');
  assert.deepEqual(
    [lookup?.bytes, lookup?.referenceBytes, lookup?.coverage],
    [8 * 500, 8 * 500, 1],
    'FFmpeg may still read the last two',
  );
  assert.equal(agreement.segment.inferredDurationErrorMs?.n, 9);
});
