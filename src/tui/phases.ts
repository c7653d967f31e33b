// Request phases as the tap timed them: wait, receive and total of segments and playlists, last 60 s and whole run.
// It computes no quantile.
import type { Kind } from '../events.ts';
import type { KindSummary, Quantiles, Snapshot } from '../stats/summary.ts';
import { formatMs } from '../units.ts';
import type { Block } from './arrange.ts';
import { type Cell, cell, fit, type Line, padEnd, padStart, rule } from './cells.ts';
import { count, known, UNKNOWN } from './figures.ts';

export type TimedRow = readonly [label: string, kind: Kind, phase: keyof KindSummary['phases']];

export const PHASE_ROWS: readonly TimedRow[] = [
  ['segment wait', 'segment', 'waitMs'],
  ['segment receive', 'segment', 'receiveMs'],
  ['segment total', 'segment', 'totalMs'],
  ['playlist wait', 'media-playlist', 'waitMs'],
  ['playlist receive', 'media-playlist', 'receiveMs'],
  ['playlist total', 'media-playlist', 'totalMs'],
];
const TWO_ROWS: readonly TimedRow[] = PHASE_ROWS.filter(([name]) => ['segment wait', 'segment total'].includes(name));
const THREE_ROWS: readonly TimedRow[] = PHASE_ROWS.filter(([name]) =>
  ['segment wait', 'segment total', 'playlist wait'].includes(name),
);

const LABEL_WIDTH = 17;
const COUNT_WIDTH = 7;
const QUANTILE_WIDTH = 9;
const QUANTILES = ['p50', 'p95', 'p99', 'max'] as const;
const TABLE_WIDTH: number = COUNT_WIDTH + QUANTILES.length * QUANTILE_WIDTH;
/** Before the second table; its heading stands there. */
const GAP = 17;
/** From here on the whole run stands beside the last 60 s. */
const BOTH_WINDOWS: number = LABEL_WIDTH + 2 * TABLE_WIDTH + GAP;

/** Nothing without a tap: a log has no times of octets. */
export function phasesSteps(snapshot: Snapshot, columns: number): Block {
  if (snapshot.summary.proxy === undefined) return [];
  return [
    { priority: 20, lines: phasesLines(snapshot, TWO_ROWS, columns) },
    { priority: 50, lines: phasesLines(snapshot, THREE_ROWS, columns) },
    { priority: 60, lines: phasesLines(snapshot, PHASE_ROWS, columns) },
  ];
}

function phasesLines({ summary }: Snapshot, rows: readonly TimedRow[], columns: number): readonly Line[] {
  const isBoth = columns >= BOTH_WINDOWS;
  const lines = rows.map(([label, kind, phase]) => {
    const quantiles = summary.proxy?.byKind[kind]?.phases[phase];
    const whole = isBoth ? [cell(' '.repeat(GAP)), ...figures(quantiles)] : [];
    return fit([cell(padEnd(label, LABEL_WIDTH)), ...figures(quantiles?.window), ...whole], columns);
  });
  return [heading(isBoth, columns), ...lines];
}

function heading(isBoth: boolean, columns: number): Line {
  const headings = [['n', COUNT_WIDTH] as const, ...QUANTILES.map((name) => [name, QUANTILE_WIDTH] as const)];
  const recent = { title: 'Last 60 s', columns: LABEL_WIDTH + TABLE_WIDTH, headings };
  return rule(isBoth ? [recent, { title: 'Whole run', columns: GAP + TABLE_WIDTH, headings }] : [recent], columns);
}

function figures(quantiles: Omit<Quantiles, 'window'> | undefined): Cell[] {
  return [
    figure(count(quantiles?.n ?? 0), COUNT_WIDTH),
    ...QUANTILES.map((name) => figure(known(quantiles?.[name], formatMs), QUANTILE_WIDTH)),
  ];
}

function figure(text: string, width: number): Cell {
  return cell(padStart(text, width), text === UNKNOWN ? 'dim' : 'plain');
}
