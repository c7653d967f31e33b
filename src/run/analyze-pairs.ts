// Pairs the lines of one rule with what was requested, once and for all: in order, nearest in time.
// It does not say why something stays alone; that is in analyze-line-reasons.ts and analyze-request-reasons.ts.
import type { TransferEvent } from '../events.ts';
import { resourceKey } from '../hls/resource.ts';
import { align } from '../stats/pairing-align.ts';
import { MS_PER_SECOND } from '../units.ts';
import type { Statement } from './analyze-material.ts';

/** Lines that stand for one attempt each: of HTTP, of opening a URL, of the HLS demuxer. */
type AttemptRule = 'request' | 'open' | 'hls-request';

/** One of them, with what the log says around it. */
export interface Line {
  readonly statement: Statement;
  /** Its position among the lines of its rule. */
  readonly at: number;
  readonly key: string;
  readonly url: string;
  readonly atMs: number;
  readonly isLate: false;
  readonly isRepeated: boolean;
  /** It was told with others like it, in one line that says how many: then nobody knows when it was. */
  readonly repeatedWithin?: { readonly fromMs: number; readonly untilMs: number };
  /** What the log says since the line of that rule before, and until the next one. */
  readonly before: readonly Statement[];
  readonly following: readonly Statement[];
}

export interface Pairs {
  readonly rule: AttemptRule;
  /** In the log's order. */
  readonly lines: readonly Line[];
  /** In order of their start. */
  readonly requests: readonly TransferEvent[];
  readonly positionOf: ReadonlyMap<TransferEvent, number>;
  readonly requestOf: ReadonlyMap<Line, TransferEvent>;
  readonly lineOf: ReadonlyMap<TransferEvent, Line>;
  /** There are requests without a line after all that have one: then the last line's may be one of them, under another name. */
  readonly hasRequestsAfter: boolean;
}

type Found = Omit<Pairs, 'hasRequestsAfter'>;

/** What is this far apart belongs to two attempts (the alignment's own limit). */
export const APART_MS: number = MS_PER_SECOND;
/** A run of attempts of one resource without such a gap is cut here, so that a storm costs no quadratic time. */
const MAX_TOGETHER = 1000;

export function pairsOf(
  rule: AttemptRule,
  statements: readonly Statement[],
  transfers: readonly TransferEvent[],
): Pairs {
  const lines = linesOf(rule, statements);
  const requests = transfers.toSorted((one, other) => one.startedAtMs - other.startedAtMs);
  const requestOf = new Map<Line, TransferEvent>();
  const lineOf = new Map<TransferEvent, Line>();
  const pair = (line: Line, request: TransferEvent): void => {
    requestOf.set(line, request);
    lineOf.set(request, line);
  };
  for (const [line, request] of paired(rule, lines, requests)) pair(line, request);
  const left = requests.filter((request) => !lineOf.has(request));
  const alone = lines.filter((line) => !requestOf.has(line));
  for (const [line, request] of repetitions(rule, alone, left)) pair(line, request);
  const pairs = {
    rule,
    lines,
    requests,
    positionOf: new Map(requests.map((request, position) => [request, position])),
    requestOf,
    lineOf,
  };
  const [last, ofLast] = cutWithinFields(pairs);
  if (last !== undefined && ofLast !== undefined) pair(last, ofLast);
  return { ...pairs, hasRequestsAfter: hasRequestsAfter(pairs) };
}

/** `Last message repeated N times` tells how many and not when: whatever was requested between its neighbours will do. */
function* repetitions(
  rule: AttemptRule,
  lines: readonly Line[],
  requests: readonly TransferEvent[],
): Generator<[Line, TransferEvent]> {
  const queues = Map.groupBy(requests, (request) => keyOfRequest(request, rule));
  const taken = new Map<string, number>();
  for (const line of lines) {
    if (line.repeatedWithin === undefined) continue;
    const { fromMs, untilMs } = line.repeatedWithin;
    const queue = queues.get(line.key) ?? [];
    let at = taken.get(line.key) ?? 0;
    while ((queue[at]?.startedAtMs ?? fromMs) < fromMs) at += 1;
    const request = queue[at];
    const isWithin = request !== undefined && request.startedAtMs <= untilMs;
    taken.set(line.key, isWithin ? at + 1 : at);
    if (isWithin) yield [line, request];
  }
}

