// Origin sources: what is read from their texts, and what becomes of answers that are missing, wrong, late or huge.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { Event, MeterCut, OriginSampleEvent } from '../../src/events.ts';
import { Fetcher } from '../../src/fetch.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { NO_METERS } from '../../src/meters.ts';
import { BytesMetric } from '../../src/scrape/bytes-metric.ts';
import { DeviceSum, MAX_DEVICES, SteadyCounter } from '../../src/scrape/counters.ts';
import { createEmbeddedReader, createEmbeddedScraper } from '../../src/scrape/embedded.ts';
import { createNginxExporterScraper, createNginxReader } from '../../src/scrape/nginx-exporter.ts';
import { createNodeExporterScraper, createNodeReader, MAX_SHOWN_DEVICES } from '../../src/scrape/node-exporter.ts';
import { parsePrometheusText, type Sample } from '../../src/scrape/prometheus-text.ts';
import type { ScraperDeps } from '../../src/scrape/scraper.ts';
import { refusedUrl, serve, serveRaw } from './answers.ts';
import { FakeTime } from './fake-time.ts';

function samples(text: string): readonly Sample[] {
  const exposition = parsePrometheusText(text);
  assert.ok(exposition.ok);
  return exposition.samples;
}

interface Bench {
  readonly deps: ScraperDeps;
  readonly events: OriginSampleEvent[];
  readonly logged: string[];
  readonly time: FakeTime;
}

function bench(context: TestContext): Bench {
  const time = new FakeTime();
  const fetcher = new Fetcher({ version: '1.0.0' });
  context.after(() => fetcher.close());
  const events: OriginSampleEvent[] = [];
  const logged: string[] = [];
  const note = (facts: object, event: string): void => {
    logged.push(`${event} ${'reason' in facts ? facts.reason : ''}`.trim());
  };
  const log: Log = { ...silentLog, info: note, warn: note };
  const emit = (event: Event): void => {
    if (event.type === 'origin-sample') events.push(event);
  };
  return {
    time,
    events,
    logged,
    deps: { clock: time.clock, timers: time.timers, fetcher, emit, log, random: () => 0.5 },
  };
}

const node = (values: { idle: number; user: number; sent?: number; lo?: number }): string => `
node_cpu_seconds_total{cpu="0",mode="idle"} ${values.idle}
node_cpu_seconds_total{cpu="0",mode="user"} ${values.user}
node_memory_MemTotal_bytes 4294967296
node_memory_MemAvailable_bytes 3e+09
node_network_transmit_bytes_total{device="lo"} ${values.lo ?? 0}
node_network_transmit_bytes_total{device="eth0"} ${values.sent ?? 0}
node_network_receive_bytes_total{device="eth0"} 7
`;

test('CPU use is that of the time since the last scrape, absent on the first and after a reboot', () => {
  const read = createNodeReader(false);
  const ratio = (idle: number, user: number): number | undefined => read(samples(node({ idle, user })))?.cpuRatio;
  assert.equal(ratio(90_000, 10_000), undefined);
  assert.equal(ratio(90_001, 10_003), 0.75);
  assert.equal(ratio(90_001, 10_005), 1);
  assert.equal(ratio(5, 5), undefined);
  assert.equal(ratio(6, 6), 0.5);
  assert.equal(ratio(6, 6), undefined, 'no time has passed');
});

test('memory in use is total minus available, minus free on old kernels, absent without both', () => {
  const read = createNodeReader(false);
  const reading = read(samples(node({ idle: 1, user: 1 })));
  assert.deepEqual([reading?.memoryTotalBytes, reading?.memoryUsedBytes], [4_294_967_296, 1_294_967_296]);
  const old = createNodeReader(false)(samples('node_memory_MemTotal_bytes 10\nnode_memory_MemFree_bytes 4'));
  assert.equal(old?.memoryUsedBytes, 6);
  assert.deepEqual(createNodeReader(false)(samples('node_memory_MemTotal_bytes 10')), { memoryTotalBytes: 10 });
});

test('network octets are those of every device but lo, and of lo alone where the origin is this machine', () => {
  const text = node({ idle: 1, user: 1, sent: 500, lo: 9 });
  assert.equal(createNodeReader(false)(samples(text))?.networkSentBytesTotal, 500);
  assert.equal(createNodeReader(true)(samples(text))?.networkSentBytesTotal, 9);
  assert.equal(createNodeReader(true)(samples(text))?.networkReceivedBytesTotal, undefined);
});

