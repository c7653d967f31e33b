// What stands in the middle instead of the panels: the help, the last log lines, and the screen before the first snapshot.
// It reads no snapshot.
import { cell, fit, type Line, type Style, safeText, titleRule, wrapText } from './cells.ts';
import { SHAPES } from './figures.ts';
import { readableLogLine } from './log-line.ts';
import { SCREENS, type ScreenEntry } from './screens.ts';

const LABEL_WIDTH = 12;

/** The last ones give way to the keys. */
const WORDS: readonly (readonly [string, string])[] = [
  ['proxy', 'counted on the sockets of the tap: the reference'],
  ['parser', 'read from FFmpeg logs and the segment listing'],
  ['origin', 'what the origin says it sent, the rest explained'],
  ['diff', 'candidate - proxy in %, until the candidate last spoke'],
  ['12s ago', 'when the origin last said what it has sent'],
  ['-', 'not known, or the windows do not allow it'],
  [`${SHAPES.good} ${SHAPES.warn} ${SHAPES.bad}`, 'good, with a reservation, bad'],
  ['stall', 'modelled: content received late for play'],
  ['wait', 'request sent until the first octet of the status'],
  ['receive', 'first until last octet of the content'],
  ['behind', 'media from the last segment got to the live edge'],
  ['blocked', 'part of receiving in which the client did not read'],
  ['startup', 'FFmpeg set going until its first whole segment'],
  ['residual', 'what the origin sent less all that explains it'],
  ['drift', 'time since the start of FFmpeg less what it played'],
];

const KEYS: readonly (readonly [string, string])[] = [
  ['q, Ctrl-C', 'end the run and sum up; twice: leave at once'],
  [`1 to ${SCREENS.length}`, SCREENS.map(screenWords).join(', ')],
  ['s  S  /', 'clients: next column, turn, filter by text'],
  ['arrows', 'choose a client; also PageUp, PageDown, Home, End'],
  ['Esc', 'one step back: help, filter, client, screen'],
  ['p', 'stop and go on with the display; the run goes on'],
  ['e', 'write the report now, as the run stands'],
  ['l', 'the last log lines'],
  ['r', 'draw the whole screen again'],
  ['Ctrl-Z', 'suspend everything, the run too'],
];

export function helpLines(columns: number, rows: number): readonly Line[] {
  // Title and a blank line between the words and the keys.
  const words = WORDS.slice(0, Math.max(0, rows - KEYS.length - 2));
  return [
    titleRule('Help', columns),
    ...[...words, ['', ''] as const, ...KEYS].map(([word, meaning]) =>
      fit([cell(word.padEnd(LABEL_WIDTH), 'strong'), cell(meaning)], columns),
    ),
  ];
}

/** The last lines that fit, oldest first; long ones wrapped. */
export function logLines(log: readonly string[], columns: number, rows: number): readonly Line[] {
  return [
    titleRule('Log', columns),
    ...(log.length === 0 ? [fit([cell('nothing logged yet', 'dim')], columns)] : tail(log, columns, rows - 1)),
  ];
}

export function startingLines(log: readonly string[], columns: number, rows: number): readonly Line[] {
  return [
    fit([cell('Looking at FFmpeg, at this machine and at the stream.')], columns),
    ...logLines(log, columns, rows - 1),
  ];
}

function screenWords({ name, keys: [, ...others] }: ScreenEntry): string {
  return others.length === 0 ? name : `${name} (also ${others.join(', ')})`;
}

function tail(log: readonly string[], columns: number, rows: number): readonly Line[] {
  const lines: Line[] = [];
  for (const entry of log.toReversed()) {
    const wrapped = wrapText(safeText(readableLogLine(entry)), columns).map((text) =>
      fit([cell(text, styleOf(entry))], columns),
    );
    if (lines.length + wrapped.length > rows) break;
    lines.unshift(...wrapped);
  }
  return lines;
}

/** Of both log formats, text and JSON. */
function styleOf(entry: string): Style {
  if (/\bERROR\b|"level":"error"/.test(entry)) return 'bad';
  return /\bWARN\b|"level":"warn"/.test(entry) ? 'warn' : 'plain';
}
