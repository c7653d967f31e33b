// The origin's account and its reconciliation with the tap as metrics.
// A source that was not configured or has not answered leaves its series out; nothing here is a guess.
import { ORIGIN_SOURCES } from '../events.ts';
import type { OriginSourceRow, Summary } from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import {
  byWindow,
  type MetricDefinition,
  one,
  type Reading,
  type Series,
  snakeCase,
  WINDOWS,
} from './metric-definition.ts';

type Reconciliation = Summary['reconciliation'];
type Term = keyof NonNullable<Reconciliation['explained']>;

const EVERY_TERM: Readonly<Record<Term, true>> = {
  segmentContent: true,
  playlistContent: true,
  otherContent: true,
  responseHeads: true,
  interimHeads: true,
  framing: true,
  opaque: true,
  inFlight: true,
  ownRequests: true,
  tls: true,
  requests: true,
  transportEstimate: true,
  doorLeg: true,
  foreign: true,
};
const TERMS = Object.keys(EVERY_TERM) as readonly Term[];
const JOIN_RESULTS = ['equal', 'different', 'missingAtOrigin', 'missingAtProxy', 'aborted', 'outOfBounds'] as const;
const SOURCE_LABEL = { source: ORIGIN_SOURCES };

export const ORIGIN_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_origin_up',
    type: 'gauge',
    unit: '0 or 1',
    account: 'origin',
    help: '1 when the last answer of a source of the origin was good, of any of them',
    read({ snapshot: { summary, originSources } }) {
      const isAnswering = originSources.length === 0 || originSources.some(({ ok }) => ok);
      return one(Number(summary.origin.available && isAnswering));
    },
  },
  {
    name: 'hls_swarm_origin_source_up',
    type: 'gauge',
    unit: '0 or 1',
    account: 'origin',
    help: '1 when the last answer of a source was good',
    labels: SOURCE_LABEL,
    read: (reading) => bySource(reading, ({ ok }) => Number(ok)),
  },
  {
    name: 'hls_swarm_origin_source_age_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'origin',
    help: 'Time from the last good answer of a source to this snapshot; absent before the first',
    labels: SOURCE_LABEL,
    read: (reading) => bySource(reading, ({ ageMs }) => (ageMs === undefined ? undefined : msToSeconds(ageMs))),
  },
  {
    name: 'hls_swarm_origin_bytes_sent_total',
    type: 'counter',
    unit: 'bytes',
    account: 'origin',
    help: 'Octets that the origin says it sent since the run began',
    read: ({ snapshot }) => one(snapshot.summary.origin.bytesSent),
  },
  {
    name: 'hls_swarm_origin_bytes_source',
    type: 'gauge',
    unit: '1',
    account: 'origin',
    help: "1 for the source whose count the origin's octets and throughput are: the most exact one that tells any",
    labels: SOURCE_LABEL,
    read({ snapshot }) {
      const { bytesSource: source } = snapshot.summary.origin;
      return source === undefined ? [] : [{ labels: { source }, value: 1 }];
    },
  },
  {
    name: 'hls_swarm_origin_requests_total',
    type: 'counter',
    unit: 'requests',
    account: 'origin',
    help: 'Requests that the origin says it answered since the run began',
    read: ({ snapshot }) => one(snapshot.summary.origin.requests),
  },
  {
    name: 'hls_swarm_origin_network_sent_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'origin',
    help: 'Octets sent by the network devices of the origin host, other traffic included',
    read: ({ snapshot }) => one(snapshot.summary.origin.networkSentBytes),
  },
  {
    name: 'hls_swarm_origin_cpu_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'origin',
    help: 'Recent CPU use of the origin host, 0..1',
    read: ({ snapshot }) => one(snapshot.summary.origin.cpuRatio),
  },
  {
    name: 'hls_swarm_origin_memory_used_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'origin',
    help: 'Memory in use on the origin host',
    read: ({ snapshot }) => one(snapshot.summary.origin.memoryUsedBytes),
  },
  {
    name: 'hls_swarm_origin_memory_size_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'origin',
    help: 'Memory of the origin host',
    read: ({ snapshot }) => one(snapshot.summary.origin.memoryTotalBytes),
  },
  {
    name: 'hls_swarm_origin_connections',
    type: 'gauge',
    unit: 'connections',
    account: 'origin',
    help: 'Open connections of the origin server',
    read: ({ snapshot }) => one(snapshot.summary.origin.connections),
  },
  {
    name: 'hls_swarm_origin_throughput_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'origin',
    help: 'Rate of all octets sent by window',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.summary.origin.throughput),
  },
  {
    name: 'hls_swarm_origin_segment_throughput_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'origin',
    help: 'Rate of segment content by window: octets sent minus the other explained terms',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.summary.origin.segmentThroughput),
  },
  {
    name: 'hls_swarm_origin_scrape_interval_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'origin',
    help: 'Current interval between scrapes',
    read: ({ snapshot }) => one(snapshot.summary.origin.scrapeIntervalSeconds),
  },
  {
    name: 'hls_swarm_origin_reconciled_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'origin',
    help: 'Octets of the origin that reconciliation explains: the left side of the equation',
    read: ({ snapshot }) => one(snapshot.summary.reconciliation.originBytes),
  },
  {
    name: 'hls_swarm_origin_explained_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'origin',
    help: 'Terms of the reconciliation; an unknown term is absent',
    labels: { term: TERMS.map(snakeCase) },
    read: ({ snapshot }) =>
      TERMS.flatMap((term) => {
        const value = snapshot.summary.reconciliation.explained?.[term];
        return value === undefined ? [] : [{ labels: { term: snakeCase(term) }, value }];
      }),
  },
  {
    name: 'hls_swarm_origin_residual_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'origin',
    help: 'Octets of the origin that no term explains, signed',
    read: ({ snapshot }) => one(snapshot.summary.reconciliation.residualBytes),
  },
  {
    name: 'hls_swarm_origin_residual_uncertainty_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'origin',
    help: 'What passed the tap while the last scrape was awaited, halved: the residual of a source that counts as octets flow may be off by as much',
    read: ({ snapshot }) => one(snapshot.summary.reconciliation.window?.uncertaintyBytes),
  },
  {
    name: 'hls_swarm_origin_residual_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'origin',
    help: 'Residual / octets of the origin, signed',
    read: ({ snapshot }) => one(snapshot.summary.reconciliation.residualRatio),
  },
  {
    name: 'hls_swarm_origin_joined_transfers',
    type: 'gauge',
    unit: 'transfers',
    account: 'origin',
    help: 'Transfers joined with the access log of the origin by port and request index; of aborted ones the tap or the log did not see the end, and those out of bounds break delivered <= read <= sent',
    labels: { result: JOIN_RESULTS.map(snakeCase) },
    read: ({ snapshot }) => {
      const { joined } = snapshot.summary.reconciliation;
      return joined === undefined
        ? []
        : JOIN_RESULTS.map((result) => ({ labels: { result: snakeCase(result) }, value: joined[result] }));
    },
  },
];

function bySource({ snapshot }: Reading, pick: (row: OriginSourceRow) => number | undefined): readonly Series[] {
  return snapshot.originSources.flatMap((row) =>
    one(pick(row)).map(({ value }) => ({ labels: { source: row.source }, value })),
  );
}
