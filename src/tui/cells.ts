// Lines of styled cells and what can be done with them: measure, cut, pad, wrap, flow, put side by side. Pure.
// It knows nothing of terminals (screen.ts) and nothing of what the text says; no width is decided anywhere else.

export type Style = 'plain' | 'dim' | 'strong' | 'good' | 'warn' | 'bad';

/** A run of text in one style; text from outside went through `safeText`. */
export interface Cell {
  readonly text: string;
  readonly style: Style;
}
export type Line = readonly Cell[];

const ELLIPSIS = '…';
/** Around the title of a rule. */
const MARGINS = 5;
const SEPARATOR: Cell = { text: ' · ', style: 'dim' };
/** Stands for a character about whose width terminals disagree. */
const PLACEHOLDER = '□';

/** Invisible, direction-changing or combining: not one cell each. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const COMBINING = /\p{M}/gu;
/** Two columns on every terminal: the core of East Asian Wide, and nothing that a Unicode version moved. */
const WIDE =
  /[\u1100-\u115f\u3000-\u303e\u3041-\u3096\u309b-\u30ff\u3105-\u312d\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6]/u;
/** One column on every terminal, pictographs aside, and left to right. */
const NARROW = /[\u0020-\u058f\u1e00-\u1fff\u2010-\u2319\u231c-\u2328\u232b-\u2bff\uff61-\uff9f\ufffd]/u;
const PICTOGRAPH = /\p{Emoji_Presentation}/u;

export function cell(text: string, style: Style = 'plain'): Cell {
  return { text, style };
}

/** Text from outside as characters of a known width: no escape sequences, nothing that a terminal would interpret. */
export function safeText(text: string): string {
  const visible = text.normalize('NFC').replace(COMBINING, '').replace(UNPRINTABLE, '?');
  return Array.from(visible, (character) =>
    WIDE.test(character) || (NARROW.test(character) && !PICTOGRAPH.test(character)) ? character : PLACEHOLDER,
  ).join('');
}

/** Columns that one character of safe text takes. */
export function characterWidth(character: string): 1 | 2 {
  return WIDE.test(character) ? 2 : 1;
}

export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

export function lineWidth(line: Line): number {
  return line.reduce((width, { text }) => width + textWidth(text), 0);
}

/** The text, or as much as leaves room for an ellipsis. */
export function cutEnd(text: string, width: number): string {
  return textWidth(text) <= width ? text : width < 1 ? '' : `${head(text, width - 1)}${ELLIPSIS}`;
}

/** Keeps both ends: of a URL the host and the file name tell more than the middle. */
export function cutMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const front = Math.floor((width - 1) / 2);
  return width < 1 ? '' : `${head(text, front)}${ELLIPSIS}${tail(text, width - 1 - front)}`;
}

export function padStart(text: string, width: number): string {
  return `${' '.repeat(Math.max(0, width - textWidth(text)))}${text}`;
}

export function padEnd(text: string, width: number): string {
  return `${text}${' '.repeat(Math.max(0, width - textWidth(text)))}`;
}

/** Exactly `columns` wide: padded with blanks, or cut with an ellipsis. */
export function fit(line: Line, columns: number): Line {
  const width = lineWidth(line);
  if (width === columns) return line;
  if (width < columns) return [...line, cell(' '.repeat(columns - width))];
  const cells: Cell[] = [];
  let room = columns - 1;
  for (const { text, style } of line) {
    const part = head(text, room);
    cells.push(cell(part, style));
    room -= textWidth(part);
    if (part.length < text.length) return [...cells, cell(padEnd(ELLIPSIS, room + 1), style)];
  }
  return cells;
}

/** Left and right ends of one line; the left gives way. */
export function ends(left: Line, right: Line, columns: number): Line {
  const room = columns - lineWidth(right);
  return room < 1 ? fit(left, columns) : [...fit(left, room), ...right];
}

/** Words on as many lines as they need; a word longer than a line is broken, nothing is lost. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = line === '' ? word : `${line} ${word}`;
    if (textWidth(rest) > width && line !== '') {
      lines.push(line);
      rest = word;
    }
    while (textWidth(rest) > width) {
      const part = head(rest, width);
      lines.push(part);
      rest = rest.slice(part.length);
    }
    line = rest;
  }
  return [...lines, line];
}

/** A label and items beside it, on at most `maxLines` lines: an item is shown whole or not at all, first come first. */
export function flow(label: string, items: readonly Line[], columns: number, labelWidth: number, maxLines = 1): Line[] {
  const room = columns - labelWidth;
  const rows: Cell[][] = [[]];
  for (const item of items) {
    let row = rows.at(-1) ?? [];
    if (row.length > 0 && widthWith(row, item) > room && rows.length < maxLines) {
      row = [];
      rows.push(row);
    }
    if (row.length === 0) row.push(...fit(item, Math.min(room, lineWidth(item))));
    else if (widthWith(row, item) <= room) row.push(SEPARATOR, ...item);
  }
  return rows.map((row, index) => fit([cell(padEnd(index === 0 ? label : '', labelWidth)), ...row], columns));
}

/** A part of a rule: a title to the left, headings flush right above their columns. */
export interface RulePart {
  readonly title: string;
  readonly columns: number;
  readonly headings: readonly (readonly [text: string, columns: number])[];
}

/** `── title ──── heading ─── heading`, then dashes to the end. */
export function rule(parts: readonly RulePart[], columns: number): Line {
  const line = parts.flatMap((part, index) => rulePart(part, index === 0));
  const rest = columns - lineWidth(line);
  return rest > 0 ? [...line, dashes(rest, parts.at(-1)?.headings.length === 0 ? '' : ' ')] : line;
}

/** A rule with a title and nothing else. */
export function titleRule(title: string, columns: number): Line {
  return rule([{ title: cutEnd(title, Math.max(0, columns - MARGINS)), columns, headings: [] }], columns);
}

/** Two blocks side by side, each line exactly its own width. */
export function beside(left: readonly Line[], right: readonly Line[], leftColumns: number, columns: number): Line[] {
  const gap = 2;
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => [
    ...fit(left[index] ?? [], leftColumns),
    cell(' '.repeat(gap)),
    ...fit(right[index] ?? [], columns - leftColumns - gap),
  ]);
}

function rulePart({ title, columns, headings }: RulePart, isFirst: boolean): Cell[] {
  const headingColumns = headings.reduce((sum, [, width]) => sum + width, 0);
  const start = isFirst ? '── ' : ' ─ ';
  return [
    cell(start, 'dim'),
    cell(title, 'strong'),
    dashes(columns - headingColumns - start.length - textWidth(title), ' '),
    ...headings.flatMap(([text, width], index) => [
      dashes(width - textWidth(text) - 1, index === 0 ? '' : ' '),
      cell(` ${text}`),
    ]),
  ];
}

function dashes(columns: number, start: '' | ' '): Cell {
  return cell(columns < 1 ? '' : `${start}${'─'.repeat(columns - start.length)}`, 'dim');
}

function widthWith(row: Line, item: Line): number {
  return lineWidth(row) + textWidth(SEPARATOR.text) + lineWidth(item);
}

function head(text: string, width: number): string {
  let taken = '';
  let room = width;
  for (const character of text) {
    room -= characterWidth(character);
    if (room < 0) break;
    taken += character;
  }
  return taken;
}

function tail(text: string, width: number): string {
  let taken = '';
  let room = width;
  for (const character of Array.from(text).toReversed()) {
    room -= characterWidth(character);
    if (room < 0) break;
    taken = `${character}${taken}`;
  }
  return taken;
}
