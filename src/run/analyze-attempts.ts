// Pairs what a log announced with what was requested, once and for all, and says of each that stays alone why.
// Reasons come from the log's own lines and from the truth's rows; what they do not explain stays unexplained.
import type { ParsedRule, TransferEvent } from '../events.ts';
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
  readonly key: string;
  readonly url: string;
  readonly atMs: number;
  readonly isLate: false;
  readonly isRepeated: boolean;
  readonly isLast: boolean;
  /** What the log says between this line and the next one. */
  readonly following: readonly Statement[];
}

/** What the reasons are taken from, looked up once. */
interface Evidence extends AttemptsInput {
  readonly lines: readonly Line[];
  /** Requests that a redirect led to. */
  readonly redirected: ReadonlySet<TransferEvent>;
  readonly rules: ReadonlySet<ParsedRule>;
}

/** Those that FFmpeg follows. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What is this far apart belongs to two attempts (the alignment's own limit). */
const APART_MS: number = MS_PER_SECOND;
/** A run of attempts of one resource without such a gap is cut here, so that a storm costs no quadratic time. */
const MAX_TOGETHER = 1000;

export function unpairedAttempts(input: AttemptsInput): Alone[] {
  const lines = linesOf(input);
  const requests = input.transfers.toSorted((one, other) => one.startedAtMs - other.startedAtMs);
  const redirected = new Set(requests.filter((_, at) => isRedirect(requests[at - 1])));
  const rules = new Set(input.statements.map(({ fact }) => fact.rule));
  const evidence: Evidence = { ...input, lines, redirected, rules };
  const paired = pairs(lines, requests, keyOfRequest(input));
  const kinds = new Map(requests.map(({ url, kind }) => [canonicalUrl(url), groupOf(kind)]));
  const aloneLines = lines
    .filter((line) => !paired.has(line))
    .map((line): Alone => {
      return { side: 'line', kind: kindOf(line.url, kinds, input), reason: reasonOfLine(line, evidence) };
    });
  const aloneRequests = requests
    .filter((request) => !paired.has(request))
    .map((request): Alone => {
      return { side: 'request', kind: groupOf(request.kind), reason: reasonOfRequest(request, evidence) };
    });
  return [...aloneLines, ...aloneRequests];
}

function linesOf({ rule, statements }: AttemptsInput): Line[] {
  const found = statements.flatMap(({ fact, atMs = 0 }, position) => {
    if (fact.rule !== rule || (fact.rule !== 'request' && fact.rule !== 'open')) return [];
    const range = fact.rule === 'request' ? fact.range : undefined;
    return [{ position, key: resourceKey(fact.url, range), url: fact.url, atMs }];
  });
  return found.map(({ position, ...line }, at) => {
    const next = found[at + 1];
    return {
      ...line,
      isLate: false,
      isRepeated: next?.key === line.key,
      isLast: next === undefined,
      following: statements.slice(position + 1, next?.position),
    };
  });
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

function reasonOfLine(line: Line, evidence: Evidence): ReasonCode {
  const isFollowedBy = (...rules: readonly ParsedRule[]): boolean =>
    line.following.some(({ fact }) => rules.includes(fact.rule));
  if (isFollowedBy('refused')) return 'refusedUrl';
  if (evidence.rule === 'open' && isFollowedBy('tcp-failed', 'tls-failed')) return 'notConnected';
  if (evidence.tunnels > 0 && line.url.startsWith('https:')) return 'tunnelled';
  // FFmpeg finds a kept connection dead only when it uses it, and asks again at once on a new one.
  if (line.isRepeated) return 'deadConnection';
  return isAtTheEnd(line, evidence) ? 'killCutOff' : 'unexplained';
}

function reasonOfRequest(request: TransferEvent, evidence: Evidence): ReasonCode {
  const { rule, rules, redirected, inputUrl } = evidence;
  const hasRequestLines = rules.has('request');
  if (rule === 'request' && !hasRequestLines) return 'noRequestLines';
  if (request.stopping) return 'excludedAtStop';
  if (redirected.has(request)) return 'redirect';
  if (rule === 'open') {
    if (!rules.has('open') && !rules.has('hls-request')) return 'noOpenLines';
    if (!hasRequestLines && inputUrl !== undefined && isSame(request.url, inputUrl)) return 'inputOpenHidden';
    if (rules.has('reconnect')) return 'httpRetry';
  }
  return isOutsideTheLog(request, evidence) ? 'logCutOff' : 'unexplained';
}

/** The process was ended after the line and before the request was out: in the log's last second, or its very last. */
function isAtTheEnd(line: Line, { statements, isTimed }: Evidence): boolean {
  const endMs = statements.at(-1)?.atMs ?? line.atMs;
  return line.isLast || (isTimed && endMs - line.atMs <= APART_MS);
}

function isOutsideTheLog({ startedAtMs }: TransferEvent, { statements, lines, isTimed }: Evidence): boolean {
  const [first, last] = isTimed ? [statements[0], statements.at(-1)] : [lines[0], lines.at(-1)];
  if (first?.atMs === undefined || last?.atMs === undefined) return true;
  const marginMs = isTimed ? APART_MS : 0;
  return startedAtMs < first.atMs - marginMs || startedAtMs > last.atMs + marginMs;
}

/** FFmpeg opens a URL once and follows its redirects within that opening: the next request is where it was sent. */
function isRedirect(transfer: TransferEvent | undefined): boolean {
  return transfer?.status !== undefined && REDIRECTS.has(transfer.status);
}

function isSame(one: string, other: string): boolean {
  return canonicalUrl(one) === canonicalUrl(other);
}
