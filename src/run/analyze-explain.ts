// Holds the counts of an account against the truth's, one by one, and explains each difference in named parts.
// The parts of a difference sum to it, always: what has no other name is `unexplained`.
import { PARSED_KINDS, type ParsedRule, type TransferEvent } from '../events.ts';
import type { AnalysisDifference } from '../report/analysis.ts';
import { InferredDurations } from '../stats/inferred-durations.ts';
import { everyGroup, groupOf } from '../stats/pairing-tally.ts';
import { ParserAccount } from '../stats/parser-account.ts';
import { FigureBook } from '../stats/process-figures.ts';
import type { RequestKind } from '../stats/request-kinds.ts';
import { errorName, LOWEST_ERROR_STATUS } from '../stats/status-codes.ts';
import type { ParserReading } from '../stats/summary.ts';
import { type Attempts, attemptsOf, type Item } from './analyze-attempts.ts';
import { reasonsOfErrors } from './analyze-error-reasons.ts';
import type { Candidate, Reference, Statement } from './analyze-material.ts';
import { REASONS, type ReasonCode } from './analyze-reasons.ts';
import { inputUrl, isTimed } from './analyze-score.ts';

/** What was really requested, in the account's own words. */
export interface TrueCounts {
  readonly requests: Readonly<Record<RequestKind, number>>;
  readonly httpErrors: Readonly<Record<string, number>>;
}

export function trueCounts(transfers: readonly TransferEvent[]): TrueCounts {
  const requests: Record<RequestKind, number> = everyGroup(() => 0);
  const httpErrors: Record<string, number> = {};
  for (const { kind, status } of transfers) {
    requests[groupOf(kind)] += 1;
    const code = codeOf(status);
    if (code !== undefined) httpErrors[code] = (httpErrors[code] ?? 0) + 1;
  }
  return { requests, httpErrors };
}

/** Every count that is not the truth's, and every kind of which other things were said than requested, with its reasons. */
export function explain(candidate: Candidate, account: ParserReading, reference: Reference): AnalysisDifference[] {
  const { requests, httpErrors } = trueCounts(reference.transfers);
  const { statements, signs } = candidate;
  const attempts = attemptsOf({
    statements,
    signs,
    transfers: reference.transfers,
    hasKinds: reference.hasKinds,
    tunnels: reference.tunnels,
    isTimed: isTimed(candidate),
    kinds: kindsOf(statements),
    inputUrl: inputUrlOf(candidate, reference),
  });
  return [
    ...ofKinds('requests', account.requests, requests, attempts.requests),
    ...ofKinds('opens', account.opens, requests, attempts.opens),
    ...ofErrors(account.httpErrors, httpErrors, candidate, attempts),
  ];
}

/** Nothing is requested before it; a log that neither names it nor begins with it leaves that to the truth. */
function inputUrlOf({ statements, signs }: Candidate, { transfers }: Reference): string | undefined {
  const isNamed = statements.some(({ fact }) => fact.rule === 'input-opened');
  return isNamed || signs?.hasBegin === true ? inputUrl(statements) : transfers[0]?.url;
}

/** Items, not counts: a line too many and a request too many do not make up for each other. */
export function unexplainedIn(differences: readonly AnalysisDifference[]): number {
  return differences
    .flatMap(({ reasons }) => reasons)
    .reduce((sum, { code, count }) => sum + (code === 'unexplained' ? Math.abs(count) : 0), 0);
}

/** As what the parser account counts each request line and each opening: played into one that is thrown away. */
function kindsOf(statements: readonly Statement[]): ReadonlyMap<Statement, RequestKind> {
  const account = new ParserAccount({
    streamUrl: '',
    segmentCacheWindow: 1,
    doorPorts: new Map(),
    figures: new FigureBook(),
    durations: new InferredDurations(),
  });
  const kinds = new Map<Statement, RequestKind>();
  const watches = [
    new CountWatch('request', () => account.requests, kinds),
    new CountWatch('open', () => account.opens, kinds),
  ];
  for (const statement of statements) {
    const { fact, atMs = 0 } = statement;
    account.record({ type: 'parsed', client: 1, process: 1, atMs, ...fact });
    for (const watch of watches) watch.after(statement);
  }
  return kinds;
}

/** Sees by the counts of one rule as what each line was counted, also when a later line changes that. */
class CountWatch {
  readonly #rule: ParsedRule;
  readonly #counts: () => Readonly<Record<RequestKind, number>>;
  readonly #kinds: Map<Statement, RequestKind>;
  readonly #lastOf = new Map<RequestKind, Statement>();
  #before: Readonly<Record<RequestKind, number>>;

  constructor(
    rule: ParsedRule,
    counts: () => Readonly<Record<RequestKind, number>>,
    kinds: Map<Statement, RequestKind>,
  ) {
    this.#rule = rule;
    this.#counts = counts;
    this.#kinds = kinds;
    this.#before = { ...counts() };
  }

  after(statement: Statement): void {
    const now = this.#counts();
    const gained = PARSED_KINDS.find((kind) => now[kind] > this.#before[kind]);
    if (gained === undefined) return;
    const lost = PARSED_KINDS.find((kind) => now[kind] < this.#before[kind]);
    this.#before = { ...now };
    const counted = lost === undefined ? statement : this.#lastOf.get(lost);
    if (counted === undefined || counted.fact.rule !== this.#rule) return;
    this.#kinds.set(counted, gained);
    this.#lastOf.set(gained, counted);
  }
}

function ofKinds(
  what: 'requests' | 'opens',
  parser: Readonly<Record<RequestKind, number>>,
  truth: Readonly<Record<RequestKind, number>>,
  items: readonly Item[],
): AnalysisDifference[] {
  return PARSED_KINDS.flatMap((kind) => {
    const own = items.filter((item) => item.kind === kind);
    const signs = [1, -1] as const;
    const reasons = signs.flatMap((sign) => {
      const parts = Map.groupBy(
        own.filter(({ count }) => count === sign),
        ({ reason }) => reason,
      );
      return [...parts].map(([code, { length }]) => [code, sign * length] as const);
    });
    const rest = parser[kind] - truth[kind] - reasons.reduce((sum, [, count]) => sum + count, 0);
    return differenceOf(`${what}.${kind}`, parser[kind], truth[kind], [...reasons, ['unexplained', rest]]);
  });
}

function ofErrors(
  parser: Readonly<Record<string, number>>,
  truth: Readonly<Record<string, number>>,
  { statements, signs }: Candidate,
  attempts: Attempts,
): AnalysisDifference[] {
  const codes = [...new Set([...Object.keys(parser), ...Object.keys(truth)])].toSorted();
  return codes.flatMap((code) => {
    const said = parser[code] ?? 0;
    const answers = attempts.pairs.requests.filter(({ status }) => codeOf(status) === code);
    const reasons = reasonsOfErrors(said, answers, { statements, signs, attempts });
    return differenceOf(`httpErrors.${code}`, said, truth[code] ?? 0, [...reasons]);
  });
}

function differenceOf(
  of: string,
  parser: number,
  truth: number,
  parts: readonly (readonly [ReasonCode, number])[],
): AnalysisDifference[] {
  const reasons = parts
    .filter(([, count]) => count !== 0)
    .map(([code, count]) => ({ code, count, sentence: REASONS[code] }));
  if (parser === truth && reasons.length === 0) return [];
  return [{ of, parser, truth, difference: parser - truth, reasons }];
}

/** The account's name of an error; undefined for what is none. */
function codeOf(status: number | undefined): string | undefined {
  return status === undefined || status < LOWEST_ERROR_STATUS ? undefined : errorName(status);
}
