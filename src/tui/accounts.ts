// The side-by-side table (MEASURING section 6): proxy, parser and origin, rates by window, totals, counts.
// It subtracts nothing: a difference stands only where the snapshot has one, as percent of the proxy's figure. Totals have none:
// an origin's is of its last answer, how long ago stands beside it, and the row above has the difference as of then.
import { knowsNoBytes, NO_BYTES } from '../stats/no-bytes.ts';
import type { Snapshot, Throughput } from '../stats/summary.ts';
import { unlessUnseen } from '../stats/tunnels.ts';
import { formatBytes, msToSeconds } from '../units.ts';
import type { Block } from './arrange.ts';
import { type Cell, cell, fit, type Line, padEnd, padStart, rule, titleRule, wrapText } from './cells.ts';
import { count, known, mbps, signedPercent, UNKNOWN } from './figures.ts';

type Rate = Exclude<keyof Throughput, 'totalBytes'>;

const WINDOWS: readonly (readonly [string, Rate])[] = [
  ['1 s', 'bytesPerSecond1s'],
  ['30 s', 'bytesPerSecond30s'],
  ['60 s', 'bytesPerSecond60s'],
  ['5 min', 'bytesPerSecond300s'],
  ['overall', 'bytesPerSecondOverall'],
];
/** What is left of them when rows are scarce. */
const FEW_WINDOWS: readonly (readonly [string, Rate])[] = WINDOWS.filter(([name]) => !['60 s', '5 min'].includes(name));

const SEGMENT_COLUMNS = ['proxy', 'parser', 'diff', 'origin', 'diff'] as const;
const ALL_COLUMNS = ['proxy', 'origin', 'diff'] as const;
const LABEL_WIDTH = 14;
/** Between the two tables. */
const BAR = ' │';
const MAXIMUM_COLUMN = 13;
/** From here on both tables fit side by side. */
const BOTH_TABLES = 80;

export function accountsSteps(snapshot: Snapshot, columns: number): Block {
  if (knowsNoBytes(snapshot.summary)) return [{ priority: 10, lines: countsOnly(snapshot, columns) }];
  if (columns >= BOTH_TABLES) {
    return [
      { priority: 10, lines: bothTables(snapshot, FEW_WINDOWS, columns) },
      { priority: 40, lines: bothTables(snapshot, WINDOWS, columns) },
    ];
  }
  return [
    { priority: 10, lines: oneTable(snapshot, FEW_WINDOWS, FEW_WINDOWS.slice(1, 2), columns).slice(0, -1) },
    { priority: 40, lines: oneTable(snapshot, WINDOWS, WINDOWS, columns) },
  ];
}

/** What the log names, and why there is no more. */
function countsOnly(snapshot: Snapshot, columns: number): readonly Line[] {
  const width = columnWidth(columns, SEGMENT_COLUMNS.length);
  return [
    titleRule('Requests in the log', columns),
    ...requestCounts(snapshot).map(([label, [, parser = UNKNOWN]]) => fit(cells(label, [parser], width), columns)),
    ...wrapText(`Bytes are unknown: ${NO_BYTES}`, columns).map((text) => fit([cell(text, 'dim')], columns)),
  ];
}

function bothTables(snapshot: Snapshot, windows: typeof WINDOWS, columns: number): readonly Line[] {
  const width = columnWidth(columns - BAR.length, SEGMENT_COLUMNS.length + ALL_COLUMNS.length);
  const line = (label: string, segment: readonly string[], all: readonly string[]): Line =>
    fit([...cells(label, segment, width), cell(BAR, 'dim'), ...all.map((text) => figure(text, width))], columns);
  const segmentWidth = width * SEGMENT_COLUMNS.length;
  const allWidth = width * ALL_COLUMNS.length + BAR.length;
  return [
    rule(
      [
        {
          title: 'Mbit/s',
          columns: LABEL_WIDTH + segmentWidth + allWidth,
          headings: [
            ['segment content', segmentWidth],
            ['all bytes sent', allWidth],
          ],
        },
      ],
      columns,
    ),
    line('', SEGMENT_COLUMNS, ALL_COLUMNS),
    ...windows.map(([label, window]) => line(label, segmentRates(snapshot, window), allRates(snapshot, window))),
    line('total', segmentTotals(snapshot), allTotals(snapshot)),
    ...requestCounts(snapshot).map(([label, counts]) => line(label, counts, [])),
  ];
}

