// The screen "agreement": every estimator of bytes, precision and recall of each kind, errors of starts and durations.
// It scores nothing and keeps no state; what does not fit gives way whole, the figures of segments and estimators last.
import { PARSED_KINDS, type ParsedKind } from '../events.ts';
import { START_ERROR_BOUNDS_MS } from '../stats/start-errors.ts';
import type { EstimatorScore, EstimatorStatus, KindAgreement, Snapshot } from '../stats/summary.ts';
import { formatBytes, formatShortMs } from '../units.ts';
import { inferredItems, lookupRate } from './agreement.ts';
import type { Block } from './arrange.ts';
import { cell, fit, flow, type Line, padEnd, type Style, safeText, wrapText } from './cells.ts';
import { count, item, known, type Level, SHAPES, share, signedPercent, UNKNOWN } from './figures.ts';
import { barOf } from './sparklines.ts';
import { type Column, figureCells, figures, headings } from './table.ts';

const LABEL_WIDTH = 12;
const NAME_WIDTH = 18;
/** Worth a row on the smallest screen. */
const MAIN_KINDS: readonly ParsedKind[] = ['segment', 'playlist'];
type Agreement = Snapshot['summary']['agreement'];
type Errors = KindAgreement['startErrorMs'];

/** From left to right; the last ones are left out where there is no room. */
const PAIRING: readonly Column<Partial<KindAgreement>>[] = [
  { heading: 'precision', columns: 10, text: ({ precision }) => known(precision, share) },
  { heading: 'recall', columns: 9, text: ({ recall }) => known(recall, share) },
  { heading: 'matched', columns: 9, text: ({ matched }) => count(matched) },
  { heading: 'missed', columns: 8, text: ({ missed }) => count(missed) },
  { heading: 'spurious', columns: 10, text: ({ spurious }) => count(spurious) },
  { heading: 'dead', columns: 6, text: ({ deadConnection }) => count(deadConnection) },
  { heading: 'at stop', columns: 9, text: ({ excludedAtStop }) => count(excludedAtStop) },
  { heading: 'pending', columns: 9, text: ({ pending }) => count(pending) },
  { heading: 'coverage', columns: 10, text: ({ coverage }) => known(coverage, share) },
  { heading: 'wrong kind', columns: 12, text: ({ wrongKind }) => count(wrongKind) },
];

/** A minute has none of these. */
const OF_THE_RUN: readonly string[] = ['at stop', 'pending', 'coverage'];

const ERRORS: readonly Column<Errors>[] = [
  { heading: 'n', columns: 7, text: ({ n }) => count(n) },
  { heading: 'bias', columns: 9, text: ({ bias }) => known(bias, signedMs) },
  { heading: '|p50|', columns: 9, text: ({ absP50 }) => known(absP50, formatShortMs) },
  { heading: '|p95|', columns: 9, text: ({ absP95 }) => known(absP95, formatShortMs) },
  { heading: 'SD', columns: 9, text: ({ sd }) => known(sd, formatShortMs) },
  { heading: '2.5 %', columns: 9, text: ({ p2_5 }) => known(p2_5, signedMs) },
  { heading: '97.5 %', columns: 9, text: ({ p97_5 }) => known(p97_5, signedMs) },
  { heading: 'low', columns: 9, text: ({ low }) => known(low, signedMs) },
  { heading: 'high', columns: 9, text: ({ high }) => known(high, signedMs) },
];

const ESTIMATORS: readonly Column<EstimatorScore>[] = [
  { heading: 'error', columns: 9, text: ({ errorRatio }) => known(errorRatio, signedPercent) },
  { heading: '60 s', columns: 9, text: ({ window }) => known(window?.errorRatio, signedPercent) },
  { heading: 'bytes', columns: 11, text: ({ bytes }) => known(bytes, formatBytes) },
  { heading: 'reference', columns: 11, text: ({ referenceBytes }) => known(referenceBytes, formatBytes) },
  { heading: 'coverage', columns: 9, text: ({ coverage }) => known(coverage, share) },
];

const STATUS_WIDTH = 14;
const STATUSES: Readonly<Record<EstimatorStatus, { readonly level: Level | undefined; readonly style: Style }>> = {
  ok: { level: 'good', style: 'plain' },
  derived: { level: undefined, style: 'plain' },
  pending: { level: undefined, style: 'dim' },
  unavailable: { level: undefined, style: 'dim' },
};

