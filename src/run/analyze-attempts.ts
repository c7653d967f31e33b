// Pairs what a log announced with what was requested, once and for all, and says of each that stays alone why.
// Reasons come from the log's own lines and from the truth's rows; what they do not explain stays unexplained.
import type { TransferEvent } from '../events.ts';
import { canonicalUrl, resourceKey } from '../hls/resource.ts';
import { align } from '../stats/pairing-align.ts';
import { groupOf } from '../stats/pairing-tally.ts';
import { isPlaylistUrl, type RequestKind } from '../stats/request-kinds.ts';
import { MS_PER_SECOND } from '../units.ts';
import type { Statement } from './analyze-material.ts';
import type { ReasonCode } from './analyze-reasons.ts';

/** Request lines, or opening lines, of one log with the requests of the same process. */
export interface AttemptsInput {
  readonly rule: 'request' | 'open';
  readonly statements: readonly Statement[];
  readonly transfers: readonly TransferEvent[];
  readonly tunnels: number;
  /** false: instants were made of the truth's order. */
  readonly isTimed: boolean;
  /** What FFmpeg was given with -i. */
  readonly inputUrl: string | undefined;
  /** What the account took each URL for. */
  readonly guesses: ReadonlyMap<string, RequestKind>;
}

/** One that stayed alone: a line counts +1, a request -1. */
export interface Alone {
  readonly side: 'line' | 'request';
  readonly kind: RequestKind;
  readonly reason: ReasonCode;
}

interface Line {
  readonly position: number;
  readonly key: string;
  readonly url: string;
  readonly atMs: number;
  readonly isLate: false;
  readonly isRepeated: boolean;
}

/** What is this far apart belongs to two attempts (the alignment's own limit). */
const APART_MS: number = MS_PER_SECOND;
/** A run of attempts of one resource without such a gap is cut here, so that a storm costs no quadratic time. */
const MAX_TOGETHER = 1000;

export function unpairedAttempts(input: AttemptsInput): Alone[] {
  const lines = linesOf(input);
  const requests = input.transfers.toSorted((one, other) => one.startedAtMs - other.startedAtMs);
  const paired = pairs(lines, requests, keyOfRequest(input));
  const kinds = new Map(requests.map(({ url, kind }) => [canonicalUrl(url), groupOf(kind)]));
  const aloneLines = lines
    .filter((line) => !paired.has(line))
    .map(
      (line): Alone => ({
        side: 'line',
        kind: kindOf(line.url, kinds, input),
        reason: reasonOfLine(line, lines, input),
      }),
    );
  const aloneRequests = requests
    .filter((request) => !paired.has(request))
    .map(
      (request): Alone => ({
        side: 'request',
        kind: groupOf(request.kind),
        reason: reasonOfRequest(request, requests, lines, input),
      }),
    );
  return [...aloneLines, ...aloneRequests];
}

function linesOf({ rule, statements }: AttemptsInput): Line[] {
  const lines = statements.flatMap(({ fact, atMs = 0 }, position) => {
    if (fact.rule !== rule || (fact.rule !== 'request' && fact.rule !== 'open')) return [];
    const range = fact.rule === 'request' ? fact.range : undefined;
    return [{ position, key: resourceKey(fact.url, range), url: fact.url, atMs, isLate: false as const }];
  });
  return lines.map((line, at) => ({ ...line, isRepeated: lines[at + 1]?.key === line.key }));
}

/** An opening line names no range. */
function keyOfRequest({ rule }: AttemptsInput): (request: TransferEvent) => string {
  return ({ url, range }) => resourceKey(url, rule === 'request' ? range : undefined);
}

function pairs(
  lines: readonly Line[],
  requests: readonly TransferEvent[],
  keyOf: (request: TransferEvent) => string,
): ReadonlySet<Line | TransferEvent> {
  const paired = new Set<Line | TransferEvent>();
  const buckets = Map.groupBy(
    [
      ...lines.map((line) => ({ line, key: line.key, atMs: line.atMs })),
      ...requests.map((request) => ({ request, key: keyOf(request), atMs: request.startedAtMs })),
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
        if (line !== undefined && request !== undefined) paired.add(line).add(request);
      }
      begin = at;
    }
  }
  return paired;
}

