// How well the candidates agree with the reference, as metrics. Error is always candidate - reference, signed.
// An inferred duration is no candidate for anything that the tap measures: its error is shown to say so.
import { ESTIMATOR_NAMES, type EstimatorScore, type Snapshot } from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import {
  by,
  byTwo,
  byWindow,
  ERROR_STATISTICS,
  type MetricDefinition,
  one,
  type Series,
  snakeCase,
  type ValueDefinition,
  WINDOWS,
} from './metric-definition.ts';

const KINDS_PAIRED = ['segment', 'playlist', 'init', 'key'] as const;
const OUTCOMES = ['matched', 'missed', 'spurious', 'deadConnection', 'excludedAtStop'] as const;
const SIDE_WORDS = { parser: 'parser', proxy: 'tap' } as const;
const SIDES = ['parser', 'proxy'] as const;
const STATISTIC_WORDS: Readonly<Record<(typeof ERROR_STATISTICS)[number], string>> = {
  bias: 'mean',
  sd: 'standard deviation',
  low: 'lower limit of agreement (mean - 1.96 SD)',
  high: 'upper limit of agreement (mean + 1.96 SD)',
  p2_5: '2.5 % quantile',
  p97_5: '97.5 % quantile',
  absP50: 'median of the absolute error',
  absP95: '95 % quantile of the absolute error',
};