export function agreementBlocks({ summary, startErrors }: Snapshot, columns: number): readonly Block[] {
  const { agreement } = summary;
  const histogram = startErrorLine(startErrors, columns);
  const kinds = PARSED_KINDS.filter((kind) => kind !== 'other' || hasAttempts(agreement.other));
  const estimators = (more: 'none' | 'reason' | 'bias'): readonly Line[] =>
    estimatorTable(agreement.estimators, columns, more);
  return [
    [
      { priority: 1, lines: pairingTable(agreement, MAIN_KINDS, columns) },
      { priority: 6, lines: pairingTable(agreement, kinds, columns) },
      { priority: 8, lines: [...pairingTable(agreement, kinds, columns), ...minuteRows(agreement, kinds, columns)] },
    ],
    [
      { priority: 4, lines: errorTable(agreement, MAIN_KINDS, columns) },
      { priority: 5, lines: [...errorTable(agreement, MAIN_KINDS, columns), ...histogram] },
      {
        priority: 9,
        lines: [...errorTable(agreement, kinds, columns), ...histogram, ...minuteErrors(agreement, kinds, columns)],
      },
    ],
    [
      { priority: 3, lines: countLines(summary, columns, 1) },
      { priority: 7, lines: countLines(summary, columns, 2) },
    ],
    [
      { priority: 2, lines: withFigures(agreement.estimators, columns) },
      { priority: 10, lines: estimators('none') },
      { priority: 11, lines: estimators('reason') },
      { priority: 12, lines: estimators('bias') },
    ],
  ];
}

/** A row per kind that can be paired; the reason, once, of those that cannot. */
function pairingTable(agreement: Agreement, kinds: readonly ParsedKind[], columns: number): Line[] {
  const paired = kinds.filter((kind) => agreement[kind].unavailable === undefined);
  const reasons = new Set(kinds.flatMap((kind) => agreement[kind].unavailable ?? []));
  return [
    headings('Attempts', PAIRING, NAME_WIDTH, columns),
    ...paired.map((kind) => figures(kind, agreement[kind], PAIRING, NAME_WIDTH, columns)),
    ...[...reasons].flatMap((reason) => {
      const isOfAll = PARSED_KINDS.every((kind) => agreement[kind].unavailable === reason);
      const whose = kinds.filter((kind) => agreement[kind].unavailable === reason).join(', ');
      return notes(isOfAll ? reason : `${whose}: ${reason}`, columns);
    }),
  ];
}

/** The same of the last minute, where it says anything. */
function minuteRows(agreement: Agreement, kinds: readonly ParsedKind[], columns: number): Line[] {
  const shown = PAIRING.filter(({ heading }) => !OF_THE_RUN.includes(heading));
  return kinds.flatMap((kind) => {
    const { window } = agreement[kind];
    return window === undefined || !hasAttempts(window)
      ? []
      : [figures(`  ${kind}, 60 s`, window, shown, NAME_WIDTH, columns)];
  });
}

function hasAttempts({ matched = 0, missed = 0, spurious = 0, deadConnection = 0 }: Partial<KindAgreement>): boolean {
  return matched + missed + spurious + deadConnection > 0;
}

function errorTable(agreement: Agreement, kinds: readonly ParsedKind[], columns: number): Line[] {
  return [
    headings('Start error', ERRORS, NAME_WIDTH, columns),
    ...kinds.map((kind) => figures(kind, agreement[kind].startErrorMs, ERRORS, NAME_WIDTH, columns)),
  ];
}

/** How the errors of segments lie around none: a bar per bin, the log too early to the left. */
function startErrorLine(counts: readonly number[] | undefined, columns: number): readonly Line[] {
  const most = Math.max(0, ...(counts ?? []));
  if (counts === undefined || most === 0) return [];
  const limit = START_ERROR_BOUNDS_MS.at(-1) ?? 0;
  const middle = START_ERROR_BOUNDS_MS.indexOf(0) + 1;
  const bars = counts.map((errors) => (errors === 0 ? ' ' : barOf(errors / most)));
  return [
    fit(
      [
        cell(padEnd('  segment', NAME_WIDTH)),
        cell(`early -${limit} ms `, 'dim'),
        cell(bars.slice(0, middle).join('')),
        cell('│', 'dim'),
        cell(bars.slice(middle).join('')),
        cell(` +${limit} ms late`, 'dim'),
      ],
      columns,
    ),
  ];
}

/** Start errors of the last minute, and by how much the log's intervals miss what segments took. */
function minuteErrors(agreement: Agreement, kinds: readonly ParsedKind[], columns: number): Line[] {
  const { inferredDurationErrorMs, window } = agreement.segment;
  return [
    ...kinds.flatMap((kind) => {
      const errors = agreement[kind].window?.startErrorMs;
      return errors === undefined || errors.n === 0
        ? []
        : [figures(`  ${kind}, 60 s`, errors, ERRORS, NAME_WIDTH, columns)];
    }),
    ...(inferredDurationErrorMs === undefined
      ? []
      : [
          headings('Inferred duration', ERRORS, NAME_WIDTH, columns),
          figures('segment', inferredDurationErrorMs, ERRORS, NAME_WIDTH, columns),
          ...(window?.inferredDurationErrorMs === undefined
            ? []
            : [figures('  segment, 60 s', window.inferredDurationErrorMs, ERRORS, NAME_WIDTH, columns)]),
        ]),
  ];
}

