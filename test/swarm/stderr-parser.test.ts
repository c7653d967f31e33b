// The log parser line by line: the founding defects first, then each rule, then lines that nobody ever wrote.
// Whole captures against what servers received are in stderr-truth.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ParsedFact } from '../../src/events.ts';
import { StderrParser } from '../../src/swarm/stderr-parser.ts';
import { captureLog, factsOf, parseLog, parseText } from './stderr-captures.ts';

/** The facts of lines, without arrival. */
const facts = (...lines: string[]): ParsedFact[] => parseText(lines.join('\n')).facts.map(({ fact }) => fact);

const HEAD =
  'User-Agent: x\r\nAccept: */*\r\nRange: bytes=0-\r\nConnection: keep-alive\r\nHost: 127.0.0.1:8080\r\n\r\n\n';

test('regression: keep-alive requests are missed', () => {
  // The original counted only opens on new connections: 4 of the 48 requests of this capture.
  const log = parseLog([[captureLog('01-live-ts-debug-ff51'), 0]]);
  const opens = factsOf(log, 'open');
  assert.equal(factsOf(log, 'request').length, 48);
  assert.equal(opens.filter(({ isNewConnection }) => isNewConnection).length, 4);
  assert.equal(opens.filter(({ isNewConnection }) => !isNewConnection).length, 44);
});

test('regression: CR-glued lines are lost', () => {
  // 21 of the 44 opens on kept connections sit behind a status text that ends in CR.
  const octets = captureLog('01-live-ts-debug-ff51');
  const text = octets.toString('latin1');
  assert.equal(text.match(/\r\[http @ 0x[0-9a-f]+\] \[info\] Opening/g)?.length, 21);
  assert.equal(factsOf(parseText(text), 'open').length, 48);
  // Also where some tool turned the CRs into nothing before we saw the log.
  const withoutCr = parseText(text.replaceAll('\r', ''));
  assert.equal(factsOf(withoutCr, 'open').length, 48);
  assert.equal(factsOf(withoutCr, 'request').length, 48);
});

test('regression: same-millisecond requests are lost', () => {
  // Two requests for one URL with one stamp in one chunk are two requests.
  const request = '2026-01-30 16:25:36.940 [http @ 0x1] [debug] request: GET /seg1.ts HTTP/1.1\r\nHost: o\r\n\r\n\n';
  const log = parseText(request + request);
  assert.equal(factsOf(log, 'request').length, 2);
  assert.equal(new Set(log.facts.map(({ loggedAtWallMs }) => loggedAtWallMs)).size, 1);
});

test('a request takes Host and Range from its fields: origin-form becomes a whole URL, bytes=0- is no range', () => {
  assert.deepEqual(facts(`[http @ 0x1] [debug] request: GET /a/seg1.ts?x=1 HTTP/1.1\r\n${HEAD}`), [
    { rule: 'request', method: 'GET', url: 'http://127.0.0.1:8080/a/seg1.ts?x=1' },
  ]);
  assert.deepEqual(
    facts('[https @ 0x1] [debug] request: GET /s.ts HTTP/1.1\r\nhost: [::1]:8443\r\nrange: bytes=10-19\r\n\r\n'),
    [{ rule: 'request', method: 'GET', url: 'https://[::1]:8443/s.ts', range: [10, 19] }],
  );
});

test('behind a proxy the request line has the whole URL, which stays as it is', () => {
  assert.deepEqual(facts(`[http @ 0x1] [debug] request: GET http://o:1/s.ts HTTP/1.1\r\n${HEAD}`), [
    { rule: 'request', method: 'GET', url: 'http://o:1/s.ts' },
  ]);
});

test('behind a proxy a path is asked for through a tunnel: http that was redirected to https stays in [http]', () => {
  const request = (target: string, context = 'http'): string =>
    `[${context} @ 0x1] [debug] request: GET ${target} HTTP/1.1\r\nHost: o:1\r\n\r\n\n`;
  const urls = (log: string): readonly unknown[] => facts(log).map((fact) => fact.rule === 'request' && fact.url);
  assert.deepEqual(urls(request('http://o:1/s.ts') + request('/s.ts')), ['http://o:1/s.ts', 'https://o:1/s.ts']);
  const back = request('/s.ts', 'https') + request('http://o:1/s.ts', 'https') + request('/t.ts', 'https');
  assert.deepEqual(urls(back), ['https://o:1/s.ts', 'http://o:1/s.ts', 'https://o:1/t.ts']);
  assert.deepEqual(urls(request('/s.ts') + request('/t.ts')), ['http://o:1/s.ts', 'http://o:1/t.ts']);
});