test('a counter that begins again goes on from where it was: with what a program has counted since, a device may have any value', () => {
  const device = new SteadyCounter();
  const program = new SteadyCounter({ restartsAtZero: true });
  const raws = [100, 150, 20, 30, 0, 5];
  assert.deepEqual(
    raws.map((raw) => device.advance(raw)),
    [100, 150, 150, 160, 160, 165],
  );
  assert.deepEqual(
    raws.map((raw) => program.advance(raw)),
    [100, 150, 170, 180, 180, 185],
  );
});

test('a device that appears later counts from its first sight, one that vanishes keeps what it had', () => {
  const sum = new DeviceSum();
  const advance = (values: Record<string, number>): number | undefined => sum.advance(new Map(Object.entries(values)));
  assert.equal(advance({}), undefined);
  assert.equal(advance({ eth0: 100 }), 100);
  assert.equal(advance({ eth0: 110, veth1: 5000 }), 110);
  assert.equal(advance({ eth0: 120, veth1: 5007 }), 127);
  assert.equal(advance({ eth0: 130 }), 137);
});

test('devices that come and go without end need no room: those that are gone leave what they had to the sum', () => {
  const sum = new DeviceSum();
  let total: number | undefined;
  for (let round = 0; round < 10 * MAX_DEVICES; round += 1) {
    const devices = [`veth${round}`, `veth${round + 1}`].map((name, at) => [name, at === 0 ? 7 : 0] as const);
    total = sum.advance(new Map([['eth0', round], ...devices]));
    assert.equal(sum.leftOut, 0);
  }
  assert.equal(total, 10 * MAX_DEVICES - 1 + 7 * 10 * MAX_DEVICES);
  assert.ok(sum.read().length <= MAX_DEVICES);
});

test('the number of devices followed is bounded', () => {
  const sum = new DeviceSum();
  const many = new Map(Array.from({ length: MAX_DEVICES + 10 }, (_, index) => [`veth${index}`, 1]));
  assert.equal(sum.advance(many), MAX_DEVICES);
  assert.equal(sum.leftOut, 10);
});

test('nginx: connections and requests, nothing that its exporter does not know', () => {
  const read = createNginxReader();
  assert.deepEqual(read(samples('nginx_connections_active 42\nnginx_http_requests_total 1000')), {
    connectionsActive: 42,
    requestsTotal: 1000,
  });
  assert.equal(read(samples('nginx_http_requests_total 7'))?.requestsTotal, 1007, 'a restart of nginx');
  assert.equal(read(samples('up 1')), undefined);
});

test('the embedded origin: exact octets and requests beside host and server', () => {
  const read = createEmbeddedReader(true);
  const text = `${node({ idle: 1, user: 1, lo: 9 })}nginx_connections_active 3\nnginx_http_requests_total 10
hls_swarm_origin_server_response_bytes_total 12345\nhls_swarm_origin_server_requests_total 9\n`;
  assert.deepEqual(read(samples(text)), {
    memoryTotalBytes: 4_294_967_296,
    memoryUsedBytes: 1_294_967_296,
    networkSentBytesTotal: 9,
    networkDevices: [{ name: 'lo', sentBytesTotal: 9 }],
    connectionsActive: 3,
    requestsTotal: 9,
    bytesSentTotal: 12_345,
  });
  assert.equal(read(samples(node({ idle: 1, user: 1 }))), undefined, 'some other exporter');
});

test('a scrape is one event with the instant of its answer, its interval and our own octets', async (context) => {
  const url = await serve(context, (_request, response) => response.end('nginx_connections_active 1\n'));
  const { deps, events, time } = bench(context);
  await time.advance(1234);
  const scraper = createNginxExporterScraper(deps, { url });
  scraper.setActiveClients(8);
  await scraper.scrapeNow();
  await scraper.stop();
  const [{ ownBytes, ownReceivedBytes, ...event }] = events as [OriginSampleEvent];
  assert.deepEqual(event, {
    type: 'origin-sample',
    source: 'nginx_exporter',
    atMs: 1234,
    ok: true,
    connectionsActive: 1,
    intervalSeconds: 2,
    tookMs: 0,
  });
  assert.ok((ownBytes ?? 0) > 200 && (ownReceivedBytes ?? 0) > 100);
});

