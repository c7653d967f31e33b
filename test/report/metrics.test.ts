// /metrics against the names that existing dashboards use, against promtool, and each metric against a moved snapshot.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { MetricFacts } from '../../src/report/metric-definition.ts';
import { createMetrics, METRIC_DEFINITIONS } from '../../src/report/metrics.ts';
import { KNOWN_LINT_EXCEPTIONS } from '../../src/report/metrics-compatible-clients.ts';
import { isRead } from '../../src/stats/log-reach.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { requirement } from '../support/require.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import type { Overrides } from '../support/snapshot-parts.ts';
import { MOVES } from './metric-moves.ts';
import { parsePrometheusText } from './prometheus-text.ts';

const FACTS: MetricFacts = {
  url: 'http://o/live.m3u8',
  configuredDurationSeconds: 60,
  isTapped: true,
  hasClientSeries: true,
};

async function scrape(snapshot: Snapshot | undefined, facts: Partial<MetricFacts> = {}): Promise<Map<string, number>> {
  const metrics = createMetrics({ latest: () => snapshot, facts: { ...FACTS, ...facts } });
  return parsePrometheusText(await metrics.render());
}

function override(path: string, value: unknown): Overrides<Snapshot> {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Overrides<Snapshot>;
}

describe('the movement of metrics', async () => {
  const before = await scrape(makeSnapshot());
  for (const [series, path, value, expected = value] of MOVES) {
    test(`hls_swarm_${series} follows ${path}`, async () => {
      const name = `hls_swarm_${series}`;
      const after = await scrape(makeSnapshot(override(path, value)));
      assert.notEqual(before.get(name), after.get(name), 'it must move');
      assert.equal(after.get(name)?.toPrecision(12), Number(expected).toPrecision(12));
    });
  }

  test('is checked for every metric there is', () => {
    const moved = MOVES.map(([series]) => `hls_swarm_${series}`);
    const isMoved = (name: string, type: string): boolean =>
      moved.some(
        (series) =>
          series.replace(/\{.*/, '').replace(type === 'histogram' ? /_(bucket|sum|count)$/ : /$^/, '') === name,
      );
    const forgotten = METRIC_DEFINITIONS.filter(({ name, type }) => !isMoved(name, type)).map(({ name }) => name);
    assert.deepEqual(forgotten, ['hls_swarm_test_duration_seconds'], 'only what is fixed for a run may stand still');
  });
});

describe('the compatible names', () => {
  const path = join(import.meta.dirname, '../../../shared/peer/metrics.json');
  const skip = existsSync(path) ? false : '../shared/peer is not here';

  test('keep name, type, labels and bucket bounds', { skip }, async () => {
    const peer: readonly { name: string; type: string; labels: string[]; buckets?: number[] }[] = JSON.parse(
      readFileSync(path, 'utf8'),
    );
    assert.equal(peer.length, 51);
    const values = await scrape(makeSnapshot());
    for (const { name, type, labels, buckets = [] } of peer) {
      const ours = METRIC_DEFINITIONS.find((definition) => definition.name === name);
      assert.equal(ours?.type, type, name);
      assert.deepEqual(Object.keys(ours?.labels ?? {}), labels, name);
      for (const bound of buckets) assert.ok(values.has(`${name}_bucket{le="${bound}"}`), `${name} le ${bound}`);
    }
  });

  test('are fed by the parser when there is no tap', async () => {
    const values = await scrape(makeSnapshot(), { isTapped: false });
    const { parser } = makeSnapshot().summary;
    assert.ok(isRead(parser));
    assert.equal(values.get('hls_swarm_manifest_requests_total'), parser.requests.playlist);
    assert.equal(values.get('hls_swarm_segment_requests_total'), parser.requests.segment);
    assert.equal(values.get('hls_swarm_init_requests_total'), parser.requests.init);
    assert.equal(values.get('hls_swarm_unknown_requests_total'), parser.requests.other);
    assert.equal(values.get('hls_swarm_bytes_downloaded_total'), parser.throughput?.totalBytes);
    assert.equal(values.get('hls_swarm_throughput_bytes_per_second'), parser.throughput?.bytesPerSecond1s);
    assert.equal(values.get('hls_swarm_timeouts_total'), parser.timeouts);
    assert.equal(values.get('hls_swarm_http_errors_total{status_code="404"}'), parser.httpErrors['404']);
    const requests = parser.requests.playlist + parser.requests.segment + parser.requests.init;
    assert.equal(values.get('hls_swarm_error_rate'), (4 + 2 + parser.timeouts) / requests);
  });

  test('of the tap are absent without one, and those of the parser where no log is read', async () => {
    const { proxy: _proxy, ...summary } = makeSnapshot().summary;
    const { lines, droppedLines } = summary.parser;
    const parser = { level: 'none' as const, lines, droppedLines };
    const untapped = await scrape({ ...makeSnapshot(), summary }, { isTapped: false });
    const unread = await scrape({ ...makeSnapshot(), summary: { ...summary, parser } }, { isTapped: false });
    const present = (values: Map<string, number>, start: string): string[] =>
      [...values.keys()].filter((series) => series.startsWith(`hls_swarm_${start}`));
    assert.deepEqual(present(untapped, 'proxy_'), []);
    assert.ok(present(untapped, 'parser_').length > 0);
    const requested = ['parser_', 'segment_requests_total', 'http_errors_total', 'timeouts_total', 'error_rate'];
    const logged = ['reconnections_total', 'inferred_latency', 'bytes_downloaded_total'];
    for (const start of [...requested, ...logged]) assert.deepEqual(present(unread, start), [], start);
  });

  test('are absent where requests passed unseen in tunnels, but for what was seen beside them', async () => {
    const seen = { segment: undefined, init: undefined, other: undefined, 'multivariant-playlist': undefined };
    const proxy = {
      hasTunnels: true,
      throughput: undefined,
      allBytesThroughput: undefined,
      timeouts: 0,
    };
    const values = await scrape(
      makeSnapshot({
        summary: {
          proxy: {
            ...proxy,
            byKind: { ...seen, 'media-playlist': { statusCodes: { '404': undefined, '503': undefined } } },
          },
        },
      }),
    );
    const present = (name: string): boolean =>
      [...values.keys()].some((series) => series.startsWith(`hls_swarm_${name}`));
    for (const name of [
      'segment_requests_total',
      'init_requests_total',
      'unknown_requests_total',
      'bytes_downloaded_total',
      'manifest_requests_per_second',
      'segment_requests_per_second',
      'throughput_bytes_per_second',
      'http_errors_total',
      'timeouts_total',
      'proxy_segment_bytes_total',
      'proxy_response_bytes_total',
      'proxy_segment_throughput_bytes_per_second',
    ])
      assert.equal(present(name), false, name);
    assert.equal(values.get('hls_swarm_manifest_requests_total'), 256);
  });

  test('say that an endless run has no end', async () => {
    const values = await scrape(makeSnapshot({ remainingSeconds: undefined }), { configuredDurationSeconds: 0 });
    assert.equal(values.get('hls_swarm_test_remaining_seconds'), -1);
    assert.equal(values.get('hls_swarm_test_duration_seconds'), 0);
  });
});

describe('series', () => {
  test('of counts exist at 0 before anything happened, and those of unknown values do not exist', async () => {
    const values = await scrape(makeEmptySnapshot());
    const present = (name: string): string[] =>
      [...values.keys()].filter((series) => series.replace(/\{.*/, '') === name);
    for (const { name, type } of METRIC_DEFINITIONS) {
      if (type !== 'counter' || OPTIONAL_COUNTERS.includes(name)) continue;
      assert.ok(present(name).length > 0, `${name} is pre-created`);
      for (const series of present(name)) assert.equal(values.get(series), 0, series);
    }
    const unknown = [
      'error_rate',
      'average_speed',
      'average_drift_seconds',
      'inferred_latency_p50_seconds',
      'uptime_p50_seconds',
    ];
    const measured = [
      'origin_cpu_ratio',
      'origin_residual_bytes',
      'agreement_precision_ratio',
      'instrument_loop_delay_p99_seconds',
    ];
    for (const name of [...OPTIONAL_COUNTERS, ...[...unknown, ...measured].map((short) => `hls_swarm_${short}`)]) {
      assert.deepEqual(present(name), [], name);
    }
  });

  test('of a closed label set never leave it', async () => {
    const values = await scrape(makeSnapshot());
    for (const { name, labels = {} } of METRIC_DEFINITIONS) {
      for (const series of values.keys()) {
        if (series.replace(/\{.*/, '') !== name) continue;
        for (const [label, allowed] of Object.entries(labels)) {
          const value = new RegExp(`[{,]${label}="([^"]*)"`).exec(series)?.[1];
          assert.ok(value !== undefined, `${series} has ${label}`);
          if (typeof allowed !== 'string')
            assert.ok(allowed.includes(value), `${series}: ${label} in ${allowed.join(' ')}`);
        }
      }
    }
  });

  test('per client appear only when they are asked for', async () => {
    const values = await scrape(makeSnapshot(), { hasClientSeries: false });
    assert.deepEqual(
      [...values.keys()].filter((series) => series.includes('client_id')),
      [],
    );
  });

  test('of the process are in our own registry, without those that a second reader would drain', async () => {
    const values = await scrape(undefined);
    assert.ok((values.get('process_resident_memory_bytes') ?? 0) > 0);
    assert.deepEqual(
      [...values.keys()].filter((name) => /^(hls_swarm|nodejs_eventloop)_/.test(name)),
      [],
    );
  });

  test('escape what a URL may carry', async () => {
    const metrics = createMetrics({ latest: () => makeSnapshot(), facts: { ...FACTS, url: 'http://o/"\\\n' } });
    assert.match(await metrics.render(), /stream_url="http:\/\/o\/\\"\\\\\\n"/);
  });
});

describe('scrapes', () => {
  test('by two readers at once are each of one snapshot, and the same reading twice is the same text', async () => {
    let tick = 0;
    const latest = (): Snapshot => {
      tick += 1;
      return makeSnapshot({ summary: { tick, clients: { starts: tick }, proxy: { connections: tick } } });
    };
    const metrics = createMetrics({ latest, facts: FACTS });
    const texts = await Promise.all([metrics.render(), metrics.render(), metrics.render()]);
    const seen = texts.map((text) => {
      const values = parsePrometheusText(text);
      return ['instrument_ticks_total', 'client_starts_total', 'proxy_connections_total'].map((name) =>
        values.get(`hls_swarm_${name}`),
      );
    });
    assert.deepEqual(seen, [
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
    const ours = async (): Promise<string> => {
      const text = await createMetrics({ latest: () => makeSnapshot(), facts: FACTS }).render();
      return text.slice(0, text.indexOf('process_cpu'));
    };
    assert.equal(await ours(), await ours());
  });

  test('are clean for promtool but for the old names that are a contract', {
    skip: requirement('promtool'),
  }, async () => {
    for (const snapshot of [makeSnapshot(), makeEmptySnapshot()]) {
      const input = await createMetrics({ latest: () => snapshot, facts: FACTS }).render();
      const { stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
      const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
      const unknown = complaints.filter((line) => !KNOWN_LINT_EXCEPTIONS.some((name) => line.startsWith(`${name} `)));
      assert.deepEqual(unknown, []);
    }
  });
});

const OPTIONAL_COUNTERS: readonly string[] = [
  'agreement_parser_http_errors_total',
  'agreement_proxy_http_errors_total',
  'agreement_dropped_attempts_total',
  'agreement_parser_retries_total',
  'agreement_proxy_retries_total',
  'segment_bytes_downloaded_total',
  'parser_segment_bytes_total',
  'parser_lookup_attempts_total',
  'parser_lookup_unread_total',
  'parser_http_statistics_total',
  'parser_lookup_successes_total',
  'parser_lookup_misses_total',
  'proxy_unselected_variant_bytes_total',
  'proxy_stream_sync_losses_total',
  'proxy_stream_continuity_errors_total',
  'origin_bytes_sent_total',
  'origin_requests_total',
  'origin_network_sent_bytes_total',
  'origin_scrapes_total',
  'origin_device_sent_bytes_total',
  'origin_device_received_bytes_total',
  'origin_access_log_lines_total',
  'instrument_cpu_seconds_total',
  'instrument_clients_cpu_seconds_total',
].map((name) => `hls_swarm_${name}`);
