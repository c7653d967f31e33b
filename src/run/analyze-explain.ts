// Holds the counts of an account against the truth's, one by one, and explains each difference in named parts.
// The parts of a difference sum to it, always: what has no other name is `unexplained`.
import type { TransferEvent } from '../events.ts';
import type { AnalysisDifference } from '../report/analysis.ts';
import { InferredDurations } from '../stats/inferred-durations.ts';
import { groupOf } from '../stats/pairing-tally.ts';
import { ParserAccount } from '../stats/parser-account.ts';
import { FigureBook } from '../stats/process-figures.ts';
import type { RequestKind } from '../stats/request-kinds.ts';
import type { Summary } from '../stats/summary.ts';
import { type Alone, unpairedAttempts } from './analyze-attempts.ts';
import type { Candidate, Reference, Statement } from './analyze-material.ts';
import { REASONS, type ReasonCode } from './analyze-reasons.ts';
import { inputUrl, isTimed } from './analyze-score.ts';

/** What was really requested, in the account's own words. */
export interface TrueCounts {
  readonly requests: Readonly<Record<RequestKind, number>>;
  readonly httpErrors: Readonly<Record<string, number>>;
}

const KINDS: readonly RequestKind[] = ['segment', 'playlist', 'init', 'key', 'other'];
const LOWEST_ERROR = 400;
const HIGHEST_ERROR = 599;
/** Challenges of an origin and of a proxy. */
const CHALLENGES: ReadonlySet<string> = new Set(['401', '407']);

export function trueCounts(transfers: readonly TransferEvent[]): TrueCounts {
  const requests: Record<RequestKind, number> = { segment: 0, playlist: 0, init: 0, key: 0, other: 0 };
  const httpErrors: Record<string, number> = {};
  for (const { kind, status } of transfers) {
    requests[groupOf(kind)] += 1;
    if (status === undefined || status < LOWEST_ERROR) continue;
    const code = errorCode(status);
    httpErrors[code] = (httpErrors[code] ?? 0) + 1;
  }
  return { requests, httpErrors };
}

/** Every count that is not the truth's, with its reasons. */
export function explain(candidate: Candidate, account: Summary['parser'], reference: Reference): AnalysisDifference[] {
  const { requests, httpErrors } = trueCounts(reference.transfers);
  const shared = {
    statements: candidate.statements,
    transfers: reference.transfers,
    tunnels: reference.tunnels,
    isTimed: isTimed(candidate),
    guesses: guessesOf(candidate.statements),
    // Where the log does not name it: nothing is requested before it.
    inputUrl: inputUrl(candidate.statements) ?? reference.transfers[0]?.url,
  };
  return [
    ...ofKinds('requests', account.requests, requests, unpairedAttempts({ ...shared, rule: 'request' })),
    ...ofKinds('opens', account.opens, requests, unpairedAttempts({ ...shared, rule: 'open' })),
    ...ofErrors(account.httpErrors, httpErrors, candidate.statements, reference),
  ];
}

export function unexplainedIn(differences: readonly AnalysisDifference[]): number {
  return differences
    .flatMap(({ reasons }) => reasons)
    .reduce((sum, { code, count }) => sum + (code === 'unexplained' ? Math.abs(count) : 0), 0);
}

/** What the parser account takes each request line's URL for: played into one that is thrown away. */
function guessesOf(statements: readonly Statement[]): ReadonlyMap<string, RequestKind> {
  const account = new ParserAccount({
    streamUrl: '',
    segmentCacheWindow: 1,
    doorPorts: new Map(),
    figures: new FigureBook(),
    durations: new InferredDurations(),
  });
  const guesses = new Map<string, RequestKind>();
  for (const { fact, atMs = 0 } of statements) {
    const note = account.record({ type: 'parsed', client: 1, process: 1, atMs, ...fact });
    if (note !== undefined && 'url' in fact && fact.url !== undefined) guesses.set(fact.url, note.guess);
  }
  return guesses;
}

function ofKinds(
  what: 'requests' | 'opens',
  parser: Readonly<Record<RequestKind, number>>,
  truth: Readonly<Record<RequestKind, number>>,
  alone: readonly Alone[],
): AnalysisDifference[] {
  const parts = new Map(KINDS.map((kind) => [kind, partsOf(alone.filter((item) => item.kind === kind))]));
  const rest = new Map(KINDS.map((kind) => [kind, parser[kind] - truth[kind] - sumOf(parts.get(kind) ?? new Map())]));
  // What was paired under another kind is missing there and surplus here: then nothing is missing in all.
  const code = sumOf(rest) === 0 ? 'kindGuess' : 'unexplained';
  for (const [kind, known] of parts) add(known, code, rest.get(kind) ?? 0);
  return KINDS.flatMap((kind) => differenceOf(`${what}.${kind}`, parser[kind], truth[kind], parts.get(kind)));
}

function ofErrors(
  parser: Readonly<Record<string, number>>,
  truth: Readonly<Record<string, number>>,
  statements: readonly Statement[],
  { transfers }: Reference,
): AnalysisDifference[] {
  const codes = [...new Set([...Object.keys(parser), ...Object.keys(truth)])].toSorted();
  const lastAtMs = statements.at(-1)?.atMs;
  return codes.flatMap((code) => {
    const [said, real] = [parser[code] ?? 0, truth[code] ?? 0];
    const parts = new Map<ReasonCode, number>();
    let missing = real - said;
    const take = (reason: ReasonCode, atMost: number): void => {
      const count = Math.max(0, Math.min(missing, atMost));
      missing -= count;
      add(parts, reason, -count);
    };
    const answers = transfers.filter(({ status }) => status !== undefined && errorCode(status) === code);
    if (CHALLENGES.has(code)) take('authChallenge', missing);
    if (!hasErrorLevel(statements)) take('noErrorLines', missing);
    take('unreadAnswer', answers.filter(({ startedAtMs, totalMs }) => startedAtMs + totalMs >= (lastAtMs ?? 0)).length);
    add(parts, 'unexplained', -missing);
    return differenceOf(`httpErrors.${code}`, said, real, parts);
  });
}

/** Any line of a milder level says that warnings were printed too. */
function hasErrorLevel(statements: readonly Statement[]): boolean {
  const milder: ReadonlySet<string> = new Set(['http-error', 'open', 'hls-request', 'request', 'input-opened']);
  return statements.some(({ fact }) => milder.has(fact.rule));
}

function partsOf(alone: readonly Alone[]): Map<ReasonCode, number> {
  const parts = new Map<ReasonCode, number>();
  for (const { side, reason } of alone) add(parts, reason, side === 'line' ? 1 : -1);
  return parts;
}

function differenceOf(
  of: string,
  parser: number,
  truth: number,
  parts: ReadonlyMap<ReasonCode, number> = new Map(),
): AnalysisDifference[] {
  const reasons = [...parts]
    .filter(([, count]) => count !== 0)
    .map(([code, count]) => ({ code, count, sentence: REASONS[code] }));
  if (parser === truth && reasons.length === 0) return [];
  return [{ of, parser, truth, difference: parser - truth, reasons }];
}

function add(parts: Map<ReasonCode, number>, code: ReasonCode, count: number): void {
  if (count !== 0) parts.set(code, (parts.get(code) ?? 0) + count);
}

function sumOf(parts: ReadonlyMap<unknown, number>): number {
  return [...parts.values()].reduce((sum, count) => sum + count, 0);
}

function errorCode(status: number): string {
  return status >= LOWEST_ERROR && status <= HIGHEST_ERROR ? String(status) : 'other';
}
