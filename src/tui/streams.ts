// Open streams (MPEG-TS over HTTP): how many, how fast, and each with client, state, age, content, rate and longest gap.
// It is not there while there are none; which of them come first is the snapshot's order.
import type { ProxySummary, Snapshot, StreamRow } from '../stats/summary.ts';
import { formatBytes, formatElapsed, formatMbps, formatMs } from '../units.ts';
import type { Block } from './arrange.ts';
import { type Cell, cell, fit, flow, type Line, padEnd, padStart, rule } from './cells.ts';
import { count, item, judged, known, type Level, mbps, SHAPES, UNKNOWN } from './figures.ts';

type State = StreamRow['state'];

const STATES: Readonly<Record<State, { readonly level: Level; readonly word: string }>> = {
  silent: { level: 'bad', word: 'silent' },
  'client-blocked': { level: 'warn', word: 'blocked' },
  waiting: { level: 'warn', word: 'waiting' },
  flowing: { level: 'good', word: 'flowing' },
};
const IN_TROUBLE: readonly State[] = ['silent', 'client-blocked', 'waiting'];

interface Column {
  readonly heading: string;
  readonly columns: number;
  readonly text: (row: StreamRow) => string;
}

const CLIENT_WIDTH = 13;
const STATE_WIDTH = 10;
const COLUMNS: readonly Column[] = [
  { heading: 'age', columns: 9, text: ({ ageMs }) => formatElapsed(ageMs) },
  { heading: 'content', columns: 9, text: ({ contentBytes }) => formatBytes(contentBytes) },
  { heading: 'Mbit/s', columns: 7, text: ({ bytesPerSecond }) => known(bytesPerSecond, mbps) },
  { heading: 'longest gap', columns: 12, text: ({ longestGapMs }) => formatMs(longestGapMs) },
];
/** Where there is room for them. */
const MORE_COLUMNS: readonly Column[] = [
  { heading: 'blocked', columns: 9, text: ({ clientBlockedMs }) => formatMs(clientBlockedMs) },
  { heading: 'TS errors', columns: 10, text: ({ transportStream }) => known(transportStream, errors) },
];

/** How many rows of the table are worth which priority; the rest of the streams is a number. */
const TABLES: readonly (readonly [rows: number, priority: number])[] = [
  [4, 34],
  [8, 51],
  [40, 78],
];
const LABEL_WIDTH = 12;

export function streamsSteps(snapshot: Snapshot, columns: number): Block {
  const { streams } = snapshot.summary.proxy ?? {};
  if (streams === undefined || streams.opened === 0) return [];
  const brief = flow('Streams', briefItems(streams, snapshot.streams), columns, LABEL_WIDTH);
  if (snapshot.streams.length === 0) return [{ priority: 12, lines: brief }];
  return [
    { priority: 12, lines: brief },
    ...TABLES.map(([rows, priority]) => ({
      priority,
      lines: [...brief, ...table(snapshot.streams, rows, columns)],
    })),
  ];
}

function briefItems(
  { open, opened, throughput }: ProxySummary['streams'],
  rows: readonly StreamRow[],
): readonly Line[] {
  const troubles = IN_TROUBLE.flatMap((state): Line[] => {
    const found = rows.filter((row) => row.state === state).length;
    const { level, word } = STATES[state];
    return found === 0 ? [] : [[judged(`${count(found)} ${word}`, level)]];
  });
  return [
    item(`${count(open)} open`),
    ...troubles,
    item(known(throughput.bytesPerSecond1s, formatMbps)),
    item(formatBytes(throughput.totalBytes)),
    item(`${count(opened - open)} ended`),
  ];
}

function table(rows: readonly StreamRow[], most: number, columns: number): readonly Line[] {
  const shown = chosenColumns(rows, columns);
  const width = CLIENT_WIDTH + STATE_WIDTH + shown.reduce((sum, column) => sum + column.columns, 0);
  const headings = shown.map((column) => [column.heading, column.columns] as const);
  const left = rows.length - most;
  return [
    rule([{ title: 'Open streams', columns: width, headings }], columns),
    ...rows.slice(0, most).map((row) => fit(rowCells(row, shown), columns)),
    ...(left > 0 ? [fit([cell(`and ${count(left)} more`, 'dim')], columns)] : []),
  ];
}

function chosenColumns(rows: readonly StreamRow[], columns: number): readonly Column[] {
  const [blocked, checked] = MORE_COLUMNS;
  const isChecked = rows.some(({ transportStream }) => transportStream !== undefined);
  const wanted = [...COLUMNS, ...(blocked === undefined ? [] : [blocked]), ...(isChecked && checked ? [checked] : [])];
  let room = columns - CLIENT_WIDTH - STATE_WIDTH;
  return wanted.filter((column) => {
    room -= column.columns;
    return room >= 0;
  });
}

function rowCells(row: StreamRow, shown: readonly Column[]): Cell[] {
  const { level, word } = STATES[row.state];
  const state = level === 'good' ? `  ${word}` : `${SHAPES[level]} ${word}`;
  return [
    cell(padEnd(`client ${row.client}`, CLIENT_WIDTH)),
    cell(padEnd(state, STATE_WIDTH), level === 'good' ? 'plain' : level),
    ...shown.map((column) => figure(column.text(row), column.columns)),
  ];
}

function errors({ syncLosses, continuityErrors }: NonNullable<StreamRow['transportStream']>): string {
  return count(syncLosses + continuityErrors);
}

function figure(text: string, width: number): Cell {
  return cell(padStart(text, width), text === UNKNOWN ? 'dim' : 'plain');
}
