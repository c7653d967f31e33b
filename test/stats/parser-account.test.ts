// The parser's account of things that FFmpeg tells in several lines, or in one line for several: each counts once for what it
// was. Kinds are in request-kinds.test.ts, the lookup in lookup.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferredDurations } from '../../src/stats/inferred-durations.ts';
import { ParserAccount } from '../../src/stats/parser-account.ts';
import { FigureBook } from '../../src/stats/process-figures.ts';
import type { ParserReading } from '../../src/stats/summary.ts';
import { parseText } from '../swarm/stderr-captures.ts';
import { life, parsed, play, playlist as playlistOf, quiet, segmentUrl } from './ledger-traffic.ts';
import { requestLine, transfer } from './pairing-traffic.ts';

function newAccount(): ParserAccount {
  return new ParserAccount({
    streamUrl: 'http://o/a.m3u8',
    doorPorts: new Map(),
    figures: new FigureBook(),
    durations: new InferredDurations(),
  });
}

/** Lines of one process, a millisecond apart. */
function accountOf(...lines: string[]): ParserReading {
  const account = newAccount();
  parseText(lines.join('\n')).facts.forEach(({ fact }, atMs) => {
    account.record(parsed(1, atMs, fact));
  });
  return account.read(lines.length);
}

const DIAL = '[tcp @ 0x1] [verbose] Starting connection attempt to 10.255.255.1 port 80';
const DIAL_TIMED_OUT = '[tcp @ 0x1] [verbose] Connection attempt to 10.255.255.1 port 80 failed: Connection timed out';
const READ_TIMED_OUT = '[http @ 0x1] [error] Error reading HTTP response: Connection timed out';
const KEPT_TIMED_OUT =
  "[hls @ 0x1] [warning] keepalive request failed for 'http://o/a.ts' with error: 'Connection timed out' when opening url, retrying with new connection";
const LAST_WORDS = [
  '[in#0 @ 0x2] [error] Error opening input: Connection timed out',
  '[error] Error opening input files: Connection timed out',
];

test('what waited too long counts once, though FFmpeg says it where it happened and again in its last words', () => {
  const timeouts = (...lines: string[]): number => accountOf(...lines).timeouts;
  assert.equal(timeouts(DIAL, DIAL_TIMED_OUT, ...LAST_WORDS), 1, 'a dial at the start');
  assert.equal(timeouts(DIAL, DIAL_TIMED_OUT, DIAL, DIAL_TIMED_OUT, ...LAST_WORDS), 2, 'two addresses');
  assert.equal(timeouts(READ_TIMED_OUT, ...LAST_WORDS), 1, 'an answer at the start');
  assert.equal(timeouts('[error] http://o/a.m3u8: Connection timed out'), 1, 'nothing but last words');
  assert.equal(timeouts(KEPT_TIMED_OUT), 1, 'a kept connection');
  assert.equal(timeouts(READ_TIMED_OUT, KEPT_TIMED_OUT), 1, 'its request said so itself');
  const retry = "[hls @ 0x1] [info] Opening 'http://o/a.ts' for reading";
  assert.equal(timeouts(READ_TIMED_OUT, KEPT_TIMED_OUT, retry, ...LAST_WORDS), 2, 'and the request after it');
  assert.equal(timeouts(READ_TIMED_OUT, READ_TIMED_OUT), 2, 'of a log that names no requests');
});

test('dials that overlap are told apart by their context, and addresses of one name are not', () => {
  const { tcp, pending } = accountOf(
    '[tcp @ 0x1] [verbose] Starting connection attempt to ::1 port 80',
    '[tcp @ 0x1] [verbose] Starting connection attempt to 127.0.0.1 port 80',
    '[tcp @ 0x2] [verbose] Starting connection attempt to 127.0.0.1 port 80',
    '[tcp @ 0x1] [verbose] Successfully connected to 127.0.0.1 port 80',
    '[tcp @ 0x3] [verbose] Starting connection attempt to 127.0.0.1 port 80',
    '[tcp @ 0x3] [verbose] Connection attempt to 127.0.0.1 port 80 failed: Connection refused',
    '[tcp @ 0x2] [verbose] Successfully connected to 127.0.0.1 port 80',
  );
  assert.deepEqual([tcp.started, tcp.connected, tcp.connectMs.n, tcp.failed], [4, 2, 2, { refused: 1 }]);
  assert.equal(pending.connects, 0, 'the address that lost is forgotten');
});

