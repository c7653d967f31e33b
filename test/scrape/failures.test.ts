// Every source that is asked over HTTP against everything that an answer can be: an event with a reason each time, nothing
// thrown, never two askings at once, the memory bounded, and the source back as soon as its answers are.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Event, ListingEvent, OriginSampleEvent } from '../../src/events.ts';
import { Fetcher } from '../../src/fetch.ts';
import { silentLog } from '../../src/log.ts';
import { BytesMetric } from '../../src/scrape/bytes-metric.ts';
import { createEmbeddedScraper } from '../../src/scrape/embedded.ts';
import { createNginxExporterScraper } from '../../src/scrape/nginx-exporter.ts';
import { createNodeExporterScraper } from '../../src/scrape/node-exporter.ts';
import type { Scraper, ScraperDeps } from '../../src/scrape/scraper.ts';
import { createSegmentSizesScraper } from '../../src/scrape/segment-sizes.ts';
import type { OriginSourceRow } from '../../src/stats/summary.ts';
import { openLedger } from '../stats/ledger-traffic.ts';
import { FakeTime } from './fake-time.ts';

type Told = OriginSampleEvent | ListingEvent;

interface Source {
  readonly name: string;
  readonly create: (deps: ScraperDeps, options: { readonly url: string; readonly timeoutMs: number }) => Scraper;
  /** A good answer in which everything counted has been counted `n` times. */
  readonly good: (n: number) => string;
  /** The counter of an event; absent where there is none. */
  readonly total?: (event: OriginSampleEvent) => number | undefined;
  /** What an answer of another program is told as. */
  readonly foreign: RegExp;
  /** What HTML is told as. */
  readonly html: RegExp;
}

/** Of an answer that comes, on a machine that has other work to do; and of one that does not. */
const PATIENT_MS = 5_000;
const IMPATIENT_MS = 300;
const DEADLINE_MS = 5_000;
const NOT_PROMETHEUS = /^line 1 is not Prometheus text: "<html>/;

const host = (n: number): string => `node_cpu_seconds_total{mode="idle"} ${n}
node_memory_MemTotal_bytes 100
node_memory_MemFree_bytes 40
node_network_transmit_bytes_total{device="eth0"} ${n}
`;

const SOURCES: readonly Source[] = [
  {
    name: 'node_exporter',
    create: (deps, options) => createNodeExporterScraper(deps, { ...options, isLoopback: false }),
    good: host,
    total: ({ networkSentBytesTotal }) => networkSentBytesTotal,
    foreign: /is this a node_exporter\?$/,
    html: NOT_PROMETHEUS,
  },
  {
    name: 'nginx_exporter',
    create: createNginxExporterScraper,
    good: (n) => `nginx_up 1\nnginx_connections_active 3\nnginx_http_requests_total ${n}\n`,
    total: ({ requestsTotal }) => requestsTotal,
    foreign: /is this a nginx_exporter\?$/,
    html: NOT_PROMETHEUS,
  },
  {
    name: 'stub_status',
    create: createNginxExporterScraper,
    good: (n) =>
      `Active connections: 3 \nserver accepts handled requests\n ${n} ${n} ${n} \nReading: 0 Writing: 1 Waiting: 2 \n`,
    total: ({ requestsTotal }) => requestsTotal,
    foreign: /is this a nginx_exporter\?$/,
    html: NOT_PROMETHEUS,
  },
  {
    name: 'bytes_metric',
    create: (deps, options) => {
      const bytesMetric = new BytesMetric({ name: 'sent_bytes_total', matchers: [] }, 1);
      return createNginxExporterScraper(deps, { ...options, bytesMetric });
    },
    good: (n) => `sent_bytes_total ${n}\n`,
    total: ({ bytesSentTotal }) => bytesSentTotal,
    foreign: /^no metric sent_bytes_total is in the answer/,
    html: NOT_PROMETHEUS,
  },
  {
    name: 'embedded',
    create: (deps, options) => createEmbeddedScraper(deps, { ...options, isLoopback: false }),
    good: (n) => `${host(n)}hls_swarm_origin_server_response_bytes_total ${n}\n`,
    total: ({ bytesSentTotal }) => bytesSentTotal,
    foreign: /is this a embedded\?$/,
    html: NOT_PROMETHEUS,
  },
  {
    name: 'segment sizes',
    create: (deps, options) => createSegmentSizesScraper(deps, { ...options, jitterMs: 0, needs: () => ({}) }),
    good: (n) => JSON.stringify([{ name: `seg${n}.ts`, type: 'file', size: n }]),
    foreign: /^the listing is not JSON/,
    html: /^the listing is not JSON/,
  },
];

