// The parser against what servers really received, capture by capture.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseRange } from '../../src/hls/resource.ts';
import { captureFile, captureLog, captureRequirement, captureTruth, factsOf, parseLog } from './stderr-captures.ts';

interface Expectation {
  /** Requests in the log beyond those that a server received, and why. */
  readonly extraRequests?: number;
  /** Truth minus log of segment and init requests. */
  readonly missingHlsRequests?: number;
  /** Octets that AVIOContext lines do not tell, of all content the server handed to its kernel. */
  readonly unreadBytes?: number;
  readonly reason?: string;
}

const STOPPED = 'stopped while an answer was on its way: transferred, never read';

/** What FACTS explains; everything else must be equal. */
const CAPTURES: Readonly<Record<string, Expectation>> = {
  '01-live-ts-debug-ff51': {},
  '02-live-ts-verbose-nostats-ff51': { extraRequests: -48, reason: 'request lines are printed at level debug only' },
  '04-live-ts-debug-datetime-ff8': { unreadBytes: 218_468, reason: STOPPED },
  '06-live-ts-http-persistent-0-ff51': { unreadBytes: 214_867, reason: STOPPED },
  '07-live-ts-re-ff51': { unreadBytes: 247_032, reason: STOPPED },
  '08-live-throttled-500KBps-ff51': {},
  '11-vod-seg404-prefetch-storm-ff51': {
    missingHlsRequests: 2,
    unreadBytes: 355_220,
    reason: `HTTP retries are no attempts of the demuxer; bodies of 404 answers are not read; ${STOPPED}`,
  },
  '14-vod-seg503-twice-ff51': {
    missingHlsRequests: 1,
    unreadBytes: 355_130,
    reason: `the retry on a new connection is no attempt of the demuxer; bodies of 503 answers are not read; ${STOPPED}`,
  },
  '15-live-playlist503-midrun-ff51': {
    unreadBytes: 224_126,
    reason: 'ended by two failed reloads with a prefetch open',
  },
  '17-start-404-ff51': { unreadBytes: 9, reason: 'the body of the 404 is not read' },
  '18-start-404-ff70': { unreadBytes: 9, reason: 'the body of the 404 is not read' },
  '19-live-keepalive-idle-close-ff51': {
    extraRequests: 23,
    unreadBytes: 221_287,
    reason: `attempts written to connections that the server had closed: 51 lines, 28 requests; ${STOPPED}`,
  },
  '21-vod-truncated-and-reset-ff51': {
    extraRequests: 1,
    missingHlsRequests: 1,
    unreadBytes: 250_980,
    reason: `one attempt on a dead connection after the truncated answer; one HTTP retry after the reset; ${STOPPED}`,
  },
  '23-vod-stall-rw_timeout-ff51': {
    missingHlsRequests: 1,
    unreadBytes: 506_660,
    reason: `the retry after the timeout is no attempt of the demuxer; ${STOPPED}`,
  },
  '24-multi-variant-map0-ff51': { unreadBytes: 62_616, reason: STOPPED },
  '25-multi-variant-map0p1-ff51': {
    unreadBytes: 1_353_800,
    reason: `prefetched segments of unselected variants are never read; ${STOPPED}`,
  },
  '27-vod-separate-audio-ff51': {},
  '28-live-fmp4-ff51': { unreadBytes: 21_192, reason: STOPPED },
  '31-vod-aes128-ff51': { unreadBytes: 312, reason: 'the padding of AES-128 is not given to the reader' },
  '32-vod-byterange-ff51': {},
  '35-live-frozen-playlist-ff51': {},
  '36-live-trace-ff51': { unreadBytes: 213_016, reason: STOPPED },
  '37-forward-proxy-http-ff51': { unreadBytes: 90_112, reason: STOPPED },
  '39-reverse-prefix-https-ff51': { unreadBytes: 49_152, reason: STOPPED },
};

for (const [capture, expected] of Object.entries(CAPTURES)) {
  const why = expected.reason === undefined ? '' : ` (${expected.reason})`;
  test(`the log of ${capture} tells what the server received${why}`, { skip: captureRequirement(capture) }, () => {
    const log = parseLog([[captureLog(capture), 0]]);
    const truth = captureTruth(capture);
    assert.deepEqual(log.unparsedLines, []);

    const requests = factsOf(log, 'request').map(({ url, range }) => key(url, range));
    const received = truth.map(({ url, range }) => key(url, parseRange(range)));
    assert.equal(requests.length - received.length, expected.extraRequests ?? 0);
    if (requests.length > 0) assert.deepEqual(without(received, requests), [], 'requests that the log does not have');
    if (expected.extraRequests === undefined) assert.deepEqual(requests.toSorted(), received.toSorted());

    const media = truth.filter(({ kind }) => kind === 'segment' || kind === 'init');
    assert.equal(media.length - factsOf(log, 'hls-request').length, expected.missingHlsRequests ?? 0);

    const errors = factsOf(log, 'http-error').map(({ status }) => status);
    assert.deepEqual(
      errors.toSorted(),
      truth
        .map(({ status }) => status)
        .filter((status) => status >= 400)
        .toSorted(),
    );

    const read = sum(factsOf(log, 'avio-statistics').map(({ bytesRead }) => bytesRead));
    assert.equal(sum(truth.map(({ bodyBytes }) => bodyBytes)) - read, expected.unreadBytes ?? 0);
  });
}