/** Too narrow for both side by side: all bytes sent below, in the columns that apply to them. */
function oneTable(
  snapshot: Snapshot,
  windows: typeof WINDOWS,
  allWindows: typeof WINDOWS,
  columns: number,
): readonly Line[] {
  const width = columnWidth(columns, SEGMENT_COLUMNS.length);
  const line = (label: string, figures: readonly string[]): Line => fit(cells(label, figures, width), columns);
  const all = ([proxy = UNKNOWN, origin = UNKNOWN, difference = UNKNOWN]: readonly string[]): readonly string[] => [
    proxy,
    UNKNOWN,
    UNKNOWN,
    origin,
    difference,
  ];
  return [
    titleRule('Mbit/s of segment content', columns),
    line('', SEGMENT_COLUMNS),
    ...windows.map(([label, window]) => line(label, segmentRates(snapshot, window))),
    line('total', segmentTotals(snapshot)),
    ...allWindows.map(([label, window]) => line(`all, ${label}`, all(allRates(snapshot, window)))),
    ...(allWindows.length > 1 ? [line('all, total', all(allTotals(snapshot)))] : []),
    ...requestCounts(snapshot).map(([label, counts]) => line(label, counts)),
  ];
}

function segmentRates({ summary, differences }: Snapshot, window: Rate): readonly string[] {
  const { proxy, parser, origin } = summary;
  const reference = proxy?.throughput?.[window];
  return [
    known(reference, mbps),
    known(parser.throughput?.[window], mbps),
    difference(differences.parser?.[window], reference),
    known(origin.segmentThroughput?.[window], mbps),
    difference(differences.origin?.[window], reference),
  ];
}

function segmentTotals(snapshot: Snapshot): readonly string[] {
  const { proxy, parser, origin } = snapshot.summary;
  return [
    known(proxy?.throughput?.totalBytes, formatBytes),
    known(parser.throughput?.totalBytes, formatBytes),
    '',
    known(origin.segmentThroughput?.totalBytes, formatBytes),
    origin.segmentThroughput === undefined ? '' : age(snapshot),
  ];
}

function allRates({ summary, differences }: Snapshot, window: Rate): readonly string[] {
  const reference = summary.proxy?.allBytesThroughput?.[window];
  return [
    known(reference, mbps),
    known(summary.origin.throughput?.[window], mbps),
    difference(differences.originAll?.[window], reference),
  ];
}

function allTotals(snapshot: Snapshot): readonly string[] {
  const { proxy, origin } = snapshot.summary;
  return [
    known(proxy?.allBytesThroughput?.totalBytes, formatBytes),
    known(origin.throughput?.totalBytes, formatBytes),
    origin.throughput === undefined ? '' : age(snapshot),
  ];
}

/** Without a blank: the column is no wider. */
function age({ atMs, originBytesAtMs }: Snapshot): string {
  if (originBytesAtMs === undefined) return '';
  return `${Math.round(msToSeconds(Math.max(0, atMs - originBytesAtMs)))}s ago`;
}

/** Requests by kind: the origin does not tell its own apart. */
function requestCounts({ summary }: Snapshot): readonly (readonly [string, readonly string[]])[] {
  const { byKind = {} } = summary.proxy ?? {};
  const { requests } = summary.parser;
  const playlists = (byKind['media-playlist']?.transfers ?? 0) + (byKind['multivariant-playlist']?.transfers ?? 0);
  const row = (proxy: number, parser: number | undefined): readonly string[] => [
    count(unlessUnseen(summary.proxy, proxy)),
    count(parser),
    UNKNOWN,
    UNKNOWN,
    UNKNOWN,
  ];
  return [
    ['segments', row(byKind.segment?.transfers ?? 0, requests?.segment)],
    ['playlists', row(playlists, requests?.playlist)],
  ];
}

function difference(value: number | undefined, reference: number | undefined): string {
  return value === undefined || reference === undefined || reference === 0 ? UNKNOWN : signedPercent(value / reference);
}

function cells(label: string, figures: readonly string[], width: number): Cell[] {
  return [cell(padEnd(label, LABEL_WIDTH)), ...figures.map((text) => figure(text, width))];
}

function figure(text: string, width: number): Cell {
  return cell(padStart(text, width), text === UNKNOWN ? 'dim' : 'plain');
}

function columnWidth(columns: number, figures: number): number {
  return Math.min(MAXIMUM_COLUMN, Math.floor((columns - LABEL_WIDTH) / figures));
}