test('the latency that FFmpeg 8.1 tells is that of all its requests', () => {
  const { httpStatistics } = accountOf(
    '[http @ 0x1] [debug] Statistics: 1 connection, 3 requests, 0 retries, 0 reconnections, 0 redirects',
    '[http @ 0x1] [debug] Latency: 2.00 ms avg, 3.50 ms max',
    '[http @ 0x2] [debug] Statistics: 1 connection, 1 request, 0 retries, 0 reconnections, 0 redirects',
    '[http @ 0x2] [debug] Latency: 6.00 ms avg, 6.00 ms max',
  );
  assert.deepEqual(httpStatistics, {
    connections: 2,
    requests: 4,
    retries: 0,
    reconnections: 0,
    redirects: 0,
    latencyMeanMs: 3,
    latencyMaxMs: 6,
  });
});

test('a request that FFmpeg only counted as a repetition is paired and not timed', () => {
  const playlist = 'http://127.0.0.1:8080/live/stream.m3u8';
  const first = requestLine(playlist, 1_000);
  const ledger = play([
    transfer({ url: playlist, kind: 'media-playlist', startedAtMs: 999 }),
    transfer({ url: playlist, kind: 'media-playlist', startedAtMs: 1_999 }),
    first,
    { ...first, atMs: 2_100, isRepetition: true },
  ]);
  ledger.finish(5_000);
  const { playlist: agreement } = ledger.snapshot(5_000, 0).summary.agreement;
  assert.deepEqual([agreement.matched, agreement.missed, agreement.spurious], [2, 0, 0]);
  assert.deepEqual([agreement.startErrorMs.n, agreement.lateLines], [1, 1]);
});

test('a matched line that the parser took for another kind is counted, in the row of what it was; a redirect is no kind', () => {
  const ledger = play([
    parsed(1, 0, { rule: 'hls-request', url: segmentUrl(1), offset: 0, playlist: 0 }),
    parsed(1, 1, { rule: 'open', url: segmentUrl(1), context: 'hls', isNewConnection: true }),
    requestLine(segmentUrl(1), 2),
    // The origin redirects, which the log does not say.
    requestLine('http://edge/1', 3),
    transfer({ url: segmentUrl(1), kind: 'redirect', startedAtMs: 2 }),
    transfer({ url: 'http://edge/1', kind: 'init', startedAtMs: 3 }),
  ]);
  ledger.finish(5_000);
  const { init, other } = ledger.snapshot(5_000, 0).summary.agreement;
  assert.deepEqual([init.matched, init.wrongKind], [1, 1]);
  assert.deepEqual([other.matched, other.wrongKind], [1, 0]);
});

test('a guess that the log corrects when the pair is committed already was not wrong: a name used again, of debug level', () => {
  const ledger = play([life(1, 0, 'start'), parsed(1, 1, { rule: 'format-probed', format: 'hls' })]);
  const ask = (atMs: number, url: string, kind: 'init' | 'segment'): void => {
    play([parsed(1, atMs, { rule: 'hls-request', url, offset: 0, playlist: 0 })], ledger);
    play([parsed(1, atMs, { rule: 'open', url, context: 'http', isNewConnection: false })], ledger);
    play([requestLine(url, atMs)], ledger);
    if (kind === 'init') play([parsed(1, atMs, { rule: 'init-section', bytes: 900 })], ledger);
    play([transfer({ url, kind, startedAtMs: atMs })], ledger);
  };
  ask(10, 'http://o/boot.mp4', 'init');
  const wrong: unknown[] = [];
  for (let segment = 0; segment < 10; segment += 1) {
    const atMs = 1_000 + segment * 6_000;
    if (segment > 0) play(playlistOf(1, atMs - 1), ledger);
    if (segment > 0) ask(atMs, 'http://o/boot.mp4', 'init');
    ask(atMs + 2, `http://o/p${segment % 4}.m4s`, 'segment');
    play(quiet(atMs + 900, atMs + 5_900), ledger);
    const { init, segment: row } = ledger.snapshot(atMs + 5_950, 0).summary.agreement;
    wrong.push(init.wrongKind, row.wrongKind);
  }
  ledger.finish(61_000);
  assert.deepEqual(new Set(wrong), new Set([0]));
});
