// Every rule of the log parser with lines as FFmpeg prints them (5.1.9, 7.0 and 8.1), and each line in every dress that a log
// may give it: with and without levels, stamped, behind a status text. Order and state between lines: stderr-parser.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedFact, ParsedRule } from '../../src/events.ts';
import { parseText } from './stderr-captures.ts';

interface Row {
  readonly line: string;
  readonly fact: ParsedFact;
  /** Nothing but the level tells that this line is bad news. */
  readonly needsLevel?: true;
}

const row = (line: string, fact: ParsedFact): Row => ({ line, fact });
const byLevel = (line: string, fact: ParsedFact): Row => ({ line, fact, needsLevel: true });
const verbatim = (
  rule: 'tls-failed' | 'read-failed' | 'refused' | 'fatal' | 'timeout' | 'eof' | 'exit-reason',
  context: string,
  text: string,
): Row => row(`${context}${text}`, { rule, text });

const ROWS: Readonly<Record<ParsedRule, readonly Row[]>> = {
  request: [
    row('[http @ 0x55] [debug] request: GET /live/seg1.ts HTTP/1.1', {
      rule: 'request',
      method: 'GET',
      url: '/live/seg1.ts',
    }),
    row('[https @ 0x55] [debug] request: GET /a HTTP/1.1', { rule: 'request', method: 'GET', url: '/a' }),
    row('[http @ 0x55] [debug] request: GET http://[::1]:80/a.m3u8 HTTP/1.1', {
      rule: 'request',
      method: 'GET',
      url: 'http://[::1]:80/a.m3u8',
    }),
    row('[httpproxy @ 0x55] [debug] request: CONNECT o:443 HTTP/1.1', {
      rule: 'request',
      method: 'CONNECT',
      url: 'o:443',
    }),
  ],
  'hls-request': [
    row("[hls @ 0x557c] [verbose] HLS request for url 'http://127.0.0.1:8091/all.ts', offset 34216, playlist 1", {
      rule: 'hls-request',
      url: 'http://127.0.0.1:8091/all.ts',
      offset: 34_216,
      playlist: 1,
    }),
  ],
  open: [
    row("[hls @ 0x55] [info] Opening 'crypto+https://o/1.ts' for reading", {
      rule: 'open',
      url: 'https://o/1.ts',
      context: 'hls',
      isNewConnection: true,
    }),
    row("[https @ 0x55] [info] Opening 'https://[2001:db8::1]/1.ts' for reading", {
      rule: 'open',
      url: 'https://[2001:db8::1]/1.ts',
      context: 'https',
      isNewConnection: false,
    }),
    row("[AVFormatContext @ 0x55] [debug] Opening 'http://o/a.m3u8' for reading", {
      rule: 'open',
      url: 'http://o/a.m3u8',
      context: 'AVFormatContext',
      isNewConnection: true,
    }),
  ],
  'tcp-start': [
    row('[tcp @ 0x55d64abef900] [verbose] Starting connection attempt to 127.0.0.1 port 45255', {
      rule: 'tcp-start',
      address: '127.0.0.1',
      port: 45_255,
    }),
    row('[tcp @ 0x563c4013afc0] [verbose] Starting connection attempt to ::1 port 1', {
      rule: 'tcp-start',
      address: '::1',
      port: 1,
    }),
  ],
  'tcp-connected': [
    row('[tcp @ 0x55] [verbose] Successfully connected to fe80::1%lo port 443', {
      rule: 'tcp-connected',
      address: 'fe80::1%lo',
      port: 443,
    }),
  ],
  'tcp-failed': [
    row('[tcp @ 0x55] [verbose] Connection attempt to ::1 port 1 failed: Connection refused', {
      rule: 'tcp-failed',
      target: '::1 port 1',
      reason: 'refused',
    }),
    row('[tcp @ 0x55] [error] Connection to tcp://[::1]:1 failed: Connection timed out', {
      rule: 'tcp-failed',
      target: 'tcp://[::1]:1',
      reason: 'timeout',
    }),
    row('[tcp @ 0x55] [warning] Connection to 10.0.0.1 failed (Network is unreachable), trying next address', {
      rule: 'tcp-failed',
      target: '10.0.0.1',
      reason: 'unreachable',
    }),
    row('[tcp @ 0x55] [error] Failed to resolve hostname nosuch.invalid: Name or service not known', {
      rule: 'tcp-failed',
      target: 'nosuch.invalid',
      reason: 'resolve',
    }),
  ],
  'tls-failed': [
    verbatim('tls-failed', '[tls @ 0x55d64abef080] [error] ', 'Peer certificate failed verification'),
    verbatim('tls-failed', '[tls @ 0x561ccaf66e80] [error] ', 'An unexpected TLS packet was received.'),
    verbatim('tls-failed', '[tls @ 0x55] [error] ', "The certificate's owner does not match hostname o.example"),
    verbatim('tls-failed', '[tls @ 0x55] [error] ', 'error:0A000086:SSL routines::certificate verify failed'),
    byLevel('[tls @ 0x55] [error] The words of a library that nobody has seen yet', {
      rule: 'tls-failed',
      text: 'The words of a library that nobody has seen yet',
    }),
  ],
  'http-error': [
    row('[http @ 0x55] [warning] HTTP error 404 Not Found', { rule: 'http-error', status: 404, text: 'Not Found' }),
    row('[https @ 0x55ca] [warning] HTTP error 599 ', { rule: 'http-error', status: 599, text: '' }),
  ],
  'read-failed': [
    verbatim('read-failed', '[http @ 0x55] [error] ', 'Failed to reconnect at 4096.'),
    verbatim('read-failed', '[http @ 0x55] [error] ', 'Error reading HTTP response: End of file'),
    verbatim('read-failed', '[hls @ 0x55] [error] ', "Unable to seek to offset 188 of HLS segment 'http://o/1.ts'"),
  ],
  'keepalive-failed': [
    row(
      "[hls @ 0x55] [warning] keepalive request failed for 'http://o/1.ts' with error: 'End of file' when opening url, retrying with new connection",
      { rule: 'keepalive-failed', url: 'http://o/1.ts', reason: 'End of file' },
    ),
    row(
      "[hls @ 0x55] [warning] keepalive request failed for 'http://o/a.m3u8' with error: 'Server returned 5XX Server Error reply' when parsing playlist",
      { rule: 'keepalive-failed', url: 'http://o/a.m3u8', reason: 'Server returned 5XX Server Error reply' },
    ),
  ],
  reconnect: [
    row('[http @ 0x55] [warning] Will reconnect at 12345 in 2 second(s), error=Connection reset by peer.', {
      rule: 'reconnect',
      offset: 12_345,
      delaySeconds: 2,
    }),
    row('[https @ 0x55] [warning] Will reconnect at 0 in 0 second(s).', {
      rule: 'reconnect',
      offset: 0,
      delaySeconds: 0,
    }),
  ],
  'premature-end': [
    row('[http @ 0x55] [error] Stream ends prematurely at 131036, should be 262072', {
      rule: 'premature-end',
      atByte: 131_036,
      expectedBytes: 262_072,
    }),
  ],
  refused: [
    verbatim(
      'refused',
      '[hls @ 0x55] [error] ',
      'URL http://o/seg.php is not in allowed_segment_extensions, consider updating hls.c',
    ),
    verbatim(
      'refused',
      '[hls @ 0x55] [error] ',
      'detected format mpegts extension none mismatches allowed extensions in url http://o/1.mp4',
    ),
  ],
  'init-section': [
    row('[hls @ 0x55] [debug] Downloading an initialization section of size 1325', {
      rule: 'init-section',
      bytes: 1_325,
    }),
  ],
  'segment-failed': [
    row('[hls @ 0x55] [warning] Failed to open segment 3 of playlist 0', {
      rule: 'segment-failed',
      segment: 3,
      playlist: 0,
    }),
    row('[hls @ 0x55] [warning] Failed to open segment of playlist 2', { rule: 'segment-failed', playlist: 2 }),
  ],
  'segment-skipped': [
    row('[hls @ 0x55] [warning] Segment 7 of playlist 1 failed too many times, skipping', {
      rule: 'segment-skipped',
      segment: 7,
      playlist: 1,
    }),
  ],
  'segments-expired': [
    row('[hls @ 0x55] [warning] skipping 3 segments ahead, expired from playlists', {
      rule: 'segments-expired',
      count: 3,
    }),
  ],
  'playlist-failed': [
    row('[hls @ 0x55] [warning] Failed to reload playlist 0', { rule: 'playlist-failed', playlist: 0 }),
  ],
  'sequence-change': [
    row('[hls @ 0x55] [debug] Media sequence change (84 -> 85) reflected in first_timestamp: 5933333 -> 7933333', {
      rule: 'sequence-change',
      from: 84,
      to: 85,
    }),
    row('[hls @ 0x55] [warning] Media sequence changed unexpectedly: 900 -> 0', {
      rule: 'sequence-change',
      from: 900,
      to: 0,
    }),
  ],
  'no-longer-receiving': [
    row("[hls @ 0x55] [info] No longer receiving playlist 1 ('http://o/v1/stream.m3u8')", {
      rule: 'no-longer-receiving',
      playlist: 1,
      url: 'http://o/v1/stream.m3u8',
    }),
    row('[hls @ 0x55] [info] No longer receiving playlist 2', { rule: 'no-longer-receiving', playlist: 2 }),
  ],
  bandwidth: [
    row('[info]       variant_bitrate : 1170400', { rule: 'bandwidth', bitsPerSecond: 1_170_400 }),
    row('#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=7,BANDWIDTH=5000000,RESOLUTION=1920x1080', {
      rule: 'bandwidth',
      bitsPerSecond: 5_000_000,
    }),
    row('BANDWIDTH=2000000', { rule: 'bandwidth', bitsPerSecond: 2_000_000 }),
  ],
  'format-probed': [
    row('[hls @ 0x55] [debug] Format hls probed with size=2048 and score=100', {
      rule: 'format-probed',
      format: 'hls',
    }),
    row('[debug] Format mpegts probed with size=2048 and score=50', { rule: 'format-probed', format: 'mpegts' }),
  ],
  'tag-skipped': [
    row("[hls @ 0x55] [verbose] Skip ('#EXT-X-VERSION:3')", { rule: 'tag-skipped', tag: '#EXT-X-VERSION:3' }),
  ],
  'content-length': [
    row("[https @ 0x55] [trace] header='Content-Length: 250980'", { rule: 'content-length', bytes: 250_980 }),
  ],
  'avio-statistics': [
    row('[AVIOContext @ 0x55] [verbose] Statistics: 3220176 bytes read, 0 seeks', {
      rule: 'avio-statistics',
      bytesRead: 3_220_176,
      seeks: 0,
    }),
  ],
  'http-statistics': [
    row('[http @ 0x55] [debug] Statistics: 2 connections, 1 request, 1 retry, 3 reconnections, 4 redirects', {
      rule: 'http-statistics',
      text: 'Statistics: 2 connections, 1 request, 1 retry, 3 reconnections, 4 redirects',
      connections: 2,
      requests: 1,
      retries: 1,
      reconnections: 3,
      redirects: 4,
    }),
    row('[http @ 0x55] [debug] Statistics: 2 connections, and what a later FFmpeg adds', {
      rule: 'http-statistics',
      text: 'Statistics: 2 connections, and what a later FFmpeg adds',
      connections: 2,
    }),
    row('[https @ 0x55] [debug] Latency: 0.80 ms avg, 3.51 ms max', {
      rule: 'http-statistics',
      text: 'Latency: 0.80 ms avg, 3.51 ms max',
      averageMs: 0.8,
      maxMs: 3.51,
    }),
  ],
  'stream-total': [
    row('[verbose]   Input stream #0:1 (audio): 1176 packets read (198012 bytes); ', {
      rule: 'stream-total',
      stream: '0:1',
      packets: 1_176,
      bytes: 198_012,
    }),
    row('[in#0/hls @ 0x55] [verbose]   Total: 2556 packets (6048322 bytes) demuxed', {
      rule: 'stream-total',
      packets: 2_556,
      bytes: 6_048_322,
    }),
  ],
  'input-opened': [
    row("[info] Input #0, hls, from 'http://o/a.m3u8':", {
      rule: 'input-opened',
      format: 'hls',
      url: 'http://o/a.m3u8',
    }),
  ],
  timeout: [
    row('[error] http://o/1.m3u8: Connection timed out', {
      rule: 'timeout',
      text: 'http://o/1.m3u8: Connection timed out',
      isLastWord: true,
    }),
    verbatim('timeout', '[http @ 0x55] [error] ', 'Error reading HTTP response: Connection timed out'),
    verbatim('timeout', '[http @ 0x55] [error] ', 'Connection timed out'),
  ],
  eof: [
    verbatim('eof', '[in#0/hls @ 0x55] [verbose] ', 'EOF while reading input'),
    verbatim('eof', '[verbose] ', 'No more output streams to write to, finishing.'),
  ],
  'exit-reason': [
    row('[info] Exiting normally, received signal 15.', {
      rule: 'exit-reason',
      text: 'Exiting normally, received signal 15.',
      signal: 15,
    }),
    verbatim('exit-reason', '', 'Received > 3 system signals, hard exiting'),
    row('[error] http://o/a.m3u8: Immediate exit requested', {
      rule: 'exit-reason',
      text: 'http://o/a.m3u8: Immediate exit requested',
    }),
  ],
  fatal: [
    verbatim('fatal', '[fatal] ', "Unrecognized option 'seg_max_retry'."),
    verbatim('fatal', '[in#0/hls @ 0x55] [error] ', 'Error during demuxing: Server returned 5XX Server Error reply'),
    verbatim('fatal', '[error] ', 'Conversion failed!'),
    verbatim('fatal', '[fatal] ', 'Error splitting the argument list: Option not found'),
    verbatim('fatal', '', 'Invalid loglevel "datetime+debug". Possible levels are numbers or:'),
    verbatim('fatal', '[fatal] ', 'Option tls_verify not found.'),
    verbatim('fatal', '[http @ 0x561b] [error] ', 'Error setting option rw_timeout to value abc.'),
    verbatim('fatal', '[hls @ 0x55] [error] ', 'Unable to open key file http://o/k, End of file'),
    row('[in#0 @ 0x55] [error] Error opening input: Server returned 404 Not Found', {
      rule: 'fatal',
      text: 'Error opening input: Server returned 404 Not Found',
    }),
    row('[error] http://127.0.0.1:45927/a.m3u8: Connection reset by peer', {
      rule: 'fatal',
      text: 'http://127.0.0.1:45927/a.m3u8: Connection reset by peer',
    }),
  ],
};