/** A log that breaks off within the fields of its last request has lost the Range of it: then the URL must do. */
function cutWithinFields({ lines, requests, requestOf, lineOf, positionOf }: Found): [Line?, TransferEvent?] {
  const last = lines.at(-1);
  if (last === undefined || last.following.length > 0 || requestOf.has(last)) return [];
  const before = lines.at(-2);
  const ofBefore = before === undefined ? undefined : requestOf.get(before);
  const next = requests[ofBefore === undefined ? 0 : (positionOf.get(ofBefore) ?? 0) + 1];
  if (next?.range === undefined || lineOf.has(next) || resourceKey(next.url, undefined) !== last.key) return [];
  return [last, next];
}

function linesOf(rule: AttemptRule, statements: readonly Statement[]): Line[] {
  const positions = statements.flatMap(({ fact }, position) => (fact.rule === rule ? [position] : []));
  const keys = positions.map((position) => keyOf(statements[position]));
  const repeated = repetitionsIn(statements);
  return positions.flatMap((position, at) => {
    const statement = statements[position];
    if (statement === undefined || !('url' in statement.fact)) return [];
    const repeatedWithin = repeated.get(statement);
    return [
      {
        statement,
        at,
        key: keys[at] ?? '',
        url: statement.fact.url ?? '',
        atMs: statement.atMs ?? 0,
        isLate: false,
        isRepeated: keys[at + 1] === keys[at],
        ...(repeatedWithin === undefined ? {} : { repeatedWithin }),
        before: statements.slice((positions[at - 1] ?? -1) + 1, position),
        following: statements.slice(position + 1, positions[at + 1]),
      },
    ];
  });
}

function hasRequestsAfter({ lines, requests, requestOf, lineOf, positionOf }: Found): boolean {
  const line = lines.findLast((one) => requestOf.has(one));
  const request = line === undefined ? undefined : requestOf.get(line);
  const after = request === undefined ? 0 : (positionOf.get(request) ?? 0) + 1;
  return requests.slice(after).some((one) => !lineOf.has(one));
}

/** Of each repetition the time between what was said before all of them and what was said after. */
function repetitionsIn(statements: readonly Statement[]): ReadonlyMap<Statement, Line['repeatedWithin']> {
  const found = new Map<Statement, Line['repeatedWithin']>();
  let run: Statement[] = [];
  let fromMs = 0;
  const close = (untilMs: number): void => {
    for (const statement of run) found.set(statement, { fromMs, untilMs });
    run = [];
  };
  for (const statement of statements) {
    if (statement.fact.isRepetition === true) run.push(statement);
    else {
      close(statement.atMs ?? Number.POSITIVE_INFINITY);
      fromMs = statement.atMs ?? fromMs;
    }
  }
  close(Number.POSITIVE_INFINITY);
  return found;
}

/** Only request lines name a range. */
export function keyOf(statement: Statement | undefined): string {
  const fact = statement?.fact;
  if (fact?.rule === 'request') return resourceKey(fact.url, fact.range);
  return fact?.rule === 'open' || fact?.rule === 'hls-request' ? resourceKey(fact.url, undefined) : '';
}

function keyOfRequest({ url, range }: TransferEvent, rule: AttemptRule): string {
  return resourceKey(url, rule === 'request' ? range : undefined);
}

function* paired(
  rule: AttemptRule,
  lines: readonly Line[],
  requests: readonly TransferEvent[],
): Generator<[Line, TransferEvent]> {
  const buckets = Map.groupBy(
    [
      ...lines.map((line) => ({ line, key: line.key, atMs: line.atMs })),
      ...requests.map((request) => ({ request, key: keyOfRequest(request, rule), atMs: request.startedAtMs })),
    ],
    ({ key }) => key,
  );
  for (const bucket of buckets.values()) {
    bucket.sort((one, other) => one.atMs - other.atMs);
    let begin = 0;
    for (let at = 1; at <= bucket.length; at += 1) {
      const gapMs = (bucket[at]?.atMs ?? Number.POSITIVE_INFINITY) - (bucket[at - 1]?.atMs ?? 0);
      if (gapMs <= APART_MS && at - begin < MAX_TOGETHER) continue;
      const together = bucket.slice(begin, at);
      const some = together.flatMap((item) => ('line' in item ? [item.line] : []));
      const others = together.flatMap((item) => ('request' in item ? [item.request] : []));
      for (const [i, j] of align(some, others)) {
        const [line, request] = [some[i], others[j]];
        if (line !== undefined && request !== undefined) yield [line, request];
      }
      begin = at;
    }
  }
}
