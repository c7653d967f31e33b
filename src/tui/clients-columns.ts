// The columns of the clients' table: what each says, what it is sorted by, and which ones stay where there is little room.
// Pure data and choices; it orders no rows and draws none.
import type { ClientRow } from '../stats/summary.ts';
import { formatBytes, formatElapsed, formatMs, secondsToMs } from '../units.ts';
import { count, known, type Level, percent } from './figures.ts';

export interface ClientColumn {
  readonly heading: string;
  /** Room for the heading, the mark of the order and a blank. */
  readonly columns: number;
  /** Lower ones stay longer where there is little room. */
  readonly rank: number;
  readonly value: (row: ClientRow) => number | undefined;
  readonly format: (value: number) => string;
  /** What one looks for first: the most (default) or the least. */
  readonly first?: 'least';
}

/** What a client is called on the screen and where it stands among the others when sorted: trouble first. */
export interface ShownState {
  readonly word: string;
  readonly level: Level;
  readonly trouble: number;
}

/** Marker and number. */
export const CLIENT_WIDTH = 10;
/** Shape, word and a blank. */
export const STATE_WIDTH = 11;
/** A reason shorter than this would say nothing. */
const LEAST_REASON_WIDTH = 16;
/** Figures of this rank and beyond are worth less than a reason that can be read. */
const LUXURY_RANK = 13;
const GOOD_REASON_WIDTH = 24;

/** Whoever is at the top of a table is at the top of its list of columns too: number, then state. */
export const CLIENT: ClientColumn = {
  heading: 'client',
  columns: CLIENT_WIDTH,
  rank: 0,
  value: ({ client }) => client,
  format: String,
  first: 'least',
};
export const STATE: ClientColumn = {
  heading: 'state',
  columns: STATE_WIDTH,
  rank: 0,
  value: (row) => shownState(row).trouble,
  format: String,
};

/** In their order on the screen, after number and state. */
const FIGURES: readonly ClientColumn[] = [
  { heading: 'uptime', columns: 10, rank: 7, value: ({ uptimeMs }) => uptimeMs, format: formatElapsed },
  { heading: 'restarts', columns: 10, rank: 5, value: ({ restarts }) => restarts, format: count },
  { heading: 'speed', columns: 7, rank: 6, value: ({ speed }) => speed, format: times, first: 'least' },
  { heading: 'segments', columns: 10, rank: 9, value: ({ segments }) => segments, format: count, first: 'least' },
  { heading: 'playlists', columns: 11, rank: 16, value: ({ playlists }) => playlists, format: count },
  { heading: 'failed', columns: 8, rank: 10.5, value: ({ failedRequests }) => failedRequests, format: count },
  { heading: 'bytes', columns: 9, rank: 8, value: ({ contentBytes }) => contentBytes, format: formatBytes },
  { heading: 'wait p95', columns: 10, rank: 3, value: ({ waitMs }) => waitMs.window.p95, format: duration },
  { heading: 'receive p95', columns: 13, rank: 4, value: ({ receiveMs }) => receiveMs.window.p95, format: duration },
  {
    heading: 'blocked',
    columns: 9,
    rank: 10,
    value: ({ clientBlockedRatio }) => clientBlockedRatio,
    format: sharePercent,
  },
  { heading: 'behind', columns: 9, rank: 2, value: ({ behindLiveMs }) => behindLiveMs, format: duration },
  { heading: 'stalls', columns: 8, rank: 1, value: ({ stallCount }) => stallCount, format: count },
  { heading: 'stall time', columns: 12, rank: 12, value: ({ stallMs }) => stallMs, format: duration },
  { heading: 'startup', columns: 9, rank: 11, value: ({ startupMs }) => startupMs, format: duration },
  { heading: 'drift', columns: 8, rank: 13, value: ({ driftSeconds }) => driftSeconds, format: driftText },
  { heading: 'run wait p95', columns: 14, rank: 14, value: ({ waitMs }) => waitMs.p95, format: duration },
  { heading: 'run receive p95', columns: 17, rank: 15, value: ({ receiveMs }) => receiveMs.p95, format: duration },
];
const BY_RANK: readonly ClientColumn[] = FIGURES.toSorted((one, other) => one.rank - other.rank);

export interface ChosenColumns {
  /** In their order on the screen. */
  readonly figures: readonly ClientColumn[];
  /** Room for the reason of the last exit behind them; 0 when there is none. */
  readonly reasonWidth: number;
}

export function columnsWithin(columns: number): ChosenColumns {
  let room = columns - CLIENT_WIDTH - STATE_WIDTH;
  const chosen = new Set<ClientColumn>();
  for (const column of BY_RANK) {
    const reserved = column.rank < LUXURY_RANK ? 0 : GOOD_REASON_WIDTH;
    if (column.columns > room - reserved) break;
    room -= column.columns;
    chosen.add(column);
  }
  return {
    figures: FIGURES.filter((column) => chosen.has(column)),
    reasonWidth: room >= LEAST_REASON_WIDTH ? room : 0,
  };
}

/** What can be sorted by at that width. */
export function sortableWithin(columns: number): readonly ClientColumn[] {
  return [CLIENT, STATE, ...columnsWithin(columns).figures];
}

/** All figures that are known of a client, as text. */
export function knownFigures(row: ClientRow, left: readonly ClientColumn[]): readonly string[] {
  return FIGURES.flatMap((column) => {
    const value = column.value(row);
    return value === undefined || left.includes(column) ? [] : [`${column.heading} ${column.format(value)}`];
  });
}

export function columnOf(heading: string): ClientColumn {
  return [CLIENT, STATE, ...FIGURES].find((column) => column.heading === heading) ?? CLIENT;
}

export function figureText(column: ClientColumn, row: ClientRow): string {
  return known(column.value(row), column.format);
}

/** A stall is worse than a restart under way; an end that was to come is no trouble. */
export function shownState({ state, isStalled, exitCategory }: ClientRow): ShownState {
  if (isStalled) return { word: 'stalled', level: 'bad', trouble: 6 };
  if (state === 'backoff') return { word: 'backoff', level: 'warn', trouble: 5 };
  if (state === 'stopped' && exitCategory === 'success') return { word: 'finished', level: 'good', trouble: 0 };
  if (state === 'stopped' && exitCategory !== 'stopped') return { word: 'ended', level: 'bad', trouble: 5 };
  const trouble = { created: 2, starting: 4, running: 1, stopping: 3, stopped: 0 }[state];
  return { word: state === 'created' ? 'waiting' : state, level: 'good', trouble };
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)}x`;
}

/** None at all is no matter of digits. */
function duration(ms: number): string {
  return ms === 0 ? '0 s' : formatMs(ms);
}

function sharePercent(ratio: number): string {
  return ratio === 0 ? '0 %' : percent(ratio);
}

function driftText(driftSeconds: number): string {
  return duration(secondsToMs(driftSeconds));
}
