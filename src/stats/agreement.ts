// How well a candidate agrees with the reference: signed errors as moments and quantiles, precision and recall of attempts.
// It pairs nothing (pairing.ts does) and judges nothing (verdict.ts does); every ratio of nothing is undefined, not 0.
import { Sketch } from './sketch.ts';
import type { AgreementWindow, ErrorStatistics, KindAgreement } from './summary.ts';

/** 95 % of a normal distribution lie within this many standard deviations: Bland and Altman's limits of agreement. */
const LIMITS_IN_SD = 1.96;

/** Signed errors, candidate - reference. Moments are exact (Welford), quantiles within the sketch's 1 %. */
export class ErrorAccumulator {
  readonly #sketch = new Sketch();
  #n = 0;
  #mean = 0;
  #squares = 0;

  get n(): number {
    return this.#n;
  }

  add(error: number): void {
    if (!Number.isFinite(error)) return;
    this.#sketch.add(error);
    this.#n += 1;
    const before = error - this.#mean;
    this.#mean += before / this.#n;
    this.#squares += before * (error - this.#mean);
  }

  /** Adds everything that `other` holds; `other` stays as it is. */
  merge(other: ErrorAccumulator): void {
    const n = this.#n + other.#n;
    if (n === 0) return;
    const apart = other.#mean - this.#mean;
    this.#squares += other.#squares + (apart * apart * this.#n * other.#n) / n;
    this.#mean += (apart * other.#n) / n;
    this.#n = n;
    this.#sketch.merge(other.#sketch);
  }

  /** `n` alone when there is nothing, no spread below two errors. */
  read(): ErrorStatistics {
    if (this.#n === 0) return { n: 0 };
    return { n: this.#n, bias: this.#mean, ...this.#spread(), ...this.#quantiles() };
  }

  /** How many errors lie in each bin that ends at a bound, and beyond the last. */
  countsWithin(bounds: readonly number[]): readonly number[] {
    return this.#sketch.countsWithin(bounds);
  }

  #spread(): Pick<ErrorStatistics, 'sd' | 'low' | 'high'> {
    if (this.#n < 2) return {};
    const sd = Math.sqrt(this.#squares / (this.#n - 1));
    return { sd, low: this.#mean - LIMITS_IN_SD * sd, high: this.#mean + LIMITS_IN_SD * sd };
  }

  #quantiles(): Pick<ErrorStatistics, 'p2_5' | 'p97_5' | 'absP50' | 'absP95'> {
    const p2_5 = this.#sketch.quantile(0.025);
    const p97_5 = this.#sketch.quantile(0.975);
    const absP50 = this.#sketch.absoluteQuantile(0.5);
    const absP95 = this.#sketch.absoluteQuantile(0.95);
    if (p2_5 === undefined || p97_5 === undefined || absP50 === undefined || absP95 === undefined) return {};
    return { p2_5, p97_5, absP50, absP95 };
  }
}

/** Of about the last minute. */
export type WindowCounts = Omit<AgreementWindow, 'precision' | 'recall' | 'inferredDurationErrorMs'>;

/** Errors of the whole run, and of the last minute. */
export interface WindowedErrors {
  readonly run: ErrorStatistics;
  readonly window: ErrorStatistics;
}

/** What pairing counted of one group of kinds; attempts, not lines plus transfers. */
export interface AttemptCounts {
  /** The tap's attempts, whatever became of them. */
  readonly transfers: number;
  readonly matched: number;
  /** Transfers that the parser never announced. */
  readonly missed: number;
  /** Lines that no transfer followed. */
  readonly spurious: number;
  /** Lines written to a connection that was gone already; repeated at once on a new one. */
  readonly deadConnection: number;
  readonly excludedAtStop: number;
  readonly pending: number;
  /** Matched, but left out of the timing: a thread of ours that was late read the line or saw its request too late. */
  readonly lateLines: number;
  /** Matched, and taken for another kind by the parser, redirects apart. */
  readonly wrongKind: number;
  /** Line arrival - start of the transfer. */
  readonly startErrorMs: ErrorStatistics;
  /** Judged in the last minute. */
  readonly window?: WindowCounts;
}

/** `durations`: the log's request-to-request interval against the transfer's duration, where it is known. */
export function kindAgreement(counts: AttemptCounts, durations?: WindowedErrors): KindAgreement {
  const { window, transfers, ...run } = counts;
  const judged = coverage(counts.matched + counts.missed, transfers);
  return {
    ...run,
    ...shares(counts),
    ...(judged === undefined ? {} : { coverage: judged }),
    ...(durations === undefined ? {} : { inferredDurationErrorMs: durations.run }),
    ...(window === undefined ? {} : { window: windowOf(window, durations) }),
  };
}

/** Where attempts cannot be held against transfers there is no count of them, only the reason. */
export function noAgreement(reason: string): KindAgreement {
  return { unavailable: reason, startErrorMs: { n: 0 } };
}

/** Share of the reference's attempts on which a candidate has an opinion; undefined when there were none. */
export function coverage(opinions: number, attempts: number): number | undefined {
  return ratio(opinions, attempts);
}

/** (candidate - reference) / reference, signed; undefined against nothing. */
export function errorRatio(candidate: number, reference: number): number | undefined {
  return ratio(candidate - reference, reference);
}

function windowOf(window: WindowCounts, durations: WindowedErrors | undefined): AgreementWindow {
  return {
    ...window,
    ...shares(window),
    ...(durations === undefined ? {} : { inferredDurationErrorMs: durations.window }),
  };
}

function shares({
  matched,
  missed,
  spurious,
}: Pick<WindowCounts, 'matched' | 'missed' | 'spurious'>): Pick<AgreementWindow, 'precision' | 'recall'> {
  const precision = ratio(matched, matched + spurious);
  const recall = ratio(matched, matched + missed);
  return { ...(precision === undefined ? {} : { precision }), ...(recall === undefined ? {} : { recall }) };
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}
