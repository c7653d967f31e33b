// How well the candidates agree with the reference, as metrics. Error is always candidate - reference, signed.
// An inferred duration is no candidate for anything that the tap measures: its error is shown to say so.
import { ESTIMATOR_NAMES, ESTIMATOR_STATUSES } from '../stats/summary.ts';
import { by, byWindow, type MetricDefinition, one, type Series, WINDOWS } from './metric-definition.ts';
import {
  agreementMetric,
  byEstimator,
  byStatus,
  inferredDurationErrors,
  perEstimator,
  perKind,
  perOutcome,
  perSide,
  STATUS_CODE_LABEL,
  startErrors,
} from './metrics-agreement-series.ts';

const OUTCOMES = ['matched', 'missed', 'spurious', 'deadConnection', 'excludedAtStop'] as const;
const DROPPED_SIDES = ['lines', 'transfers'] as const;
const DROPPED = { lines: 'droppedLines', transfers: 'droppedTransfers' } as const;
const BY_WINDOW = { window: WINDOWS };

export const AGREEMENT_METRICS: readonly MetricDefinition[] = [
  perOutcome(
    'attempts_total',
    'HTTP attempts of the parser against transfers of the tap',
    OUTCOMES,
    (kind, outcome) => kind[outcome],
  ),
  perKind(
    'late_lines_total',
    'lines',
    'Matched lines that time nothing: a late thread of ours read the line, or saw its request, too late',
    (kind) => kind.lateLines,
  ),
  perKind(
    'wrong_kind_total',
    'attempts',
    'Matched attempts that the parser took for another kind, by what they were',
    (kind) => kind.wrongKind,
  ),
  agreementMetric(
    'dropped_attempts_total',
    'attempts',
    'Attempts that were not compared: more were waiting than a process may have, or openings of a log that has request lines',
    ({ snapshot }) => by('side', DROPPED_SIDES, (side) => snapshot.summary.agreement.totals?.[DROPPED[side]]),
    { side: DROPPED_SIDES },
  ),
  perKind('pending_attempts', 'attempts', 'Attempts not decided yet', (kind) => kind.pending),
  perKind('precision_ratio', 'ratio', 'matched / (matched + spurious)', (kind) => kind.precision),
  perKind('recall_ratio', 'ratio', 'matched / (matched + missed)', (kind) => kind.recall),
  perKind(
    'coverage_ratio',
    'ratio',
    "Share of the tap's attempts that recall is of; the others wait, were left out at a stop, or no line can name them",
    (kind) => kind.coverage,
  ),
  perKind('start_errors', 'pairs', 'Pairs behind the start errors', (kind) => kind.startErrorMs.n),
  ...startErrors(
    'start_error',
    'Start of a request in the log minus its start at the tap',
    (kind) => kind.startErrorMs,
  ),
  ...inferredDurationErrors(
    'inferred_duration_error',
    'Segment to next segment in the log minus the duration of its transfer',
    (segment) => segment.inferredDurationErrorMs,
  ),
  agreementMetric(
    'estimator_status',
    '0 or 1',
    '1 for the status that an estimator has now, 0 for the others',
    ({ snapshot }) =>
      ESTIMATOR_STATUSES.flatMap((status) =>
        byEstimator(snapshot, (score) => Number(score.status === status)).map(
          (series): Series => ({ ...series, labels: { ...series.labels, status } }),
        ),
      ),
    { estimator: ESTIMATOR_NAMES, status: ESTIMATOR_STATUSES },
  ),
  perEstimator(
    'estimator_bytes',
    'bytes',
    'What an estimator believes; absent while it is unavailable',
    (score) => score.bytes,
  ),
  perEstimator(
    'estimator_reference_bytes',
    'bytes',
    'What the tap counted for the same kinds and window',
    (score) => score.referenceBytes,
  ),
  perEstimator(
    'estimator_error_ratio',
    'ratio',
    '(estimator - reference) / reference, signed',
    (score) => score.errorRatio,
  ),
  perEstimator(
    'estimator_coverage_ratio',
    'ratio',
    'Share of the attempts of the reference (of processes for statistics) on which the estimator has an opinion',
    (score) => score.coverage,
  ),
  ...perSide(
    (side) => `${side}_http_errors_total`,
    'errors',
    (word) => `HTTP errors as the ${word} counts them, stops left out`,
    (agreement, side) => byStatus(agreement, (counts) => counts[side]),
    STATUS_CODE_LABEL,
  ),
  ...perSide(
    (side) => `${side}_retries_total`,
    'requests',
    (word) => `Requests of what the same process had asked for and not got, as the ${word} counts them`,
    ({ retries }, side) => one(retries?.[side]),
  ),
  agreementMetric(
    'parser_difference_bytes_per_second',
    'bytes per second',
    'Segment content: parser minus tap, only for windows that allow it',
    ({ snapshot }) => byWindow(snapshot.differences.parser),
    BY_WINDOW,
  ),
  agreementMetric(
    'origin_difference_bytes_per_second',
    'bytes per second',
    'Segment content: origin minus tap, only for windows that allow it',
    ({ snapshot }) => byWindow(snapshot.differences.origin),
    BY_WINDOW,
  ),
  agreementMetric(
    'origin_all_bytes_difference_bytes_per_second',
    'bytes per second',
    'All bytes sent: origin minus tap, only for windows that allow it',
    ({ snapshot }) => byWindow(snapshot.differences.originAll),
    BY_WINDOW,
  ),
];
