// Series of the agreement as the metric tables need them: by kind, by outcome, by estimator. Pure.
// It defines no metric.
import { type ErrorStatistics, ESTIMATOR_NAMES, type EstimatorScore, type Snapshot } from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import { by, byTwo, type Series, snakeCase } from './metric-definition.ts';

export const KINDS_PAIRED = ['segment', 'playlist', 'init', 'key', 'other'] as const;
export const SIDE_WORDS = { parser: 'parser', proxy: 'tap' } as const;
export const SIDES = ['parser', 'proxy'] as const;
export const STATISTIC_WORDS: Readonly<Record<Exclude<keyof ErrorStatistics, 'n'>, string>> = {
  bias: 'mean',
  sd: 'standard deviation',
  low: 'lower limit of agreement (mean - 1.96 SD)',
  high: 'upper limit of agreement (mean + 1.96 SD)',
  p2_5: '2.5 % quantile',
  p97_5: '97.5 % quantile',
  absP50: 'median of the absolute error',
  absP95: '95 % quantile of the absolute error',
};

export function byOutcome<Outcome extends string>(
  outcomes: readonly Outcome[],
  pick: (kind: (typeof KINDS_PAIRED)[number], outcome: Outcome) => number | undefined,
): readonly Series[] {
  return byTwo(['kind', KINDS_PAIRED], ['outcome', outcomes], pick).map((series) => ({
    ...series,
    labels: { ...series.labels, outcome: snakeCase(series.labels['outcome'] ?? '') },
  }));
}

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

export function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : msToSeconds(ms);
}
