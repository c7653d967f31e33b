// The shape of one row of the metric tables and the few helpers that the rows are written with.
// It knows no Prometheus library and keeps no state: a metric is a name and a pure reading of one snapshot.
import type { Buckets, ErrorStatistics, Quantiles, Snapshot, Throughput } from '../stats/summary.ts';

/** What does not change during a run and is not in a snapshot. */
export interface MetricFacts {
  /** Already redacted: it becomes a label of hls_swarm_info. */
  readonly url: string;
  /** 0 when the run has no end of its own. */
  readonly configuredDurationSeconds: number;
  /** false with --no-proxy: the compatible names are then fed by the parser. */
  readonly isTapped: boolean;
  /** --prom-client-metrics: series per client. */
  readonly hasClientSeries: boolean;
}

export interface Reading {
  readonly snapshot: Snapshot;
  readonly facts: MetricFacts;
}

export type Labels = Readonly<Record<string, string>>;
/** One time series at one instant. An unknown value is no series, never a 0. */
export interface Series {
  readonly labels: Labels;
  readonly value: number;
}
export interface BucketSeries {
  readonly labels: Labels;
  readonly buckets: Buckets;
}

/** Whose observation a metric is (METRICS.md shows it). */
export type Account =
  | 'run'
  | 'swarm'
  | 'tap'
  | 'tap (parser with --no-proxy)'
  | 'parser'
  | 'progress'
  | 'line pipeline'
  | 'origin'
  | 'agreement'
  | 'instrument';

interface Common {
  readonly name: `hls_swarm_${string}`;
  readonly help: string;
  readonly account: Account;
  readonly unit: string;
  /** Label names with all the values they can take, or in words why the set is bounded. */
  readonly labels?: Readonly<Record<string, readonly string[] | string>>;
  /** Only with --prom-client-metrics. */
  readonly isPerClient?: boolean;
}
export interface ValueDefinition extends Common {
  readonly type: 'counter' | 'gauge';
  readonly read: (reading: Reading) => readonly Series[];
}
export interface HistogramDefinition extends Common {
  readonly type: 'histogram';
  readonly read: (reading: Reading) => readonly BucketSeries[];
}
export type MetricDefinition = ValueDefinition | HistogramDefinition;

/** Metrics of the tap, which has no figures where nothing was tapped. */
export function whereTapped(definitions: readonly MetricDefinition[]): readonly MetricDefinition[] {
  return only(definitions, ({ snapshot }) => snapshot.summary.proxy !== undefined);
}

/** Metrics of the parser, which has none where nobody reads a log. */
export function whereRead(definitions: readonly MetricDefinition[]): readonly MetricDefinition[] {
  return only(definitions, ({ snapshot }) => snapshot.summary.parser.level !== 'none');
}

/** The one series of a metric without labels; none when the value is unknown. */
export function one(value: number | undefined): readonly Series[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

/** One series per value of a closed label set; those with an unknown value are absent. */
export function by<Value extends string>(
  label: string,
  values: readonly Value[],
  pick: (value: Value) => number | undefined,
): readonly Series[] {
  return values.flatMap((value) => one(pick(value)).map((series) => ({ ...series, labels: { [label]: value } })));
}

/** One series per pair of values of two closed label sets. */
export function byTwo<First extends string, Second extends string>(
  [firstLabel, firstValues]: readonly [string, readonly First[]],
  [secondLabel, secondValues]: readonly [string, readonly Second[]],
  pick: (first: First, second: Second) => number | undefined,
): readonly Series[] {
  return firstValues.flatMap((first) =>
    by(secondLabel, secondValues, (second) => pick(first, second)).map((series) => ({
      ...series,
      labels: { [firstLabel]: first, ...series.labels },
    })),
  );
}

export const WINDOWS = ['1s', '30s', '60s', '300s', 'overall'] as const;
const WINDOW_FIELDS = {
  '1s': 'bytesPerSecond1s',
  '30s': 'bytesPerSecond30s',
  '60s': 'bytesPerSecond60s',
  '300s': 'bytesPerSecond300s',
  overall: 'bytesPerSecondOverall',
} as const satisfies Record<(typeof WINDOWS)[number], keyof Throughput>;

/** A throughput as one series per window. */
export function byWindow(throughput: Throughput | undefined): readonly Series[] {
  return by('window', WINDOWS, (window) => throughput?.[WINDOW_FIELDS[window]]);
}

export type QuantileName = 'p50' | 'p95' | 'p99' | 'max';
type SectionOf = (reading: Reading) => Quantiles | undefined;

/** One gauge per quantile: a `quantile` label belongs to summaries only, and these are already computed for the run. */
export function quantileGauges(
  prefix: `hls_swarm_${string}`,
  names: readonly QuantileName[],
  facts: Pick<Common, 'help' | 'account'>,
  read: SectionOf,
  toSeconds: (ms: number) => number,
): readonly ValueDefinition[] {
  return names.map((name) => ({
    ...facts,
    name: `${prefix}_${name}_seconds`,
    type: 'gauge',
    unit: 'seconds',
    help: `${facts.help}, ${name === 'max' ? 'largest' : name}`,
    read: (reading) => {
      const ms = read(reading)?.[name];
      return one(ms === undefined ? undefined : toSeconds(ms));
    },
  }));
}

export const ERROR_STATISTICS: readonly Exclude<keyof ErrorStatistics, 'n'>[] = [
  'bias',
  'sd',
  'low',
  'high',
  'p2_5',
  'p97_5',
  'absP50',
  'absP95',
];

function only(
  definitions: readonly MetricDefinition[],
  isKnown: (reading: Reading) => boolean,
): readonly MetricDefinition[] {
  return definitions.map((definition) =>
    definition.type === 'histogram'
      ? { ...definition, read: (reading) => (isKnown(reading) ? definition.read(reading) : []) }
      : { ...definition, read: (reading) => (isKnown(reading) ? definition.read(reading) : []) },
  );
}

/** A camelCase key of the summary as a label value or part of a metric's name. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
