// The sections of the exit summary about the parser: its agreement with the reference, and the estimators of bytes. Pure.
// The judgements themselves come ready in the snapshot, or in the analysis of a log; this file only words them.
import type { EstimatorScore, KindAgreement, KindSummary, Summary } from '../stats/summary.ts';
import { formatMs, PERCENT } from '../units.ts';
import { count, fact, heading, known, row, UNKNOWN } from './text-layout.ts';

type Lines = readonly string[];
/** A run's snapshot has it, and so has the analysis of a log. */
interface Judged {
  readonly summary: Pick<Summary, 'parser' | 'agreement'>;
  /** What segments really took; absent where nobody timed them. */
  readonly segmentTimes?: SegmentTimes | undefined;
}
export type SegmentTimes = Pick<KindSummary['phases'], 'receiveMs' | 'totalMs'>;

const KINDS = ['segment', 'playlist', 'init', 'key'] as const;
const AGREEMENT_WIDTHS = [8, 8, 10, 11, 9, 10, 10];
const ESTIMATOR_WIDTHS = [12, 15, 15, 10, 9];
const LABEL = 14;

export function agreementSection(
  { summary, segmentTimes }: Judged,
  width: number,
  title: string = 'Agreement of the parser with the proxy (start error = parser - proxy)',
): Lines {
  const { agreement, parser } = summary;
  return [
    ...heading(title, width),
    ...kindLines(agreement, width),
    ...fact('  lookup', lookupWords(parser.lookup, agreement), LABEL, width),
    ...fact('  inferred', inferredWords(summary, segmentTimes), LABEL, width),
    ...countedTwice(agreement, width),
  ];
}

export function estimatorsSection({ summary }: Judged, width: number): Lines {
  const { estimators } = summary.agreement;
  return [
    ...heading('Estimators of bytes (error = estimator - reference)', width),
    row('', ['status', 'bytes', 'reference', 'error', 'coverage'], ESTIMATOR_WIDTHS, width),
    ...(estimators.length === 0 ? ['  none scored'] : estimators.flatMap((score) => estimatorLines(score, width))),
  ];
}

/** A line per kind that can be paired; the reason, once, of those that cannot. */
function kindLines(agreement: Summary['agreement'], width: number): Lines {
  const paired = KINDS.filter((kind) => agreement[kind].unavailable === undefined);
  const reasons = new Set(KINDS.flatMap((kind) => agreement[kind].unavailable ?? []));
  return [
    ...(paired.length === 0
      ? []
      : [row('', ['matched', 'missed', 'spurious', 'precision', 'recall', 'bias', '|p95|'], AGREEMENT_WIDTHS, width)]),
    ...paired.map((kind) => agreementLine(`  ${kind}`, agreement[kind], width)),
    ...[...reasons].flatMap((reason) => {
      const kinds = KINDS.filter((kind) => agreement[kind].unavailable === reason);
      const whose = kinds.length === KINDS.length ? '' : `${kinds.join(', ')}: `;
      return fact('  not judged', `${whose}${reason}`, LABEL, width);
    }),
    ...leftOut(agreement, paired, width),
    ...wrongKinds(agreement, paired, width),
  ];
}

function agreementLine(label: string, agreement: KindAgreement, width: number): string {
  const { matched, missed, spurious, precision, recall, startErrorMs } = agreement;
  const ratio = (value: number): string => value.toFixed(4);
  return row(
    label,
    [
      count(matched),
      count(missed),
      count(spurious),
      known(precision, ratio),
      known(recall, ratio),
      known(startErrorMs.bias, formatMs),
      known(startErrorMs.absP95, formatMs),
    ],
    AGREEMENT_WIDTHS,
    width,
  );
}

/** Matched, and counted under another kind by the parser: its counts by kind are off by as many. */
function wrongKinds(agreement: Summary['agreement'], kinds: readonly (typeof KINDS)[number][], width: number): Lines {
  const told = kinds.flatMap((kind) => {
    const { wrongKind = 0 } = agreement[kind];
    return wrongKind === 0 ? [] : [`${count(wrongKind)} of ${kind}`];
  });
  return told.length === 0
    ? []
    : fact('  wrong kind', `taken for another by the parser: ${told.join(', ')}`, LABEL, width);
}

