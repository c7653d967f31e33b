// The reconciliation as rows that a person can add up: what the origin counted, each term that explains it, what is left.
// It computes no term (reconciliation.ts does) and shows none that is unknown; labels and shares are all it adds. Pure.
import type { Summary } from './summary.ts';

type Explained = NonNullable<Summary['reconciliation']['explained']>;
export type ReconciliationTerm = keyof Explained;

export interface ReconciliationRow {
  readonly key: 'origin' | ReconciliationTerm | 'residual';
  /** Short enough for a column: `segment content`. */
  readonly label: string;
  /** Signed; missing where there is no origin to say it. */
  readonly bytes?: number;
  /** Of the origin's bytes, signed. */
  readonly ratio?: number;
  /** Computed from packet sizes instead of counted. */
  readonly isEstimate: boolean;
}

/** In the order of the sum, with the words for people; the compiler holds it against the summary's own list. */
export const TERM_LABELS: Readonly<Record<ReconciliationTerm, string>> = {
  segmentContent: 'segment content',
  playlistContent: 'playlist content',
  otherContent: 'other content',
  responseHeads: 'response heads',
  interimHeads: 'interim heads',
  framing: 'framing',
  opaque: 'unseen or excess',
  inFlight: 'in flight at aborts',
  ownRequests: 'own requests',
  tls: 'TLS',
  requests: 'requests',
  transportEstimate: 'TCP/IP',
  doorLeg: 'door leg',
  foreign: 'foreign',
};
const TERMS = Object.keys(TERM_LABELS) as ReconciliationTerm[];
const ESTIMATES: ReadonlySet<string> = new Set<ReconciliationTerm>(['transportEstimate', 'doorLeg']);

/** Origin first, then its known terms (zeros too), then the residual: origin = terms + residual. Empty where nothing was tapped
 *  and no origin counted. */
export function reconciliationRows({ reconciliation }: Pick<Summary, 'reconciliation'>): readonly ReconciliationRow[] {
  const { originBytes, explained = {}, residualBytes } = reconciliation;
  const row = (key: ReconciliationRow['key'], label: string, bytes: number | undefined): ReconciliationRow => ({
    key,
    label,
    ...(bytes === undefined ? {} : { bytes }),
    ...(bytes === undefined || !originBytes ? {} : { ratio: bytes / originBytes }),
    isEstimate: ESTIMATES.has(key),
  });
  const terms = TERMS.flatMap((term) => {
    const bytes = (explained as Partial<Explained>)[term];
    return bytes === undefined ? [] : [row(term, TERM_LABELS[term], bytes)];
  });
  if (terms.length === 0 && originBytes === undefined) return [];
  return [row('origin', 'origin', originBytes), ...terms, row('residual', 'residual', residualBytes)];
}