/** Counts of the two sides, the sizes that were found, and what the log takes for durations beside what they were. */
function countLines(summary: Snapshot['summary'], columns: number, maxLines: number): Line[] {
  const { agreement, parser } = summary;
  const errors = Object.entries(agreement.httpErrors ?? {}).map(([status, both]) => sides(status, both));
  const { lookup } = parser;
  const { neverListed = 0, evicted = 0, notYetListed = 0, ambiguous = 0 } = lookup?.misses ?? {};
  const misses = [
    item(`never listed ${count(neverListed)}`),
    item(`evicted ${count(evicted)}`),
    item(`not yet ${count(notYetListed)}`),
    item(`ambiguous ${count(ambiguous)}`),
  ];
  const { sizes = 0 } = parser.pending ?? {};
  const waiting = sizes > 0 ? [item(`${count(sizes)} wait for a listing`)] : [];
  const noErrors = item(agreement.httpErrors === undefined ? `HTTP errors ${UNKNOWN}` : 'no HTTP errors');
  const both = [...(errors.length === 0 ? [noErrors] : errors), retries(agreement.retries)];
  const found = [lookupRate(lookup), ...(lookup === undefined ? [] : [...misses, ...waiting])];
  return [
    ...flow('errors', both, columns, LABEL_WIDTH, maxLines),
    ...flow('lookup', found, columns, LABEL_WIDTH, maxLines),
    ...flow('inferred', inferredItems(summary), columns, LABEL_WIDTH, maxLines),
  ];
}

function retries(both: Snapshot['summary']['agreement']['retries']): Line {
  return both === undefined ? item(`retries ${UNKNOWN}`) : sides('retries', both);
}

function sides(what: string, { parser, proxy }: { readonly parser: number; readonly proxy: number }): Line {
  const text = `${what}: parser ${count(parser)}, proxy ${count(proxy)}`;
  return parser === proxy ? item(text) : [cell(`${SHAPES.warn} ${text}`, 'warn')];
}

/** Those that say something; of the others all names, by what they are for it. */
function withFigures(scores: readonly EstimatorScore[], columns: number): Line[] {
  const others = Map.groupBy(
    scores.filter((score) => !hasFigure(score)),
    ({ status }) => status,
  );
  const names = Array.from(others, ([status, without]) =>
    without.map(({ name }, index) => item(index === 0 ? `${status}: ${name}` : name, 'dim')),
  ).flat();
  return [
    ...estimatorTable(scores.filter(hasFigure), columns, 'none'),
    ...(names.length === 0 ? [] : flow('no figure', names, columns, LABEL_WIDTH, names.length)),
  ];
}

function estimatorTable(scores: readonly EstimatorScore[], columns: number, more: 'none' | 'reason' | 'bias'): Line[] {
  return [
    headings('Bytes by', ESTIMATORS, NAME_WIDTH + STATUS_WIDTH, columns),
    ...scores.flatMap((score) => [
      estimatorRow(score, columns),
      ...(more === 'none' || score.reason === undefined ? [] : notes(score.reason, columns)),
      ...(more === 'bias' && score.knownBias !== undefined ? notes(`bias: ${score.knownBias}`, columns) : []),
    ]),
  ];
}

function estimatorRow(score: EstimatorScore, columns: number): Line {
  const { level, style } = STATUSES[score.status];
  const status = `${level === undefined ? ' ' : SHAPES[level]} ${score.status}`;
  const start = [cell(padEnd(score.name, NAME_WIDTH), style), cell(padEnd(status, STATUS_WIDTH), style)];
  if (score.requests !== undefined) {
    const requests = `${count(score.requests)} requests, proxy ${count(score.referenceRequests)}`;
    return fit([...start, cell(`  ${requests}`)], columns);
  }
  return fit([...start, ...figureCells(score, ESTIMATORS, columns - NAME_WIDTH - STATUS_WIDTH)], columns);
}

function notes(text: string, columns: number): Line[] {
  return wrapText(safeText(text), columns - 2).map((line) => fit([cell(`  ${line}`, 'dim')], columns));
}

function hasFigure({ bytes, requests }: EstimatorScore): boolean {
  return bytes !== undefined || requests !== undefined;
}

function signedMs(ms: number): string {
  return ms > 0 ? `+${formatShortMs(ms)}` : formatShortMs(ms);
}
