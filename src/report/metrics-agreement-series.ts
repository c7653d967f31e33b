// The shapes that the agreement's metrics come in: per kind of request, per estimator, per statistic of an error, per side.
// Pure. It defines no metric: which there are say metrics-agreement.ts and metrics-agreement-window.ts.
import {
  type ErrorStatistics,
  ESTIMATOR_NAMES,
  type EstimatorScore,
  type Snapshot,
  type Summary,
} from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import {
  by,
  byTwo,
  ERROR_STATISTICS,
  one,
  type Reading,
  type Series,
  snakeCase,
  type ValueDefinition,
} from './metric-definition.ts';

const KINDS_PAIRED = ['segment', 'playlist', 'init', 'key', 'other'] as const;
const SIDES = ['parser', 'proxy'] as const;
const SIDE_WORDS = { parser: 'parser', proxy: 'tap' } as const;
const STATISTIC_WORDS: Readonly<Record<Statistic, string>> = {
  bias: 'mean',
  sd: 'standard deviation',
  low: 'lower limit of agreement (mean - 1.96 SD)',
  high: 'upper limit of agreement (mean + 1.96 SD)',
  p2_5: '2.5 % quantile',
  p97_5: '97.5 % quantile',
  absP50: 'median of the absolute error',
  absP95: '95 % quantile of the absolute error',
};

type Agreement = Summary['agreement'];
type KindAgreement = Agreement['segment'];
type Statistic = Exclude<keyof ErrorStatistics, 'n'>;
type Side = (typeof SIDES)[number];
type SideWord = (typeof SIDE_WORDS)[Side];
/** Behind `hls_swarm_agreement_`; what counts ends in `_total`, everything else is a gauge. */
type Suffix = string;

/** A metric of the agreement. */
export function agreementMetric(
  suffix: Suffix,
  unit: string,
  help: string,
  read: (reading: Reading) => readonly Series[],
  labels?: ValueDefinition['labels'],
): ValueDefinition {
  return {
    name: `hls_swarm_agreement_${suffix}`,
    type: suffix.endsWith('_total') ? 'counter' : 'gauge',
    unit,
    account: 'agreement',
    help,
    ...(labels === undefined ? {} : { labels }),
    read,
  };
}

export function perKind(
  suffix: Suffix,
  unit: string,
  help: string,
  pick: (kind: KindAgreement) => number | undefined,
): ValueDefinition {
  return agreementMetric(suffix, unit, help, (reading) => byKind(reading, pick), { kind: KINDS_PAIRED });
}

export function perOutcome<Outcome extends string>(
  suffix: Suffix,
  help: string,
  outcomes: readonly Outcome[],
  pick: (kind: KindAgreement, outcome: Outcome) => number | undefined,
): ValueDefinition {
  const read = ({ snapshot }: Reading): readonly Series[] =>
    byTwo(['kind', KINDS_PAIRED], ['outcome', outcomes], (kind, outcome) =>
      pick(snapshot.summary.agreement[kind], outcome),
    ).map((series) => ({
      ...series,
      labels: { ...series.labels, outcome: snakeCase(series.labels['outcome'] ?? '') },
    }));
  return agreementMetric(suffix, 'attempts', help, read, { kind: KINDS_PAIRED, outcome: outcomes.map(snakeCase) });
}

/** One metric per statistic of the start errors, each per kind. */
export function startErrors(
  prefix: Suffix,
  help: string,
  pick: (kind: KindAgreement) => ErrorStatistics | undefined,
): readonly ValueDefinition[] {
  return ERROR_STATISTICS.map((statistic) =>
    perKind(statisticName(prefix, statistic), 'seconds', `${help}: ${STATISTIC_WORDS[statistic]}`, (kind) =>
      inSeconds(pick(kind)?.[statistic]),
    ),
  );
}

/** One metric per statistic of the errors of inferred durations, which segments alone have. */
export function inferredDurationErrors(
  prefix: Suffix,
  help: string,
  pick: (segment: KindAgreement) => ErrorStatistics | undefined,
): readonly ValueDefinition[] {
  return ERROR_STATISTICS.map((statistic) =>
    agreementMetric(
      statisticName(prefix, statistic),
      'seconds',
      `${help}: ${STATISTIC_WORDS[statistic]}`,
      ({ snapshot }) => one(inSeconds(pick(snapshot.summary.agreement.segment)?.[statistic])),
    ),
  );
}

export function perEstimator(
  suffix: Suffix,
  unit: string,
  help: string,
  pick: (score: EstimatorScore) => number | undefined,
): ValueDefinition {
  return agreementMetric(suffix, unit, help, ({ snapshot }) => byEstimator(snapshot, pick), {
    estimator: ESTIMATOR_NAMES,
  });
}

/** One metric per side of a count that both keep: `help` of the side's word, `pick` of its name. */
export function perSide(
  suffixOf: (side: Side) => Suffix,
  unit: string,
  help: (word: SideWord) => string,
  pick: (agreement: Agreement, side: Side) => readonly Series[],
  labels?: ValueDefinition['labels'],
): readonly ValueDefinition[] {
  return SIDES.map((side) =>
    agreementMetric(
      suffixOf(side),
      unit,
      help(SIDE_WORDS[side]),
      ({ snapshot }) => pick(snapshot.summary.agreement, side),
      labels,
    ),
  );
}

/** One series per HTTP error status; those of unknown counts are absent. */
export function byStatus(
  { httpErrors = {} }: Agreement,
  pick: (counts: NonNullable<Agreement['httpErrors']>[string]) => number | undefined,
): readonly Series[] {
  return Object.entries(httpErrors).flatMap(([code, counts]) =>
    one(pick(counts)).map((series) => ({ ...series, labels: { status_code: code } })),
  );
}
export const STATUS_CODE_LABEL: NonNullable<ValueDefinition['labels']> = { status_code: '400 to 599, and other' };

export function byEstimator(
  snapshot: Snapshot,
  pick: (score: EstimatorScore) => number | undefined,
): readonly Series[] {
  const scores = new Map(snapshot.summary.agreement.estimators.map((score) => [score.name, score]));
  return by('estimator', ESTIMATOR_NAMES, (name) => {
    const score = scores.get(name);
    return score === undefined ? undefined : pick(score);
  });
}

function byKind({ snapshot }: Reading, pick: (kind: KindAgreement) => number | undefined): readonly Series[] {
  return by('kind', KINDS_PAIRED, (kind) => pick(snapshot.summary.agreement[kind]));
}

function statisticName(prefix: Suffix, statistic: Statistic): Suffix {
  return `${prefix}_${snakeCase(statistic)}_seconds`;
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : msToSeconds(ms);
}
