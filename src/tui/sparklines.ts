// Lines of bars: segment content of the three accounts over the last five minutes, on one scale. Pure.
// It computes no rate; where there is less room, neighbouring points are joined, always the same ones.
import type { Snapshot, ThroughputHistory } from '../stats/summary.ts';
import type { Block } from './arrange.ts';
import { type Cell, cell, fit, type Line, padEnd, titleRule } from './cells.ts';
import { mbps } from './figures.ts';

type Points = readonly (number | undefined)[];

const ACCOUNTS = ['proxy', 'parser', 'origin'] as const;
const BARS = '▁▂▃▄▅▆▇█';
const NOTHING = ' ';
const LABEL_WIDTH = 12;
/** Where a line has no room to spare. */
const SHORT_LABEL_WIDTH = 8;
const WIDE = 60;
/** Between accounts that share a line. */
const GAP = '  ';
/** Shorter ones say nothing. */
const LEAST_POINTS = 8;

/** All accounts on one line each, or beside one another where a line is all there is. */
export function throughputSteps({ throughputHistory }: Snapshot, columns: number): Block {
  const most = highest(throughputHistory);
  if (most === undefined) return [];
  const accounts = ACCOUNTS.filter((account) => throughputHistory[account] !== undefined);
  const share = Math.floor((columns - LABEL_WIDTH) / accounts.length) - GAP.length;
  const short = accounts.flatMap((account): Cell[] => {
    const name = `${account} `;
    return [cell(name), cell(bars(throughputHistory, account, share - name.length, most)), cell(GAP)];
  });
  return [
    { priority: 66.5, lines: [fit([cell(padEnd('Last 5 min', LABEL_WIDTH)), ...short], columns)] },
    { priority: 67, lines: throughputLines(throughputHistory, columns) },
  ];
}

/** A title with the scale, and a line of bars for each account; nothing before the first byte. */
export function throughputLines(history: ThroughputHistory, columns: number): readonly Line[] {
  const most = highest(history);
  if (most === undefined) return [];
  const scale = `0 to ${mbps(most)} Mbit/s`;
  const isWide = columns >= WIDE;
  const labelWidth = isWide ? LABEL_WIDTH : SHORT_LABEL_WIDTH;
  return [
    titleRule(isWide ? `Segment content, last 5 min, ${scale}` : `5 min, ${scale}`, columns),
    ...ACCOUNTS.filter((account) => history[account] !== undefined).map((account) =>
      fit([cell(padEnd(account, labelWidth)), cell(bars(history, account, columns - labelWidth, most))], columns),
    ),
  ];
}

function highest(history: ThroughputHistory): number | undefined {
  const rates = ACCOUNTS.flatMap((account) => history[account] ?? []).filter((rate) => rate !== undefined);
  const most = Math.max(0, ...rates);
  return most > 0 ? most : undefined;
}

/** At most `width` bars, the newest to the right. */
function bars(history: ThroughputHistory, account: (typeof ACCOUNTS)[number], width: number, most: number): string {
  const points = history[account] ?? [];
  if (width < LEAST_POINTS) return '';
  return joined(points, history.newest, Math.ceil(measured(history) / width))
    .slice(-width)
    .map((rate) => (rate === undefined ? NOTHING : barOf(rate / most)))
    .join('');
}

/** Means of `size` points each, in groups that stay together while the window moves on. */
function joined(points: Points, newest: number, size: number): Points {
  if (size === 1) return points;
  const groups = Map.groupBy(points.keys(), (at) => Math.floor((newest - points.length + 1 + at) / size));
  return Array.from(groups.values(), (members) => {
    const rates = Array.from(members, (at) => points[at]).filter((rate) => rate !== undefined);
    return rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  });
}

/** Points since the first that any account has: a run that is young has room for all of them. */
function measured(history: ThroughputHistory): number {
  const ages = ACCOUNTS.map((account) => {
    const points = history[account] ?? [];
    const first = points.findIndex((rate) => rate !== undefined);
    return first < 0 ? 0 : points.length - first;
  });
  return Math.max(1, ...ages);
}

/** One bar, for a share of what the highest stands for; nothing at all where there is nothing. */
export function barOf(share: number): string {
  return BARS[Math.min(BARS.length - 1, Math.floor(Math.max(0, share) * BARS.length))] ?? NOTHING;
}
