// The origin's account of itself, held against a client that counts octets: equal per request, whatever the request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessLine } from '../../src/origin/account.ts';
import { until } from '../support/processes.ts';
import { type OriginFixture, SEGMENT, startFixture } from './fixture.ts';
import { RawClient, type RawResponse, requestText } from './raw-client.ts';

const SEGMENT_PATH = '/live/seg00001.ts';
const SMALL_PATH = '/live/seg00002.ts';
const PLAYLIST_PATH = '/live/stream.m3u8';

/** The line of a response; written when the kernel took the last octet, which the client may see first. */
async function lineOf(origin: OriginFixture, port: number, index: number): Promise<AccessLine> {
  const find = (): AccessLine | undefined =>
    origin.lines.find((line) => line.remote_port === port && line.connection_requests === index);
  await until(() => find() !== undefined, `line ${index} of port ${port}`);
  const line = find();
  assert.ok(line !== undefined);
  return line;
}

function assertExact(line: AccessLine, response: RawResponse): void {
  assert.equal(line.status, response.status);
  assert.equal(line.bytes_sent, response.headBytes + response.body.length, `${line.method} ${line.uri}: octets`);
  assert.equal(line.body_bytes_sent, response.body.length, `${line.method} ${line.uri}: body octets`);
  assert.equal(line.completed, true);
}

test('every kind of answer on one kept connection is accounted to the byte', async () => {
  await using origin = await startFixture();
  const client = await RawClient.connect(origin.port);
  const first = await client.ask(SMALL_PATH);
  const etag = /\r\netag: ([^\r]*)/i.exec(first.head)?.[1] ?? '';
  assertExact(await lineOf(origin, client.localPort, 1), first);
  const requests: readonly [string, string, Readonly<Record<string, string>>, number][] = [
    ['GET', PLAYLIST_PATH, { 'User-Agent': 'swarm/client-1' }, 200],
    ['GET', SEGMENT_PATH, {}, 200],
    ['GET', SEGMENT_PATH, { Range: 'bytes=0-' }, 206],
    ['GET', SEGMENT_PATH, { Range: 'bytes=5-300000' }, 206],
    ['GET', SMALL_PATH, { Range: 'bytes=5000000-' }, 416],
    ['GET', SMALL_PATH, { 'If-None-Match': etag }, 304],
    ['HEAD', SEGMENT_PATH, {}, 200],
    ['HEAD', '/nowhere', {}, 404],
    ['OPTIONS', PLAYLIST_PATH, {}, 204],
    ['GET', '/nowhere', {}, 404],
    ['POST', PLAYLIST_PATH, { 'Content-Length': '0' }, 405],
    ['GET', '/files/json/', {}, 200],
    ['GET', '/metrics', {}, 200],
    ['GET', '/live/%zz', {}, 400],
    ['GET', PLAYLIST_PATH, { Expect: '100-continue' }, 200],
  ];
  let index = 1;
  for (const [method, path, fields, status] of requests) {
    index += 1;
    const response = await client.ask(path, fields, method);
    assert.equal(response.status, status, `${method} ${path}`);
    const line = await lineOf(origin, client.localPort, index);
    assertExact(line, response);
    assert.deepEqual(
      [line.method, line.uri, line.user_agent, line.range, line.connection],
      [method, path, fields['User-Agent'], fields['Range'], 1],
    );
  }
  assert.equal(client.receivedBytes, origin.totals().responseBytes);
  client.close();
});

test('pipelined requests are accounted in their order, each with its own octets', async () => {
  await using origin = await startFixture();
  const client = await RawClient.connect(origin.port);
  const paths = [SEGMENT_PATH, PLAYLIST_PATH, '/metrics', SEGMENT_PATH, '/nowhere'];
  client.socket.write(paths.map((path) => requestText(path)).join(''));
  for (const [position, path] of paths.entries()) {
    const response = await client.read();
    const line = await lineOf(origin, client.localPort, position + 1);
    assert.equal(line.uri, path);
    assertExact(line, response);
  }
  client.close();
});