test('a scrape takes along what we had counted before we asked, and when its answer was there', async (context) => {
  let transfers = 0;
  const url = await serve(context, (_request, response) => {
    transfers += 1;
    response.end('nginx_connections_active 1\n');
  });
  const { deps, events } = bench(context);
  const contentBytesByKind = { ...NO_METERS.contentBytesByKind };
  const readMeters = (): MeterCut => ({ atMs: transfers, meters: { transfers }, contentBytesByKind });
  const scraper = createNginxExporterScraper({ ...deps, readMeters }, { url });
  await scraper.scrapeNow();
  await scraper.scrapeNow();
  await scraper.stop();
  const seen = events.map(({ cuts }) => cuts?.map(({ meters }) => meters['transfers']));
  assert.deepEqual(seen, [
    [0, 1],
    [1, 2],
  ]);
});

test('every failure is an event with a reason; the log has one line per change; a source that is back is ok again', async (context) => {
  let answer: RequestListener = (_request, response) => response.end(node({ idle: 1, user: 1 }));
  const url = await serve(context, (request, response) => answer(request, response));
  const { deps, events, logged } = bench(context);
  const scraper = createNodeExporterScraper(deps, { url, isLoopback: false, timeoutMs: 1_000 });
  const outcome = async (handler: RequestListener): Promise<string> => {
    answer = handler;
    await scraper.scrapeNow();
    const event = events.at(-1);
    return event?.ok ? 'ok' : (event?.reason ?? '');
  };
  assert.equal(await outcome(answer), 'ok');
  assert.equal(await outcome((_request, response) => response.writeHead(404).end()), 'status 404 instead of 200');
  assert.equal(await outcome((_request, response) => response.writeHead(500).end()), 'status 500 instead of 200');
  assert.equal(await outcome((_request, response) => response.writeHead(500).end()), 'status 500 instead of 200');
  assert.equal(await outcome((_request, response) => response.write('node')), 'no complete answer within 1000 ms');
  assert.match(await outcome((_request, response) => response.end('x'.repeat(3_000_000))), /larger than the limit/);
  assert.match(await outcome((_request, response) => response.end('<html>')), /^line 1 is not Prometheus text/);
  assert.match(await outcome((_request, response) => response.end('up 1\n')), /is this a node_exporter\?$/);
  assert.match(await outcome((_request, response) => response.end('')), /is this a node_exporter\?$/);
  assert.match(
    await outcome((_request, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('node', () => response.destroy());
    }),
    /ended before the answer was complete/,
  );
  assert.equal(await outcome((_request, response) => response.end(node({ idle: 2, user: 2 }))), 'ok');
  assert.equal(events.at(-1)?.cpuRatio, 0.5, 'deltas reach over the outage');
  await scraper.stop();
  assert.equal(logged.length, 8, 'two answers of 500 and two of another exporter are one line each');
  assert.equal(logged.at(-1), 'node_exporter_scrape_recovered');
});

test('unreachable, then there', async (context) => {
  const { deps, events } = bench(context);
  const gone = createEmbeddedScraper(deps, { url: await refusedUrl(), isLoopback: true });
  await gone.scrapeNow();
  await gone.stop();
  assert.match(events[0]?.reason ?? '', /^connection refused/);
});

test('the devices that were asked for are summed and shown, most octets first; one that is not there is told', async (context) => {
  const read = createNodeReader(false, ['eth1', 'eth0']);
  const text = (more: number): string =>
    ['eth0', 'eth1', 'lo', 'docker0']
      .map((device, at) => `node_network_transmit_bytes_total{device="${device}"} ${(at + 1) * 100 + more}`)
      .join('\n');
  assert.deepEqual(read(samples(text(0))), {
    networkSentBytesTotal: 300,
    networkDevices: [
      { name: 'eth1', sentBytesTotal: 200 },
      { name: 'eth0', sentBytesTotal: 100 },
    ],
  });
  assert.equal(read(samples(text(5)))?.networkSentBytesTotal, 310);

  const url = await serve(context, (_request, response) => response.end(`node_memory_MemTotal_bytes 1\n${text(0)}\n`));
  const { deps, events } = bench(context);
  const reasons: (string | undefined)[] = [];
  for (const options of [
    { isLoopback: false, devices: ['ethO'] },
    { isLoopback: false, devices: ['eth0', 'lo'] },
    { isLoopback: true },
  ]) {
    const scraper = createNodeExporterScraper(deps, { url, ...options });
    await scraper.scrapeNow();
    await scraper.stop();
    assert.equal(events.at(-1)?.ok, true, 'what else it says stands');
    reasons.push(events.at(-1)?.reason);
  }
  assert.deepEqual(reasons, [
    'no network device ethO in the answer, there are eth0, eth1, lo, docker0',
    undefined,
    undefined,
  ]);
});