test('a request bears the arrival and the stamp of its own line and comes before what follows it', () => {
  const log = parseLog([
    [Buffer.from('2026-01-30 16:25:36.940 [http @ 0x1] [debug] request: GET /s.ts HTTP/1.1\r\n'), 10],
    [Buffer.from('Host: o\r\n'), 20],
    [Buffer.from('2026-01-30 16:25:36.990 [http @ 0x1] [warning] HTTP error 404 Not Found\n'), 30],
  ]);
  const wallMs = new Date(2026, 0, 30, 16, 25, 36, 940).getTime();
  assert.deepEqual(log.facts, [
    { fact: { rule: 'request', method: 'GET', url: 'http://o/s.ts' }, atMs: 10, loggedAtWallMs: wallMs },
    { fact: { rule: 'http-error', status: 404, text: 'Not Found' }, atMs: 30, loggedAtWallMs: wallMs + 50 },
  ]);
});

test('a request without its fields is still a request: at the end of a process, or before the next record', () => {
  assert.deepEqual(facts('[http @ 0x1] [debug] request: GET /s.ts HTTP/1.1'), [
    { rule: 'request', method: 'GET', url: '/s.ts' },
  ]);
  assert.deepEqual(
    facts('[http @ 0x1] [debug] request: GET /1.ts HTTP/1.1', '[http @ 0x2] [debug] request: GET /2.ts HTTP/1.1')
      .length,
    2,
  );
});

test('a URL with blanks, quotes or line separators of Unicode is read whole', () => {
  assert.deepEqual(facts('[http @ 0x1] [debug] request: GET /a b\u2028c.ts HTTP/1.1\r\nHost: o\r\n\r\n'), [
    { rule: 'request', method: 'GET', url: 'http://o/a b\u2028c.ts' },
  ]);
  assert.deepEqual(facts("[hls @ 0x1] [info] Opening 'http://o/it's.ts' for reading"), [
    { rule: 'open', url: "http://o/it's.ts", context: 'hls', isNewConnection: true },
  ]);
});

test('[hls], [NULL] and [AVFormatContext] open new connections, [http] and [https] reuse one', () => {
  const open = (context: string): ParsedFact[] =>
    facts(`[${context} @ 0x1] [info] Opening 'http://o/1.ts' for reading`);
  for (const [context, isNewConnection] of [
    ['hls', true],
    ['NULL', true],
    ['AVFormatContext', true],
    ['http', false],
    ['https', false],
  ] as const) {
    assert.deepEqual(open(context), [{ rule: 'open', url: 'http://o/1.ts', context, isNewConnection }]);
  }
});

test('the wrapper protocol of AES-128 is taken off an open URL', () => {
  assert.deepEqual(facts("[hls @ 0x1] [info] Opening 'crypto+http://o/1.ts' for reading"), [
    { rule: 'open', url: 'http://o/1.ts', context: 'hls', isNewConnection: true },
  ]);
});

test('a refused dial counts once: the attempt, not the summary that repeats it', () => {
  // FFmpeg 5.1.9 at level debug, word for word.
  const lines = [
    '[tcp @ 0x55b545accf80] [verbose] Starting connection attempt to 127.0.0.1 port 9',
    '[tcp @ 0x55b545accf80] [verbose] Connection attempt to 127.0.0.1 port 9 failed: Connection refused',
    '[tcp @ 0x55b545accf80] [error] Connection to tcp://127.0.0.1:9 failed: Connection refused',
    '[error] http://127.0.0.1:9/x.m3u8: Connection refused',
  ];
  assert.deepEqual(facts(...lines), [
    { rule: 'tcp-start', address: '127.0.0.1', port: 9, pointer: '55b545accf80' },
    { rule: 'tcp-failed', target: '127.0.0.1 port 9', reason: 'refused', pointer: '55b545accf80' },
    { rule: 'fatal', text: 'http://127.0.0.1:9/x.m3u8: Connection refused' },
  ]);
});

test('the summary of a failed dial counts where the attempts are not logged', () => {
  assert.deepEqual(facts('[tcp @ 0x1] [error] Connection to tcp://[::1]:9 failed: Connection refused'), [
    { rule: 'tcp-failed', target: 'tcp://[::1]:9', reason: 'refused', pointer: '1' },
  ]);
});

