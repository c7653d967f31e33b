// Reads the Prometheus text format (0.0.4): names, labels with escapes, values, timestamps, comments.
// It sums nothing, knows no metric by name and refuses a text as a whole when one line is wrong, as Prometheus does.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite. */
  readonly value: number;
  readonly timestampMs?: number;
}

export type Exposition =
  | { readonly ok: true; readonly samples: readonly Sample[] }
  /** `reason` names the line and quotes it. */
  | { readonly ok: false; readonly reason: string };

/** Longest quote of a line that we cannot read. */
const MAX_QUOTE_CHARS = 60;

const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\"n])*)"[ \t]*/y;
const REST = /[ \t]*(\S+)(?:[ \t]+(-?\d+))?[ \t]*$/y;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITY = /^[+-]?inf(?:inity)?$/i;
const NOT_A_NUMBER = /^nan$/i;

/** Parses a whole answer. Never throws. */
export function parsePrometheusText(text: string): Exposition {
  const samples: Sample[] = [];
  const lines = text.split('\n');
  for (const [index, whole] of lines.entries()) {
    const line = trimmed(whole);
    if (line === '' || line.startsWith('#')) continue;
    const sample = parseSample(line);
    if (sample === undefined) {
      return { ok: false, reason: `line ${index + 1} is not Prometheus text: "${line.slice(0, MAX_QUOTE_CHARS)}"` };
    }
    samples.push(sample);
  }
  return { ok: true, samples };
}

/** The last finite value of a family, labels aside; undefined when there is none. */
export function lastValue(samples: readonly Sample[], name: string): number | undefined {
  return samples.findLast((sample) => sample.name === name && Number.isFinite(sample.value))?.value;
}

/** Without the blanks around it; by hand, because a pattern for trailing blanks takes quadratic time on inner ones. */
function trimmed(line: string): string {
  let start = 0;
  let end = line.length;
  while (start < end && isBlank(line[start])) start += 1;
  while (end > start && (isBlank(line[end - 1]) || line[end - 1] === '\r')) end -= 1;
  return line.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function parseSample(line: string): Sample | undefined {
  const name = matchAt(METRIC, line, 0)?.[0];
  if (name === undefined) return undefined;
  const labelled = parseLabels(line, name.length);
  if (labelled === undefined) return undefined;
  const rest = matchAt(REST, line, labelled.end);
  const value = parseValue(rest?.[1] ?? '');
  if (rest === null || value === undefined) return undefined;
  const timestamp = rest[2];
  return {
    name,
    labels: labelled.labels,
    value,
    ...(timestamp === undefined ? {} : { timestampMs: Number(timestamp) }),
  };
}

/** `{a="b",c="d",}` or nothing; a blank or a brace must part the name from the value. */
function parseLabels(line: string, start: number): { labels: Record<string, string>; end: number } | undefined {
  let position = start;
  while (isBlank(line[position])) position += 1;
  if (line[position] !== '{') return position === start ? undefined : { labels: {}, end: position };
  const labels: Record<string, string> = {};
  position += 1;
  for (;;) {
    const label = matchAt(LABEL, line, position);
    if (label === null) break;
    labels[label[1] ?? ''] = (label[2] ?? '').replace(/\\([\\"n])/g, (_, escaped) =>
      escaped === 'n' ? '\n' : escaped,
    );
    position += label[0].length;
    if (line[position] !== ',') break;
    position += 1;
  }
  while (isBlank(line[position])) position += 1;
  return line[position] === '}' ? { labels, end: position + 1 } : undefined;
}

function parseValue(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  if (INFINITY.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NOT_A_NUMBER.test(text) ? Number.NaN : undefined;
}

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}
