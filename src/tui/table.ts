// Tables of figures: columns in a fixed order, of which the last ones give way where there is no room; one text per cell.
// It knows no figure and chooses no row.
import { type Cell, cell, fit, type Line, padEnd, padStart, rule, textWidth } from './cells.ts';
import { type Level, SHAPES, UNKNOWN } from './figures.ts';

export interface Column<Row> {
  readonly heading: string;
  /** Room for the heading, the longest figure and a blank before it. */
  readonly columns: number;
  readonly text: (row: Row) => string;
  /** Missing: a figure that accuses nobody. */
  readonly level?: (row: Row) => Level;
}

/** The rule above a table: its title over the labels, headings over their columns. */
export function headings<Row>(title: string, all: readonly Column<Row>[], start: number, columns: number): Line {
  const shown = fitting(all, columns - start);
  const width = start + shown.reduce((sum, column) => sum + column.columns, 0);
  return rule(
    [{ title, columns: width, headings: shown.map(({ heading, columns: wide }) => [heading, wide]) }],
    columns,
  );
}

/** One row: what stands before the figures is cut or padded to `start` columns. */
export function figures<Row>(
  label: string | Line,
  row: Row,
  all: readonly Column<Row>[],
  start: number,
  columns: number,
): Line {
  const before = typeof label === 'string' ? [cell(padEnd(label, start))] : fit(label, start);
  return fit([...before, ...figureCells(row, all, columns - start)], columns);
}

export function figureCells<Row>(row: Row, all: readonly Column<Row>[], room: number): Cell[] {
  return fitting(all, room).flatMap(({ text, columns, level }) => {
    const value = text(row);
    const judged = level?.(row) ?? 'good';
    if (judged === 'good') return [cell(padStart(value, columns), value === UNKNOWN ? 'dim' : 'plain')];
    const shaped = `${SHAPES[judged]} ${value}`;
    // A figure that fills its column has its colour and no shape rather than a cut digit.
    return [cell(padStart(textWidth(shaped) < columns ? shaped : value, columns), judged)];
  });
}

function fitting<Row>(all: readonly Column<Row>[], room: number): readonly Column<Row>[] {
  let left = room;
  return all.filter(({ columns }) => {
    left -= columns;
    return left >= 0;
  });
}
