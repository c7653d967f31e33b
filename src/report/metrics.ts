// The only door to prom-client: the metric tables behind a registry of our own, rendered from the last snapshot.
// It keeps no value: each scrape is derived from one snapshot, so any number of readers see the same numbers.
import { collectDefaultMetrics, type Metric, type MetricValue, Registry } from 'prom-client';
import type { Snapshot } from '../stats/summary.ts';
import {
  type BucketSeries,
  type MetricDefinition,
  type MetricFacts,
  type Reading,
  whereRead,
  whereTapped,
} from './metric-definition.ts';
import { AGREEMENT_METRICS } from './metrics-agreement.ts';
import { AGREEMENT_WINDOW_METRICS } from './metrics-agreement-window.ts';
import { COLLECTION_METRICS } from './metrics-collections.ts';
import { COMPATIBLE_CLIENT_METRICS } from './metrics-compatible-clients.ts';
import { COMPATIBLE_TRAFFIC_METRICS } from './metrics-compatible-traffic.ts';
import { FAULT_METRICS } from './metrics-faults.ts';
import { INSTRUMENT_METRICS } from './metrics-instrument.ts';
import { OPERATION_METRICS } from './metrics-operations.ts';
import { ORIGIN_METRICS } from './metrics-origin.ts';
import { PARSER_METRICS } from './metrics-parser.ts';
import { PROXY_METRICS } from './metrics-proxy.ts';
import { STREAM_METRICS } from './metrics-streams.ts';

export interface MetricsOptions {
  readonly latest: () => Snapshot | undefined;
  readonly facts: MetricFacts;
}

export interface Metrics {
  readonly contentType: string;
  /** Prometheus text of the last snapshot; before the first one only the process metrics. */
  render(): Promise<string>;
}

/** Every metric of ours, in the order of the text. */
export const METRIC_DEFINITIONS: readonly MetricDefinition[] = [
  ...COMPATIBLE_CLIENT_METRICS,
  ...COMPATIBLE_TRAFFIC_METRICS,
  ...whereTapped([...PROXY_METRICS, ...STREAM_METRICS, ...FAULT_METRICS]),
  ...whereRead(PARSER_METRICS),
  ...ORIGIN_METRICS,
  ...COLLECTION_METRICS,
  ...AGREEMENT_METRICS,
  ...AGREEMENT_WINDOW_METRICS,
  ...INSTRUMENT_METRICS,
  ...OPERATION_METRICS,
];

export function createMetrics({ latest, facts }: MetricsOptions): Metrics {
  const registry = new Registry();
  let reading: Reading | undefined;
  for (const definition of METRIC_DEFINITIONS) {
    if (definition.isPerClient === true && !facts.hasClientSeries) continue;
    registry.registerMetric(asRegistered(definition, () => reading));
  }
  registerProcessMetrics(registry);
  return {
    contentType: registry.contentType,
    render() {
      const snapshot = latest();
      reading = snapshot === undefined ? undefined : { snapshot, facts };
      // The registry asks every metric before its first await, so one text is one snapshot even when scrapes overlap.
      return registry.metrics();
    },
  };
}

/**
 * A registry asks of a metric only its name and `get()`. Answering that directly, instead of setting a Gauge, allows a
 * series to be absent, a counter to be a total that somebody else counted, and a histogram to be counted elsewhere.
 */
function asRegistered(definition: MetricDefinition, current: () => Reading | undefined): Metric {
  const metric = {
    name: definition.name,
    get: async () => {
      const reading = current();
      return {
        name: definition.name,
        help: definition.help,
        type: definition.type,
        values: reading === undefined ? [] : valuesOf(definition, reading),
      };
    },
  };
  return metric as unknown as Metric;
}

type RegistryValue = MetricValue<string> & { readonly metricName?: string };

function valuesOf(definition: MetricDefinition, reading: Reading): RegistryValue[] {
  if (definition.type !== 'histogram') return definition.read(reading).map(({ labels, value }) => ({ labels, value }));
  return definition.read(reading).flatMap((series) => bucketValues(definition.name, series));
}

function bucketValues(name: string, { labels, buckets }: BucketSeries): RegistryValue[] {
  const bounds = [...buckets.bounds.map(String), '+Inf'];
  return [
    ...bounds.map((le, index) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value: buckets.counts[index] ?? buckets.count,
    })),
    { metricName: `${name}_sum`, labels, value: buckets.sum },
    { metricName: `${name}_count`, labels, value: buckets.count },
  ];
}

/** Of the library's process metrics, those that any number of readers may read and whose names promtool accepts. */
function registerProcessMetrics(registry: Registry): void {
  // Coarse monitors, because their series are dropped: `nodejs_eventloop_lag_*` is reset by each scrape, so a second
  // reader would take values from the first; our own loop delay is hls_swarm_instrument_loop_delay_p99_seconds.
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: UNUSED_MONITOR_INTERVAL_MS,
    eventLoopUtilizationTimeout: UNUSED_MONITOR_INTERVAL_MS,
  });
  for (const { name } of registry.getMetricsAsArray()) {
    if (/^nodejs_(eventloop_|active_.*_total$)/.test(name)) registry.removeSingleMetric(name);
  }
}

const UNUSED_MONITOR_INTERVAL_MS = 60_000;
