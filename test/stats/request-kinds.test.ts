// The parser's own idea of what a request was for, held against what the server of the captures really sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestKinds } from '../../src/stats/request-kinds.ts';
import { captureLog, captureRequirement, captureTruth, parseLog } from '../swarm/stderr-captures.ts';
import { openLedger, parsed, play, RUN } from './ledger-traffic.ts';

const count = <Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> => {
  const counts: Partial<Record<Name, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** Kinds of the GET lines of a log, in order. */
function kindsOf(log: Buffer): string[] {
  const kinds = new RequestKinds();
  const seen: string[] = [];
  for (const { fact } of parseLog([[log, 0]]).facts) {
    if (fact.rule === 'hls-request') kinds.hlsRequest(fact.url, fact.offset, fact.playlist);
    if (fact.rule === 'open') kinds.open(fact.url, fact.context);
    if (fact.rule === 'request') seen.push(kinds.request(fact.url));
  }
  return seen;
}

/** All GET lines reached the server in these runs, so the guesses must equal the truth one by one. */
for (const capture of [
  '01-live-ts-debug-ff51',
  '04-live-ts-debug-datetime-ff8',
  '11-vod-seg404-prefetch-storm-ff51',
  '24-multi-variant-map0-ff51',
  '27-vod-separate-audio-ff51',
  '28-live-fmp4-ff51',
  '31-vod-aes128-ff51',
  '32-vod-byterange-ff51',
  '37-forward-proxy-http-ff51',
]) {
  test(`${capture}: the parser's kinds are those of the server`, { skip: captureRequirement(capture) }, () => {
    assert.deepEqual(count(kindsOf(captureLog(capture))), count(captureTruth(capture).map(({ kind }) => kind)));
  });
}

test('a retry of a failed segment after a playlist reload is a segment, not an init section', () => {
  const kinds = new RequestKinds();
  const url = 'http://o/live/seg00007.ts';
  kinds.open('http://o/live/a.m3u8', 'NULL');
  assert.equal(kinds.hlsRequest(url, 0, 0), 'segment');
  kinds.failed(url);
  kinds.open('http://o/live/a.m3u8', 'http');
  assert.equal(kinds.hlsRequest(url, 0, 0), 'segment');
});

test('the target of a redirect has the kind of what was opened', () => {
  const kinds = new RequestKinds();
  kinds.open('http://o/a.m3u8', 'NULL');
  kinds.hlsRequest('http://o/seg1.ts', 0, 0);
  kinds.open('http://o/seg1.ts', 'hls');
  assert.equal(kinds.request('http://o/seg1.ts'), 'segment');
  assert.equal(kinds.request('http://edge/7/x'), 'segment');
});

test('a playlist without a telling name is known by the context that opened it', () => {
  const kinds = new RequestKinds();
  assert.equal(kinds.open('http://o/play?channel=1', 'AVFormatContext'), 'playlist');
  assert.equal(kinds.request('http://o/play?channel=1'), 'playlist');
});

test('a run of an endless transport stream has no playlists: its requests are of no kind that HLS has', () => {
  const url = 'http://127.0.0.1:8080/live.ts';
  const moved = 'http://127.0.0.1:8080/elsewhere';
  const lines = [
    parsed(1, 100, { rule: 'open', url, context: 'NULL', isNewConnection: false }),
    parsed(1, 101, { rule: 'request', method: 'GET', url }),
    parsed(1, 102, { rule: 'request', method: 'GET', url: moved }),
  ];
  const requests = (run: Partial<typeof RUN>): object =>
    play(lines, openLedger({ run: { ...RUN, url, ...run } })).snapshot(200, 0).summary.parser.requests;
  const none = { segment: 0, playlist: 0, init: 0, key: 0, other: 0 };
  assert.deepEqual(requests({ isHls: false }), { ...none, other: 2 });
  assert.deepEqual(requests({ isHls: true }), { ...none, playlist: 2 });
  assert.deepEqual(
    requests({}),
    { ...none, playlist: 2 },
    'a log of which nothing else is known is that of an HLS player',
  );
});