export const AGREEMENT_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_agreement_attempts_total',
    type: 'counter',
    unit: 'attempts',
    account: 'agreement',
    help: 'HTTP attempts of the parser against transfers of the tap',
    labels: { kind: KINDS_PAIRED, outcome: OUTCOMES.map(snakeCase) },
    read: ({ snapshot }) =>
      byTwo(
        ['kind', KINDS_PAIRED],
        ['outcome', OUTCOMES],
        (kind, outcome) => snapshot.summary.agreement[kind][outcome],
      ).map(
        (series): Series => ({
          ...series,
          labels: { ...series.labels, outcome: snakeCase(series.labels['outcome'] ?? '') },
        }),
      ),
  },
  {
    name: 'hls_swarm_agreement_pending_attempts',
    type: 'gauge',
    unit: 'attempts',
    account: 'agreement',
    help: 'Attempts not decided yet',
    labels: { kind: KINDS_PAIRED },
    read: ({ snapshot }) => by('kind', KINDS_PAIRED, (kind) => snapshot.summary.agreement[kind].pending),
  },
  {
    name: 'hls_swarm_agreement_precision_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'agreement',
    help: 'matched / (matched + spurious)',
    labels: { kind: KINDS_PAIRED },
    read: ({ snapshot }) => by('kind', KINDS_PAIRED, (kind) => snapshot.summary.agreement[kind].precision),
  },
  {
    name: 'hls_swarm_agreement_recall_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'agreement',
    help: 'matched / (matched + missed)',
    labels: { kind: KINDS_PAIRED },
    read: ({ snapshot }) => by('kind', KINDS_PAIRED, (kind) => snapshot.summary.agreement[kind].recall),
  },
  {
    name: 'hls_swarm_agreement_start_errors',
    type: 'gauge',
    unit: 'pairs',
    account: 'agreement',
    help: 'Pairs behind the start errors',
    labels: { kind: KINDS_PAIRED },
    read: ({ snapshot }) => by('kind', KINDS_PAIRED, (kind) => snapshot.summary.agreement[kind].startErrorMs.n),
  },
  ...ERROR_STATISTICS.map(
    (statistic): ValueDefinition => ({
      name: `hls_swarm_agreement_start_error_${snakeCase(statistic)}_seconds`,
      type: 'gauge',
      unit: 'seconds',
      account: 'agreement',
      help: `Start of a request in the log minus its start at the tap: ${STATISTIC_WORDS[statistic]}`,
      labels: { kind: KINDS_PAIRED },
      read: ({ snapshot }) =>
        by('kind', KINDS_PAIRED, (kind) => {
          const ms = snapshot.summary.agreement[kind].startErrorMs[statistic];
          return ms === undefined ? undefined : msToSeconds(ms);
        }),
    }),
  ),
  ...ERROR_STATISTICS.map(
    (statistic): ValueDefinition => ({
      name: `hls_swarm_agreement_inferred_duration_error_${snakeCase(statistic)}_seconds`,
      type: 'gauge',
      unit: 'seconds',
      account: 'agreement',
      help: `Segment to next segment in the log minus the duration of its transfer: ${STATISTIC_WORDS[statistic]}`,
      read: ({ snapshot }) => {
        const ms = snapshot.summary.agreement.segment.inferredDurationErrorMs?.[statistic];
        return one(ms === undefined ? undefined : msToSeconds(ms));
      },
    }),
  ),
  {
    name: 'hls_swarm_agreement_estimator_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'agreement',
    help: 'What an estimator believes; absent while it is unavailable',
    labels: { estimator: ESTIMATOR_NAMES },
    read: ({ snapshot }) => byEstimator(snapshot, (score) => score.bytes),
  },
  {
    name: 'hls_swarm_agreement_estimator_reference_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'agreement',
    help: 'What the tap counted for the same kinds and window',
    labels: { estimator: ESTIMATOR_NAMES },
    read: ({ snapshot }) => byEstimator(snapshot, (score) => score.referenceBytes),
  },
  {
    name: 'hls_swarm_agreement_estimator_error_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'agreement',
    help: '(estimator - reference) / reference, signed',
    labels: { estimator: ESTIMATOR_NAMES },
    read: ({ snapshot }) => byEstimator(snapshot, (score) => score.errorRatio),
  },
  {
    name: 'hls_swarm_agreement_estimator_coverage_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'agreement',
    help: 'Share of the attempts of the reference on which the estimator has an opinion',
    labels: { estimator: ESTIMATOR_NAMES },
    read: ({ snapshot }) => byEstimator(snapshot, (score) => score.coverage),
  },
  {
    name: 'hls_swarm_agreement_window_precision_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'agreement',
    help: 'matched / (matched + spurious) of the attempts judged in the last minute',
    labels: { kind: KINDS_PAIRED },
    read: ({ snapshot }) => by('kind', KINDS_PAIRED, (kind) => snapshot.summary.agreement[kind].window?.precision),
  },
  {
    name: 'hls_swarm_agreement_window_recall_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'agreement',
    help: 'matched / (matched + missed) of the attempts judged in the last minute',
    labels: { kind: KINDS_PAIRED },
    read: ({ snapshot }) => by('kind', KINDS_PAIRED, (kind) => snapshot.summary.agreement[kind].window?.recall),
  },
  {
    name: 'hls_swarm_agreement_window_estimator_error_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'agreement',
    help: '(estimator - reference) / reference of what both added over the last minute, signed',
    labels: { estimator: ESTIMATOR_NAMES },
    read: ({ snapshot }) => byEstimator(snapshot, (score) => score.window?.errorRatio),
  },
  ...SIDES.map(
    (side): ValueDefinition => ({
      name: `hls_swarm_agreement_${side}_http_errors_total`,
      type: 'counter',
      unit: 'errors',
      account: 'agreement',
      help: `HTTP errors as the ${SIDE_WORDS[side]} counts them, stops left out`,
      labels: { status_code: '400 to 599, and other' },
      read: ({ snapshot }) =>
        Object.entries(snapshot.summary.agreement.httpErrors ?? {}).map(
          ([code, counts]): Series => ({ labels: { status_code: code }, value: counts[side] }),
        ),
    }),
  ),
  ...SIDES.map(
    (side): ValueDefinition => ({
      name: `hls_swarm_agreement_${side}_retries_total`,
      type: 'counter',
      unit: 'requests',
      account: 'agreement',
      help: `Requests of what the same process had asked for and not got, as the ${SIDE_WORDS[side]} counts them`,
      read: ({ snapshot }) => one(snapshot.summary.agreement.retries?.[side]),
    }),
  ),
  {
    name: 'hls_swarm_agreement_parser_difference_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'agreement',
    help: 'Segment content: parser minus tap, only for windows that allow it',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.differences.parser),
  },
  {
    name: 'hls_swarm_agreement_origin_difference_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'agreement',
    help: 'Segment content: origin minus tap, only for windows that allow it',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.differences.origin),
  },
  {
    name: 'hls_swarm_agreement_origin_all_bytes_difference_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'agreement',
    help: 'All bytes sent: origin minus tap, only for windows that allow it',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.differences.originAll),
  },
];

function byEstimator(snapshot: Snapshot, pick: (score: EstimatorScore) => number | undefined): readonly Series[] {
  const scores = new Map(snapshot.summary.agreement.estimators.map((score) => [score.name, score]));
  return by('estimator', ESTIMATOR_NAMES, (name) => {
    const score = scores.get(name);
    return score === undefined ? undefined : pick(score);
  });
}