/** What is neither matched nor missed nor spurious: without it the counts do not add up. */
function leftOut(agreement: Summary['agreement'], kinds: readonly (typeof KINDS)[number][], width: number): Lines {
  const told = kinds.flatMap((kind) => {
    const { excludedAtStop = 0, deadConnection = 0, pending = 0, lateLines = 0 } = agreement[kind];
    const parts = [
      ...(excludedAtStop > 0 ? [`${count(excludedAtStop)} after the beginning of a stop`] : []),
      ...(deadConnection > 0 ? [`${count(deadConnection)} to connections that were gone`] : []),
      ...(pending > 0 ? [`${count(pending)} pending`] : []),
      ...(lateLines > 0 ? [`${count(lateLines)} matched and not timed, read too late`] : []),
    ];
    return parts.length === 0 ? [] : [`${kind} ${parts.join(', ')}`];
  });
  const { outOfUnit = 0 } = agreement.totals ?? {};
  const unnamed = outOfUnit === 0 ? [] : [`${count(outOfUnit)} transfers that a log of this level does not name`];
  return told.length + unnamed.length === 0 ? [] : fact('  left out', [...told, ...unnamed].join('; '), LABEL, width);
}

function estimatorLines(score: EstimatorScore, width: number): Lines {
  const line = row(
    `  ${score.name}`,
    [
      score.status,
      count(score.bytes),
      count(score.referenceBytes),
      score.errorRatio === undefined ? UNKNOWN : `${score.errorRatio >= 0 ? '+' : ''}${percent(score.errorRatio)}`,
      known(score.coverage, (ratio) => `${(ratio * PERCENT).toFixed(1)} %`),
    ],
    ESTIMATOR_WIDTHS,
    width,
  );
  const said = [
    ...(score.reason === undefined ? [] : [score.reason]),
    ...(score.requests === undefined
      ? []
      : [`${count(score.requests)} requests, proxy ${count(score.referenceRequests)}`]),
  ];
  return [line, ...(said.length === 0 ? [] : fact('', `(${said.join('; ')})`, 4, width))];
}

function percent(ratio: number): string {
  return `${(ratio * PERCENT).toFixed(2)} %`;
}

function lookupWords(lookup: Summary['parser']['lookup'], { estimators }: Summary['agreement']): string {
  if (lookup === undefined) {
    const reason = estimators.find(({ name }) => name === 'lookup')?.reason;
    return reason ?? 'no segment-size listing was read';
  }
  const { attempts, successes, misses, unread } = lookup;
  const found = attempts > 0 ? ` (${percent(successes / attempts)})` : '';
  const { neverListed, evicted, notYetListed, ambiguous } = misses;
  return (
    `${count(successes)} of ${count(attempts)} sizes found${found}; never listed ${count(neverListed)}, ` +
    `evicted ${count(evicted)}, not yet listed ${count(notYetListed)}, ambiguous ${count(ambiguous)}` +
    (unread > 0 ? `; ${count(unread)} segments unread when their client was stopped` : '')
  );
}

/** HTTP errors and retries by both sides; nothing while neither has any. */
function countedTwice({ httpErrors = {}, retries }: Summary['agreement'], width: number): Lines {
  const both = [...Object.entries(httpErrors), ...(retries === undefined ? [] : [['retries', retries] as const])];
  const told = both.filter(([, { parser, proxy }]) => parser > 0 || proxy > 0);
  const text = told.map(([what, { parser, proxy }]) => `${what}: parser ${count(parser)}, proxy ${count(proxy)}`);
  return told.length === 0 ? [] : fact('  errors', text.join('; '), LABEL, width);
}

/** The original's "wall time" of a segment, beside what the wire took: its error is the reason why it is never used. */
function inferredWords({ parser, agreement }: Judged['summary'], times: SegmentTimes | undefined): string {
  if (parser.inferred === undefined) return 'no log is read';
  const { segmentMs } = parser.inferred;
  if (segmentMs.n === 0) return 'no interval between segments in the log';
  const error = agreement.segment.inferredDurationErrorMs;
  return (
    `segment to next segment p50 ${known(segmentMs.p50, formatMs)}, p95 ${known(segmentMs.p95, formatMs)}: the pace of playing` +
    (times === undefined || times.totalMs.n === 0
      ? ''
      : `; on the wire receive p50 ${known(times.receiveMs.p50, formatMs)}, total p50 ${known(times.totalMs.p50, formatMs)}`) +
    (error === undefined ? '' : `; error bias ${known(error.bias, formatMs)}, |p95| ${known(error.absP95, formatMs)}`)
  );
}
