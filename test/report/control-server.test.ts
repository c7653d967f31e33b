// The control server over real sockets: every path, before and after the first snapshot, a taken port, and its end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type ControlServer, type ControlServerOptions, startControlServer } from '../../src/report/control-server.ts';
import type { Health } from '../../src/report/health.ts';
import { createMetrics } from '../../src/report/metrics.ts';
import { OperationBook } from '../../src/stats/operations.ts';
import { OPERATION_NAMES, type Snapshot } from '../../src/stats/summary.ts';
import { makeSnapshot } from '../support/snapshot.ts';

let snapshot: Snapshot | undefined;
let health: Health = { isHealthy: true, reasons: [] };
let isReady = false;
const latest = (): Snapshot | undefined => snapshot;

const NOW_MS = 45_000;
const book = new OperationBook(0);
for (const isFailure of [false, false, false, true]) book.record('hls_segment_fetch', 40_000, 20, isFailure);

const OPTIONS: ControlServerOptions = {
  host: '127.0.0.1',
  port: 0,
  latest,
  metrics: createMetrics({
    latest,
    facts: { url: 'http://o/live.m3u8', configuredDurationSeconds: 60, isTapped: true, hasClientSeries: false },
  }),
  health: () => health,
  isReady: () => isReady,
  clients: 12,
  debugClient: (client) => (client === 7 ? { client, parser: { pending: 1 } } : undefined),
  operations: (windowSeconds) => book.read(NOW_MS, windowSeconds),
};

let server: ControlServer;
before(async () => {
  server = await startControlServer(OPTIONS);
});
after(() => server.close());

async function get(path: string): Promise<{ status: number; type: string; text: string }> {
  const response = await fetch(`${server.url}${path}`);
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
}

describe('the control server', () => {
  test('counts the octets of its connections, open ones and those that are over', async () => {
    const before = server.carriedBytes();
    const request = 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n';
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.equal(server.carriedBytes() - before, request.length + answer.length);
    socket.destroy();
    await once(socket, 'close');
    await get('/ready');
    assert.ok(server.carriedBytes() - before > 2 * (request.length + answer.length) - request.length);
  });

  test('has no snapshot before the first, and then the summary of the last with a row per client', async () => {
    snapshot = undefined;
    assert.equal((await get('/snapshot')).status, 503);
    assert.doesNotMatch((await get('/metrics')).text, /^hls_swarm_/m);
    snapshot = makeSnapshot();
    const { status, type, text } = await get('/snapshot');
    assert.equal(status, 200);
    assert.match(type, /^application\/json/);
    const answer = { ...snapshot.summary, clientRows: snapshot.clients };
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(answer)));
  });

  test('gives the metrics of the last snapshot as Prometheus text', async () => {
    snapshot = makeSnapshot({ summary: { tick: 99 } });
    const { status, type, text } = await get('/metrics');
    assert.equal(status, 200);
    assert.match(type, /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^hls_swarm_instrument_ticks_total 99$/m);
  });

  test('answers health and readiness under both names, with reasons', async () => {
    for (const path of ['/health', '/healthz']) {
      health = { isHealthy: true, reasons: [] };
      assert.deepEqual(
        [(await get(path)).status, JSON.parse((await get(path)).text)],
        [200, { status: 'ok', reasons: [] }],
      );
      health = { isHealthy: false, reasons: ['2 records lost'] };
      assert.deepEqual(
        [(await get(path)).status, JSON.parse((await get(path)).text).reasons],
        [503, ['2 records lost']],
      );
    }
    for (const path of ['/ready', '/readyz']) {
      isReady = false;
      assert.equal((await get(path)).status, 503);
      isReady = true;
      assert.equal((await get(path)).status, 200);
    }
  });

  test('shows a client, and names the range for one that is not there', async () => {
    assert.deepEqual(JSON.parse((await get('/debug/client/7')).text), { client: 7, parser: { pending: 1 } });
    for (const name of ['0', '13', '-1', '1e1', 'seven', '3']) {
      const { status, text } = await get(`/debug/client/${name}`);
      assert.equal(status, 404, name);
      assert.ok(text.includes(`'${name}'`) && text.includes('1 to 12'), text);
    }
  });

  test('answers how often and how long things were done, all or one, over the window that is asked for', async () => {
    const all = JSON.parse((await get('/metrics/performance')).text);
    assert.equal(all.window_seconds, 300);
    assert.deepEqual(Object.keys(all.operations), [...OPERATION_NAMES, 'docker_stats_collection']);
    const { status, text } = await get('/metrics/performance?operation=hls_segment_fetch&window=60');
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), {
      window_seconds: 60,
      operations: {
        hls_segment_fetch: {
          ...{ count: 4, failures: 1, success_rate: 75 },
          ...{ avg_ms: 20, min_ms: 20, max_ms: 20, p50_ms: 20, p95_ms: 20, p99_ms: 20, baseline_p95_ms: null },
          ...{ covered_seconds: 46, truncated: true, status: 'critical' },
        },
      },
    });
    const empty = JSON.parse((await get('/metrics/performance?operation=docker_stats_collection')).text);
    const { count, success_rate, avg_ms, status: judged, alias_of } = empty.operations.docker_stats_collection;
    assert.deepEqual([count, success_rate, avg_ms, judged, alias_of], [0, null, null, 'ok', 'stats_collection']);
  });

  test('refuses a window that is none with the range, and an operation that is none with the list', async () => {
    for (const window of ['0', '901', '-1', '60s', '1.5', '', 'all', '1e2']) {
      const { status, text } = await get(`/metrics/performance?window=${window}`);
      assert.equal(status, 400, window);
      const { error } = JSON.parse(text);
      assert.ok(error.includes(`"${window}"`) && error.includes('from 1 to 900'), error);
    }
    assert.equal((await get('/metrics/performance?window=60&window=70')).status, 400);
    assert.equal((await get('/metrics/performance?window=900')).status, 200);
    const { status, text } = await get('/metrics/performance?operation=segment');
    assert.equal(status, 404);
    assert.match(JSON.parse(text).error, /"segment"/);
    assert.deepEqual(JSON.parse(text).operations, [...OPERATION_NAMES, 'docker_stats_collection']);
  });

  test('lists what exists for a path that does not', async () => {
    for (const path of ['/', '/metrics/perform', '/metric']) {
      const { status, text } = await get(path);
      assert.equal(status, 404);
      const { error, paths } = JSON.parse(text);
      assert.ok(error.includes(`GET ${path}`));
      assert.deepEqual(paths, [
        ...['/metrics', '/metrics/performance', '/snapshot', '/health', '/healthz'],
        ...['/ready', '/readyz', '/debug/client/N'],
      ]);
    }
  });

  test('refuses a taken port with the address and who may hold it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    assert.ok(typeof address === 'object' && address !== null);
    await assert.rejects(startControlServer({ ...OPTIONS, port: address.port }), (error: Error) => {
      assert.ok(error.message.includes(`127.0.0.1:${address.port} is taken`), error.message);
      assert.match(error.message, /another hls-swarm.*ss -ltnp/);
      return true;
    });
    holder.close();
    await assert.rejects(
      startControlServer({ ...OPTIONS, host: '203.0.113.7' }),
      /203\.0\.113\.7:0 is not an address of this machine/,
    );
  });

  test('ends at once although a client keeps its connection', async () => {
    const other = await startControlServer(OPTIONS);
    const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nHost: h\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    const startedAt = performance.now();
    await other.close();
    await closed;
    assert.ok(performance.now() - startedAt < 1_000);
    await assert.rejects(fetch(`${other.url}/health`));
  });
});