test('causes of a failed dial: timeout, unreachable, name, other', () => {
  const reason = (line: string): unknown => {
    const [fact] = facts(line);
    return fact?.rule === 'tcp-failed' ? fact.reason : undefined;
  };
  assert.equal(
    reason('[tcp @ 0x1] [verbose] Connection attempt to 10.255.255.1 port 80 failed: Connection timed out'),
    'timeout',
  );
  assert.equal(
    reason('[tcp @ 0x1] [verbose] Connection attempt to ::2 port 80 failed: Network is unreachable'),
    'unreachable',
  );
  assert.equal(
    reason('[tcp @ 0x1] [verbose] Connection attempt to ::2 port 80 failed: No route to host'),
    'unreachable',
  );
  assert.equal(
    reason('[tcp @ 0x1] [error] Failed to resolve hostname nosuch.invalid: Name or service not known'),
    'resolve',
  );
  assert.equal(reason('[tcp @ 0x1] [verbose] Connection attempt to ::2 port 80 failed: Permission denied'), 'other');
});

test('IPv6 addresses are read', () => {
  assert.deepEqual(facts('[tcp @ 0x1] [verbose] Successfully connected to 2001:db8::1 port 443'), [
    { rule: 'tcp-connected', address: '2001:db8::1', port: 443, pointer: '1' },
  ]);
});

test('an answer without a length is not called premature', () => {
  const log = parseText('[http @ 0x1] [error] Stream ends prematurely at 1013, should be 18446744073709551615');
  assert.deepEqual([log.facts, log.counters.unparsed], [[], 0]);
  assert.deepEqual(facts('[http @ 0x1] [error] Stream ends prematurely at 131036, should be 262072'), [
    { rule: 'premature-end', atByte: 131_036, expectedBytes: 262_072 },
  ]);
});

test('FFmpeg 8.1 tells counts and latency of an http context, AVIOContext tells octets; the two are not mixed', () => {
  assert.deepEqual(
    facts(
      '[http @ 0x1] [debug] Statistics: 1 connection, 23 requests, 0 retries, 0 reconnections, 0 redirects',
      '[http @ 0x1] [debug] Latency: 0.80 ms avg, 3.51 ms max',
      '[AVIOContext @ 0x1] [verbose] Statistics: 250980 bytes read, 0 seeks',
      '[AVIOContext @ 0x1] [verbose] Statistics: 2431 bytes written, 0 seeks, 13 writeouts',
    ),
    [
      {
        rule: 'http-statistics',
        text: 'Statistics: 1 connection, 23 requests, 0 retries, 0 reconnections, 0 redirects',
        connections: 1,
        requests: 23,
        retries: 0,
        reconnections: 0,
        redirects: 0,
      },
      { rule: 'http-statistics', text: 'Latency: 0.80 ms avg, 3.51 ms max', averageMs: 0.8, maxMs: 3.51 },
      { rule: 'avio-statistics', bytesRead: 250_980, seeks: 0 },
    ],
  );
});

test('stamp, context and level are each optional, and the level may stand before the context', () => {
  const message = "HLS request for url 'http://o/1.ts', offset 188, playlist 2";
  const expected: ParsedFact = { rule: 'hls-request', url: 'http://o/1.ts', offset: 188, playlist: 2 };
  for (const prefix of ['', '2026-01-23 08:44:23.117 ']) {
    for (const brackets of [
      '[hls @ 0x55] ',
      '[hls @ 0x55] [verbose] ',
      '[verbose] [hls @ 0x55] ',
      '[in#0 @ 0x1] [hls @ 0x55] [verbose] ',
    ]) {
      assert.deepEqual(facts(prefix + brackets + message), [expected], prefix + brackets);
    }
  }
});

