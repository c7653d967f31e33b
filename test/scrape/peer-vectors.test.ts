// The exporters' figures of go-ffmpeg-hls-swarm held against ours: the scrapers fetch each vector's answers, one after another.
// Where we differ on purpose is in ../support/peer-differences.ts; a vector that is neither equal nor listed fails.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Event, OriginSampleEvent } from '../../src/events.ts';
import { Fetcher } from '../../src/fetch.ts';
import { silentLog } from '../../src/log.ts';
import { intervalMs } from '../../src/scrape/adaptive-interval.ts';
import { createNginxExporterScraper } from '../../src/scrape/nginx-exporter.ts';
import { createNodeExporterScraper } from '../../src/scrape/node-exporter.ts';
import type { Scraper, ScraperDeps } from '../../src/scrape/scraper.ts';
import { RateWindow } from '../../src/stats/rate-window.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { holds, type PeerVector } from '../support/peer-vectors.ts';
import { FakeTime } from './fake-time.ts';

type Total = 'networkReceivedBytesTotal' | 'networkSentBytesTotal' | 'requestsTotal';

holds('origin_scraper', {
  node: async (vector) => {
    const { node } = await collected(vector);
    assertFigures(vector, {
      cpu_percent: percentOf(node.at(-1)?.cpuRatio),
      mem_total: node.at(-1)?.memoryTotalBytes,
      mem_used: node.at(-1)?.memoryUsedBytes,
      mem_percent: percentOf((node.at(-1)?.memoryUsedBytes ?? 0) / (node.at(-1)?.memoryTotalBytes ?? Number.NaN)),
      net_in_rate: rateOf(node, 'networkReceivedBytesTotal'),
      net_out_rate: rateOf(node, 'networkSentBytesTotal'),
      healthy: node.at(-1)?.ok,
    });
  },

  nginx: async (vector) => {
    const { nginx } = await collected(vector);
    assertFigures(vector, {
      connections: nginx.at(-1)?.connectionsActive,
      req_rate: rateOf(nginx, 'requestsTotal'),
      healthy: nginx.at(-1)?.ok,
    });
  },

  both: async (vector) => {
    const { node, nginx } = await collected(vector);
    assert.ok((node[0]?.memoryTotalBytes ?? 0) > vector['expected'].mem_total_gt);
    assert.ok((nginx[0]?.connectionsActive ?? 0) > vector['expected'].connections_gt);
    assert.deepEqual([node[0]?.ok, nginx[0]?.ok], [true, true]);
  },

  // What is read stands, what is not says why and is no figure; an interval of nothing is the shortest that there is.
  failure: async (vector) => {
    const { input, expected } = vector;
    if (input.interval_ms !== undefined) assert.ok(intervalMs({ activeClients: 0, fixedMs: input.interval_ms }) > 0);
    const { node, nginx } = await collected(vector);
    const failed = [...node, ...nginx].filter(({ ok }) => !ok);
    if (expected.healthy === false) assert.equal(failed.length, 1);
    assert.ok(failed.every(({ reason = '' }) => reason !== ''));
    if (expected.error_contains !== undefined) assert.equal(failed[0]?.source, expected.error_contains);
    if (expected.mem_total_gt !== undefined) assert.ok((node[0]?.memoryTotalBytes ?? 0) > expected.mem_total_gt);
  },

  window: ({ input, expected }) => {
    const window = new RateWindow(input.window_s * 1_000);
    const samples: readonly { readonly t: number; readonly v: number }[] = input.samples;
    let total = 0;
    let last = (samples[0]?.t ?? 0) - 1;
    window.add(last * 1_000, total);
    for (const { t, v } of samples) {
      total += v * (t - last);
      last = t;
      window.add(t * 1_000, total);
    }
    const { n = 0, bytesPerSecondP50 = Number.NaN, bytesPerSecondMax } = window.read() ?? {};
    const [low, high] = expected.p50_range ?? expected.values;
    assert.ok(bytesPerSecondP50 >= low && bytesPerSecondP50 <= high, `${bytesPerSecondP50}`);
    assert.equal(bytesPerSecondMax, expected.max ?? Math.max(...expected.values));
    if (expected.kept !== undefined) assert.equal(n, expected.kept);
  },
});

/** What the vector's answers made of the two scrapers, `gap_s` apart; null is a scrape that fails. */
async function collected({ input }: PeerVector): Promise<Record<'node' | 'nginx', readonly OriginSampleEvent[]>> {
  const time = new FakeTime();
  const events: Record<'node' | 'nginx', OriginSampleEvent[]> = { node: [], nginx: [] };
  const left: Record<string, (string | null)[]> = { node: [...(input.node ?? [])], nginx: [...(input.nginx ?? [])] };
  const server = createServer((request, response) => {
    const text = left[request.url?.slice(1) ?? '']?.shift() ?? null;
    response.writeHead(text === null ? 500 : 200).end(text);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const fetcher = new Fetcher({ version: '1.0.0' });
  const depsFor = (name: 'node' | 'nginx'): ScraperDeps => ({
    ...{ clock: time.clock, timers: time.timers, fetcher, log: silentLog, random: () => 0.5 },
    emit: (event: Event) => void (event.type === 'origin-sample' && events[name].push(event)),
  });
  const hasNode = input.node !== undefined || input.node_url !== undefined;
  const hasNginx = input.nginx !== undefined || input.nginx_status !== undefined;
  const nodeUrl = input.node_url ?? `http://127.0.0.1:${port}/node`;
  const nginxUrl = `http://127.0.0.1:${port}/nginx`;
  const scrapers: readonly Scraper[] = [
    ...(hasNode ? [createNodeExporterScraper(depsFor('node'), { url: nodeUrl, isLoopback: false })] : []),
    ...(hasNginx ? [createNginxExporterScraper(depsFor('nginx'), { url: nginxUrl })] : []),
  ];
  for (let scrape = 0; scrape < Math.max(1, input.node?.length ?? 0, input.nginx?.length ?? 0); scrape += 1) {
    await Promise.all(scrapers.map((scraper) => scraper.scrapeNow()));
    await time.advance((input.gap_s ?? 0) * 1_000);
  }
  await Promise.all(scrapers.map((scraper) => scraper.stop()));
  await fetcher.close();
  server.closeAllConnections();
  server.close();
  return events;
}

/** Each figure that the vector names: its truth where it has one, else what is expected, but for those that differ on purpose. */
function assertFigures(vector: PeerVector, ours: Readonly<Record<string, unknown>>): void {
  const wanted: Readonly<Record<string, unknown>> = { ...vector['expected'], ...vector['truth'] };
  for (const [name, value] of Object.entries(wanted)) {
    // What the peer does and should not, how closely it may be met, and why.
    if (name.startsWith('peer_') || name.endsWith('_tolerance') || name === 'note') continue;
    if (differenceOf('origin_scraper', vector, name) !== undefined) continue;
    const got = ours[name];
    if (typeof got === 'number' && typeof value === 'number')
      assert.ok(Math.abs(got - value) < 1e-6, `${name}: ${got}`);
    else assert.equal(got, value, name);
  }
}

function rateOf(events: readonly OriginSampleEvent[], total: Total): number | undefined {
  const [before, last] = [events.at(-2), events.at(-1)];
  const [from, to] = [before?.[total], last?.[total]];
  if (before === undefined || last === undefined || from === undefined || to === undefined) return undefined;
  return ((to - from) * 1_000) / (last.atMs - before.atMs);
}

function percentOf(ratio: number | undefined): number | undefined {
  return ratio === undefined ? undefined : ratio * 100;
}
