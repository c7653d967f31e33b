// The agreement of the last minute as metrics: what was judged, read and added then, where the other names have the whole run.
// These are gauges: a minute forgets.
import { type MetricDefinition, one } from './metric-definition.ts';
import {
  byStatus,
  inferredDurationErrors,
  perEstimator,
  perKind,
  perOutcome,
  perSide,
  STATUS_CODE_LABEL,
  startErrors,
} from './metrics-agreement-series.ts';

const OUTCOMES = ['matched', 'missed', 'spurious', 'deadConnection'] as const;

export const AGREEMENT_WINDOW_METRICS: readonly MetricDefinition[] = [
  perOutcome(
    'window_attempts',
    'HTTP attempts of the parser against transfers of the tap, judged in the last minute',
    OUTCOMES,
    ({ window }, outcome) => window?.[outcome],
  ),
  perKind(
    'window_precision_ratio',
    'ratio',
    'matched / (matched + spurious) of the attempts judged in the last minute',
    ({ window }) => window?.precision,
  ),
  perKind(
    'window_recall_ratio',
    'ratio',
    'matched / (matched + missed) of the attempts judged in the last minute',
    ({ window }) => window?.recall,
  ),
  perEstimator(
    'window_estimator_error_ratio',
    'ratio',
    '(estimator - reference) / reference of what both added over the last minute, signed',
    ({ window }) => window?.errorRatio,
  ),
  ...startErrors(
    'window_start_error',
    'Start of a request in the log minus its start at the tap, judged in the last minute',
    ({ window }) => window?.startErrorMs,
  ),
  ...inferredDurationErrors(
    'window_inferred_duration_error',
    'Segment to next segment in the log minus the duration of its transfer, in the last minute',
    ({ window }) => window?.inferredDurationErrorMs,
  ),
  perEstimator(
    'window_estimator_bytes',
    'bytes',
    'What an estimator added over the last minute',
    ({ window }) => window?.bytes,
  ),
  perEstimator(
    'window_estimator_reference_bytes',
    'bytes',
    'What the tap added for the same kinds over the last minute',
    ({ window }) => window?.referenceBytes,
  ),
  ...perSide(
    (side) => `window_${side}_http_errors`,
    'errors',
    (word) => `HTTP errors of the last minute as the ${word} counts them, stops left out`,
    (agreement, side) => byStatus(agreement, ({ window }) => window?.[side]),
    STATUS_CODE_LABEL,
  ),
  ...perSide(
    (side) => `window_${side}_retries`,
    'requests',
    (word) =>
      `Requests of the last minute for what the same process had asked for and not got, as the ${word} counts them`,
    ({ retries }, side) => one(retries?.window?.[side]),
  ),
];