test('the rarer lines have their rules', () => {
  assert.deepEqual(
    facts(
      '[hls @ 0x1] [warning] Media sequence changed unexpectedly: 100 -> 3',
      '[hls @ 0x1] [warning] skipping 1 segment ahead, expired from playlists',
      '[hls @ 0x1] [warning] Segment 7 of playlist 1 failed too many times, skipping',
      "[hls @ 0x1] [info] No longer receiving playlist 1 ('http://o/v1.m3u8')",
      '[http @ 0x1] [warning] Will reconnect at 4096 in 2 second(s), error=Connection reset by peer.',
      "[http @ 0x1] [trace] header='Content-Length: 250980'",
      "[http @ 0x1] [trace] header='Content-Type: video/mp2t'",
      '[in#0/hls @ 0x1] [verbose] EOF while reading input',
      '[http @ 0x1] [warning] Will retry at 18446744073709551615 in 1 second(s).',
      '[hls @ 0x1] [warning] parse_playlist error Server returned 404 Not Found [http://o/v2.m3u8]',
      "[http @ 0x1] [error] Protocol 'file' not on whitelist 'http,https'!",
      '[http @ 0x1] [error] Malformed HTTP status line.',
      '[hls @ 0x1] [warning] Unable to open key file http://o/k',
      "[hls @ 0x1] [error] Error when loading first segment 'http://o/s0.ts'",
      '[error] http://o/1.m3u8: Connection timed out',
      "Unrecognized option 'seg_max_retry'.",
    ),
    [
      { rule: 'sequence-change', from: 100, to: 3 },
      { rule: 'segments-expired', count: 1 },
      { rule: 'segment-skipped', segment: 7, playlist: 1 },
      { rule: 'no-longer-receiving', playlist: 1, url: 'http://o/v1.m3u8' },
      { rule: 'reconnect', offset: 4096, delaySeconds: 2 },
      { rule: 'content-length', bytes: 250_980 },
      { rule: 'eof', text: 'EOF while reading input' },
      { rule: 'reconnect', delaySeconds: 1 },
      { rule: 'playlist-failed', url: 'http://o/v2.m3u8' },
      { rule: 'refused', text: "Protocol 'file' not on whitelist 'http,https'!" },
      { rule: 'read-failed', text: 'Malformed HTTP status line.' },
      { rule: 'fatal', text: 'Unable to open key file http://o/k' },
      { rule: 'fatal', text: "Error when loading first segment 'http://o/s0.ts'" },
      { rule: 'timeout', text: 'http://o/1.m3u8: Connection timed out', isLastWord: true },
      { rule: 'fatal', text: "Unrecognized option 'seg_max_retry'." },
    ],
  );
});

test('command line options that FFmpeg repeats at level debug are no events', () => {
  const log = parseText(
    [
      "[debug] Reading option '-headers' ... matched as AVOption 'headers' with argument 'X: HTTP error 500'.",
      "[debug] Reading option '-i' ... matched as input url with argument 'http://o/HLS request for url'.",
      '[debug] Applying option loglevel (set logging level) with argument repeat+level+debug.',
      '[debug] Opening an input file: http://o/live.m3u8.',
    ].join('\n'),
  );
  assert.deepEqual([log.facts, log.counters.unparsed], [[], 0]);
});

test('FFmpeg ends one sentence without a line break: what stands behind it is read', () => {
  // FFmpeg 5.1.9, word for word: TIME-OFFSET was not the first attribute.
  const sentence = '#EXT-X-START value isinvalid, it will be ignored';
  const request = "HLS request for url 'http://o/v0.ts', offset 0, playlist 0";
  for (const line of [sentence + request, sentence + sentence + request]) {
    assert.deepEqual(facts(`[hls @ 0x1] [warning] ${line}`), [
      { rule: 'hls-request', url: 'http://o/v0.ts', offset: 0, playlist: 0 },
    ]);
  }
  const alone = parseText(`[hls @ 0x1] [warning] ${sentence}`);
  assert.deepEqual([alone.facts, alone.counters.unparsed], [[], 0]);
});

test('without the flag repeat FFmpeg only counts equal lines: the last one was said so often, at a pace', () => {
  const open = "[http @ 0x1] [info] Opening 'http://o/a.m3u8' for reading\n";
  const log = parseLog([
    [Buffer.from(open), 1000],
    [Buffer.from('    Last message repeated 3 times\n[hls @ 0x1] [warning] Empty playlist\n'), 5000],
    [Buffer.from('    Last message repeated 9 times\n'), 6000],
  ]);
  const fact = { rule: 'open', url: 'http://o/a.m3u8', context: 'http', isNewConnection: false } as const;
  assert.deepEqual(
    log.facts.map((seen) => [seen.fact, seen.atMs]),
    [[fact, 1000], ...[2000, 3000, 4000].map((atMs) => [{ ...fact, isRepetition: true }, atMs])],
  );
  assert.deepEqual(log.counters.byRule, { open: 4 });
});

test('a terminal tells the count of equal lines anew as it grows; a request block is repeated as a whole', () => {
  const count = (text: string): number => parseText(text).facts.length;
  const times = (...counts: number[]): string => counts.map((n) => `    Last message repeated ${n} times\r`).join('');
  const error = '[http @ 0x1] [warning] HTTP error 404 Not Found\n';
  assert.equal(count(error + times(1, 2, 3, 3)), 4);
  assert.equal(count(error + times(2) + error + times(1, 2)), 6);
  assert.equal(count(`[http @ 0x1] [debug] request: GET /s.ts HTTP/1.1\r\nHost: o\r\n\r\n\n${times(2)}`), 3);
});

