// The origin over HTTP, seen by a raw client: methods, media types, caching, ranges, conditions, listing, health, metrics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OriginFixture, PLAYLIST, SEGMENT, SMALL_SEGMENT, startFixture } from './fixture.ts';
import { RawClient, type RawResponse } from './raw-client.ts';

const SEGMENT_PATH = '/live/seg00001.ts';
const SMALL_PATH = '/live/seg00002.ts';
const PLAYLIST_PATH = '/live/stream.m3u8';

async function ask(
  origin: OriginFixture,
  path: string,
  fields: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<RawResponse> {
  const client = await RawClient.connect(origin.port);
  try {
    return await client.ask(path, fields, method);
  } finally {
    client.close();
  }
}

function field(response: RawResponse, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: ([^\\r]*)`, 'i').exec(response.head)?.[1];
}

test('a playlist is never stored, a segment may be, each with its media type and length', async () => {
  await using origin = await startFixture();
  const playlist = await ask(origin, PLAYLIST_PATH);
  assert.equal(playlist.status, 200);
  assert.deepEqual(playlist.body, PLAYLIST);
  assert.equal(field(playlist, 'content-type'), 'application/vnd.apple.mpegurl');
  assert.equal(field(playlist, 'cache-control'), 'no-store');
  assert.equal(field(playlist, 'access-control-allow-origin'), '*');
  const segment = await ask(origin, SEGMENT_PATH);
  assert.deepEqual(segment.body, SEGMENT);
  assert.equal(field(segment, 'content-type'), 'video/mp2t');
  assert.match(field(segment, 'cache-control') ?? '', /^public, max-age=\d+, immutable$/);
  assert.equal(field(segment, 'accept-ranges'), 'bytes');
  assert.equal(field(segment, 'connection'), 'keep-alive');
});

test('the range that FFmpeg asks with is answered 206 with everything', async () => {
  await using origin = await startFixture();
  const answer = await ask(origin, SEGMENT_PATH, { Range: 'bytes=0-' });
  assert.equal(answer.status, 206);
  assert.equal(field(answer, 'content-range'), `bytes 0-${SEGMENT.length - 1}/${SEGMENT.length}`);
  assert.deepEqual(answer.body, SEGMENT);
});

test('a part is those octets, a suffix the last ones, and beyond the end is 416 with the size', async () => {
  await using origin = await startFixture();
  const part = await ask(origin, SMALL_PATH, { Range: 'bytes=10-19' });
  assert.equal(part.status, 206);
  assert.deepEqual(part.body, SMALL_SEGMENT.subarray(10, 20));
  const suffix = await ask(origin, SMALL_PATH, { Range: 'bytes=-7' });
  assert.deepEqual(suffix.body, SMALL_SEGMENT.subarray(-7));
  const beyond = await ask(origin, SMALL_PATH, { Range: 'bytes=999999-' });
  assert.equal(beyond.status, 416);
  assert.equal(field(beyond, 'content-range'), `bytes */${SMALL_SEGMENT.length}`);
  assert.equal(beyond.body.length, 0);
});

test('HEAD has the head of GET and no body', async () => {
  await using origin = await startFixture();
  for (const path of [PLAYLIST_PATH, SEGMENT_PATH, '/files/json/', '/health', '/nowhere']) {
    const [got, head] = [await ask(origin, path), await ask(origin, path, {}, 'HEAD')];
    const withoutDate = (response: RawResponse): string => response.head.replace(/\r\ndate: [^\r]*/i, '');
    assert.equal(withoutDate(head), withoutDate(got), path);
  }
});

test('OPTIONS is 204 with what a browser wants to hear, on every path', async () => {
  await using origin = await startFixture();
  for (const path of [PLAYLIST_PATH, '/anything']) {
    const answer = await ask(origin, path, { Origin: 'http://player' }, 'OPTIONS');
    assert.equal(answer.status, 204);
    assert.equal(field(answer, 'access-control-allow-origin'), '*');
    assert.equal(field(answer, 'access-control-allow-methods'), 'GET, HEAD, OPTIONS');
    assert.equal(field(answer, 'content-length'), undefined);
  }
});

test('any other method is 405 and names the allowed ones', async () => {
  await using origin = await startFixture();
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'PURGE']) {
    const answer = await ask(
      origin,
      PLAYLIST_PATH,
      { 'Content-Type': 'application/xml', 'Content-Length': '0' },
      method,
    );
    assert.equal(answer.status, 405, method);
    assert.equal(field(answer, 'allow'), 'GET, HEAD, OPTIONS');
  }
});

test('what is not there is 404, and no path leads out of the folder', async () => {
  await using origin = await startFixture();
  for (const path of [
    '/',
    '/live/',
    '/live/none.ts',
    '/live/../server.ts',
    '/live/..%2f..%2fetc%2fpasswd',
    '/etc/passwd',
  ])
    assert.equal((await ask(origin, path)).status, 404, path);
});

test('a client that has the version is told 304, and a part only of the version it knows', async () => {
  await using origin = await startFixture();
  const first = await ask(origin, SMALL_PATH);
  const [etag = '', modified = ''] = [field(first, 'etag'), field(first, 'last-modified')];
  assert.equal((await ask(origin, SMALL_PATH, { 'If-None-Match': etag })).status, 304);
  assert.equal((await ask(origin, SMALL_PATH, { 'If-None-Match': `"other", W/${etag}` })).status, 304);
  assert.equal((await ask(origin, SMALL_PATH, { 'If-None-Match': '"other"' })).status, 200);
  assert.equal((await ask(origin, SMALL_PATH, { 'If-Modified-Since': modified })).status, 304);
  assert.equal((await ask(origin, SMALL_PATH, { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' })).status, 200);
  assert.equal((await ask(origin, SMALL_PATH, { Range: 'bytes=0-9', 'If-Range': etag })).status, 206);
  assert.equal((await ask(origin, SMALL_PATH, { Range: 'bytes=0-9', 'If-Range': '"other"' })).status, 200);
});

test("the listing has the form of nginx's autoindex and the sizes of the files", async () => {
  await using origin = await startFixture();
  const answer = await ask(origin, '/files/json/');
  assert.equal(field(answer, 'cache-control'), 'no-store');
  const entries = JSON.parse(answer.body.toString()) as Record<string, unknown>[];
  assert.deepEqual(
    entries.map(({ name, type, size }) => ({ name, type, size })),
    [
      { name: 'seg00001.ts', type: 'file', size: SEGMENT.length },
      { name: 'seg00002.ts', type: 'file', size: SMALL_SEGMENT.length },
      { name: 'stream.m3u8', type: 'file', size: PLAYLIST.length },
    ],
  );
  for (const { mtime } of entries) assert.match(String(mtime), /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
});

test('health is 200 when the stream is live', async () => {
  await using origin = await startFixture();
  const answer = await ask(origin, '/health');
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.body.toString()), { status: 'ok' });
});

test('the metrics are Prometheus text with the names that both exporters use', async () => {
  await using origin = await startFixture();
  const before = origin.totals();
  const { head, body } = await ask(origin, '/metrics');
  assert.match(head, /\r\ncontent-type: text\/plain; version=0\.0\.4/);
  const families = new Map<string, string>();
  const values = new Map<string, number>();
  for (const line of body.toString().split('\n').slice(0, -1)) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? [];
    if (name !== '') families.set(name, type);
    if (line.startsWith('# ')) continue;
    const [, sample, family = '', value] = /^(([a-zA-Z_:]\w*)(?:\{(?:\w+="[^"\\]*",?)+\})?) (\S+)$/.exec(line) ?? [];
    assert.ok(sample !== undefined && families.has(family), `a sample of a declared family: ${line}`);
    assert.ok(!values.has(sample), `each series once: ${sample}`);
    values.set(sample, Number(value));
  }
  assert.ok([...values.values()].every(Number.isFinite));
  assert.equal(values.get('nginx_http_requests_total'), before.requests + 1);
  assert.equal(values.get('hls_swarm_origin_server_requests_total'), before.requests + 1);
  assert.equal(values.get('nginx_connections_active'), 1);
  assert.equal(values.get('hls_swarm_origin_server_response_bytes_total'), before.responseBytes);
  if (process.platform !== 'linux') return;
  for (const name of ['node_memory_MemTotal_bytes', 'node_memory_MemAvailable_bytes'])
    assert.ok((values.get(name) ?? 0) > 0, name);
  assert.ok((values.get('node_cpu_seconds_total{cpu="0",mode="user"}') ?? -1) >= 0);
  assert.ok((values.get('node_network_transmit_bytes_total{device="lo"}') ?? -1) >= 0);
});
