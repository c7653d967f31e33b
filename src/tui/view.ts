// The whole screen as lines of styled cells: a pure function of a snapshot, a size and what the person asked to see.
// It writes to no terminal and keeps no state; what is between the frame's lines is in the screens' own files.
import type { Snapshot } from '../stats/summary.ts';
import { cell, cutEnd, fit, type Line } from './cells.ts';
import { FOOTER_LINES, footer, HEADER_LINES, header } from './frame.ts';
import { helpLines, logLines, startingLines } from './overlays.ts';
import { SCREENS } from './screens.ts';
import type { Size, ViewState } from './view-state.ts';

const MINIMUM_SIZE: Size = { columns: 60, rows: 20 };

/** Exactly `rows` lines of exactly `columns` columns. A snapshot is missing until the first second has passed. */
export function view(snapshot: Snapshot | undefined, size: Size, state: ViewState): readonly Line[] {
  const columns = Math.max(1, size.columns);
  const rows = Math.max(1, size.rows);
  if (columns < MINIMUM_SIZE.columns || rows < MINIMUM_SIZE.rows) return page([tooSmall(columns, rows)], columns, rows);
  const body = bodyOf({ columns, rows });
  const middle = page(content(snapshot, body, state), columns, body.rows);
  return page([...header(snapshot, columns), ...middle, ...footer(state, columns)], columns, rows);
}

/** The room between the frame's lines. */
export function bodyOf({ columns, rows }: Size): Size {
  return { columns, rows: Math.max(1, rows - HEADER_LINES - FOOTER_LINES) };
}

function content(snapshot: Snapshot | undefined, body: Size, state: ViewState): readonly Line[] {
  if (state.overlay === 'help') return helpLines(body.columns, body.rows);
  if (state.overlay === 'logs') return logLines(state.logLines, body.columns, body.rows);
  if (snapshot === undefined) return startingLines(state.logLines, body.columns, body.rows);
  return SCREENS.find(({ name }) => name === state.screen)?.lines(snapshot, body, state) ?? [];
}

function tooSmall(columns: number, rows: number): Line {
  const needs = `hls-swarm needs ${MINIMUM_SIZE.columns} x ${MINIMUM_SIZE.rows}`;
  const long = `${needs}, this is ${columns} x ${rows}; the run goes on`;
  return [cell(cutEnd(long.length <= columns ? long : needs, columns))];
}

function page(lines: readonly Line[], columns: number, rows: number): readonly Line[] {
  return Array.from({ length: rows }, (_, index) => fit(lines[index] ?? [], columns));
}
