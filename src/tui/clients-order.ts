// Which clients the table shows and in which order: filter, sorting, the chosen one; and what keys do to these. Pure.
// It draws nothing. The chosen row is remembered by its client, so that it stays chosen wherever the row moves.
import type { ClientRow } from '../stats/summary.ts';
import { EXIT_WORDS } from './clients.ts';
import { type ClientColumn, columnOf, shownState, sortableWithin } from './clients-columns.ts';

export interface ClientsView {
  /** The heading of the column that rows are sorted by. */
  readonly sort: string;
  readonly isReversed: boolean;
  readonly filter: string;
  /** Letters go to the filter. */
  readonly isTyping: boolean;
  /** Number of the chosen client; while there is none the table stays at its top. */
  readonly chosen: number | undefined;
}

/** What a key does on the clients' screen. */
export type ClientsAction = (typeof CLIENTS_ACTIONS)[number] | { readonly typed: string };
export const CLIENTS_ACTIONS = [
  'sort',
  'reverse',
  'filter',
  'accept',
  'erase',
  'clear',
  'up',
  'down',
  'page-up',
  'page-down',
  'top',
  'bottom',
] as const;

/** The room of the table: columns decide what can be sorted by, rows how far a page goes. */
export interface TableRoom {
  readonly columns: number;
  readonly rows: number;
}

export const INITIAL_CLIENTS_VIEW: ClientsView = {
  sort: 'client',
  isReversed: false,
  filter: '',
  isTyping: false,
  chosen: undefined,
};

/** As long as it fits beside the other words on the smallest screen. */
const LONGEST_FILTER = 32;

/** The rows that pass the filter, in order; those without the figure come last whichever way it goes. */
export function shownRows(rows: readonly ClientRow[], view: ClientsView): readonly ClientRow[] {
  const words = view.filter.toLowerCase().split(' ');
  const passing = view.filter.trim() === '' ? rows : rows.filter((row) => words.every((word) => has(row, word)));
  const column = columnOf(view.sort);
  const sign = isAscending(column, view) ? 1 : -1;
  return passing
    .map((row) => ({ row, value: column.value(row) }))
    .sort((one, other) => {
      if (one.value === undefined || other.value === undefined)
        return Number(one.value === undefined) - Number(other.value === undefined);
      return sign * (one.value - other.value);
    })
    .map(({ row }) => row);
}

export function isAscending(column: ClientColumn, { isReversed }: ClientsView): boolean {
  return (column.first === 'least') !== isReversed;
}

/** Where the chosen client stands in these rows; -1 when it is not among them. */
export function chosenPlace(rows: readonly ClientRow[], { chosen }: ClientsView): number {
  return chosen === undefined ? -1 : rows.findIndex(({ client }) => client === chosen);
}

/** The first row on a page of `pageRows`: the chosen one stays in the middle while others move around it. */
export function firstShown(rowCount: number, place: number, pageRows: number): number {
  return Math.max(0, Math.min(place - Math.floor(pageRows / 2), rowCount - pageRows));
}

/** `rows`: all of them, as the last snapshot has them. */
export function nextClientsView(
  view: ClientsView,
  action: ClientsAction,
  rows: readonly ClientRow[],
  room: TableRoom,
): ClientsView {
  if (typeof action === 'object') return { ...view, filter: `${view.filter}${action.typed}`.slice(0, LONGEST_FILTER) };
  switch (action) {
    case 'sort':
      return { ...view, sort: nextSort(view.sort, room.columns), isReversed: false };
    case 'reverse':
      return { ...view, isReversed: !view.isReversed };
    case 'filter':
      return { ...view, isTyping: true };
    case 'accept':
      return { ...view, isTyping: false };
    case 'erase':
      return { ...view, filter: Array.from(view.filter).slice(0, -1).join('') };
    case 'clear':
      return { ...view, filter: '', isTyping: false };
    default:
      return move(view, action, shownRows(rows, view), room.rows);
  }
}

function move(
  view: ClientsView,
  action: 'up' | 'down' | 'page-up' | 'page-down' | 'top' | 'bottom',
  shown: readonly ClientRow[],
  pageRows: number,
): ClientsView {
  const place = chosenPlace(shown, view);
  const target = {
    up: place - 1,
    down: place + 1,
    'page-up': place - pageRows,
    'page-down': place + pageRows,
    top: 0,
    bottom: shown.length - 1,
  }[action];
  const row = shown[Math.max(0, Math.min(target, shown.length - 1))];
  return row === undefined ? view : { ...view, chosen: row.client };
}

function nextSort(sort: string, columns: number): string {
  const headings = sortableWithin(columns).map(({ heading }) => heading);
  return headings[(headings.indexOf(sort) + 1) % headings.length] ?? sort;
}

function has(row: ClientRow, word: string): boolean {
  const { client, state, exitCategory, exitReason = '' } = row;
  const exit = exitCategory === undefined ? '' : `${exitCategory} ${EXIT_WORDS[exitCategory]}`;
  return `${client} ${state} ${shownState(row).word} ${exit} ${exitReason}`.toLowerCase().includes(word);
}
