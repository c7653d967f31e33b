// The screens there are: the keys that show each, its name in the footer and in the help, and who draws it.
// A screen that is not in this list does not exist: footer, help and keys are made from it.
import type { Snapshot } from '../stats/summary.ts';
import { agreementBlocks } from './agreement-screen.ts';
import { arrange } from './arrange.ts';
import type { Line } from './cells.ts';
import { clientsLines } from './clients-screen.ts';
import { errorsBlocks } from './errors-screen.ts';
import { originBlocks } from './origin-screen.ts';
import { overviewBlocks } from './overview.ts';
import { performanceBlocks } from './performance-screen.ts';
import type { ScreenName, Size, ViewState } from './view-state.ts';

export interface ScreenEntry {
  readonly name: ScreenName;
  /** The first is the one that is told. */
  readonly keys: readonly [string, ...string[]];
  /** Lines of any width, at most as many as there is room for. */
  readonly lines: (snapshot: Snapshot, body: Size, state: ViewState) => readonly Line[];
}

export const SCREENS: readonly ScreenEntry[] = [
  {
    name: 'overview',
    keys: ['1'],
    lines: (snapshot, { columns, rows }) => arrange(overviewBlocks(snapshot, columns), rows),
  },
  {
    name: 'clients',
    keys: ['2', 'd'],
    lines: (snapshot, body, state) => clientsLines(snapshot, body, state.clients),
  },
  {
    name: 'agreement',
    keys: ['3'],
    lines: (snapshot, { columns, rows }) => arrange(agreementBlocks(snapshot, columns), rows),
  },
  {
    name: 'errors',
    keys: ['4'],
    lines: (snapshot, { columns, rows }) => arrange(errorsBlocks(snapshot, columns), rows),
  },
  {
    name: 'origin',
    keys: ['5'],
    lines: (snapshot, { columns, rows }) => arrange(originBlocks(snapshot, columns), rows),
  },
  {
    name: 'performance',
    keys: ['6'],
    lines: (snapshot, { columns, rows }) => arrange(performanceBlocks(snapshot, columns), rows),
  },
];