interface Bench {
  readonly scraper: Scraper;
  readonly server: Restartable;
  readonly time: FakeTime;
  readonly events: Told[];
  /** What the server does with the next requests. */
  answer: RequestListener;
  /** One asking to its end, and the word of the source. */
  ask(answer: RequestListener): Promise<Told>;
}

/** A server that goes away and comes back at the same address. */
interface Restartable {
  readonly url: string;
  up(): Promise<void>;
  down(): Promise<void>;
}

async function restartable(context: TestContext, listener: RequestListener): Promise<Restartable> {
  const server = createServer(listener);
  const up = (port: number): Promise<void> =>
    new Promise((resolve) => {
      if (server.listening) resolve();
      else server.listen(port, '127.0.0.1', resolve);
    });
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      if (server.listening) server.close(() => resolve());
      else resolve();
      server.closeAllConnections();
    });
  await up(0);
  context.after(down);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, up: () => up(port), down };
}

async function bench(
  context: TestContext,
  source: Source,
  {
    timeoutMs = PATIENT_MS,
    answer = text(''),
  }: { readonly timeoutMs?: number; readonly answer?: RequestListener } = {},
): Promise<Bench> {
  const time = new FakeTime();
  const fetcher = new Fetcher({ version: '1.0.0' });
  const events: Told[] = [];
  const emit = (event: Event): void => {
    if (event.type === 'origin-sample' || event.type === 'listing') events.push(event);
  };
  const made: { answer: RequestListener } = { answer };
  const server = await restartable(context, (request, response) => made.answer(request, response));
  const deps = { clock: time.clock, timers: time.timers, fetcher, emit, log: silentLog, random: () => 0.5 };
  const scraper = source.create(deps, { url: server.url, timeoutMs });
  context.after(async () => {
    await scraper.stop();
    await fetcher.close();
  });
  const ask = async (answer: RequestListener): Promise<Told> => {
    made.answer = answer;
    await scraper.scrapeNow();
    // The counter by name is told before the source whose answer it was in.
    const isIts = (event: Told): boolean =>
      source.name !== 'bytes_metric' || (event.type === 'origin-sample' && event.source === 'bytes_metric');
    return events.findLast(isIts) ?? assert.fail('no event');
  };
  return Object.assign(made, { scraper, server, time, events, ask });
}

function text(body: string, status = 200): RequestListener {
  return (_request, response) => void response.writeHead(status).end(body);
}

/** As much as is taken, without end. */
function pour(response: ServerResponse, sent: { bytes: number }): void {
  const chunk = Buffer.alloc(65_536, 'x');
  const more = (): void => {
    while (!response.destroyed) {
      sent.bytes += chunk.length;
      if (!response.write(chunk)) return;
    }
  };
  response.on('drain', more);
  more();
}

test('an answer that does not come, or not to its end, is given up in time, and the next good one is good', async (context) => {
  const reasons = SOURCES.map(async (source) => {
    const { ask } = await bench(context, source, { timeoutMs: IMPATIENT_MS });
    const slow = await ask(() => {});
    const stalled = await ask((_request, response) => void response.write(source.good(1)));
    const endsAt = performance.now() + DEADLINE_MS;
    while (!(await ask(text(source.good(2)))).ok) assert.ok(performance.now() < endsAt, `${source.name} is not back`);
    return [slow.reason, stalled.reason];
  });
  for (const pair of await Promise.all(reasons)) {
    assert.deepEqual(pair, Array(2).fill(`no complete answer within ${IMPATIENT_MS} ms`));
  }
});

test('however long answers take, there is one asking of a source at a time', async (context) => {
  const most = SOURCES.map(async (source) => {
    const made = await bench(context, source, { timeoutMs: IMPATIENT_MS });
    const open = new Set<ServerResponse>();
    let highest = 0;
    made.answer = (_request, response) => {
      open.add(response);
      highest = Math.max(highest, open.size);
      response.on('close', () => open.delete(response));
    };
    made.scraper.setActiveClients(300);
    made.scraper.start();
    const endsAt = performance.now() + DEADLINE_MS;
    while (made.events.length < 3) {
      assert.ok(performance.now() < endsAt, `${made.events.length} askings of ${source.name}`);
      await made.time.advance(1_000);
      void made.scraper.scrapeNow();
      await pause(5);
    }
    return highest;
  });
  assert.deepEqual(await Promise.all(most), Array(SOURCES.length).fill(1));
});

