// The whole screen as lines of styled cells: a pure function of a snapshot, a size and what the person asked to see.
// It writes to no terminal and keeps no state; which panel says what is in the panels' own files.
import type { Snapshot } from '../stats/summary.ts';
import { accountsSteps } from './accounts.ts';
import { agreementPanel } from './agreement.ts';
import { agreementBlocks } from './agreement-screen.ts';
import { arrange, type Block } from './arrange.ts';
import { cell, cutEnd, fit, type Line } from './cells.ts';
import { clientsPanel } from './clients.ts';
import { errorsPanel } from './errors.ts';
import { findingsSteps } from './findings.ts';
import { footer, header } from './frame.ts';
import { instrumentPanel } from './instrument.ts';
import { originPanel } from './origin.ts';
import { helpLines, logLines, startingLines } from './overlays.ts';
import { panelPair, panelSteps } from './panel.ts';
import { phasesSteps } from './phases.ts';
import { streamsSteps } from './streams.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What the person at the screen asked to see. While `isPaused` the caller hands in the same snapshot again. */
/** The screens that a number key shows; the panels in short are the first. */
export type ScreenName = 'overview' | 'agreement';

export interface ViewState {
  readonly screen: ScreenName;
  readonly overlay: 'none' | 'help' | 'logs';
  readonly isPaused: boolean;
  /** The last log lines, oldest first. */
  readonly logLines: readonly string[];
}

/** What a key means. */
export type Key = 'quit' | 'help' | 'pause' | 'logs' | 'redraw' | 'back' | ScreenName;

export const INITIAL_VIEW_STATE: ViewState = { screen: 'overview', overlay: 'none', isPaused: false, logLines: [] };

const MINIMUM_SIZE: Size = { columns: 60, rows: 20 };
/** From here on panels stand two by two. */
const TWO_COLUMNS = 110;

/** The state after a key; `quit` and `redraw` are the caller's to act upon and change nothing here. */
export function nextState(state: ViewState, key: Key): ViewState {
  switch (key) {
    case 'help':
      return { ...state, overlay: state.overlay === 'help' ? 'none' : 'help' };
    case 'logs':
      return { ...state, overlay: state.overlay === 'logs' ? 'none' : 'logs' };
    case 'back':
      return { ...state, overlay: 'none', screen: state.overlay === 'none' ? 'overview' : state.screen };
    case 'overview':
    case 'agreement':
      return { ...state, overlay: 'none', screen: key };
    case 'pause':
      return { ...state, isPaused: !state.isPaused };
    default:
      return state;
  }
}

const SCREENS: Readonly<Record<ScreenName, (snapshot: Snapshot, size: Size) => readonly Line[]>> = {
  overview: (snapshot, { columns, rows }) => arrange(blocks(snapshot, columns), rows),
  agreement: (snapshot, { columns, rows }) => arrange(agreementBlocks(snapshot, columns), rows),
};

/** Exactly `rows` lines of exactly `columns` columns. A snapshot is missing until the first second has passed. */
export function view(snapshot: Snapshot | undefined, size: Size, state: ViewState): readonly Line[] {
  const columns = Math.max(1, size.columns);
  const rows = Math.max(1, size.rows);
  if (columns < MINIMUM_SIZE.columns || rows < MINIMUM_SIZE.rows) return page([tooSmall(columns, rows)], columns, rows);
  const top = header(snapshot, columns);
  const bottom = footer(state.isPaused, columns);
  const room = rows - top.length - bottom.length;
  const middle = page(content(snapshot, { columns, rows: room }, state), columns, room);
  return page([...top, ...middle, ...bottom], columns, rows);
}

function content(snapshot: Snapshot | undefined, size: Size, state: ViewState): readonly Line[] {
  if (state.overlay === 'help') return helpLines(size.columns);
  if (state.overlay === 'logs') return logLines(state.logLines, size.columns, size.rows);
  if (snapshot === undefined) return startingLines(state.logLines, size.columns, size.rows);
  return SCREENS[state.screen](snapshot, size);
}

/** From top to bottom; which of their steps are taken is decided by the priorities and the room. */
function blocks(snapshot: Snapshot, columns: number): readonly Block[] {
  const pairs = [
    [clientsPanel(snapshot), agreementPanel(snapshot)],
    [errorsPanel(snapshot), originPanel(snapshot)],
  ] as const;
  const panels =
    columns < TWO_COLUMNS
      ? pairs.flat().map((panel) => panelSteps(panel, columns))
      : pairs.map(([left, right]) => panelPair(left, right, columns));
  return [
    accountsSteps(snapshot, columns),
    streamsSteps(snapshot, columns),
    ...(playsOnlyStreams(snapshot) ? [] : [phasesSteps(snapshot, columns)]),
    ...panels,
    panelSteps(instrumentPanel(snapshot), columns),
    findingsSteps(snapshot, columns),
  ];
}

/** Then no request has phases to speak of, and the streams take their room. */
function playsOnlyStreams({ summary }: Snapshot): boolean {
  const { streams, byKind } = summary.proxy;
  const requests = (byKind.segment?.transfers ?? 0) + (byKind['media-playlist']?.transfers ?? 0);
  return streams.opened > 0 && requests === 0;
}

function tooSmall(columns: number, rows: number): Line {
  const needs = `hls-swarm needs ${MINIMUM_SIZE.columns} x ${MINIMUM_SIZE.rows}`;
  const long = `${needs}, this is ${columns} x ${rows}; the run goes on`;
  return [cell(cutEnd(long.length <= columns ? long : needs, columns))];
}

function page(lines: readonly Line[], columns: number, rows: number): readonly Line[] {
  return Array.from({ length: rows }, (_, index) => fit(lines[index] ?? [], columns));
}