const STATUS = 'frame=  357 fps= 30 q=-1.0 size=N/A time=00:00:05.93 bitrate=N/A speed=11.9x    ';
const LEVEL = /\[(?:error|fatal|warning|info|verbose|debug|trace)\] /;

/** The same record as other settings and other programs write it. */
function dressed({ line, needsLevel }: Row): readonly string[] {
  const plain = needsLevel ? [line] : [line, line.replace(LEVEL, '')];
  const stamped = plain.map((text) => `2026-01-23 08:12:52.615 ${text}`);
  return [...plain, ...stamped, ...plain.map((text) => `[info] ${STATUS}\r${text}`)];
}

/** Which connection a line is about is told by state between lines: stderr-parser.test.ts. */
function withoutPointer(fact: ParsedFact): object {
  const { pointer, ...rest } = { pointer: undefined, ...fact };
  return rest;
}

for (const [rule, rows] of Object.entries(ROWS)) {
  test(`lines of rule ${rule} are read in every dress`, () => {
    for (const each of rows) {
      for (const text of dressed(each)) {
        const { facts, counters } = parseText(text);
        assert.deepEqual(
          facts.map(({ fact }) => withoutPointer(fact)),
          [each.fact],
          text,
        );
        assert.deepEqual([counters.unparsed, counters.byRule], [0, { [rule]: 1 }], text);
      }
    }
  });
}

