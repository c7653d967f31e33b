// The agreement of the last minute as metrics: what was judged, read and added then, where the other names have the whole run.
// These are gauges: a minute forgets.
import { ESTIMATOR_NAMES } from '../stats/summary.ts';
import {
  by,
  ERROR_STATISTICS,
  type MetricDefinition,
  one,
  type Series,
  snakeCase,
  type ValueDefinition,
} from './metric-definition.ts';
import {
  byEstimator,
  byOutcome,
  inSeconds,
  KINDS_PAIRED,
  SIDE_WORDS,
  SIDES,
  STATISTIC_WORDS,
} from './metrics-agreement-series.ts';

const OUTCOMES = ['matched', 'missed', 'spurious', 'deadConnection'] as const;

export const AGREEMENT_WINDOW_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_agreement_window_attempts',
    type: 'gauge',
    unit: 'attempts',
    account: 'agreement',
    help: 'HTTP attempts of the parser against transfers of the tap, judged in the last minute',
    labels: { kind: KINDS_PAIRED, outcome: OUTCOMES.map(snakeCase) },
    read: ({ snapshot }) => byOutcome(OUTCOMES, (kind, outcome) => snapshot.summary.agreement[kind].window?.[outcome]),
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
  ...ERROR_STATISTICS.map(
    (statistic): ValueDefinition => ({
      name: `hls_swarm_agreement_window_start_error_${snakeCase(statistic)}_seconds`,
      type: 'gauge',
      unit: 'seconds',
      account: 'agreement',
      help: `Start of a request in the log minus its start at the tap, judged in the last minute: ${STATISTIC_WORDS[statistic]}`,
      labels: { kind: KINDS_PAIRED },
      read: ({ snapshot }) =>
        by('kind', KINDS_PAIRED, (kind) => inSeconds(snapshot.summary.agreement[kind].window?.startErrorMs[statistic])),
    }),
  ),
  ...ERROR_STATISTICS.map(
    (statistic): ValueDefinition => ({
      name: `hls_swarm_agreement_window_inferred_duration_error_${snakeCase(statistic)}_seconds`,
      type: 'gauge',
      unit: 'seconds',
      account: 'agreement',
      help: `Segment to next segment in the log minus the duration of its transfer, in the last minute: ${STATISTIC_WORDS[statistic]}`,
      read: ({ snapshot }) =>
        one(inSeconds(snapshot.summary.agreement.segment.window?.inferredDurationErrorMs?.[statistic])),
    }),
  ),
  {
    name: 'hls_swarm_agreement_window_estimator_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'agreement',
    help: 'What an estimator added over the last minute',
    labels: { estimator: ESTIMATOR_NAMES },
    read: ({ snapshot }) => byEstimator(snapshot, (score) => score.window?.bytes),
  },
  {
    name: 'hls_swarm_agreement_window_estimator_reference_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'agreement',
    help: 'What the tap added for the same kinds over the last minute',
    labels: { estimator: ESTIMATOR_NAMES },
    read: ({ snapshot }) => byEstimator(snapshot, (score) => score.window?.referenceBytes),
  },
  ...SIDES.map(
    (side): ValueDefinition => ({
      name: `hls_swarm_agreement_window_${side}_http_errors`,
      type: 'gauge',
      unit: 'errors',
      account: 'agreement',
      help: `HTTP errors of the last minute as the ${SIDE_WORDS[side]} counts them, stops left out`,
      labels: { status_code: '400 to 599, and other' },
      read: ({ snapshot }) =>
        Object.entries(snapshot.summary.agreement.httpErrors ?? {}).flatMap(([code, { window }]) =>
          one(window?.[side]).map((series): Series => ({ ...series, labels: { status_code: code } })),
        ),
    }),
  ),
  ...SIDES.map(
    (side): ValueDefinition => ({
      name: `hls_swarm_agreement_window_${side}_retries`,
      type: 'gauge',
      unit: 'requests',
      account: 'agreement',
      help: `Requests of the last minute for what the same process had asked for and not got, as the ${SIDE_WORDS[side]} counts them`,
      read: ({ snapshot }) => one(snapshot.summary.agreement.retries?.window?.[side]),
    }),
  ),
];