test('at level debug every request has its open line and each new connection its tcp line', () => {
  const log = parseLog([[captureLog('01-live-ts-debug-ff51'), 0]]);
  assert.equal(factsOf(log, 'open').length, 48);
  assert.equal(factsOf(log, 'tcp-connected').length, 4);
  assert.equal(factsOf(log, 'sequence-change').length, 22);
  assert.deepEqual(
    factsOf(log, 'input-opened').map(({ format }) => format),
    ['hls'],
  );
});

test('at level verbose a single playlist lacks the two opens of the URL given to -i', () => {
  const log = parseLog([[captureLog('02-live-ts-verbose-nostats-ff51'), 0]]);
  assert.equal(factsOf(log, 'open').length, 46);
});

test('behind a forward proxy the log has whole URLs and the connections of the door', () => {
  const log = parseLog([[captureLog('37-forward-proxy-http-ff51'), 0]]);
  const truth = captureTruth('37-forward-proxy-http-ff51');
  assert.deepEqual(
    factsOf(log, 'request')
      .map(({ url }) => url)
      .toSorted(),
    truth.map(({ url }) => url).toSorted(),
  );
  assert.deepEqual(new Set(factsOf(log, 'tcp-start').map(({ port }) => port)), new Set([28_775]));
});

test('at level trace the declared lengths are those of the answers', () => {
  const log = parseLog([[captureLog('36-live-trace-ff51'), 0]]);
  const truth = captureTruth('36-live-trace-ff51');
  assert.equal(
    sum(factsOf(log, 'content-length').map(({ bytes }) => bytes)),
    sum(truth.map(({ bodyBytes }) => bodyBytes)),
  );
});

test('byte ranges of one file are told apart by the request fields and by the offset', () => {
  const log = parseLog([[captureLog('32-vod-byterange-ff51'), 0]]);
  const ranges = factsOf(log, 'request').flatMap(({ range }) => (range === undefined ? [] : [range]));
  assert.equal(new Set(ranges.map(([first]) => first)).size, 30);
  const offsets = factsOf(log, 'hls-request').map(({ offset }) => offset);
  assert.deepEqual(
    ranges.map(([first]) => first),
    offsets,
  );
});

test('request lines arrive within a millisecond or two of the request at the server', () => {
  const capture = '01-live-ts-debug-ff51';
  const file = captureFile(capture);
  assert.ok(file !== undefined);
  const octets = captureLog(capture);
  const arrivals = jsonLines<{ t: number; off: number; len: number }>(new URL('arrivals.jsonl', file));
  const log = parseLog(arrivals.map(({ t, off, len }) => [octets.subarray(off, off + len), t]));
  const starts = jsonLines<{ tStart: number }>(new URL('truth.jsonl', file)).map(({ tStart }) => tStart);
  const seen = log.facts.flatMap(({ fact, atMs }) => (fact.rule === 'request' ? [atMs] : []));
  const sortedStarts = starts.toSorted(ascending);
  const errorsSeconds = seen.toSorted(ascending).map((at, index) => Math.abs(at - (sortedStarts[index] ?? Number.NaN)));
  assert.ok((errorsSeconds.toSorted(ascending)[24] ?? 1) < 0.001, 'median');
  assert.ok(Math.max(...errorsSeconds) < 0.01, 'maximum');
});

function key(url: string, range: readonly [number, number | null] | undefined): string {
  const { pathname, search } = new URL(url, 'http://server');
  return range === undefined ? pathname + search : `${pathname}${search} ${range[0]}-${range[1] ?? ''}`;
}

/** Multiset difference. */
function without(all: readonly string[], taken: readonly string[]): readonly string[] {
  const left = [...taken];
  return all.filter((item) => {
    const position = left.indexOf(item);
    if (position >= 0) left.splice(position, 1);
    return position < 0;
  });
}

function ascending(left: number, right: number): number {
  return left - right;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function jsonLines<Line>(file: URL): readonly Line[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}
