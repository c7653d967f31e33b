// Faults on purpose in the embedded origin's own answers, as a raw client gets them and as its access log tells them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessLine } from '../../src/origin/account.ts';
import { until } from '../support/processes.ts';
import { RawClient } from '../support/raw-client.ts';
import { type OriginFixture, SEGMENT, startFixture } from './fixture.ts';

const SEGMENT_PATH = '/live/seg00001.ts';

async function ask(
  origin: OriginFixture,
  path: string,
  { method = 'GET', fields = '' }: { readonly method?: string; readonly fields?: string } = {},
): Promise<RawClient> {
  const client = await RawClient.connect(origin.port);
  await client.send(`${method} ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`);
  return client;
}

const contentOf = ({ received }: RawClient): Buffer => received.subarray(received.indexOf('\r\n\r\n') + 4);
const hasAll = (client: RawClient): boolean => contentOf(client).length === SEGMENT.length;

async function lineOf(origin: OriginFixture): Promise<AccessLine> {
  await until(() => origin.lines.length > 0, 'an access line');
  const [line] = origin.lines;
  assert.ok(line !== undefined);
  return line;
}

test('a status is answered in place of the nth segment only, and its line says so', async () => {
  await using origin = await startFixture(['kind=segment nth=2 status=503']);
  const statuses: string[] = [];
  for (const path of [SEGMENT_PATH, '/live/stream.m3u8', SEGMENT_PATH, SEGMENT_PATH]) {
    const client = await ask(origin, path, { fields: 'Connection: close\r\n' });
    assert.equal(await client.end(), 'fin');
    statuses.push(client.text.slice(9, 12));
  }
  assert.deepEqual(statuses, ['200', '200', '503', '200']);
  await until(() => origin.lines.length === 4, 'all access lines');
  assert.deepEqual(
    origin.lines.map(({ status, injected, completed }) => [status, injected, completed]),
    [
      [200, undefined, true],
      [200, undefined, true],
      [503, 'status', true],
      [200, undefined, true],
    ],
  );
});

test('a truncated answer keeps its length field and ends by FIN after so much content', async () => {
  await using origin = await startFixture(['truncate=50%']);
  const client = await ask(origin, SEGMENT_PATH);
  assert.equal(await client.end(), 'fin');
  assert.match(client.text, new RegExp(`^HTTP/1\\.1 200 OK\r\n[\\s\\S]*content-length: ${SEGMENT.length}\r\n`));
  assert.ok(contentOf(client).equals(SEGMENT.subarray(0, Math.floor(SEGMENT.length / 2))));
  const { injected, completed, bytes_sent } = await lineOf(origin);
  assert.deepEqual([injected, completed, bytes_sent], ['truncate', false, client.receivedBytes]);
});

test('a reset comes within the content, or in place of the answer', async () => {
  await using origin = await startFixture(['nth=1 reset after=100KiB', 'nth=2 reset']);
  const first = await ask(origin, SEGMENT_PATH);
  assert.equal(await first.end(), 'reset');
  assert.ok(contentOf(first).equals(SEGMENT.subarray(0, 102_400)));
  const second = await ask(origin, SEGMENT_PATH);
  assert.equal(await second.end(), 'reset');
  assert.equal(second.receivedBytes, 0);
  await until(() => origin.lines.length === 2, 'both access lines');
  assert.deepEqual(
    origin.lines.map(({ status, injected, completed }) => [status, injected, completed]),
    [
      [200, 'reset', false],
      [444, 'reset', false],
    ],
  );
});

test('delay, stall and throttle take their time, and every octet arrives', async () => {
  for (const [rule, injected, leastMs] of [
    ['delay=80ms', 'delay', 78],
    ['stall=80ms after=1KiB', 'stall', 78],
    ['throttle=5MB/s', 'throttle', 90],
  ] as const) {
    await using origin = await startFixture([rule]);
    const sinceMs = performance.now();
    const client = await ask(origin, SEGMENT_PATH);
    await client.until(hasAll, 'the whole segment');
    assert.ok(performance.now() - sinceMs >= leastMs, rule);
    assert.ok(contentOf(client).equals(SEGMENT), rule);
    const line = await lineOf(origin);
    assert.deepEqual([line.injected, line.completed, line.bytes_sent], [injected, true, client.receivedBytes], rule);
    client.destroy();
  }
});

test('a client that leaves during a fault ends it', async () => {
  for (const rule of ['delay=1h', 'stall=1h', 'throttle=1B/s']) {
    await using origin = await startFixture([rule]);
    const client = await ask(origin, SEGMENT_PATH);
    if (rule === 'delay=1h') await until(() => origin.totals().requests === 1, 'the request');
    else await client.until(({ receivedBytes }) => receivedBytes > 0, 'the head');
    client.destroy();
    const { completed } = await lineOf(origin);
    assert.equal(completed, false, rule);
  }
});

test('content that is too short for the fault, HEAD, the listing and metrics are answered as ever', async () => {
  await using origin = await startFixture(['truncate=10MB', 'status=500 url=/metrics/', 'status=500 url=json']);
  const client = await ask(origin, SEGMENT_PATH);
  await client.until(hasAll, 'the whole segment');
  for (const [path, method] of [
    [SEGMENT_PATH, 'HEAD'],
    ['/files/json/', 'GET'],
    ['/metrics', 'GET'],
  ] as const) {
    const other = await ask(origin, path, { method, fields: 'Connection: close\r\n' });
    assert.equal(await other.end(), 'fin');
    assert.match(other.text, /^HTTP\/1\.1 200 OK/);
  }
  client.destroy();
  await until(() => origin.lines.length === 4, 'all access lines');
  assert.ok(origin.lines.every(({ injected }) => injected === undefined));
});

test("the swarm's clients are told apart by their User-Agent", async () => {
  await using origin = await startFixture(['client=2 status=404', 'nth=2 status=410']);
  const statusFor = async (agent: string): Promise<string> => {
    const client = await ask(origin, SEGMENT_PATH, { fields: `Connection: close\r\nUser-Agent: ${agent}\r\n` });
    await client.end();
    return client.text.slice(9, 12);
  };
  const agents = ['a/client-1', 'a/client-2', 'curl', 'a/client-1', 'wget'];
  const statuses: string[] = [];
  for (const agent of agents) statuses.push(await statusFor(agent));
  assert.deepEqual(statuses, ['200', '404', '200', '410', '410']);
});
