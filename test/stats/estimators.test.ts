// The table of estimators: always whole and in the same order, each with its words, and requests where there are no bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, ExitCategory } from '../../src/events.ts';
import { ESTIMATOR_NAMES, type EstimatorScore } from '../../src/stats/summary.ts';
import {
  aTransfer,
  life,
  listing,
  liveRun,
  parsed,
  play,
  playlist,
  quiet,
  range,
  segment,
  segmentBytes,
  segmentUrl,
} from './ledger-traffic.ts';

function scores(events: readonly Event[]): readonly EstimatorScore[] {
  return play(events).snapshot(9_000, 0).summary.agreement.estimators;
}

function row(name: EstimatorScore['name'], events: readonly Event[]): EstimatorScore {
  const score = scores(events).find((one) => one.name === name);
  assert.ok(score !== undefined, name);
  return score;
}

const statisticsLine = (bytesRead: number, client = 1): Event =>
  parsed(client, 8_000, { rule: 'avio-statistics', bytesRead, seeks: 0 });
const exit = (category: ExitCategory, client = 1): Event => life(client, 8_100, 'exit', { category });

test('every estimator is there in every run, and says what it is made of, when it has nothing and how it errs', () => {
  for (const events of [[], liveRun(7)]) {
    const table = scores(events);
    assert.deepEqual(
      table.map(({ name }) => name),
      ESTIMATOR_NAMES,
    );
    for (const { name, inputs, absence, knownBias, reference, status, reason, bytes } of table) {
      for (const words of [inputs, absence, knownBias, reference]) assert.ok(words !== undefined && words !== '', name);
      if (status === 'unavailable') assert.ok(reason !== undefined && bytes === undefined, name);
    }
  }
});

test('the cost of reading declared lengths is said before anybody pays it', () => {
  const declared = scores([]).find(({ name }) => name === 'declared');
  assert.equal(declared?.reason, 'needs --stats-loglevel trace');
  assert.match(declared?.absence ?? '', /costs 5 times the log octets of debug/);
});

test('what FFmpeg says of its own requests is held against the requests of ended processes, never against bytes', () => {
  const events: readonly Event[] = [
    life(1, 0, 'start'),
    ...[1, 2, 3].map((number) => aTransfer({ client: 1, url: segmentUrl(number), startedAtMs: number * 100 })),
    parsed(1, 900, { rule: 'http-statistics', text: '1 connection, 2 requests', connections: 1, requests: 2 }),
    parsed(1, 901, { rule: 'http-statistics', text: '1 connection, 1 request', connections: 1, requests: 1 }),
    life(1, 1_000, 'exit', { category: 'success' }),
  ];
  const score = scores(events).find(({ name }) => name === 'http-statistics');
  assert.deepEqual(
    [score?.status, score?.requests, score?.referenceRequests, score?.bytes, score?.errorRatio],
    ['ok', 3, 3, undefined, undefined],
  );
});

test('statistics: a process without such lines is left out, which is said', () => {
  const silent = [life(2, 0, 'start'), ...segment(2, 1, 200), exit('error', 2)];
  const whole = [life(1, 0, 'start'), ...segment(1, 1, 200), statisticsLine(segmentBytes(1)), exit('success')];
  const score = row('statistics', [...silent, ...whole]);
  assert.deepEqual(
    [score.status, score.bytes, score.referenceBytes, score.coverage, score.reason],
    ['ok', segmentBytes(1), segmentBytes(1), 0.5, '1 processes ended without such lines, left out'],
  );
  assert.equal(row('statistics', silent).reason, 'no process that ended printed AVIOContext lines');
});

test('statistics: a process that was killed is left out whatever it printed before, for its last connections printed nothing', () => {
  const whole = [life(1, 0, 'start'), ...segment(1, 1, 200), statisticsLine(segmentBytes(1)), exit('success')];
  const ours = life(2, 8_100, 'exit', { category: 'stopped', signal: 'SIGKILL' });
  for (const ending of [exit('signal', 2), ours]) {
    for (const early of [[], [statisticsLine(400, 2)]]) {
      const killed = [life(2, 0, 'start'), ...playlist(2, 100), ...segment(2, 1, 200), ...early, ending];
      const score = row('statistics', [...killed, ...whole]);
      assert.deepEqual(
        [score.bytes, score.referenceBytes, score.errorRatio, score.coverage, score.reason],
        [
          segmentBytes(1),
          segmentBytes(1),
          0,
          0.5,
          '1 processes were killed before they had printed all such lines, left out',
        ],
      );
      assert.equal(row('statistics', killed).reason, 'every process that ended with transfers was killed');
    }
  }
});

