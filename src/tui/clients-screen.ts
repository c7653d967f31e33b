// The screen "clients": a row per client as far as there is room, where one is in the list, and all about the chosen one.
// It keeps no state and formats only the rows that are seen; order and columns are decided elsewhere.
import type { ClientRow, Snapshot } from '../stats/summary.ts';
import { formatMs } from '../units.ts';
import {
  type Cell,
  cell,
  cutEnd,
  fit,
  flow,
  type Line,
  lineWidth,
  padEnd,
  padStart,
  rule,
  type Style,
  safeText,
} from './cells.ts';
import { EXIT_WORDS } from './clients.ts';
import {
  type ChosenColumns,
  CLIENT,
  CLIENT_WIDTH,
  type ClientColumn,
  columnOf,
  columnsWithin,
  figureText,
  knownFigures,
  STATE,
  STATE_WIDTH,
  shownState,
} from './clients-columns.ts';
import { type ClientsView, chosenPlace, firstShown, isAscending, shownRows, type TableRoom } from './clients-order.ts';
import { count, item, judged, SHAPES, UNKNOWN } from './figures.ts';
import type { Size } from './view-state.ts';

const LABEL_WIDTH = 12;
const DETAIL_LINES = 2;
/** Headings above; place, order and filter below, and the lines about the chosen client. */
const LINES_AROUND: number = 1 + 1 + DETAIL_LINES;
/** In front of the number of the chosen client. */
const CHOSEN = '>';
const MARK_WIDTH = 3;
const GAP = '  ';
const HINTS = ['s next column', 'S turn', '/ filter', 'arrows choose', 'p95 of the last minute'];
const FILTERED_HINTS = ['Esc clears it', ...HINTS];
const TYPING_HINTS = ['Enter keeps it', 'Esc clears it'];

/** The room that the table has on a screen whose frame leaves `body`. */
export function tableRoom({ columns, rows }: Size): TableRoom {
  return { columns, rows: Math.max(1, rows - LINES_AROUND) };
}

export function clientsLines({ clients }: Snapshot, body: Size, view: ClientsView): readonly Line[] {
  const { columns, rows: pageRows } = tableRoom(body);
  const chosenColumns = columnsWithin(columns);
  const shown = shownRows(clients, view);
  const place = chosenPlace(shown, view);
  const first = firstShown(shown.length, place, pageRows);
  const page = shown.slice(first, first + pageRows);
  const lines = page.map((row, index) => rowLine(row, chosenColumns, first + index === place, columns));
  const blank = Array.from({ length: pageRows - page.length }, () => fit([], columns));
  const range =
    page.length === 0 ? undefined : `${count(first + 1)}-${count(first + page.length)} of ${count(shown.length)}`;
  return [
    headings(chosenColumns, view, columns),
    ...lines,
    ...blank,
    placeLine(range, clients.length, view, columns),
    ...details(shown[place], chosenColumns, columns),
  ];
}

function headings({ figures, reasonWidth }: ChosenColumns, view: ClientsView, columns: number): Line {
  const width = CLIENT_WIDTH + STATE_WIDTH + figures.reduce((sum, column) => sum + column.columns, 0);
  const table = {
    title: `${marked(CLIENT, view, ' ')} ${marked(STATE, view, '')}`,
    columns: width,
    headings: figures.map((column) => [marked(column, view, ''), column.columns] as const),
  };
  const reason = { title: 'last exit', columns: reasonWidth, headings: [] };
  return rule(reasonWidth > 0 ? [table, reason] : [table], columns);
}

/** The heading, and which way the rows go when they are sorted by it. */
function marked(column: ClientColumn, view: ClientsView, otherwise: string): string {
  return column === columnOf(view.sort) ? `${column.heading}${arrow(view)}` : `${column.heading}${otherwise}`;
}

function arrow(view: ClientsView): string {
  return isAscending(columnOf(view.sort), view) ? '↑' : '↓';
}

function rowLine(row: ClientRow, { figures, reasonWidth }: ChosenColumns, isChosen: boolean, columns: number): Line {
  const plain: Style = isChosen ? 'strong' : 'plain';
  const { word, level } = shownState(row);
  const shape = level === 'good' ? ' ' : SHAPES[level];
  const number = `${padEnd(isChosen ? CHOSEN : '', MARK_WIDTH)}${row.client}`;
  const cells: Cell[] = [
    cell(padEnd(number, CLIENT_WIDTH), plain),
    cell(padEnd(`${shape} ${word}`, STATE_WIDTH), level === 'good' ? plain : level),
    ...figures.map((column) => figure(figureText(column, row), column.columns, plain)),
  ];
  if (reasonWidth > 0)
    cells.push(cell(`${GAP} ${cutEnd(safeText(exitText(row) ?? ''), reasonWidth - MARK_WIDTH)}`, plain));
  return fit(cells, columns);
}

function figure(text: string, width: number, plain: Style): Cell {
  return cell(padStart(text, width), text === UNKNOWN ? 'dim' : plain);
}

/** Where one is, what the order is, what is filtered; and as many of the keys for all that as there is room for. */
function placeLine(range: string | undefined, total: number, view: ClientsView, columns: number): Line {
  const { filter, isTyping, sort } = view;
  const all = filter === '' && !isTyping ? '' : `, ${count(total)} in all`;
  const place = range === undefined ? `0 of ${count(total)} match` : `${range}${all}`;
  const cells = [cell(`${place} · by ${sort} ${arrow(view)}`, 'strong')];
  if (isTyping) cells.push(cell(` · filter ${safeText(filter)}_`, 'warn'));
  else if (filter !== '') cells.push(cell(` · ${SHAPES.warn} filter ${safeText(filter)}`, 'warn'));
  for (const hint of isTyping ? TYPING_HINTS : filter === '' ? HINTS : FILTERED_HINTS) {
    if (lineWidth(cells) + GAP.length + hint.length <= columns) cells.push(cell(`${GAP}${hint}`, 'dim'));
  }
  return fit(cells, columns);
}

/** What the row has no room for. */
function details(row: ClientRow | undefined, { figures }: ChosenColumns, columns: number): readonly Line[] {
  if (row === undefined) return Array.from({ length: DETAIL_LINES }, () => fit([], columns));
  const { client, outTimeStillMs } = row;
  const still = (ms: number): Line => [judged(`out_time still for ${formatMs(ms)}`, 'bad')];
  const more = [
    ...(outTimeStillMs === undefined ? [] : [still(outTimeStillMs)]),
    ...knownFigures(row, figures).map((text) => item(text)),
  ];
  const items = more.length === 0 ? [item('all that is known is in its row')] : more;
  const exit = cell(`last exit: ${safeText(exitText(row) ?? 'none')}`);
  return [
    ...flow(`client ${client}`, items, columns, LABEL_WIDTH),
    fit([cell(' '.repeat(LABEL_WIDTH)), exit], columns),
  ];
}

function exitText({ exitCategory, exitReason }: ClientRow): string | undefined {
  if (exitCategory === undefined) return undefined;
  const word = EXIT_WORDS[exitCategory];
  return exitReason === undefined ? word : `${word}: ${exitReason}`;
}
