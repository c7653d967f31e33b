// What is needed to run at all: the stream as it answers, the machine's limits, FFmpeg.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Fetcher } from '../../src/fetch.ts';
import { formatCheck } from '../../src/swarm/check.ts';
import { preflight } from '../../src/swarm/preflight.ts';
import { inspectStream, type StreamFacts } from '../../src/swarm/stream.ts';
import { softLimit, systemChecks } from '../../src/swarm/system-limits.ts';
import { fakeProgram } from '../support/processes.ts';

const LIVE =
  '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:2.0,\nseg7.ts\n#EXTINF:2.0,\nseg8.ts\n';
const VOD = `${LIVE}#EXT-X-ENDLIST\n`;
const LONG_VOD = `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${'#EXTINF:2.0,\nsegment-with-a-name.ts\n'.repeat(2_000)}#EXT-X-ENDLIST\n`;
const MASTER =
  '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nlow/vod.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2000\nhigh/live.m3u8\n';
const HLS = 'application/vnd.apple.mpegurl';
const tsPacket = Buffer.alloc(188, 0xff);
tsPacket[0] = 0x47;

const pages: Readonly<Record<string, readonly [number, string, string | Buffer]>> = {
  '/live.m3u8': [200, HLS, LIVE],
  '/vod.m3u8': [200, HLS, VOD],
  '/long.m3u8': [200, HLS, LONG_VOD],
  '/master.m3u8': [200, HLS, MASTER],
  '/low/vod.m3u8': [200, HLS, VOD],
  '/secure-segments.m3u8': [200, HLS, LIVE.replace('seg8', 'https://cdn.example/seg8')],
  '/secure-key.m3u8': [
    200,
    HLS,
    LIVE.replace('#EXTINF', '#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/1"\n#EXTINF'),
  ],
  '/secure-variant.m3u8': [200, HLS, MASTER.replace('high/', 'HTTPS://cdn.example/high/')],
  '/broken-master.m3u8': [200, HLS, '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmissing.m3u8\n'],
  '/empty-master.m3u8': [200, HLS, '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="a.m3u8"\n'],
  '/page.m3u8': [200, 'text/html', '<!DOCTYPE html><title>Login</title>'],
  '/nothing.m3u8': [200, HLS, ''],
  '/plain': [200, 'text/plain', LIVE],
  '/short.ts': [200, 'video/mp2t', Buffer.concat(Array.from({ length: 10 }, () => tsPacket))],
  '/long.ts': [200, 'video/mp2t', Buffer.concat(Array.from({ length: 1_000 }, () => tsPacket))],
};

let server: Server;
let base = '';
let seenHeaders: Record<string, unknown> = {};
const fetcher = new Fetcher({ version: '1.2.3' });
const answer: RequestListener = (request, response) => {
  seenHeaders = request.headers;
  if (request.url === '/endless') {
    response.writeHead(200, { 'content-type': 'video/mp2t' });
    const timer = setInterval(() => response.write(Buffer.concat(Array.from({ length: 20 }, () => tsPacket))), 5);
    response.once('close', () => clearInterval(timer));
    return;
  }
  if (request.url === '/silent') return;
  if (request.url === '/moved') {
    response.writeHead(302, { location: '/endless' }).end();
    return;
  }
  const [status, type, body] = pages[request.url ?? ''] ?? [404, 'text/html', '<h1>Not Found</h1>'];
  if (request.url === '/long.ts') response.setHeader('content-length', body.length);
  response.writeHead(status, { 'content-type': type }).end(body);
};

