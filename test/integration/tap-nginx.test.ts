// The tap's bytes against nginx's own access log, request by request: an independent referee that knows nothing of us.
// Completed transfers only; what an abort leaves in flight is bounded, not equal (MEASURING section 2).
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TransferEvent } from '../../src/events.ts';
import { type NginxLine, startNginx } from '../support/nginx.ts';
import { requirement } from '../support/require.ts';
import { knownOctets } from '../support/scripted-answers.ts';
import { request, TapBench } from '../support/tap.ts';

const CLIENTS = 5;
const ROUNDS = 40;
const FILES: readonly (readonly [name: string, bytes: number])[] = [
  ['empty.ts', 0],
  ['small.m3u8', 173],
  ['seg0.ts', 70_001],
  ['seg1.ts', 1_500_000],
];

interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly fields?: readonly string[];
  readonly status: number;
}

const ASKS: readonly Ask[] = [
  ...FILES.map(([name]) => ({ path: `/${name}`, status: 200 })),
  {
    path: '/seg0.ts?token=abc%20d',
    fields: ['Range: bytes=0-', 'Icy-MetaData: 1', 'Connection: keep-alive'],
    status: 206,
  },
  { path: '/seg1.ts', fields: ['Range: bytes=1000-100000'], status: 206 },
  { path: '/seg1.ts', fields: ['Range: bytes=0-9,90-99'], status: 206 },
  { path: '/seg0.ts', fields: ['Range: bytes=900000-'], status: 416 },
  { path: '/seg1.ts', method: 'HEAD', status: 200 },
  { path: '/seg0.ts', fields: ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'], status: 304 },
  { path: '/missing.ts', status: 404 },
  { path: '/missing.ts', method: 'HEAD', status: 404 },
  { path: '/files/json/', status: 200 },
];

test('nginx logs the bytes that the tap counted, for each of 200 requests', {
  skip: requirement('nginx'),
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-tap-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await Promise.all(FILES.map(([name, bytes]) => writeFile(join(folder, name), knownOctets(bytes, bytes))));
  const nginx = stack.use(await startNginx({ folder, serverDirectives: 'if_modified_since before;' }));
  const bench = await TapBench.open({ doors: CLIENTS });
  stack.defer(() => bench.close().then(() => undefined));

  const statuses = await load(bench, nginx.port);
  const { transfers, connections } = await bench.account();
  const lines = await nginx.waitForLines(statuses.length);

  assert.equal(transfers.length, CLIENTS * ROUNDS);
  assert.equal(lines.length, transfers.length);
  assert.equal(connections.length, CLIENTS);
  const byKey = new Map(lines.map((line) => [`${line.remote_port}/${line.connection_requests}`, line]));
  for (const transfer of transfers) compare(transfer, byKey);
  assert.deepEqual(count(transfers.map(({ status }) => status ?? 0)), count(statuses));
  assert.ok(
    transfers.some(({ framingBytes, url }) => framingBytes > 0 && url.endsWith('/files/json/')),
    'the listing was chunked',
  );
});

/** One request per client and round; returns the status that each must have. */
async function load(bench: TapBench, port: number): Promise<readonly number[]> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => bench.client(index + 1)));
  const statuses: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, client] of clients.entries()) {
      const ask = ASKS[(round + index * 3) % ASKS.length];
      if (ask === undefined) continue;
      const { status, path, ...options } = ask;
      statuses.push(status);
      void client.send(request({ port }, path, options).sent);
    }
    await bench.until(
      ({ transfers, openTransfers }) => transfers === statuses.length && openTransfers === 0,
      `round ${round}`,
    );
  }
  return statuses;
}

function compare(transfer: TransferEvent, lines: ReadonlyMap<string, NginxLine>): void {
  const line = lines.get(`${transfer.upstreamLocalPort}/${transfer.upstreamRequestIndex}`);
  assert.ok(line !== undefined, `no line for ${transfer.method} ${transfer.url}`);
  const { requestHeadBytes, responseHeadBytes, framingBytes, contentBytes } = transfer;
  assert.deepEqual(
    {
      method: transfer.method,
      status: transfer.status,
      bodyBytes: framingBytes + contentBytes,
      bytes: responseHeadBytes + framingBytes + contentBytes,
      requestBytes: requestHeadBytes,
      termination: transfer.termination,
    },
    {
      method: line.method,
      status: line.status,
      bodyBytes: line.body_bytes_sent,
      bytes: line.bytes_sent,
      requestBytes: line.request_length,
      termination: '--',
    },
    transfer.url,
  );
}

function count(statuses: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const status of [...statuses].sort()) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
