// What is done over and over, as metrics: counters since the run began, and gauges of the last five minutes.
// It times nothing and judges nothing; figures and status come ready in the snapshot. An alias has no series: a sum would count twice.
import { OPERATION_NAMES, type OperationName, type OperationSummary } from '../stats/summary.ts';
import { msToSeconds, PERCENT } from '../units.ts';
import { by, byTwo, type MetricDefinition, type Reading, type Series } from './metric-definition.ts';

const STATUSES = ['ok', 'warn', 'critical'] as const;
const NAME = 'operation';
const LABELS = { operation: 'the names that `/metrics/performance` lists, aliases left out' };
const WINDOW = 'in the last 300 s';

export const OPERATION_METRICS: readonly MetricDefinition[] = [
  counter('completed', 'operations', 'How often it was done, failures included', ({ total }) => total.count),
  counter('failures', 'operations', 'How often in vain', ({ total }) => total.failures),
  counter('duration_seconds', 'seconds', 'Time that it took in all', ({ total }) => msToSeconds(total.sumMs)),
  gauge('success_ratio', '0..1', 'Share that was not in vain', ({ successRate }) => ratioOf(successRate)),
  gauge('p50_seconds', 'seconds', 'Its median', ({ p50Ms }) => secondsOf(p50Ms)),
  gauge('p95_seconds', 'seconds', 'Its 95th percentile', ({ p95Ms }) => secondsOf(p95Ms)),
  gauge('p99_seconds', 'seconds', 'Its 99th percentile', ({ p99Ms }) => secondsOf(p99Ms)),
  gauge('max_seconds', 'seconds', 'The longest', ({ maxMs }) => secondsOf(maxMs)),
  {
    name: 'hls_swarm_operation_status',
    type: 'gauge',
    unit: '0 or 1',
    account: 'instrument',
    help: '1 for the status that holds: warn below 99 % of success or at twice the p95 of its first minute, critical below 95 % or at three times its mean',
    labels: { ...LABELS, status: STATUSES },
    read: ({ snapshot }) =>
      byTwo([NAME, OPERATION_NAMES], ['status', STATUSES], (name, status) => {
        const summary = find(snapshot.operations, name);
        return summary === undefined ? undefined : Number(summary.status === status);
      }),
  },
];

type Pick = (summary: OperationSummary) => number | undefined;

function counter(part: string, unit: string, help: string, pick: Pick): MetricDefinition {
  const name = `hls_swarm_operation_${part}_total` as const;
  return { name, type: 'counter', unit, account: 'instrument', help, labels: LABELS, read: seriesOf(pick) };
}

function gauge(part: string, unit: string, help: string, pick: Pick): MetricDefinition {
  return {
    name: `hls_swarm_operation_window_${part}`,
    type: 'gauge',
    unit,
    account: 'instrument',
    help: `${help}, ${WINDOW}`,
    labels: LABELS,
    read: seriesOf(pick),
  };
}

function seriesOf(pick: Pick): (reading: Reading) => readonly Series[] {
  return ({ snapshot }) =>
    by(NAME, OPERATION_NAMES, (name) => {
      const summary = find(snapshot.operations, name);
      return summary === undefined ? undefined : pick(summary);
    });
}

function find(operations: readonly OperationSummary[] | undefined, name: OperationName): OperationSummary | undefined {
  return operations?.find((summary) => summary.name === name);
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : msToSeconds(ms);
}

function ratioOf(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : percent / PERCENT;
}
