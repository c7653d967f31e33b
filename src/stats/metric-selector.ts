// A Prometheus metric with conditions on its labels, as people copy it from a query: `name{label="value",other!="x"}`. Pure.
// It is one instant of one family: no functions, no offsets, no arithmetic.

type Operator = '=' | '!=' | '=~' | '!~';
interface Matcher {
  readonly label: string;
  readonly accepts: (value: string) => boolean;
}

export interface MetricSelector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const MATCHER = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\["\\n])*)"\s*(,|$)/y;
const ALLOWED =
  'a metric\'s name, with conditions in braces if need be, as in nginx_vts_server_bytes_total{direction="out"}';

/** A problem is the part of a sentence that follows the quoted text. */
export function readSelector(text: string): { readonly selector: MetricSelector } | { readonly problem: string } {
  const trimmed = text.trim();
  const name = NAME.exec(trimmed)?.[0];
  if (name === undefined) return { problem: `is no metric; allowed: ${ALLOWED}` };
  const rest = trimmed.slice(name.length).trim();
  if (rest === '') return { selector: { name, matchers: [] } };
  if (!rest.startsWith('{') || !rest.endsWith('}')) return { problem: `is no metric; allowed: ${ALLOWED}` };
  const matchers = readMatchers(rest.slice(1, -1).trim());
  return typeof matchers === 'string' ? { problem: matchers } : { selector: { name, matchers } };
}

/** A label that a series does not have is empty, as in Prometheus. */
export function selects(
  { name, matchers }: MetricSelector,
  series: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  return series.name === name && matchers.every(({ label, accepts }) => accepts(series.labels[label] ?? ''));
}

function readMatchers(text: string): readonly Matcher[] | string {
  const matchers: Matcher[] = [];
  MATCHER.lastIndex = 0;
  while (MATCHER.lastIndex < text.length) {
    const at = MATCHER.lastIndex;
    const match = MATCHER.exec(text);
    if (match === null) return `has a condition that is none: ${JSON.stringify(text.slice(at))}; allowed: ${ALLOWED}`;
    const [, label = '', operator = '=', quoted = ''] = match;
    const accepts = acceptor(operator as Operator, unquoted(quoted));
    if (accepts === undefined) return `has a pattern that is none: ${JSON.stringify(quoted)}; allowed: ${ALLOWED}`;
    matchers.push({ label, accepts });
  }
  return matchers;
}

/** Patterns match the whole value, as in Prometheus. */
function acceptor(operator: Operator, wanted: string): ((value: string) => boolean) | undefined {
  if (operator === '=') return (value) => value === wanted;
  if (operator === '!=') return (value) => value !== wanted;
  try {
    const pattern = new RegExp(`^(?:${wanted})$`, 'su');
    return operator === '=~' ? (value) => pattern.test(value) : (value) => !pattern.test(value);
  } catch {
    return undefined;
  }
}

function unquoted(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