for (const source of SOURCES) {
  const { good } = source;

  test(`${source.name}: each bad answer is a reason, and the next good one is good`, async (context) => {
    const { ask } = await bench(context, source);
    const poured = { bytes: 0 };
    const cases: readonly (readonly [what: string, answer: RequestListener, reason: RegExp])[] = [
      ['404', text('', 404), /^status 404 instead of 200$/],
      ['500', text(good(1), 500), /^status 500 instead of 200$/],
      [
        'huge',
        (_request, response) => pour(response, poured),
        /^the answer is larger than the limit of 2097152 bytes$/,
      ],
      [
        'truncated',
        (_request, response) => {
          response.writeHead(200, { 'Content-Length': 10_000 });
          response.write(good(1), () => response.destroy());
        },
        /^the connection ended before the answer was complete/,
      ],
      ['reset', (request) => void request.socket.destroy(), /^the connection ended before the answer was complete/],
      ['HTML', text('<html><body>Welcome</body></html>'), source.html],
      ['another program', text('process_cpu_seconds_total 7\n'), source.foreign],
      [
        'broken gzip',
        (_request, response) => void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('no gzip'),
        /^the answer's gzip coding cannot be decoded/,
      ],
      [
        'a bomb',
        (_request, response) =>
          void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(4_000_000, 'x'))),
        /^the answer's gzip coding cannot be decoded/,
      ],
    ];
    for (const [what, answer, reason] of cases) {
      const told = await ask(answer);
      assert.equal(told.ok, false, what);
      assert.match(told.reason ?? '', reason, what);
      const back = await ask(text(good(2)));
      assert.deepEqual([back.ok, back.reason], [true, undefined], `after ${what}`);
    }
    assert.ok(poured.bytes < 16 * 1_048_576, `${poured.bytes} octets were taken`);
  });

  test(`${source.name}: an answer in gzip is read, though we asked for none`, async (context) => {
    const { ask } = await bench(context, source);
    const told = await ask((request, response) => {
      assert.equal(request.headers['accept-encoding'], 'identity');
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(good(3)));
    });
    assert.deepEqual([told.ok, told.reason], [true, undefined]);
  });

  test(`${source.name}: a server that is gone is told as that, and asked again when it is back`, async (context) => {
    const { scraper, events, server } = await bench(context, source, { answer: text(good(4)) });
    const reasons: (string | undefined)[] = [];
    for (const isUp of [true, false, false, true]) {
      if (isUp) await server.up();
      else await server.down();
      await scraper.scrapeNow();
      reasons.push(events.at(-1)?.reason);
    }
    // The first asking may still have been written to the connection that there was.
    assert.match(reasons.join(), /^,(the connection ended|connection refused) [^,]+,connection refused [^,]+,$/);
  });

  if (source.total === undefined) continue;
  const { total } = source;

  test(`${source.name}: a counter that begins again never makes the total fall`, async (context) => {
    const { ask } = await bench(context, source);
    const totals: (number | undefined)[] = [];
    for (const count of [1000, 1500, 20, 50]) totals.push(total((await ask(text(good(count)))) as OriginSampleEvent));
    // What a program has counted since it began again is known; a device may come back with any value.
    assert.deepEqual(totals, source.name === 'node_exporter' ? [1000, 1500, 1500, 1530] : [1000, 1500, 1520, 1550]);
  });

  test(`${source.name}: last values stand while it is silent, and it is stale after three intervals`, async (context) => {
    const { ask, time } = await bench(context, source);
    const ledger = openLedger();
    const row = async (answer: RequestListener): Promise<OriginSourceRow> => {
      const event = (await ask(answer)) as OriginSampleEvent;
      ledger.record(event);
      const { originSources } = ledger.snapshot(time.clock.nowMs(), 0);
      return originSources.find((one) => one.source === event.source) ?? assert.fail('no row');
    };
    const figures = ({ cpuRatio, memoryUsedBytes, connections }: OriginSourceRow): unknown => ({
      cpuRatio,
      memoryUsedBytes,
      connections,
    });
    await row(text(good(5)));
    const before = await row(text(good(9)));
    assert.deepEqual([before.ok, before.isStale, before.ageMs], [true, false, 0]);
    for (const ageMs of [10_000, 20_000, 30_000, 40_000]) {
      await time.advance(10_000);
      const silent = await row(text('', 503));
      assert.deepEqual([silent.ok, silent.reason, silent.ageMs], [false, 'status 503 instead of 200', ageMs]);
      assert.equal(silent.isStale, ageMs > 30_000);
      assert.deepEqual(figures(silent), figures(before));
    }
    const back = await row(text(good(10)));
    assert.deepEqual([back.ok, back.isStale, back.ageMs, back.reason], [true, false, 0, undefined]);
  });
}
