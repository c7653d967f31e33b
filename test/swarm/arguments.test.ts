// The client's command line: what is in it, what must not be, and that a shell reads the printed form back unchanged.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { runProgram } from '../../src/process.ts';
import { clientArguments, clientEnvironment, isPaced, printCommand } from '../../src/swarm/arguments.ts';
import { command, newCapabilities, oldCapabilities } from '../support/swarm.ts';

const argsOf = (changes: Partial<typeof command> = {}, capabilities = oldCapabilities): readonly string[] =>
  clientArguments({ ...command, ...changes }, capabilities).args;
const wordAfter = (args: readonly string[], name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined;

test('the base command for FFmpeg 5.1, live HLS behind a door', () => {
  assert.deepEqual(argsOf({ doorUrl: 'http://127.0.0.1:4001', client: 7 }), [
    ...[
      '-hide_banner',
      '-nostdin',
      '-nostats',
      '-loglevel',
      'repeat+level+debug',
      '-progress',
      'pipe:3',
      '-stats_period',
      '1',
    ],
    ...['-http_proxy', 'http://127.0.0.1:4001', '-user_agent', 'hls-swarm/1.0/client-7', '-rw_timeout', '15000000'],
    ...['-max_reload', '1000'],
    ...['-reconnect', '1', '-reconnect_streamed', '1', '-reconnect_on_network_error', '1', '-reconnect_delay_max', '5'],
    ...['-i', 'http://origin.example/live/stream.m3u8', '-map', '0', '-c', 'copy', '-f', 'null', '-'],
  ]);
});

describe('options that this FFmpeg or this input does not take', () => {
  test('datetime and seg_max_retry reach only an FFmpeg that has them, and what is left out is named (defect F1)', () => {
    const old = clientArguments({ ...command, segmentRetries: 3 }, oldCapabilities);
    assert.equal(wordAfter(old.args, '-loglevel'), 'repeat+level+debug');
    assert.equal(old.args.includes('-seg_max_retry'), false);
    assert.deepEqual(old.omitted, ['-seg_max_retry']);
    const recent = clientArguments({ ...command, segmentRetries: 3 }, newCapabilities);
    assert.equal(wordAfter(recent.args, '-loglevel'), 'repeat+level+datetime+debug');
    assert.equal(wordAfter(recent.args, '-seg_max_retry'), '3');
    assert.deepEqual(recent.omitted, []);
  });

  test('seg_max_retry is only there when asked for, 0 included', () => {
    assert.equal(argsOf({}, newCapabilities).includes('-seg_max_retry'), false);
    assert.equal(wordAfter(argsOf({ segmentRetries: 0 }, newCapabilities), '-seg_max_retry'), '0');
  });

  test('MPEG-TS gets no option of the HLS demuxer', () => {
    const args = argsOf({ isHls: false, segmentRetries: 3 }, newCapabilities);
    assert.equal(
      args.some((word) => word === '-max_reload' || word === '-seg_max_retry'),
      false,
    );
  });

  test('TLS options go to https only (defect F2)', () => {
    const caFile = '/run/ca.pem';
    assert.equal(argsOf({ caFile }).includes('-ca_file'), false);
    assert.equal(wordAfter(argsOf({ caFile, url: 'https://origin.example/a.m3u8' }), '-ca_file'), caFile);
  });
});

test('what vouches for the door is in the environment too: the HLS demuxer hands no option on', () => {
  assert.equal(clientEnvironment({ SSL_CERT_FILE: '/etc/own.pem' })['SSL_CERT_FILE'], '/etc/own.pem');
  assert.equal(clientEnvironment({}, { caFile: '/run/ca.pem' })['SSL_CERT_FILE'], '/run/ca.pem');
});

test('one hundred commands built side by side carry one hundred User-Agents (defect O1)', () => {
  const agents = Array.from({ length: 100 }, (_, index) => wordAfter(argsOf({ client: index + 1 }), '-user_agent'));
  assert.deepEqual(
    agents,
    Array.from({ length: 100 }, (_, index) => `hls-swarm/1.0/client-${index + 1}`),
  );
});

test('without a door there is no proxy option, without statistics no progress pipe', () => {
  assert.equal(argsOf().includes('-http_proxy'), false);
  const quiet = argsOf({ stats: false });
  assert.equal(quiet.includes('-progress'), false);
  assert.equal(wordAfter(quiet, '-loglevel'), 'repeat+level+info');
});

test('headers are one block of CR LF lines, the cache ones first', () => {
  assert.equal(
    wordAfter(argsOf({ noCache: true, headers: ['X-Token: a b'] }), '-headers'),
    'Cache-Control: no-cache, no-store, must-revalidate\r\nPragma: no-cache\r\nX-Token: a b\r\n',
  );
  assert.equal(argsOf().includes('-headers'), false);
});

test('a static build is kept from the character sets of the system, which it dies of; others are left alone', () => {
  assert.equal(clientEnvironment({}, { version: '7.0.2-static' })['GCONV_PATH'], '/dev/null');
  assert.equal('GCONV_PATH' in clientEnvironment({}, { version: '5.1.9-0+deb12u1' }), false);
});

test('cookies are kept for the URL alone: by the path that FFmpeg compares, which behind a door is the whole URL', () => {
  const cookies = ['a=b', 'c=d e'];
  const jar = (changes: Partial<typeof command>): string | undefined =>
    wordAfter(argsOf({ cookies, ...changes }), '-cookies');
  const url = 'http://ann:pw@Origin.example:8080/live/a.m3u8?x=1';
  const doorUrl = 'http://127.0.0.1:4001';
  assert.equal(jar({ url }), 'a=b; path=/; domain=Origin.example:8080\nc=d e; path=/; domain=Origin.example:8080');
  assert.match(
    jar({ url, doorUrl }) ?? '',
    /^ a=b; path=http:\/\/Origin\.example:8080\/; domain=Origin\.example:8080\n c=d e; /,
  );
  const secure = 'https://[2001:db8::1]/a.m3u8';
  assert.match(jar({ url: secure, doorUrl }) ?? '', /^a=b; path=\/; domain=\[2001:db8::1\]\n/);
  assert.equal(argsOf().includes('-cookies'), false);
});

test('--browser-like switches Range and Icy off, for a transport stream without the option of the HLS demuxer', () => {
  const hls = argsOf({ browserLike: true });
  assert.deepEqual(
    ['-http_seekable', '-seekable', '-icy'].map((name) => wordAfter(hls, name)),
    ['0', '0', '0'],
  );
  const stream = argsOf({ browserLike: true, isHls: false });
  assert.deepEqual([stream.includes('-http_seekable'), wordAfter(stream, '-seekable')], [false, '0']);
  for (const name of ['-http_seekable', '-seekable', '-icy']) assert.equal(argsOf().includes(name), false);
});

test('the User-Agent ends in the number of the client unless told otherwise', () => {
  assert.equal(wordAfter(argsOf({ userAgentSuffix: false, client: 7 }), '-user_agent'), 'hls-swarm/1.0');
});

test('the first segment of a live playlist is chosen only when asked for, 0 included, and for HLS only', () => {
  assert.equal(argsOf().includes('-live_start_index'), false);
  assert.equal(wordAfter(argsOf({ liveStartIndex: 0 }), '-live_start_index'), '0');
  assert.equal(wordAfter(argsOf({ liveStartIndex: -1 }), '-live_start_index'), '-1');
  assert.equal(argsOf({ liveStartIndex: -1, isHls: false }).includes('-live_start_index'), false);
});

test('every map specifier gets its own -map, after the input', () => {
  const args = argsOf({ map: ['0:v:0?', '0:a:0?'] });
  assert.deepEqual(args.slice(args.indexOf('-i') + 2), [
    '-map',
    '0:v:0?',
    '-map',
    '0:a:0?',
    '-c',
    'copy',
    '-f',
    'null',
    '-',
  ]);
});

test('VOD is played in real time unless told otherwise, live never is (defect P4)', () => {
  assert.deepEqual(
    (['auto', 'realtime', 'max'] as const).map((pace) => [isPaced(pace, true), isPaced(pace, false)]),
    [
      [false, true],
      [true, true],
      [false, false],
    ],
  );
  const args = argsOf({ isPaced: true });
  assert.ok(args.indexOf('-re') < args.indexOf('-i') && args.includes('-re'));
});

test('what would colour the log or write report files does not reach FFmpeg', () => {
  const env = clientEnvironment({
    AV_LOG_FORCE_COLOR: '1',
    AV_LOG_FORCE_256COLOR: '1',
    FFREPORT: 'file=x',
    PATH: '/bin',
  });
  assert.deepEqual(JSON.parse(JSON.stringify(env)), { PATH: '/bin' });
});

test('a shell reads the printed command back word for word', async () => {
  const characters = fc.constantFrom(...`ab '"$\\\r\n\`*?;&|<>()~#!{}%-é`);
  const words = fc
    .sample(fc.string({ unit: characters }), { numRuns: 300, seed: 1 })
    .map((word) => word.replace(/[\r\n]+$/, ''));
  const printed = printCommand('printf', ['%s\\0', ...words]);
  const { stdout } = await runProgram('sh', ['-c', printed], { timeoutMs: 5_000, maxBytes: 1_000_000 });
  assert.deepEqual(stdout.split('\0').slice(0, -1), words);
  assert.equal(printCommand('ffmpeg', ['-re'], { A: 'b c', D: '/e' }), "A='b c' D=/e ffmpeg -re");
  assert.equal(printCommand('ffmpeg', ['-i', 'http://a/b.m3u8?x=1&y=2']), "ffmpeg -i 'http://a/b.m3u8?x=1&y=2'");
});
