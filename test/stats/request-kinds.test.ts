// The parser's own idea of what a request was for, held against what the server of the captures really sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedFact } from '../../src/events.ts';
import { InferredDurations } from '../../src/stats/inferred-durations.ts';
import { ParserAccount } from '../../src/stats/parser-account.ts';
import type { LineNote } from '../../src/stats/parser-requests.ts';
import { FigureBook } from '../../src/stats/process-figures.ts';
import { RequestKinds } from '../../src/stats/request-kinds.ts';
import { captureLog, captureRequirement, captureTruth, parseLog, parseText } from '../swarm/stderr-captures.ts';
import { openLedger, parsed, play, RUN } from './ledger-traffic.ts';

const count = <Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> => {
  const counts: Partial<Record<Name, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** The account after a log of one process. */
function accountOf(facts: readonly ParsedFact[]): ParserAccount {
  const account = new ParserAccount({
    streamUrl: '',
    doorPorts: new Map(),
    figures: new FigureBook(),
    durations: new InferredDurations(),
  });
  facts.forEach((fact, atMs) => {
    account.record(parsed(1, atMs, fact));
  });
  account.processOver(1, 1, false);
  return account;
}

const accountOfLines = (...lines: string[]): ParserAccount =>
  accountOf(parseText(lines.join('\n')).facts.map(({ fact }) => fact));

/** A count of nothing is not a kind. */
const seen = (counts: Readonly<Record<string, number>>): object =>
  Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));

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
  '60-live-init-named-header-ff51',
  '61-live-init-within-names-ff51',
  '62-live-names-used-again-ff51',
  '63-live-variants-without-extension-ff51',
  '64-vod-three-init-sections-ff51',
  '65-live-ts-named-mp4-ff51',
]) {
  test(`${capture}: the parser's kinds are those of the server`, { skip: captureRequirement(capture) }, () => {
    const account = accountOf(parseLog([[captureLog(capture), 0]]).facts.map(({ fact }) => fact));
    const truth = count(captureTruth(capture).map(({ kind }) => kind));
    assert.deepEqual(seen(account.requests), truth);
    assert.deepEqual(seen(account.opens), truth);
    // Every segment is one attempt to look its size up, and nothing else is.
    const { attempts, open } = account.lookup.read();
    assert.ok(attempts + open <= (truth.segment ?? 0));
  });
}

const PROBED = '[hls @ 0x1] [debug] Format hls probed with size=2048 and score=100';
const announce = (name: string, playlist = 0): string[] => [
  `[hls @ 0x1] [verbose] HLS request for url 'http://o/${name}', offset 0, playlist ${playlist}`,
  `[hls @ 0x1] [info] Opening 'http://o/${name}' for reading`,
];
const ask = (name: string, playlist = 0): string[] => [
  ...announce(name, playlist),
  `[http @ 0x1] [debug] request: GET /${name} HTTP/1.1`,
  'Host: o',
  '',
];
const INIT = '[hls @ 0x1] [debug] Downloading an initialization section of size 1360';
const RELOAD = "[http @ 0x1] [info] Opening 'http://o/a.m3u8' for reading";

test('at level debug the log itself says what is an init section, whatever its name', () => {
  const account = accountOfLines(PROBED, ...ask('s1.ts'), ...ask('begin.bin'), INIT, ...ask('s2.ts'), ...ask('s3.ts'));
  assert.deepEqual(
    [seen(account.requests), seen(account.opens)],
    [
      { segment: 3, init: 1 },
      { segment: 3, init: 1 },
    ],
  );
  const { attempts, open, pending } = account.lookup.read();
  assert.equal(attempts + open + pending, 3);
});

test('what looks like an init section and is not said to be one at level debug is a segment, and is looked up', () => {
  const account = accountOfLines(PROBED, ...ask('init_1.mp4'), ...ask('init_2.mp4'), ...ask('init_3.mp4'));
  assert.deepEqual(seen(account.requests), { segment: 3 });
  const { attempts, open, pending } = account.lookup.read();
  assert.equal(attempts + open + pending, 3);
});

test('an init section that cannot be had is one', () => {
  const failed = '[hls @ 0x1] [warning] Failed to open an initialization section in playlist 0';
  const account = accountOfLines(PROBED, ...ask('s1.ts'), ...ask('x'), failed, ...ask('s2.ts'));
  assert.deepEqual(seen(account.requests), { segment: 2, init: 1 });
});

test('below level debug names and repetition tell, in containers that need an init section only', () => {
  const opens = (...lines: string[]): object => seen(accountOfLines(...lines).opens);
  assert.deepEqual(opens(...announce('trinity_1.ts'), RELOAD, ...announce('trinity_1.ts')), {
    segment: 2,
    playlist: 1,
  });
  assert.deepEqual(opens(...announce('header.m4s'), ...announce('c1.m4s'), RELOAD, ...announce('header.m4s')), {
    init: 2,
    segment: 1,
    playlist: 1,
  });
  assert.deepEqual(opens(...announce('c1.m4s'), ...announce('v-init-2.m4s'), ...announce('finite.m4s')), {
    init: 2,
    segment: 1,
  });
});

test('a better kind reaches what waits for its transfer', () => {
  const notes = ['begin.bin', 's2.ts'].map((name) => ({ name, note: undefined as LineNote | undefined }));
  const account = accountOf([]);
  let atMs = 0;
  const read = (...lines: string[]): void => {
    for (const { fact } of parseText(lines.join('\n')).facts) {
      const note = account.record(parsed(2, atMs++, fact));
      const of = notes.find(({ name }) => fact.rule === 'request' && fact.url.endsWith(name));
      if (of !== undefined) of.note = note;
    }
  };
  read(PROBED, ...ask('begin.bin'));
  assert.equal(notes[0]?.note?.guess, 'segment');
  read(INIT, ...ask('s2.ts'));
  assert.deepEqual(
    notes.map(({ note }) => note?.guess),
    ['init', 'segment'],
  );
});

test('without names that tell, what is not announced in a log that announces is a playlist', () => {
  const account = accountOfLines(
    ...ask('s1.ts'),
    "[hls @ 0x1] [info] Opening 'http://o/play?v=1' for reading",
    "[http @ 0x1] [info] Opening 'http://o/play?v=2' for reading",
  );
  assert.deepEqual(seen(account.opens), { segment: 1, playlist: 2 });
});

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
  const requests = (run: Partial<typeof RUN>): object | undefined =>
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
