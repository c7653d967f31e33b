// Causes and their metrics: events through a real ledger into the text that Prometheus scrapes. What each compatible series must
// say is written down by hand (metric-causes.ts), so that neither the ledger nor the tables can agree with themselves.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Event } from '../../src/events.ts';
import { createMetrics, METRIC_DEFINITIONS, type Metrics } from '../../src/report/metrics.ts';
import { COMPATIBLE_CLIENT_METRICS } from '../../src/report/metrics-compatible-clients.ts';
import { COMPATIBLE_TRAFFIC_METRICS } from '../../src/report/metrics-compatible-traffic.ts';
import { OPERATION_METRICS } from '../../src/report/metrics-operations.ts';
import type { Ledger, LedgerOptions } from '../../src/stats/ledger.ts';
import { instantOf, openLedger, RUN } from '../stats/ledger-traffic.ts';
import { CAUSES, type Cause } from './metric-causes.ts';
import { UNTAPPED_CAUSES } from './metric-causes-untapped.ts';
import { EVENTFUL_RUN } from './metric-eventful-run.ts';
import { parsePrometheusText } from './prometheus-text.ts';

type Values = ReadonlyMap<string, number>;

const COMPATIBLE = [...COMPATIBLE_CLIENT_METRICS, ...COMPATIBLE_TRAFFIC_METRICS];

/** What a scrape of that ledger says, were `atMs` now; the ledger is read once. */
function metricsOf(ledger: Ledger, atMs: number, run: typeof RUN): Metrics {
  const snapshot = ledger.snapshot(atMs, run.startedAtWallMs + atMs);
  const facts = {
    url: run.url,
    configuredDurationSeconds: run.durationSeconds,
    isTapped: run.isTapped,
    hasClientSeries: true,
  };
  return createMetrics({ latest: () => snapshot, facts });
}

async function scrape(events: readonly Event[], atMs: number, options: Partial<LedgerOptions> = {}): Promise<Values> {
  const ledger = openLedger(options);
  for (const event of events) ledger.record(event);
  return parsePrometheusText(await metricsOf(ledger, atMs, options.run ?? RUN).render());
}

async function readings({ given = [], events, readAtMs, run = {}, asked = {} }: Cause): Promise<[Values, Values]> {
  const before = await scrape(given, readAtMs[0], { run: { ...RUN, ...run } });
  return [before, await scrape([...given, ...events], readAtMs[1], { run: { ...RUN, ...run, ...asked } })];
}

function assertClose(actual: number | undefined, expected: number | undefined, within: number, what: string): void {
  const isClose =
    actual === expected ||
    (actual !== undefined && expected !== undefined && Math.abs(actual - expected) <= within * Math.abs(expected));
  assert.ok(isClose, `${what}: ${actual}, not ${expected}`);
}

/** A histogram by its count. */
const isAmong = (names: ReadonlySet<string>, name: string): boolean => names.has(name) || names.has(`${name}_count`);
const nameOf = (series: string): string => `hls_swarm_${series.replace(/\{.*/, '')}`;

describe('each compatible name moves when its cause happens', () => {
  for (const cause of [...CAUSES, ...UNTAPPED_CAUSES])
    test(cause.what, async () => {
      const [before, after] = await readings(cause);
      for (const [series, [from, to]] of Object.entries(cause.moves)) {
        assertClose(before.get(`hls_swarm_${series}`), from, 1e-9, `${series} before`);
        assertClose(after.get(`hls_swarm_${series}`), to, cause.within ?? 1e-9, `${series} after`);
      }
    });

  test('and each of them has a cause here', () => {
    const moved = new Set(
      CAUSES.flatMap(({ moves }) => Object.entries(moves))
        .filter(([, [from, to]]) => from !== to)
        .map(([series]) => nameOf(series)),
    );
    assert.deepEqual(
      COMPATIBLE.map(({ name }) => name).filter((name) => !isAmong(moved, name)),
      [],
    );
  });

  const peerNames = new URL('../../../shared/peer/metrics.json', import.meta.url);
  test('and they are the names of go-ffmpeg-hls-swarm', {
    skip: existsSync(peerNames) ? false : '../shared/peer is not here',
  }, () => {
    const peer = JSON.parse(readFileSync(peerNames, 'utf8')) as readonly { readonly name: string }[];
    assert.deepEqual(COMPATIBLE.map(({ name }) => name).sort(), peer.map(({ name }) => name).sort());
  });
});

describe('in a run in which everything happens', () => {
  const { events, readAtMs, options } = EVENTFUL_RUN;
  const { run } = options;

  test('no metric stands still', async () => {
    const start = await scrape([], 0, options);
    const moved = new Set<string>();
    for (const atMs of readAtMs) {
      const values = await scrape(
        events.filter((event) => instantOf(event) <= atMs),
        atMs,
        options,
      );
      for (const [series, value] of values) if (start.get(series) !== value) moved.add(series.replace(/\{.*/, ''));
    }
    const ofTheLedger = METRIC_DEFINITIONS.filter((definition) => !OPERATION_METRICS.includes(definition));
    assert.deepEqual(
      ofTheLedger.map(({ name }) => name).filter((name) => !isAmong(moved, name)),
      FIXED_FOR_A_RUN,
    );
  });

  test('a scrape between two ticks changes nothing, and two at one tick are equal octet for octet', async () => {
    const [watched, alone] = [openLedger(options), openLedger(options)];
    const ours = async (metrics: Metrics): Promise<string> => withoutProcess(await metrics.render());
    for (const event of events) {
      watched.record(event);
      alone.record(event);
      if (event.type !== 'sample') continue;
      const metrics = metricsOf(watched, event.atMs, run);
      const [one, other] = await Promise.all([ours(metrics), ours(metrics)]);
      assert.equal(one, other);
      await ours(metricsOf(watched, event.atMs + 500, run));
      assert.equal(await ours(metricsOf(watched, event.atMs, run)), one);
    }
    const endMs = readAtMs.at(-1) ?? 0;
    assert.equal(await ours(metricsOf(watched, endMs, run)), await ours(metricsOf(alone, endMs, run)));
  });
});

const FIXED_FOR_A_RUN = ['info', 'target_clients', 'test_duration_seconds'].map((name) => `hls_swarm_${name}`);

/** The metrics of this process are the only ones that a second reading changes. */
function withoutProcess(text: string): string {
  return text.slice(0, text.indexOf('# HELP process_cpu'));
}