function kindOf(
  url: string,
  kinds: ReadonlyMap<string, RequestKind>,
  { guesses, inputUrl }: AttemptsInput,
): RequestKind {
  if (inputUrl !== undefined && isSame(url, inputUrl)) return 'playlist';
  return guesses.get(url) ?? kinds.get(canonicalUrl(url)) ?? (isPlaylistUrl(url) ? 'playlist' : 'other');
}

function reasonOfLine(line: Line, lines: readonly Line[], input: AttemptsInput): ReasonCode {
  const following = input.statements.slice(line.position + 1, nextPosition(line, lines, input.statements.length));
  if (following.some(({ fact }) => fact.rule === 'refused')) return 'refusedUrl';
  if (input.rule === 'open' && following.some(({ fact }) => fact.rule === 'tcp-failed' || fact.rule === 'tls-failed')) {
    return 'notConnected';
  }
  if (input.tunnels > 0 && line.url.startsWith('https:')) return 'tunnelled';
  // FFmpeg finds a kept connection dead only when it uses it, and asks again at once on a new one.
  if (line.isRepeated) return 'deadConnection';
  return isAtTheEnd(line, lines, input) ? 'killCutOff' : 'unexplained';
}

function reasonOfRequest(
  request: TransferEvent,
  requests: readonly TransferEvent[],
  lines: readonly Line[],
  input: AttemptsInput,
): ReasonCode {
  const hasRequestLines = input.statements.some(({ fact }) => fact.rule === 'request');
  if (input.rule === 'request' && !hasRequestLines) return 'noRequestLines';
  if (request.stopping) return 'excludedAtStop';
  if (isRedirected(request, requests)) return 'redirect';
  if (input.rule === 'open') {
    if (!input.statements.some(({ fact }) => fact.rule === 'open' || fact.rule === 'hls-request')) return 'noOpenLines';
    if (!hasRequestLines && input.inputUrl !== undefined && isSame(request.url, input.inputUrl))
      return 'inputOpenHidden';
    if (input.statements.some(({ fact }) => fact.rule === 'reconnect')) return 'httpRetry';
  }
  return isOutsideTheLog(request, lines, input) ? 'logCutOff' : 'unexplained';
}

/** The process was ended after the line and before the request was out; in its last second, and nothing else followed. */
function isAtTheEnd(line: Line, lines: readonly Line[], { statements, isTimed }: AttemptsInput): boolean {
  const last = lines.at(-1);
  const endMs = statements.at(-1)?.atMs ?? line.atMs;
  return line === last || (isTimed && endMs - line.atMs <= APART_MS);
}

function isOutsideTheLog(
  request: TransferEvent,
  lines: readonly Line[],
  { statements, isTimed }: AttemptsInput,
): boolean {
  const [first, last] = isTimed ? [statements[0], statements.at(-1)] : [lines[0], lines.at(-1)];
  if (first?.atMs === undefined || last?.atMs === undefined) return true;
  const marginMs = isTimed ? APART_MS : 0;
  return request.startedAtMs < first.atMs - marginMs || request.startedAtMs > last.atMs + marginMs;
}

/** FFmpeg opens a URL once and follows its redirects within that opening. */
function isRedirected(request: TransferEvent, requests: readonly TransferEvent[]): boolean {
  const before = requests[requests.indexOf(request) - 1];
  return before?.status !== undefined && before.status >= 300 && before.status < 400 && before.status !== 304;
}

function nextPosition(line: Line, lines: readonly Line[], end: number): number {
  return lines[lines.indexOf(line) + 1]?.position ?? end;
}

function isSame(one: string, other: string): boolean {
  return canonicalUrl(one) === canonicalUrl(other);
}
