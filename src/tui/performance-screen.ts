// The screen "performance": what is done over and over, with how long and how often in vain; request phases; the instrument.
// It computes no quantile and judges no operation: the status comes ready.
import { CRITICAL_ABOVE_MEANS, CRITICAL_BELOW_PERCENT, WARN_BELOW_PERCENT } from '../stats/operation-window.ts';
import type { OperationSummary, Quantiles, Snapshot } from '../stats/summary.ts';
import { formatShortMs, PERCENT } from '../units.ts';
import type { Block } from './arrange.ts';
import { cell, fit, type Line, wrapText } from './cells.ts';
import { count, known, type Level, percent, SHAPES } from './figures.ts';
import { instrumentPanel } from './instrument.ts';
import { panelSteps } from './panel.ts';
import { PHASE_ROWS, type TimedRow } from './phases.ts';
import { type Column, figures, headings } from './table.ts';

/** Shape and the longest name. */
const START = 27;
const MARK_WIDTH = 2;
const LEVELS: Readonly<Record<OperationSummary['status'], Level>> = { ok: 'good', warn: 'warn', critical: 'bad' };

const OPERATIONS: readonly Column<OperationSummary>[] = [
  { heading: 'count', columns: 8, text: ({ count: times }) => count(times) },
  { heading: 'failed', columns: 8, text: ({ failures }) => count(failures) },
  {
    heading: 'success',
    columns: 9,
    text: ({ successRate }) => known(successRate, (value) => percent(value / PERCENT)),
  },
  { heading: 'p50', columns: 9, text: ({ p50Ms }) => known(p50Ms, formatShortMs) },
  { heading: 'p95', columns: 9, text: ({ p95Ms }) => known(p95Ms, formatShortMs) },
  { heading: 'p99', columns: 9, text: ({ p99Ms }) => known(p99Ms, formatShortMs) },
  { heading: 'mean', columns: 9, text: ({ averageMs }) => known(averageMs, formatShortMs) },
  { heading: 'min', columns: 9, text: ({ minMs }) => known(minMs, formatShortMs) },
  { heading: 'max', columns: 9, text: ({ maxMs }) => known(maxMs, formatShortMs) },
  { heading: 'p95 at first', columns: 14, text: ({ baselineP95Ms }) => known(baselineP95Ms, formatShortMs) },
];

const PHASES: readonly Column<Quantiles>[] = [
  { heading: 'n', columns: 8, text: ({ n }) => count(n) },
  ...(['p25', 'p50', 'p75', 'p95', 'p99'] as const).map(
    (name): Column<Quantiles> => ({ heading: name, columns: 9, text: (row) => known(row[name], formatShortMs) }),
  ),
  { heading: 'max', columns: 9, text: ({ max }) => known(max, formatShortMs) },
];
const TIMED: readonly TimedRow[] = [
  ...PHASE_ROWS,
  ['segment connect', 'segment', 'connectMs'],
  ['playlist connect', 'media-playlist', 'connectMs'],
];

export function performanceBlocks(snapshot: Snapshot, columns: number): readonly Block[] {
  const { operations } = snapshot;
  const { byKind } = snapshot.summary.proxy ?? {};
  const timed: readonly Line[] = [
    headings('Phases, whole run', PHASES, START, columns),
    ...TIMED.map(([label, kind, phase]) =>
      figures(label, byKind?.[kind]?.phases[phase] ?? { n: 0 }, PHASES, START, columns),
    ),
  ];
  return [
    [{ priority: 1, lines: operationLines(operations, columns) }],
    [{ priority: 3, lines: markLines(operations ?? [], columns) }],
    byKind === undefined ? [] : [{ priority: 4, lines: timed }],
    panelSteps(instrumentPanel(snapshot), columns),
  ];
}

function operationLines(operations: readonly OperationSummary[] | undefined, columns: number): readonly Line[] {
  const [first] = operations ?? [];
  const title = first === undefined ? 'Operations' : `Operations, last ${Math.round(first.coveredSeconds)} s`;
  return [
    headings(title, OPERATIONS, START, columns),
    ...(operations === undefined ? [fit([cell('  not timed here', 'dim')], columns)] : []),
    ...(operations ?? []).map((operation) => figures(label(operation), operation, OPERATIONS, START, columns)),
  ];
}

/** What never happened has no status to speak of. */
function label({ name, status, count: times }: OperationSummary): Line {
  if (times === 0) return [cell(`  ${name}`, 'dim')];
  const level = LEVELS[status];
  return [cell(`${SHAPES[level]} `, level), cell(name, level === 'good' ? 'plain' : level)];
}

/** What each mark means where it stands; nothing while all is well. */
function markLines(operations: readonly OperationSummary[], columns: number): readonly Line[] {
  return operations
    .filter(({ status, count: times }) => status !== 'ok' && times > 0)
    .flatMap((operation) => {
      const level = LEVELS[operation.status];
      const lines = wrapText(`${operation.name}: ${whyMarked(operation)}`, columns - MARK_WIDTH);
      return lines.map((text, at) => fit([cell(at === 0 ? `${SHAPES[level]} ` : '  ', level), cell(text)], columns));
    });
}

/** The rule that holds, in words (issue: status of an operation); a low success rate tells more than a time. */
function whyMarked({ status, successRate = PERCENT, averageMs, p95Ms, baselineP95Ms }: OperationSummary): string {
  if (status === 'critical')
    return successRate < CRITICAL_BELOW_PERCENT
      ? `fewer than ${CRITICAL_BELOW_PERCENT} % succeeded`
      : `slower lately: the last 10 s took more than ${CRITICAL_ABOVE_MEANS} times the mean, ${known(averageMs, formatShortMs)}`;
  return successRate < WARN_BELOW_PERCENT
    ? `fewer than ${WARN_BELOW_PERCENT} % succeeded`
    : `slower than at first: p95 ${known(p95Ms, formatShortMs)}, in the first minute ${known(baselineP95Ms, formatShortMs)}`;
}
