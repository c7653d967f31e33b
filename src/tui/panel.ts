// A panel of facts: a title, rows of label and items, and the same in brief. Three sizes of it, as steps for `arrange`.
// It knows no figure; the panels' own files do.
import type { Block } from './arrange.ts';
import { beside, flow, type Line, titleRule } from './cells.ts';

export interface Row {
  readonly label: string;
  /** The most telling first: what does not fit beside it is left out whole. */
  readonly items: readonly Line[];
}

export interface Panel {
  /** One word: the label of the brief. */
  readonly title: string;
  /** What the whole panel is headed with. */
  readonly heading: string;
  readonly rows: readonly Row[];
  /** The panel in one or two lines, the most telling first. */
  readonly brief: readonly Line[];
  readonly priorities: Priorities;
}

/** When one line, two lines and the whole panel are worth their room. */
export interface Priorities {
  readonly line: number;
  readonly lines: number;
  readonly panel: number;
}

/** Room for the longest label and a blank. */
const LABEL_WIDTH = 12;
const BRIEF_LINES = 2;

export function panelSteps(panel: Panel, columns: number): Block {
  const { line, lines, panel: whole } = panel.priorities;
  return [
    { priority: line, lines: flow(panel.title, panel.brief, columns, LABEL_WIDTH) },
    { priority: lines, lines: flow(panel.title, panel.brief, columns, LABEL_WIDTH, BRIEF_LINES) },
    { priority: whole, lines: panelLines(panel, columns) },
  ];
}

/** Two panels that share their rows; while there is no room for that, their briefs below each other. */
export function panelPair(left: Panel, right: Panel, columns: number): Block {
  const leftColumns = Math.floor((columns - 2) / 2);
  const rightColumns = columns - 2 - leftColumns;
  const brief = (maxLines: number): readonly Line[] =>
    [left, right].flatMap(({ title, brief: items }) => flow(title, items, columns, LABEL_WIDTH, maxLines));
  const { line, lines, panel } = left.priorities;
  return [
    { priority: line, lines: brief(1) },
    { priority: lines, lines: brief(BRIEF_LINES) },
    {
      priority: panel,
      lines: beside(panelLines(left, leftColumns), panelLines(right, rightColumns), leftColumns, columns),
    },
  ];
}

function panelLines({ heading, rows }: Panel, columns: number): readonly Line[] {
  return [titleRule(heading, columns), ...rows.flatMap(({ label, items }) => flow(label, items, columns, LABEL_WIDTH))];
}