test('statistics: each difference has its own cause, process by process, or is unexplained', () => {
  const start = [life(1, 0, 'start'), ...segment(1, 1, 200)];
  const bytes = segmentBytes(1);
  const refused = aTransfer({ url: segmentUrl(2), status: 404, contentBytes: 560, startedAtMs: 300 });
  const key = aTransfer({ url: `${segmentUrl(1)}.key`, kind: 'key', contentBytes: 16, startedAtMs: 150 });
  const reset = { contentBytes: 9_000, integrity: 'short', termination: 'SD' } as const;
  const reasonOf = (events: readonly Event[], read: number, category: ExitCategory): string | undefined =>
    row('statistics', [...events, statisticsLine(read), exit(category)]).reason;
  assert.equal(reasonOf(start, bytes, 'success'), undefined);
  assert.equal(
    reasonOf([...start, refused], bytes, 'success'),
    '560 bytes of error and redirect answers left out, FFmpeg reads none',
  );
  assert.equal(reasonOf(start, bytes - 100, 'stopped'), '100 bytes unread, 1 processes were stopped');
  assert.equal(reasonOf(start, bytes - 100, 'error'), '100 bytes unread, 1 processes ended before the stream did');
  assert.equal(reasonOf([...start, key], bytes + 16 - 7, 'success'), '7 bytes of AES-128 padding');
  assert.equal(
    reasonOf([...start, ...segment(1, 2, 400, reset)], bytes + 8_000, 'success'),
    '1000 bytes of transfers that were cut off, not read',
  );
  assert.equal(reasonOf(start, bytes - 100, 'success'), '100 bytes unexplained');
  assert.equal(reasonOf(start, bytes + 100, 'stopped'), '100 bytes unexplained');
});

test('statistics: the lines and records of a process that come when the next one has begun are still its own', () => {
  const next = { process: 2 };
  const score = row('statistics', [
    life(1, 0, 'start'),
    life(1, 500, 'exit', { category: 'error' }),
    life(1, 600, 'start', next),
    aTransfer({ contentBytes: 70, startedAtMs: 400 }),
    statisticsLine(70),
    aTransfer({ contentBytes: 5, startedAtMs: 700, ...next }),
    life(1, 900, 'exit', { category: 'signal', ...next }),
  ]);
  assert.deepEqual([score.bytes, score.referenceBytes, score.coverage], [70, 70, 0.5]);
});

test('bodies of errors are no segments: neither lookup nor playback is held against them', () => {
  const refused = { status: 404, contentBytes: 560 };
  const events: readonly Event[] = [
    life(1, 0, 'start'),
    listing(100, range(1, 5)),
    ...segment(1, 1, 200),
    ...[300, 310, 320].map((startedAtMs) => aTransfer({ url: segmentUrl(2), startedAtMs, ...refused })),
    exit('success'),
  ];
  const { bytes, referenceBytes, errorRatio } = row('lookup', events);
  assert.deepEqual([bytes, referenceBytes, errorRatio], [segmentBytes(1), segmentBytes(1), 0]);
});

test('lookup is held against what it has decided: not what is under way, waits for a listing or was stopped in', () => {
  const carried = [1, 2, 3, 4].flatMap((number) => segment(1, number, number * 1_000));
  const start = [life(1, 0, 'start'), listing(500, [1])];
  const expected = (events: readonly Event[]): readonly unknown[] => {
    const { bytes, referenceBytes, coverage, reason } = row('lookup', events);
    return [bytes, referenceBytes, coverage, reason];
  };
  const [first, second] = [segmentBytes(1), segmentBytes(2)];
  const waiting = [...start, ...carried];
  assert.deepEqual(expected(waiting), [first, first, 1, '1 complete segments wait for a newer listing']);
  const decided = [...waiting, listing(5_000, [1, 2, 3, 4])];
  assert.deepEqual(expected(decided), [first + second, first + second, 1, undefined]);
  const stopped = [...decided, life(1, 6_000, 'stop'), life(1, 6_100, 'exit', { category: 'stopped' })];
  const left = '2 segments left out: their processes were stopped while reading them';
  assert.deepEqual(expected(stopped), [first + second, first + second, 1, left]);
  const ended = [...decided, life(1, 6_000, 'exit', { category: 'success' })];
  const all = [1, 2, 3, 4].reduce((sum, number) => sum + segmentBytes(number), 0);
  assert.deepEqual(expected(ended), [all, all, 1, undefined]);
});