test('repetitions are bounded: a log can claim any number of them', () => {
  const error = '[http @ 0x1] [warning] HTTP error 404 Not Found\n';
  const log = parseText(`${error}    Last message repeated 999999999 times\n`.repeat(20));
  assert.equal(log.facts.length, 20 + 86_400);
  assert.equal(log.counters.unparsed, 20);
});

test('a log that went through a pipe in text mode, CR CR LF for CR LF, is read like the original', () => {
  const octets = captureLog('11-vod-seg404-prefetch-storm-ff51');
  const windows = Buffer.from(octets.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
  assert.deepEqual(parseLog([[windows, 0]]).facts, parseLog([[octets, 0]]).facts);
});

test('unparsed counts what looks like an event and is not understood, and nothing else', () => {
  const unparsed = (line: string): number => parseText(line).counters.unparsed;
  assert.equal(unparsed('[hls @ 0x1] [warning] A sentence that no version of ours ever said'), 1);
  assert.equal(unparsed('[tls @ 0x1] [info] Something new about a session'), 1);
  assert.equal(unparsed('[hls @ 0x1] Some line of a log without levels, which may be chatter'), 0);
  assert.equal(unparsed("[hls @ 0x1] [verbose] HLS request for url 'http://o/1.ts', offset many"), 1);
  assert.equal(unparsed('[http @ 0x1] [debug] request: GET'), 1);
  assert.equal(unparsed('[http @ 0x1] [debug] Some new chatter'), 0);
  assert.equal(unparsed('[h264 @ 0x1] [error] non-existing SPS 0 referenced in buffering period'), 0);
  assert.equal(unparsed('[info] Stream mapping:'), 0);
});

test('stamps are local time, on both sides of a change of the clocks', () => {
  for (const [year, month] of [
    [2026, 2],
    [2026, 9],
  ] as const) {
    for (let day = 1; day <= 31; day += 1) {
      const date = new Date(year, month, day, 4, 5, 6, 789);
      const pad = (value: number): string => String(value).padStart(2, '0');
      const stamp = `${year}-${pad(month + 1)}-${pad(day)} 04:05:06.789`;
      const [seen] = parseText(`${stamp} [hls @ 0x1] [info] Skip ('#X')`).facts;
      assert.equal(seen?.loggedAtWallMs, date.getTime());
    }
  }
});

test('no line can make the parser throw, and every line is counted', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '[http @ 0x1] ',
      '[hls @ 0x1] ',
      '[tcp @ 0x1] ',
      '[AVIOContext @ 0x1] ',
      '[debug] ',
      '[error] ',
      '2026-01-30 16:25:36.940 ',
      '2026-99-99 99:99:99.999 ',
      'request: GET ',
      ' HTTP/1.1',
      "Opening '",
      "' for reading",
      'HLS request for url ',
      'Statistics: ',
      '9'.repeat(40),
      'Host: ',
      'frame=',
      '[',
      ']',
      ' @ 0x',
      '\u2028',
    ),
    fc.string({ maxLength: 12 }),
  );
  const line = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      let emitted = 0;
      const parser = new StderrParser((fact, _atMs, loggedAtWallMs) => {
        emitted += 1;
        assert.ok(loggedAtWallMs === undefined || Number.isSafeInteger(loggedAtWallMs));
        for (const value of Object.values(fact)) assert.ok(typeof value !== 'number' || Number.isSafeInteger(value));
      });
      for (const text of lines) parser.line(text, 0);
      parser.end();
      assert.equal(parser.counters.lines, lines.length);
      assert.equal(parser.counters.parsed, emitted);
      assert.equal(
        Object.values(parser.counters.byRule).reduce((sum, count) => sum + count, 0),
        emitted,
      );
    }),
    { numRuns: 1000 },
  );
});

test('any chunking of a real log gives the same facts', () => {
  const octets = captureLog('04-live-ts-debug-datetime-ff8');
  const whole = parseLog([[octets, 0]]).facts;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: octets.length }), { maxLength: 40 }), (cuts) => {
      const borders = [0, ...cuts.toSorted((a, b) => a - b), octets.length];
      const chunks = borders.slice(1).map((end, index): [Buffer, number] => [octets.subarray(borders[index], end), 0]);
      assert.deepEqual(parseLog(chunks).facts, whole);
    }),
    { numRuns: 30 },
  );
});
