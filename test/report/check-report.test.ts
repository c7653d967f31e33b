// What `--check` found: promises of playlists beside what came, as a value and as a page.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPlaylist } from '../../src/hls/playlist.ts';
import { describeStream } from '../../src/hls/stream-description.ts';
import { type CheckInput, type CheckReport, checkReport } from '../../src/report/check-report.ts';
import { checkText } from '../../src/report/check-text.ts';
import { CheckBook } from '../../src/stats/check-book.ts';
import { aTransfer } from '../stats/ledger-traffic.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';

const MASTER = 'http://origin.example/master.m3u8';
const HIGH = 'http://origin.example/high.m3u8';
const segment = (number: number): string => `http://origin.example/seg${number}.ts`;

function description(): NonNullable<CheckInput['description']> {
  const master = readPlaylist(
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720,CODECS="avc1.64001f"\nhigh.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=300000\nlow.m3u8\n',
    MASTER,
  );
  const media = readPlaylist('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nseg1.ts\n#EXTINF:1.5,\nseg2.ts\n', HIGH);
  assert.ok(master?.kind === 'multivariant' && media?.kind === 'media');
  return describeStream(media, master);
}

function playedBook(): CheckBook {
  const book = new CheckBook();
  for (const number of [1, 2, 3]) {
    const url = segment(number);
    const listed = { playlistUrl: HIGH, mediaSequence: number, durationSeconds: 2, atMs: number };
    book.record({ type: 'segment-listed', url, ...listed });
    const failed = number === 3 ? { status: 404 } : {};
    book.record(aTransfer({ startedAtMs: number, url, contentBytes: 250_000 * number, cache: 'hit', ...failed }));
  }
  const list = { client: 1, process: 1, url: HIGH, targetDurationSeconds: 2, listedSeconds: 6, endlist: false };
  book.record({ type: 'playlist', atMs: 1, mediaSequence: 1, segmentCount: 3, ...list });
  book.record({ type: 'playlist', atMs: 9, mediaSequence: 4, segmentCount: 3, ...list });
  book.record(
    aTransfer({ startedAtMs: 9, kind: 'redirect', status: 302, url: MASTER, location: HIGH, contentBytes: 0 }),
  );
  return book;
}

const input: CheckInput = {
  url: MASTER,
  checks: [{ name: 'cpu', level: 'ok', detail: 'enough' }],
  isHls: true,
  isLive: true,
  description: description(),
  delivery: playedBook().delivery,
  answer: {
    status: 200,
    url: MASTER,
    mediaType: 'application/vnd.apple.mpegurl',
    redirects: [],
    fields: { server: 'nginx', 'x-cache': 'HIT', 'set-cookie': 'secret=1' },
    connection: { address: '192.0.2.7:443', tls: { version: 'TLSv1.3', isVerified: true, subject: 'origin.example' } },
  },
  asksSizes: true,
  asksMetrics: false,
  snapshot: makeSnapshot(),
};

describe('the book of a check', () => {
  test('a bitrate is content per media second of whole segments only; kinds and codes count everything', () => {
    const { playlists, byKind, cache, redirects } = playedBook().delivery;
    assert.deepEqual(playlists, [
      { url: HIGH, segments: 2, contentBytes: 750_000, mediaSeconds: 4, newSegments: 3, bitsPerSecond: 1_500_000 },
    ]);
    assert.deepEqual(byKind.segment, { transfers: 3, contentBytes: 1_500_000, statusCodes: { '200': 2, '404': 1 } });
    assert.deepEqual([cache.hit, cache.unknown, redirects], [3, 1, [`${MASTER} -> ${HIGH}`]]);
  });

  test('an endless stream is measured by the seconds that it took', () => {
    const book = new CheckBook();
    const stream = { client: 1, process: 1, connection: 1, requestIndex: 1, longestGapMs: 0, clientBlockedMs: 0 };
    for (const atMs of [1_000, 2_000, 5_000])
      book.record({
        type: 'stream',
        ...stream,
        url: MASTER,
        atMs,
        startedAtMs: 1_000,
        contentBytes: 125 * atMs,
        state: 'flowing',
      });
    assert.equal(book.delivery.playlists[0]?.bitsPerSecond, (125 * 5_000 * 8) / 4);
  });

  test('what it lists is bounded', () => {
    const book = new CheckBook();
    for (let number = 0; number < 500; number += 1)
      book.record(aTransfer({ startedAtMs: 1, url: segment(number), location: segment(number + 1), status: 302 }));
    assert.equal(book.delivery.redirects.length, 100);
    assert.equal(book.delivery.byKind.segment?.transfers, 500);
  });
});

