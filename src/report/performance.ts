// What `/metrics/performance` answers: each operation over the window that was asked for, under the field names that tools know.
// It serves nothing and computes nothing; a question that makes no sense gets a sentence that says what would.
import { MAX_WINDOW_SECONDS } from '../stats/operation-window.ts';
import { DEFAULT_WINDOW_SECONDS, OPERATION_ALIASES } from '../stats/operations.ts';
import { OPERATION_NAMES, type OperationSummary } from '../stats/summary.ts';

/** Reads all operations over so many seconds, 1 to 900. */
export type ReadOperations = (windowSeconds: number) => readonly OperationSummary[];

export interface Answer {
  readonly status: 200 | 400 | 404;
  readonly body: object;
}

/** `query`: parameters as they came, repeated ones as lists. Without `operation` the answer has all of them. */
export function performanceAnswer(query: Readonly<Record<string, unknown>>, read: ReadOperations): Answer {
  const { operation, window = String(DEFAULT_WINDOW_SECONDS) } = query;
  const windowSeconds = typeof window === 'string' && /^\d{1,3}$/.test(window) ? Number(window) : 0;
  if (windowSeconds < 1 || windowSeconds > MAX_WINDOW_SECONDS) {
    const allowed = `a whole number of seconds from 1 to ${MAX_WINDOW_SECONDS}`;
    return { status: 400, body: { error: `window ${JSON.stringify(window)}: it must be ${allowed}` } };
  }
  const names = operation === undefined ? ALL_NAMES : ALL_NAMES.filter((name) => name === operation);
  if (names.length === 0) {
    return {
      status: 404,
      body: { error: `operation ${JSON.stringify(operation)} does not exist here`, operations: ALL_NAMES },
    };
  }
  const summaries = new Map<string, OperationSummary>(read(windowSeconds).map((summary) => [summary.name, summary]));
  const operations = names.map((name) => [name, fieldsOf(name, summaries.get(OPERATION_ALIASES[name] ?? name))]);
  return { status: 200, body: { window_seconds: windowSeconds, operations: Object.fromEntries(operations) } };
}

const ALL_NAMES: readonly string[] = [...OPERATION_NAMES, ...Object.keys(OPERATION_ALIASES)];

function fieldsOf(name: string, summary: OperationSummary | undefined): object {
  const alias = OPERATION_ALIASES[name];
  return {
    count: summary?.count ?? 0,
    failures: summary?.failures ?? 0,
    success_rate: summary?.successRate ?? null,
    avg_ms: summary?.averageMs ?? null,
    min_ms: summary?.minMs ?? null,
    max_ms: summary?.maxMs ?? null,
    p50_ms: summary?.p50Ms ?? null,
    p95_ms: summary?.p95Ms ?? null,
    p99_ms: summary?.p99Ms ?? null,
    baseline_p95_ms: summary?.baselineP95Ms ?? null,
    covered_seconds: summary?.coveredSeconds ?? 0,
    truncated: summary?.isTruncated ?? true,
    status: summary?.status ?? 'ok',
    ...(alias === undefined ? {} : { alias_of: alias }),
  };
}
