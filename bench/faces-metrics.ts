// `npm run bench:faces:metrics`: what a scrape of /metrics costs with a thousand clients and a series of each: the text made of
// one snapshot, and the whole request over HTTP. Both on the main thread: the relay has threads of its own, and nothing that
// renders is reachable from there (test/architecture.test.ts). Medians; exit 1 = a bound is missed.
// It starts no client: the account behind the text is scripted.
import { request } from 'node:http';
import type { Event } from '../src/events.ts';
import { startControlServer } from '../src/report/control-server.ts';
import type { MetricFacts } from '../src/report/metric-definition.ts';
import { createMetrics, type Metrics } from '../src/report/metrics.ts';
import { Ledger } from '../src/stats/ledger.ts';
import type { Snapshot } from '../src/stats/summary.ts';
import { life, playlist, RUN, sample, segment, transfersIn } from '../test/stats/ledger-traffic.ts';
import { reportChecks } from './support/checks.ts';
import { machineAndDate } from './support/machine.ts';
import { median } from './support/quantile.ts';

const CLIENTS = 1_000;
const SECONDS = 12;
const SCRAPES = 60;
/** The first ones warm the code up. */
const WARM_UP_SCRAPES = 20;
const MOST_SCRAPE_MS = 30;

const FACTS: MetricFacts = { url: RUN.url, configuredDurationSeconds: 0, isTapped: true, hasClientSeries: true };

/** A segment every second second per client, its playlist before it, progress each second. */
function eventsOf(second: number): Event[] {
  const atMs = second * 1_000;
  const events: Event[] = [];
  for (let client = 1; client <= CLIENTS; client += 1) {
    if (second === 0) events.push(life(client, atMs, 'start'));
    const facts = { client, process: 1, atMs, outTimeUs: atMs * 1_000 - client, speed: 1 + client / 1e4, isEnd: false };
    events.push({ type: 'progress', ...facts });
    if ((second + client) % 2 === 0)
      events.push(...playlist(client, atMs + 1), ...segment(client, second + 1, atMs + 2));
  }
  return events;
}

/** Two snapshots a second apart: no scrape repeats the one before. */
function snapshots(): readonly Snapshot[] {
  const ledger = new Ledger({ run: { ...RUN, clients: CLIENTS }, statsDropThreshold: 0.01 });
  const read: Snapshot[] = [];
  const events: Event[] = [];
  for (let second = 0; second < SECONDS; second += 1) {
    const now = eventsOf(second);
    events.push(...now.filter(({ type }) => type === 'transfer'));
    for (const event of now) ledger.record(event);
    const clients = { clientsActive: CLIENTS, clientsStarted: CLIENTS };
    ledger.record(sample(second * 1_000 + 900, transfersIn(events), clients));
    read.push(ledger.snapshot(second * 1_000 + 900, RUN.startedAtWallMs));
  }
  return read.slice(-2);
}

interface Cost {
  readonly ms: number;
  readonly worstMs: number;
}

async function timed(scrape: () => Promise<unknown>): Promise<Cost> {
  const costs: number[] = [];
  for (let turn = 0; turn < SCRAPES; turn += 1) {
    const startedAt = performance.now();
    await scrape();
    if (turn >= WARM_UP_SCRAPES) costs.push(performance.now() - startedAt);
  }
  return { ms: median(costs), worstMs: Math.max(...costs) };
}

async function overHttp(metrics: Metrics, latest: () => Snapshot | undefined): Promise<Cost> {
  const server = await startControlServer({
    host: '127.0.0.1',
    port: 0,
    latest,
    metrics,
    health: () => ({ isHealthy: true, reasons: [] }),
    isReady: () => true,
    clients: CLIENTS,
    debugClient: () => undefined,
    operations: () => [],
  });
  const cost = await timed(() => get(`${server.url}/metrics`));
  await server.close();
  return cost;
}

function get(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => resolve(bytes));
    })
      .on('error', reject)
      .end();
  });
}

async function main(): Promise<void> {
  const both = snapshots();
  let turn = 0;
  const latest = (): Snapshot | undefined => both[turn++ % both.length];
  const metrics = createMetrics({ latest, facts: FACTS });
  const text = await metrics.render();
  const rendered = await timed(() => metrics.render());
  const answered = await overHttp(metrics, latest);
  const plain = createMetrics({ latest, facts: { ...FACTS, hasClientSeries: false } });
  const without = await timed(() => plain.render());
  const perClient = text.split('\n').filter((line) => line.includes('client_id=')).length;
  const said = ({ ms, worstMs }: Cost): string => `${ms.toFixed(1)} ms, slowest ${worstMs.toFixed(1)} ms`;
  await reportChecks(
    'bench:faces:metrics',
    `${CLIENTS} clients; medians of ${SCRAPES - WARM_UP_SCRAPES} scrapes; ${machineAndDate()} (\`npm run bench:faces:metrics\`).`,
    [
      {
        what: 'series per client, octets of a scrape',
        measured: `${perClient}, ${text.length}`,
        mustBe: String(3 * CLIENTS),
        holds: perClient === 3 * CLIENTS,
      },
      { what: 'the text of a scrape', measured: said(rendered), mustBe: '-', holds: true },
      {
        what: '`GET /metrics` over HTTP, client and server on one thread',
        measured: said(answered),
        mustBe: `at most ${MOST_SCRAPE_MS} ms`,
        holds: answered.ms <= MOST_SCRAPE_MS,
      },
      { what: 'the text without series per client', measured: said(without), mustBe: '-', holds: true },
    ],
  );
}

await main();