describe('the report of a check', () => {
  const report: CheckReport = checkReport(input);

  test('puts what was measured beside what each variant declares, by the index that --variant takes', () => {
    assert.deepEqual(
      report.stream.variants?.map((variant) => [
        variant.index,
        variant.bandwidthBitsPerSecond,
        variant.measuredBitsPerSecond,
      ]),
      [
        [0, 2_000_000, 1_500_000],
        [1, 300_000, undefined],
      ],
    );
    assert.equal(report.stream.measuredBitsPerSecond, undefined);
  });

  test('keeps of an answer only the fields of servers and caches', () => {
    assert.deepEqual(report.answer?.fields, { server: 'nginx', 'x-cache': 'HIT' });
    assert.equal(JSON.stringify(report).includes('secret'), false);
  });

  test('tells sources that nobody asked for from those that do not answer', () => {
    const { sources } = checkReport({ ...input, asksMetrics: true, snapshot: makeEmptySnapshot() });
    assert.deepEqual([sources.segmentSizes.state, sources.originMetrics.state], ['not reachable', 'not reachable']);
    assert.equal(report.sources.originMetrics.state, 'not asked for');
  });

  test('without the tap says nothing of what came', () => {
    const { delivery: _, ...direct } = input;
    const { delivery, stream } = checkReport(direct);
    assert.deepEqual([delivery, stream.variants?.[0]?.measuredBitsPerSecond], [undefined, undefined]);
  });

  test('a redirect that our look and the client met is told once', () => {
    const answer = { ...input.answer, url: HIGH, redirects: [MASTER] } as NonNullable<CheckInput['answer']>;
    const text = checkText(checkReport({ ...input, answer }), 200);
    assert.match(
      text,
      /^Redirects {6}1\n {15}http:\/\/origin\.example\/master\.m3u8 -> http:\/\/origin\.example\/high\.m3u8$/m,
    );
  });

  test('that nothing new was listed is news of a live stream only', () => {
    const list = { client: 1, process: 1, url: HIGH, targetDurationSeconds: 2, listedSeconds: 6, endlist: false };
    const book = new CheckBook();
    book.record({ type: 'playlist', atMs: 1, mediaSequence: 1, segmentCount: 3, ...list });
    const told = (isLive: boolean): boolean =>
      checkText(checkReport({ ...input, isLive, delivery: book.delivery }), 80).includes(
        '1 of 1 media playlists listed nothing new',
      );
    assert.deepEqual([told(true), told(false)], [true, false]);
  });

  test('is a page that fits its columns', () => {
    const text = checkText(report, 80);
    for (const line of text.split('\n')) assert.ok(line.length <= 79, line);
    assert.match(text, /^Stream {9}HLS, MPEG-TS, live, 2 segments \(3\.5 s\) in the first playlist$/m);
    assert.match(text, /^Segments {7}target 2 s, listed 1\.5 s to 2 s, mean 1\.75 s$/m);
    assert.match(text, /^TLS {12}TLSv1\.3, certificate for origin\.example, verified$/m);
    assert.match(text, /^0 {5}1280x720 {3}2\.00 Mbit\/s {3}1\.50 Mbit\/s {3}2000000, avc1\.64001f$/m);
    assert.match(text, /^1 {5}- {10}0\.30 Mbit\/s {3}- {13}300000, -$/m);
    assert.match(text, /^segment {18}3, 1\.50 MB, status 200: 2, 404: 1$/m);
    assert.match(text, /^Origin metrics not asked for \(--origin-metrics\)$/m);
  });
});
