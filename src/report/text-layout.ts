// Plain text in columns: rules, headings, rows of cells, wrapped sentences. Pure, and the same on every terminal.
// It knows nothing of what the text says; unknown values are the caller's `-`.

export const UNKNOWN = '-';

export function doubleRule(width: number): string {
  return '═'.repeat(width);
}

/** An empty line, the title, a single rule. */
export function heading(title: string, width: number): readonly string[] {
  return ['', title, '─'.repeat(width)];
}

export function centred(text: string, width: number): string {
  return `${' '.repeat(Math.max(0, Math.floor((width - text.length) / 2)))}${text}`;
}

/** The label to the left, each cell right-aligned in its column; a label that is too long pushes nothing: it is cut. */
export function row(label: string, cells: readonly string[], widths: readonly number[], width: number): string {
  const columns = cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('');
  const room = width - columns.length;
  const shown = label.length < room ? label : `${label.slice(0, Math.max(0, room - 2))}… `;
  return `${shown.padEnd(room)}${columns}`.trimEnd();
}

/** Words on as many lines as they need; lines after the first are indented. A word longer than a line is left whole. */
export function wrapped(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const start = lines.length === 0 ? '' : indent;
    if (line !== '' && `${start}${line} ${word}`.length > width) {
      lines.push(`${start}${line}`);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, `${lines.length === 0 ? '' : indent}${line}`];
}

/** A label in its column and the text wrapped beside it. */
export function fact(label: string, text: string, labelWidth: number, width: number): readonly string[] {
  return wrapped(text, width - labelWidth, '').map(
    (line, index) => `${(index === 0 ? label : '').padEnd(labelWidth)}${line}`,
  );
}

/** `1234567` as `1,234,567`. */
export function count(value: number | undefined): string {
  return value === undefined ? UNKNOWN : Math.round(value).toLocaleString('en-US');
}

/** A figure, or `-` when it is unknown. */
export function known(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? UNKNOWN : format(value);
}