test('lines that are known and say nothing are no events and not unknown', () => {
  const { facts, counters } = parseText(
    [
      "[http @ 0x55] [debug] Setting default whitelist 'http,https,tls,rtp,tcp,udp,crypto,httpproxy,data'",
      '[http @ 0x55] [info] Cannot reuse HTTP connection for different host: a:80 != b:80',
      '[hls @ 0x55] [warning] The m3u8 list sequence may have been wrapped.',
      '[hls @ 0x55] [info] Now receiving playlist 1, segment 7',
      '[tcp @ 0x55] [debug] Original list of addresses:',
      '[info]       variant_bitrate : 0',
      '[verbose]   Total: 2556 packets (6048322 bytes) muxed',
      '[AVIOContext @ 0x55] [verbose] Statistics: 2431 bytes written, 0 seeks, 13 writeouts',
      '[http @ 0x55] [error] Stream ends prematurely at 1013, should be 18446744073709551615',
      '[error] Error closing progress log, loss of information possible: Immediate exit requested',
    ].join('\n'),
  );
  assert.deepEqual([facts, counters.unparsed], [[], 0]);
});

test('one TLS failure told in two lines counts once, the next session counts again', () => {
  // FFmpeg 5.1.9 with GnuTLS against a server that resets, word for word; then the same once more.
  const session = (pointer: string): string =>
    `[tls @ ${pointer}] [error] Error in the push function.\n[tls @ ${pointer}] [error] IO error: Connection reset by peer\n`;
  const { counters } = parseText(session('0x55d029937e80') + session('0x55d029937f00'));
  assert.deepEqual(counters.byRule, { 'tls-failed': 2 });
});

test('a change of the media sequence belongs to the playlist that was opened for it, whatever others do', () => {
  const reload = (playlist: string, change: string): string =>
    `[http @ 0x1] [info] Opening 'http://o/${playlist}.m3u8' for reading\n` +
    `[hls @ 0x1] [debug] Media sequence change (${change}) reflected in first_timestamp: 1 -> 2\n`;
  const { facts } = parseText(reload('v0', '3 -> 4') + reload('v1', '3 -> 4') + reload('v0', '4 -> 6'));
  assert.deepEqual(
    facts.flatMap(({ fact }) => (fact.rule === 'sequence-change' ? [[fact.url, fact.from, fact.to]] : [])),
    [
      ['http://o/v0.m3u8', 3, 4],
      ['http://o/v1.m3u8', 3, 4],
      ['http://o/v0.m3u8', 4, 6],
    ],
  );
});

test('a line that names an empty URL is no request: it is counted as unparsed', () => {
  const { facts, counters } = parseText(
    "[http @ 0x1] [info] Opening '' for reading\n[hls @ 0x1] [verbose] HLS request for url '', offset 0, playlist 0\n",
  );
  assert.deepEqual([facts, counters.unparsed], [[], 2]);
});