test('a request that is no HTTP is answered 400 and accounted too', async () => {
  await using origin = await startFixture();
  const client = await RawClient.connect(origin.port);
  await client.ask(PLAYLIST_PATH);
  client.socket.write('NOT HTTP AT ALL\r\n\r\n');
  const answer = await client.read();
  await client.closed();
  assert.equal(answer.status, 400);
  const line = await lineOf(origin, client.localPort, 2);
  assertExact(line, answer);
  assert.equal(line.method, '-');
  await until(() => origin.totals().connectionsActive === 0, 'closed');
  assert.equal(origin.totals().responseBytes, client.receivedBytes);
});

test('an answer that the client abandoned is marked, and its octets are at least what the client took', async () => {
  await using origin = await startFixture();
  // More than both sockets' buffers hold.
  await origin.publish('seg00009.ts', Buffer.alloc(24_000_000, SEGMENT));
  const client = await RawClient.connect(origin.port);
  const first = await client.ask(SMALL_PATH);
  assertExact(await lineOf(origin, client.localPort, 1), first);
  const before = client.receivedBytes;
  client.socket.write(requestText('/live/seg00009.ts'));
  await until(() => client.socket.readableLength > 0, 'first octets');
  const seen = before + client.socket.readableLength;
  client.close();
  const line = await lineOf(origin, client.localPort, 2);
  assert.equal(line.completed, false);
  assert.equal(line.status, 200);
  assert.ok(line.bytes_sent >= seen - before, 'no less than the client saw');
  assert.ok(line.body_bytes_sent < 24_000_000, 'not the whole body: only what the socket took');
  assert.ok(line.bytes_sent > line.body_bytes_sent && line.bytes_sent - line.body_bytes_sent < 1_000, 'one head');
});

test('pipelined requests behind an abandoned answer get their lines, with no octets', async () => {
  await using origin = await startFixture();
  await origin.publish('seg00009.ts', Buffer.alloc(24_000_000, SEGMENT));
  const client = await RawClient.connect(origin.port);
  client.socket.write(requestText('/live/seg00009.ts') + requestText(PLAYLIST_PATH) + requestText(SMALL_PATH));
  await until(() => client.socket.readableLength > 0, 'first octets');
  client.close();
  const behind = [await lineOf(origin, client.localPort, 2), await lineOf(origin, client.localPort, 3)];
  assert.deepEqual(
    behind.map(({ completed, bytes_sent, status }) => [completed, bytes_sent, status]),
    [
      [false, 0, 499],
      [false, 0, 499],
    ],
  );
});

test('an answer under way when the server closes gets its line before the close is done', async () => {
  const origin = await startFixture();
  await origin.publish('seg00009.ts', Buffer.alloc(24_000_000, SEGMENT));
  const client = await RawClient.connect(origin.port);
  client.socket.write(requestText('/live/seg00009.ts'));
  await until(() => client.socket.readableLength > 0, 'first octets');
  await origin[Symbol.asyncDispose]();
  assert.deepEqual(
    origin.lines.map(({ completed, status }) => [completed, status]),
    [[false, 200]],
  );
  client.close();
});

test('a burst of 50 kept connections is accounted equal to the byte', async () => {
  await using origin = await startFixture();
  const paths = [PLAYLIST_PATH, SEGMENT_PATH, PLAYLIST_PATH, SMALL_PATH, '/files/json/'];
  const clients = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const client = await RawClient.connect(origin.port);
      const sizes: number[] = [];
      for (const path of paths) {
        const { headBytes, body } = await client.ask(path, { Range: 'bytes=0-' });
        sizes.push(headBytes + body.length);
      }
      return { client, sizes };
    }),
  );
  await until(() => origin.lines.length === 250, '250 lines');
  for (const { client, sizes } of clients) {
    const lines = origin.lines.filter((line) => line.remote_port === client.localPort);
    assert.deepEqual(
      lines.map(({ connection_requests, bytes_sent }) => [connection_requests, bytes_sent]),
      sizes.map((size, position) => [position + 1, size]),
    );
  }
  const received = clients.reduce((sum, { client }) => sum + client.receivedBytes, 0);
  const totals = origin.totals();
  assert.deepEqual([totals.responseBytes, totals.requests, totals.connectionsActive], [received, 250, 50]);
  assert.equal(
    totals.headBytes,
    origin.lines.reduce((sum, line) => sum + line.bytes_sent - line.body_bytes_sent, 0),
  );
  for (const { client } of clients) client.close();
  await until(() => origin.totals().connectionsActive === 0, 'all closed');
  assert.equal(origin.totals().responseBytes, received, 'closing a connection moves no octet');
});
