// deploy/origin/nginx.conf as nginx runs it over real media: every kind of answer, and the three things of it that we read:
// the listing, stub_status through its exporter, the access log.
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createNginxReader } from '../../src/scrape/nginx-exporter.ts';
import { parsePrometheusText } from '../../src/scrape/prometheus-text.ts';
import { readListing } from '../../src/scrape/segment-sizes.ts';
import { readStubStatus } from '../../src/scrape/stub-status.ts';
import { NGINX_MAPPING, readLogRecord } from '../../src/stats/access-log-line.ts';
import { RawClient } from '../origin/raw-client.ts';
import { NGINX_EXPORTER, startNginxExporter } from '../support/exporters.ts';
import { type Media, vodMedia } from '../support/ffmpeg-media.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { isAlive } from '../support/processes.ts';
import { requirement } from '../support/require.ts';

const MULTIVARIANT = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nvod.m3u8\n';
const SEGMENT = 'public, max-age=60, immutable, no-transform';
const PLAYLIST = 'public, max-age=1, stale-while-revalidate=2';
const skip = requirement('nginx') || requirement('ffmpeg');

describe('the origin that users copy', { skip }, () => {
  let folder: string;
  let media: Media;
  let nginx: Nginx;

  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(nginx.url(path), { ...init, headers: { connection: 'close', ...init.headers } });

  before(async () => {
    media = await vodMedia();
    folder = await mkdtemp(join(tmpdir(), 'hls-swarm-shipped-'));
    await cp(media.folder, folder, { recursive: true });
    await writeFile(join(folder, 'master.m3u8'), MULTIVARIANT);
    await mkdir(join(folder, '720p'));
    await writeFile(join(folder, '720p', 'seg7.ts'), 'seven');
    nginx = await startNginx({ folder });
  });

  after(async () => {
    await nginx.stop();
    await rm(folder, { recursive: true, force: true });
    assert.equal(isAlive(nginx.pid), false);
  });

  const kinds: readonly (readonly [path: string, type: string, caching: string])[] = [
    ['/seg0.ts', 'video/mp2t', SEGMENT],
    ['/seg0.ts?token=abc', 'video/mp2t', SEGMENT],
    ['/vod.m3u8', 'application/vnd.apple.mpegurl', PLAYLIST],
    ['/vod.m3u8?_HLS_msn=4', 'application/vnd.apple.mpegurl', PLAYLIST],
    ['/master.m3u8', 'application/vnd.apple.mpegurl', 'public, max-age=5, stale-while-revalidate=10'],
    ['/health', 'text/plain', 'no-store'],
    ['/nginx_status', 'text/plain', 'no-store'],
    ['/files/', 'text/html', 'no-store'],
    ['/files/json/', 'application/json', 'no-store'],
    ['/files/seg0.ts', 'video/mp2t', 'no-store'],
  ];
  for (const [path, type, caching] of kinds) {
    test(`GET ${path} is ${type}, kept by caches as its kind allows, and open to every page`, async () => {
      const response = await ask(path);
      const content = Buffer.from(await response.arrayBuffer());
      assert.deepEqual(
        [response.status, response.headers.get('content-type'), response.headers.get('cache-control')],
        [200, type, caching],
      );
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
      assert.match(response.headers.get('access-control-expose-headers') ?? '', /Content-Range/);
      assert.equal(response.headers.get('access-control-max-age'), null);
      if (path.startsWith('/seg0')) assert.deepEqual(content, media.segments[0]);
      if (path === '/health') assert.equal(content.toString(), 'OK');
    });
  }

  test('a byte range of a segment comes as 206 with these octets, and may be cached like the segment', async () => {
    const response = await ask('/seg1.ts', { headers: { range: 'bytes=188-375' } });
    assert.equal(response.status, 206);
    assert.equal(response.headers.get('content-range'), `bytes 188-375/${media.segments[1]?.length}`);
    assert.equal(response.headers.get('cache-control'), SEGMENT);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), media.segments[1]?.subarray(188, 376));
  });

  test('HEAD has the fields of GET and no content; an unchanged segment is a 304 with its caching', async () => {
    const head = await ask('/seg0.ts', { method: 'HEAD' });
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), head.headers.get('cache-control')],
      [200, String(media.segments[0]?.length), SEGMENT],
    );
    const etag = head.headers.get('etag') ?? '';
    const unchanged = await ask('/seg0.ts', { headers: { 'if-none-match': etag } });
    assert.deepEqual([unchanged.status, unchanged.headers.get('cache-control')], [304, SEGMENT]);
  });

  test('OPTIONS is answered 204 with what a browser may do, wherever it asks', async () => {
    for (const path of ['/vod.m3u8', '/missing.ts', '/files/json/']) {
      const response = await ask(path, { method: 'OPTIONS' });
      const fields = ['allow-origin', 'allow-methods', 'max-age'].map((name) =>
        response.headers.get(`access-control-${name}`),
      );
      assert.deepEqual([response.status, ...fields], [204, '*', 'GET, HEAD, OPTIONS', '86400'], path);
      assert.match(response.headers.get('access-control-allow-headers') ?? '', /\bRange\b/);
    }
  });

  test('every other method is 405 and says which are allowed', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
      const response = await ask('/vod.m3u8', { method, ...(method === 'POST' ? { body: 'a=1' } : {}) });
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD, OPTIONS'], method);
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
    }
  });

  test('errors are open to every page too, once, and no cache keeps them', async () => {
    const missing = await ask('/missing.ts');
    assert.deepEqual([missing.status, missing.headers.get('cache-control')], [404, 'no-store']);
    assert.equal(missing.headers.get('access-control-allow-origin'), '*');
    // nginx adds fields to a 416 twice; a browser takes `*, *` for a refusal.
    const beyond = await ask('/seg0.ts', { headers: { range: 'bytes=99999999-' } });
    assert.deepEqual([beyond.status, beyond.headers.get('access-control-allow-origin')], [416, '*']);
    assert.match(beyond.headers.get('cache-control') ?? '', /no-store/);
  });

  test('the listing of sizes is what our scraper reads, for the folder and for the folders in it', async () => {
    const listing = readListing(await (await ask('/files/json/')).text());
    assert.ok(listing.ok);
    const sizes = new Map(listing.entries.map(({ name, sizeBytes }) => [name, sizeBytes]));
    for (const [at, segment] of media.segments.entries()) assert.equal(sizes.get(`seg${at}.ts`), segment.length);
    assert.equal(sizes.get('master.m3u8'), MULTIVARIANT.length);
    assert.ok(listing.entries.every(({ modifiedWallMs }) => modifiedWallMs !== undefined));
    assert.deepEqual(listing.folders, ['720p']);
    const below = readListing(await (await ask('/files/json/720p/')).text());
    assert.deepEqual(below.ok && below.entries.map(({ name, sizeBytes }) => [name, sizeBytes]), [['seg7.ts', 5]]);
    assert.match(await (await ask('/files/')).text(), /<a href="seg0\.ts">/);
  });

  test('the access log has one line per request, which our reader takes as the octets that a client counted', async () => {
    const client = await RawClient.connect(nginx.port);
    const answers = [
      await client.ask('/seg0.ts', { 'User-Agent': 'hls-swarm/1.0 "quoted"/client-1', Range: 'bytes=0-999' }),
      await client.ask('/vod.m3u8?token=%22a', {}),
      await client.ask('/missing.ts', {}, 'HEAD'),
      await client.ask('/vod.m3u8', {}, 'OPTIONS'),
    ];
    client.close();
    const lines = await nginx.waitForLines(answers.length, ({ remote_port }) => remote_port === client.localPort);
    for (const [at, line] of lines.entries()) {
      const read = readLogRecord(line as unknown as Record<string, unknown>, NGINX_MAPPING);
      assert.ok('request' in read, JSON.stringify(read));
      const { headBytes = 0, body, status } = answers[at] ?? {};
      const { remotePort, requestIndex, bytesSent, bodyBytesSent, completed } = read.request;
      assert.deepEqual(
        { remotePort, requestIndex, bytesSent, bodyBytesSent, completed, status: read.request.status },
        {
          remotePort: client.localPort,
          requestIndex: at + 1,
          bytesSent: headBytes + (body?.length ?? 0),
          bodyBytesSent: body?.length,
          completed: true,
          status,
        },
      );
      assert.equal(line.remote_addr, '127.0.0.1');
    }
    assert.deepEqual(
      lines.map(({ method, uri }) => `${method} ${uri}`),
      ['GET /seg0.ts', 'GET /vod.m3u8?token=%22a', 'HEAD /missing.ts', 'OPTIONS /vod.m3u8'],
    );
    assert.deepEqual([lines[0]?.user_agent, lines[0]?.range], ['hls-swarm/1.0 "quoted"/client-1', 'bytes=0-999']);
  });

  test('we read its status page without an exporter too', async () => {
    const samples = readStubStatus(await (await ask('/nginx_status')).text()) ?? [];
    const sample = createNginxReader()(samples);
    assert.ok((sample?.connectionsActive ?? 0) >= 1, JSON.stringify(samples));
  });

  test('nginx-prometheus-exporter reads its status, and we read the exporter', {
    skip: requirement(NGINX_EXPORTER),
  }, async () => {
    await using exporter = await startNginxExporter(nginx.url('/nginx_status'));
    const read = createNginxReader();
    const sample = async () => {
      const exposition = parsePrometheusText(await (await fetch(exporter.url('/metrics'))).text());
      assert.ok(exposition.ok);
      return read(exposition.samples);
    };
    const first = await sample();
    assert.ok((first?.connectionsActive ?? 0) >= 1);
    for (let asked = 0; asked < 5; asked += 1) await (await ask('/vod.m3u8')).arrayBuffer();
    const second = await sample();
    // Ours, and the exporter's own of the second scrape.
    assert.equal((second?.requestsTotal ?? 0) - (first?.requestsTotal ?? 0), 6);
  });
});