test("a loopback origin whose node_exporter leaves lo out, as Debian's does, is told how to get it", async (context) => {
  const url = await serve(context, (_request, response) =>
    response.end('node_network_transmit_bytes_total{device="eth0"} 1\n'),
  );
  const { deps, events, logged } = bench(context);
  const scraper = createNodeExporterScraper(deps, { url, isLoopback: true });
  for (const _twice of [1, 2]) await scraper.scrapeNow();
  await scraper.stop();
  assert.match(
    events[0]?.reason ?? '',
    /^no network device lo in the answer, there are eth0; Debian's .*device-exclude=/,
  );
  assert.equal(logged.length, 1);
});

test('of hundreds of devices all are summed and the busiest are shown', () => {
  const lines = Array.from({ length: 40 }, (_, at) => `node_network_transmit_bytes_total{device="veth${at}"} ${at}`);
  const reading = createNodeReader(false)(samples(lines.join('\n')));
  assert.equal(reading?.networkSentBytesTotal, 780);
  assert.equal(reading?.networkDevices?.length, MAX_SHOWN_DEVICES);
  assert.equal(reading?.networkDevices?.[0]?.name, 'veth39');
});

test('an exporter that gets no answer from its nginx says so itself', async (context) => {
  const url = await serve(context, (_request, response) => response.end('nginx_up 0\n'));
  const { deps, events } = bench(context);
  const scraper = createNginxExporterScraper(deps, { url });
  await scraper.scrapeNow();
  await scraper.stop();
  assert.deepEqual(
    [events[0]?.ok, events[0]?.reason],
    [false, 'nginx_up is 0: the exporter gets no answer from its nginx'],
  );
});

test('a counter by name is a source of its own beside the one whose answer it is in', async (context) => {
  let n = 100;
  const url = await serve(context, (_request, response) =>
    response.end(`nginx_connections_active 1\nsent_bytes_total{to="client"} ${n}\n`),
  );
  const { deps, events } = bench(context);
  const bytesMetric = new BytesMetric({ name: 'sent_bytes_total', matchers: [] }, 1);
  const scraper = createNginxExporterScraper(deps, { url, bytesMetric });
  for (n of [100, 250]) await scraper.scrapeNow();
  await scraper.stop();
  assert.deepEqual(
    events.map(({ source, ok, connectionsActive, bytesSentTotal }) => ({
      source,
      ok,
      connectionsActive,
      bytesSentTotal,
    })),
    [100, 250].flatMap((bytesSentTotal) => [
      { source: 'bytes_metric', ok: true, connectionsActive: undefined, bytesSentTotal },
      { source: 'nginx_exporter', ok: true, connectionsActive: 1, bytesSentTotal: undefined },
    ]),
  );
  assert.equal(events[0]?.ownBytes, undefined, 'one answer, told once');
});

test('a scraper follows the timetable and is silent after stop, also with a scrape on its way', async (context) => {
  const url = await serve(context, (_request, response) => response.end('nginx_connections_active 1\n'));
  const { deps, events, time } = bench(context);
  const scraper = createNginxExporterScraper(deps, { url, fixedIntervalMs: 5000 });
  scraper.start();
  const until = async (count: number): Promise<void> => {
    const deadline = Date.now() + 5000;
    while (events.length < count || time.armed === 0) {
      assert.ok(Date.now() < deadline, `${events.length} of ${count} events`);
      await time.advance(0);
    }
  };
  await until(1);
  await time.advance(4999);
  assert.equal(events.length, 1);
  await time.advance(1);
  await until(2);
  assert.equal(events[1]?.intervalSeconds, 5);
  const stalled = await serveRaw(context, '', () => {});
  const other = createNginxExporterScraper(deps, { url: stalled.url });
  other.start();
  await Promise.all([scraper.stop(), other.stop()]);
  assert.equal(events.length, 2);
  assert.equal(time.armed, 0);
});
