// One row of the table of estimators: what the rows are made from, and how a figure becomes a score against the reference.
// It knows no estimator.
import type { LogLevel } from '../events.ts';
import { coverage, errorRatio } from './agreement.ts';
import type { FigureTotals } from './figure-totals.ts';
import type { LookupTotals } from './lookup.ts';
import type { OriginalTotals } from './original-inference.ts';
import type { EstimatorName, EstimatorScore } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

export interface EstimatorInput {
  /** false: nothing was counted, so nothing can be scored. */
  readonly isTapped: boolean;
  /** Requests went through tunnels: what was counted is no reference for a log that knows of all. */
  readonly isPartlyUnseen?: boolean;
  /** Of a log from elsewhere nobody knows it. */
  readonly logLevel?: LogLevel | undefined;
  readonly listings: number;
  /** The folder that the listing's names turned out to be of, when it is not the stream's own. */
  readonly learnedFolder: string | undefined;
  readonly lookup: LookupTotals;
  /** The reference's side of lookups that are not decided. */
  readonly undecided: { readonly bytes: number; readonly segments: number };
  readonly original: OriginalTotals;
  readonly all: FigureTotals;
  readonly ended: FigureTotals;
  readonly running: number;
  readonly meanSegmentBytes: number | undefined;
  readonly meanSegmentSeconds: number | undefined;
  readonly declaredBytesPerMediaSecond: number | undefined;
  /** Origin's segment content by subtraction, and the tap's in the same interval. */
  readonly origin: { readonly bytes: number; readonly referenceBytes: number } | undefined;
}

export type Score = EstimatorScore & { readonly name: EstimatorName };
export type Row = (input: EstimatorInput) => Score;

export const SEGMENTS = 'content of 2xx segments of the run, cut off at stops';
export const ALL_KINDS = 'content of all kinds, whole run';
export const NO_LISTING = 'no segment-size listing was read';

export interface Estimate {
  readonly name: EstimatorName;
  readonly status: 'ok' | 'pending' | 'derived';
  readonly reference: string;
  readonly bytes: number;
  readonly reasons?: readonly string[];
}

/** What it is held against. Of how many attempts of the reference, and on how many of them the estimator has an opinion. */
export interface Against {
  readonly bytes: number;
  readonly attempts?: number;
  readonly opinions?: number;
}

/** Without a reference neither an error nor a share of it is known. */
export function scored({ isTapped }: EstimatorInput, estimate: Estimate, against: Against): Score {
  const { name, status, reference, bytes, reasons = [] } = estimate;
  const score = { name, status, ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }), reference, bytes };
  if (!isTapped) return score;
  const share = coverage(against.opinions ?? 0, against.attempts ?? 0);
  return withoutAbsent<Score>({
    ...score,
    referenceBytes: against.bytes,
    errorRatio: errorRatio(bytes, against.bytes),
    // A request in the log that the tap's record has not come for yet is no opinion too many.
    coverage: share === undefined ? undefined : Math.min(1, share),
  });
}

export function unavailable(name: EstimatorName, reference: string, reason: string): Score {
  return { name, status: 'unavailable', reason, reference };
}

export function pending(name: EstimatorName, reference: string, reason: string): Score {
  return { name, status: 'pending', reason, reference };
}