test('coverage is of the reference’s segments: those that the log never named count as without an opinion', () => {
  const unnamed = [5, 6].map((number) => aTransfer({ url: segmentUrl(number), startedAtMs: number * 100 }));
  const events = [
    life(1, 0, 'start'),
    listing(100, range(1, 9)),
    ...[1, 2].flatMap((number) => segment(1, number, number * 100)),
    ...unnamed,
    exit('success'),
  ];
  assert.equal(row('lookup', events).coverage, 0.5);
  assert.equal(row('lookup-original', events).coverage, 0.25);
});

test('a client that plays two playlists plays two media seconds a second, until it receives one no longer', () => {
  const url = (rendition: string, number: number): string => segmentUrl(number).replace('seg', `${rendition}/seg`);
  const ask = (rendition: number, number: number): Event =>
    parsed(1, number * 100, { rule: 'hls-request', url: url(`v${rendition}`, number), offset: 0, playlist: rendition });
  const progress = (outTimeUs: number): Event =>
    ({ type: 'progress', client: 1, process: 1, atMs: 7_000, outTimeUs }) as Event;
  const listed = (rendition: string): Event =>
    ({
      type: 'segment-listed',
      atMs: 50,
      url: url(rendition, 1),
      playlistUrl: `${rendition}.m3u8`,
      mediaSequence: 1,
      durationSeconds: 2,
    }) as Event;
  const start = [life(1, 0, 'start'), listing(10, [1], { sizeBytes: 1_000 }), listed('v0'), listed('v1')];
  assert.equal(row('playback', start).status, 'pending', 'no out_time yet');
  const both = [...start, ask(0, 1), ask(1, 1), progress(4_000_000)];
  assert.equal(row('playback', both).bytes, 4_000);
  const dropped = [...both, parsed(1, 800, { rule: 'no-longer-receiving', playlist: 1 })];
  assert.equal(row('playback', dropped).bytes, 2_000);
  assert.equal(row('playback', [...start, progress(4_000_000)]).bytes, 2_000, 'a log that names no playlist has one');
});

test('what has nothing to go by has no figure, and the reason is the true one', () => {
  const reason = (name: EstimatorScore['name'], events: readonly Event[]): readonly unknown[] => {
    const { status, reason: words, bytes } = row(name, events);
    return [status, words, bytes];
  };
  const vod = [life(1, 0, 'start'), listing(100, range(1, 5)), ...playlist(1, 150), ...segment(1, 1, 200)];
  const noNumbers = 'no media sequence has changed; VOD has no new numbers';
  assert.deepEqual(reason('refresh', vod), ['pending', noNumbers, undefined]);
  assert.deepEqual(reason('refresh', [...vod, exit('success')]), ['unavailable', noNumbers, undefined]);
  assert.deepEqual(reason('playback', vod), ['unavailable', 'no playlist with EXTINF went through the tap', undefined]);
  const unnumbered = { ...listing(100, []), entries: [{ name: 'whole.ts', sizeBytes: 5 }] } as Event;
  for (const name of ['refresh', 'playback', 'hybrid'] as const)
    assert.deepEqual(reason(name, [unnumbered]), ['unavailable', 'the listing names no numbered segments', undefined]);
});

test('in a run younger than the window the minute is the whole run, whenever an estimator had its first figure', () => {
  const late = [
    life(1, 0, 'start'),
    ...range(1, 9).flatMap((second) => [
      ...segment(1, second, second * 1_000),
      ...quiet(second * 1_000 + 500, second * 1_000 + 500),
    ]),
    listing(9_800, range(1, 9)),
    ...quiet(10_500, 40_500),
  ];
  for (const name of ['lookup', 'lookup-original'] as const) {
    const { bytes, referenceBytes, window } = row(name, late);
    assert.deepEqual([window?.bytes, window?.referenceBytes], [bytes, referenceBytes], name);
  }
});
