// How the origin's sources are collected, and what their answers hold beside the sums: devices, states, lines of a log.
// A source that was not asked has no series.
import { ORIGIN_SOURCES } from '../events.ts';
import type { Summary } from '../stats/summary.ts';
import { by, type MetricDefinition, one, type Reading, type Series } from './metric-definition.ts';

type Collection = Summary['origin']['collections'][number];

const SOURCES = [...ORIGIN_SOURCES, 'segment_sizes'];
const RESULTS = { succeeded: 'ok', failed: 'error' } as const;
const STATES = ['reading', 'writing', 'waiting'] as const;
const LINES = { usable: 'usable', unusable: 'unusable' } as const;
const DEVICES = 'network devices of the origin host, at most 16';

export const COLLECTION_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_origin_scrapes_total',
    type: 'counter',
    unit: 'scrapes',
    account: 'origin',
    help: 'Collections of a source of the origin, the listing of segment sizes too',
    labels: { source: SOURCES, result: Object.values(RESULTS) },
    read: (reading) =>
      collections(reading).flatMap((row) =>
        (['succeeded', 'failed'] as const).map((result) => ({
          labels: { source: row.source, result: RESULTS[result] },
          value: row[result],
        })),
      ),
  },
  {
    name: 'hls_swarm_origin_source_interval_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'origin',
    help: 'Time between collections of a source now; it follows the load',
    labels: { source: SOURCES },
    read: (reading) =>
      collections(reading).flatMap(({ source, intervalSeconds }) => labelled({ source }, intervalSeconds)),
  },
  {
    name: 'hls_swarm_origin_device_sent_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'origin',
    help: 'Octets sent by each network device that is counted, since it was first seen',
    labels: { device: DEVICES },
    read: (reading) => devices(reading).flatMap(({ name, sentBytes }) => labelled({ device: name }, sentBytes)),
  },
  {
    name: 'hls_swarm_origin_device_received_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'origin',
    help: 'Octets received by each network device that is counted, since it was first seen',
    labels: { device: DEVICES },
    read: (reading) => devices(reading).flatMap(({ name, receivedBytes }) => labelled({ device: name }, receivedBytes)),
  },
  {
    name: 'hls_swarm_origin_connections_by_state',
    type: 'gauge',
    unit: 'connections',
    account: 'origin',
    help: 'Open connections of the origin server by what they wait for: a request head, an answer, the next request',
    labels: { state: STATES },
    read: (reading) => {
      const states = collections(reading).find(({ connectionStates }) => connectionStates !== undefined);
      return by('state', STATES, (state) => states?.connectionStates?.[state]);
    },
  },
  {
    name: 'hls_swarm_origin_access_log_lines_total',
    type: 'counter',
    unit: 'lines',
    account: 'origin',
    help: 'Lines of the access log that is followed; one that says nothing of a request is unusable',
    labels: { result: Object.values(LINES) },
    read: (reading) => {
      const { logLines, unusableLogLines } = collections(reading).find(({ source }) => source === 'access-log') ?? {};
      if (logLines === undefined || unusableLogLines === undefined) return [];
      return [
        { labels: { result: LINES.usable }, value: logLines - unusableLogLines },
        { labels: { result: LINES.unusable }, value: unusableLogLines },
      ];
    },
  },
  ...(['p50', 'max'] as const).map(
    (quantile): MetricDefinition => ({
      name: `hls_swarm_origin_window_rate_${quantile}_bytes_per_second`,
      type: 'gauge',
      unit: 'bytes per second',
      account: 'origin',
      help: `Octets sent per second between two scrapes, over --origin-metrics-window, ${quantile === 'max' ? 'largest' : quantile}`,
      read: ({ snapshot }) => {
        const { rateWindow } = snapshot.summary.origin;
        return one(quantile === 'max' ? rateWindow?.bytesPerSecondMax : rateWindow?.bytesPerSecondP50);
      },
    }),
  ),
  {
    name: 'hls_swarm_origin_window_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'origin',
    help: 'Length of the window of hls_swarm_origin_window_rate_*',
    read: ({ snapshot }) => one(snapshot.summary.origin.rateWindow?.windowSeconds),
  },
];

function collections({ snapshot }: Reading): readonly Collection[] {
  return snapshot.summary.origin.collections;
}

function devices(reading: Reading): NonNullable<Collection['devices']> {
  return collections(reading).find((row) => row.devices !== undefined)?.devices ?? [];
}

function labelled(labels: Readonly<Record<string, string>>, value: number | undefined): readonly Series[] {
  return value === undefined ? [] : [{ labels, value }];
}