before(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(async () => {
  await fetcher.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const inspect = (path: string, timeoutMs = 2_000) =>
  inspectStream(base + path, fetcher, { headers: ['X-Token: a:b'], timeoutMs });
const factsOf = async (path: string): Promise<StreamFacts> => {
  const result = await inspect(path);
  assert.ok(result.ok, JSON.stringify(result));
  assert.ok(result.ownBytes > 0);
  return result.facts;
};
const reasonOf = async (path: string, timeoutMs?: number): Promise<string> => {
  const result = await inspect(path, timeoutMs);
  assert.equal(result.ok, false);
  return result.ok ? '' : result.reason.replaceAll(base, '');
};

describe('the stream', () => {
  test('a list without ENDLIST is live, one with it has an end', async () => {
    const live = await factsOf('/live.m3u8');
    assert.deepEqual([live.isHls, live.isLive, live.targetDurationSeconds, live.warning], [true, true, 2, undefined]);
    assert.equal(live.detail, 'media playlist, live, target duration 2 s, 2 segments listed');
    assert.equal((await factsOf('/vod.m3u8')).isLive, false);
  });

  test('our request says who we are and carries the clients own fields', async () => {
    await factsOf('/live.m3u8');
    assert.equal(seenHeaders['user-agent'], 'hls-swarm-preflight/1.2.3');
    assert.equal(seenHeaders['x-token'], 'a:b');
  });

  test('a list longer than the first look is read to its end before it is called live', async () => {
    const facts = await factsOf('/long.m3u8');
    assert.equal(facts.isLive, false);
    assert.match(facts.detail, /2000 segments/);
  });

  test('a multivariant playlist is followed to its first variant', async () => {
    const facts = await factsOf('/master.m3u8');
    assert.deepEqual([facts.isLive, facts.description?.variants.length], [false, 2]);
    assert.match(facts.detail, /^multivariant playlist with 2 variant streams, with an end, /);
  });

  test('TLS is to be expected where any playlist that was read names an address of https', async () => {
    for (const path of ['/secure-segments.m3u8', '/secure-key.m3u8', '/secure-variant.m3u8'])
      assert.equal((await factsOf(path)).usesTls, true, path);
    for (const path of ['/live.m3u8', '/master.m3u8', '/short.ts'])
      assert.equal((await factsOf(path)).usesTls, false, path);
  });

  test('an endless transport stream is known from its first packets, without waiting for its end', async () => {
    const { streamUrls, answer: _, ...facts } = await factsOf('/endless');
    assert.deepEqual(facts, { isHls: false, isLive: true, usesTls: false, detail: 'MPEG-TS over HTTP, endless' });
    assert.deepEqual(streamUrls, [`${base}/endless`]);
    const moved = await factsOf('/moved');
    assert.deepEqual(moved.streamUrls, [`${base}/moved`, `${base}/endless`]);
    assert.deepEqual([moved.answer.url, moved.answer.redirects], [`${base}/endless`, [`${base}/moved`]]);
  });

  test('a transport stream that says its length has an end, however long it is', async () => {
    for (const path of ['/short.ts', '/long.ts']) {
      const { isLive, streamUrls, detail } = await factsOf(path);
      assert.deepEqual([isLive, streamUrls, detail], [false, [], 'MPEG-TS over HTTP, with an end'], path);
    }
  });

  test('a playlist that FFmpeg 7 would refuse by name and media type is warned about', async () => {
    assert.match((await factsOf('/plain')).warning ?? '', /media type \(text\/plain\) says HLS: FFmpeg 7/);
  });

  test('what is no stream is quoted', async () => {
    assert.equal(
      await reasonOf('/page.m3u8'),
      '/page.m3u8 is neither an HLS playlist nor MPEG-TS: 200, text/html, beginning with "<!DOCTYPE html><title>Login</title>"',
    );
    assert.match(await reasonOf('/nothing.m3u8'), /: 200, application\/vnd\.apple\.mpegurl, no content$/);
    assert.equal(
      await reasonOf('/gone.m3u8'),
      '/gone.m3u8 answered 404, text/html, beginning with "<h1>Not Found</h1>"',
    );
  });

  test('a variant that cannot be read and a master without one are told apart', async () => {
    assert.match(
      await reasonOf('/broken-master.m3u8'),
      /^the first variant stream cannot be read: \/missing\.m3u8 answered 404/,
    );
    assert.equal(
      await reasonOf('/empty-master.m3u8'),
      '/empty-master.m3u8 is a multivariant playlist without a variant stream',
    );
  });

  test('an origin that is not there, or does not answer, is an error with a limit', async () => {
    const refused = await inspectStream('http://127.0.0.1:1/x.m3u8', fetcher, { headers: [], timeoutMs: 2_000 });
    assert.ok(
      !refused.ok && /^http:\/\/127\.0\.0\.1:1\/x\.m3u8 cannot be read: connection refused/.test(refused.reason),
    );
    assert.equal(await reasonOf('/silent', 100), '/silent cannot be read: no complete answer within 100 ms');
  });

  test('a URL that FFmpeg would cut is refused before anything is sent', async () => {
    assert.match(
      await reasonOf(`/${'x'.repeat(4_100)}.m3u8`),
      /^the URL has \d+ characters; FFmpeg takes at most 4095$/,
    );
  });
});

describe('the machine', () => {
  const limits = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             127                  127235               processes ',
    'Max open files            1024                 unlimited            files     ',
  ].join('\n');

  test('the soft limit counts, not the hard one (defect O12)', () => {
    assert.equal(softLimit(limits, 'Max processes'), 127);
    assert.equal(
      softLimit('Max processes             unlimited            unlimited', 'Max processes'),
      Number.POSITIVE_INFINITY,
    );
    assert.equal(softLimit('', 'Max processes'), undefined);
  });

  test('too few files or processes are a failure that says what to type', () => {
    const checks = systemChecks(100, { limits, portRange: '32768\t60999', isRoot: false });
    assert.deepEqual(
      checks.map(({ name, ok, fix }) => [name, ok, fix]),
      [
        ['file_descriptors', false, 'ulimit -n 2100'],
        ['process_limit', false, 'ulimit -u 150'],
        ['ephemeral_ports', true, undefined],
      ],
    );
  });

  test('few ports only warn, and root is not bound by the process limit', () => {
    const checks = systemChecks(77, { limits, portRange: '32768 33000', isRoot: true });
    assert.deepEqual(
      checks.slice(1).map(({ level }) => level),
      ['ok', 'warn'],
    );
    assert.equal(systemChecks(78, { limits, isRoot: true })[1]?.level, 'warn');
  });

  test('a system that does not tell is a warning, not a failure', () => {
    assert.deepEqual(
      systemChecks(10, { isRoot: false }).map(({ ok, level }) => [ok, level]),
      new Array(3).fill([true, 'warn']),
    );
  });

  test('a check is one line, its fix another', () => {
    const [files] = systemChecks(100, { limits, isRoot: false });
    assert.ok(files !== undefined);
    assert.equal(
      formatCheck(files),
      '✗ file_descriptors: 1024 open files allowed, 2100 needed for 100 clients\n  Fix: ulimit -n 2100',
    );
    assert.ok(formatCheck(files, true).startsWith('\u001B[31m✗\u001B[0m file_descriptors: '));
  });
});

describe('all of it', () => {
  const load = { clients: 2, rampRatePerSecond: 5, isTapped: true, pace: 'auto', variant: 'all' } as const;
  const options = { ...load, headers: [], timeoutMs: 2_000, skipsLimits: false };

  test('everything well: what the run needs to know comes back', async () => {
    const result = await preflight(fetcher, {
      ...options,
      url: `${base}/live.m3u8`,
      ffmpegPath: fakeProgram('new-ffmpeg'),
    });
    assert.equal(result.ok, true);
    assert.deepEqual([result.isHls, result.isLive, result.targetDurationSeconds], [true, true, 2]);
    assert.equal(result.capabilities?.version, '8.1.2');
    assert.deepEqual(
      result.checks.map(({ name }) => name),
      ['ffmpeg', 'ffprobe', 'file_descriptors', 'process_limit', 'ephemeral_ports', 'memory', 'cpu', 'stream'],
    );
  });

  test('every failure is reported, not just the first; limits can be skipped, FFmpeg and stream cannot (defect F1)', async () => {
    const result = await preflight(fetcher, {
      ...options,
      skipsLimits: true,
      url: `${base}/gone.m3u8`,
      ffmpegPath: fakeProgram('not-ffmpeg'),
    });
    assert.equal(result.ok, false);
    assert.deepEqual(
      result.checks.map(({ name, level }) => [name, level]),
      [
        ['ffmpeg', 'fail'],
        ['ffprobe', 'ok'],
        ['stream', 'fail'],
      ],
    );
    assert.match(result.checks[0]?.fix ?? '', /install ffmpeg/);
    assert.equal(result.capabilities, undefined);
  });
});
