// Why a request has no line: from the rows around it in the truth, and from what the log can have. The rest is `unexplained`.
// Lines without a request are in analyze-line-reasons.ts.
import type { Kind, TransferEvent } from '../events.ts';
import { canonicalUrl, resourceKey } from '../hls/resource.ts';
import { LOWEST_ERROR_STATUS } from '../stats/status-codes.ts';
import type { Evidence } from './analyze-attempts.ts';
import { reasonOfLine, says } from './analyze-line-reasons.ts';
import type { Statement } from './analyze-material.ts';
import type { Line, Pairs } from './analyze-pairs.ts';
import type { ReasonCode } from './analyze-reasons.ts';
import { hasDetail } from './analyze-signs.ts';

/** Those that FFmpeg follows. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Challenges of an origin and of a proxy. */
const CHALLENGES: ReadonlySet<number> = new Set([401, 407]);
/** A line is printed before its request is out, and read soon after: what is closer than this happened at one instant. */
const ONE_INSTANT_MS = 20;
const ANNOUNCED_KINDS: ReadonlySet<Kind> = new Set(['segment', 'init']);
/** Reasons why a line is one more than there were requests. */
const DOUBLED: ReadonlySet<ReasonCode> = new Set(['deadConnection', 'notConnected', 'refusedUrl', 'tunnelled']);
/** Openings of the -i URL that are not printed below level debug: the first one, and the first reload. */
const HIDDEN_OPENINGS = 2;

export function reasonOfRequest(request: TransferEvent, evidence: Evidence): ReasonCode {
  const { pairs, signs, hasRequestLines, openings } = evidence;
  if (pairs.rule === 'request' && !hasRequestLines) {
    if (signs === undefined) return isLeftOut(request, evidence) ? 'unexplained' : 'notStated';
    if (!hasDetail(signs, 'debug')) return 'noRequestLines';
  }
  if (pairs.rule === 'open' && openings.length === 0) {
    if (signs === undefined) return 'notStated';
    if (!hasDetail(signs, 'info')) return 'noOpenLines';
  }
  if (request.stopping) return 'excludedAtStop';
  const reason = pairs.rule === 'open' ? reasonWithinOpening(request, evidence) : undefined;
  if (reason !== undefined) return reason;
  if (pairs.rule === 'open' && isHidden(request, evidence)) return 'inputOpenHidden';
  return isOutsideTheLog(request, evidence) ? 'logCutOff' : 'unexplained';
}

/** An answer that FFmpeg meets with a further request for the same resource, and no word. */
export function isMetChallenge(request: TransferEvent, next: TransferEvent | undefined): boolean {
  return CHALLENGES.has(request.status ?? 0) && next !== undefined && isSameResource(request, next);
}

/** FFmpeg announces segments and init sections, so whoever states announcements states all of these. */
function isLeftOut(request: TransferEvent, { announced }: Evidence): boolean {
  return announced !== undefined && ANNOUNCED_KINDS.has(request.kind) && !announced.has(request);
}

/** FFmpeg opens a URL once; redirects, challenges and what `-reconnect` does are further requests within that opening. */
function reasonWithinOpening(request: TransferEvent, evidence: Evidence): ReasonCode | undefined {
  const { pairs, byRequestLine, hasRequestLines } = evidence;
  const at = pairs.positionOf.get(request) ?? 0;
  const [previous, next] = [pairs.requests[at - 1], pairs.requests[at + 1]];
  if (hasRequestLines) {
    const between = betweenRequestLines(request, byRequestLine);
    return between === undefined ? undefined : reasonAfter(previous, request, says(between, 'reconnect'));
  }
  const isReconnected = evidence.rules.has('reconnect');
  const reason = reasonAfter(previous, request, isReconnected);
  // Of two rows for one opening of one URL either may be the one that stayed alone.
  if (reason !== undefined || next === undefined || !isSameResource(request, next)) return reason;
  return reasonAfter(request, next, isReconnected);
}

/** What the log says between this request's line and the one before; undefined when something was opened there. */
function betweenRequestLines(request: TransferEvent, { lineOf, lines }: Pairs): readonly Statement[] | undefined {
  const line = lineOf.get(request);
  if (line === undefined || line === lines[0] || says(line.before, 'open')) return undefined;
  return line.before;
}

function reasonAfter(
  previous: TransferEvent | undefined,
  request: TransferEvent,
  isReconnected: boolean,
): ReasonCode | undefined {
  if (previous === undefined) return undefined;
  const { status, location } = previous;
  if (REDIRECTS.has(status ?? 0)) {
    return location === undefined || canonicalUrl(location) === canonicalUrl(request.url) ? 'redirect' : undefined;
  }
  if (isMetChallenge(previous, request)) return 'authChallenge';
  const hasFailed = status === undefined || status >= LOWEST_ERROR_STATUS || previous.integrity !== 'complete';
  return isReconnected && hasFailed && isSameUrl(previous, request) ? 'httpRetry' : undefined;
}

/**
 * Below level debug, new connections for the -i URL are opened without a word. A truth that does not number the requests of
 * a connection allows as many as there always are.
 */
function isHidden(request: TransferEvent, { signs, inputUrl, pairs }: Evidence): boolean {
  if (signs === undefined || hasDetail(signs, 'debug') || inputUrl === undefined) return false;
  const isInput = ({ url }: TransferEvent): boolean => canonicalUrl(url) === canonicalUrl(inputUrl);
  if (!isInput(request)) return false;
  if (request.requestIndex > 0) return request.requestIndex === 1;
  return pairs.requests.filter(isInput).slice(0, HIDDEN_OPENINGS).includes(request);
}

/** Before the first line or after the last one of a log that has no beginning, or no end. */
function isOutsideTheLog(request: TransferEvent, evidence: Evidence): boolean {
  const { pairs, openings, signs, isTimed, span } = evidence;
  // A log with openings and not one request line does not end before them: it lost them.
  if (signs === undefined || (pairs.lines.length === 0 && openings.length > 1)) return false;
  const at = pairs.positionOf.get(request) ?? 0;
  // A line that neither has a request nor a reason for it may be that of this very one.
  const isUnclear = (line: Line): boolean => !DOUBLED.has(reasonOfLine(line, evidence));
  const counts = (line: Line): boolean => pairs.requestOf.has(line) || isUnclear(line);
  const [first, last] = [pairs.lines.find(counts), pairs.lines.findLast(counts)].map((line) =>
    positionOfPartner(line, pairs),
  );
  const isBefore = !signs.hasBegin && at < (first ?? pairs.requests.length);
  const isAfter = !signs.hasEnd && at > (last ?? -1);
  if (!isTimed || span === undefined) return isBefore || isAfter;
  const { startedAtMs } = request;
  return (
    (isBefore && startedAtMs <= span.firstAtMs + ONE_INSTANT_MS) ||
    (isAfter && startedAtMs >= span.lastAtMs - ONE_INSTANT_MS)
  );
}

/** NaN, which is neither before nor after anything, when that line has none. */
function positionOfPartner(line: Line | undefined, { requestOf, positionOf }: Pairs): number | undefined {
  if (line === undefined) return undefined;
  const request = requestOf.get(line);
  return (request === undefined ? undefined : positionOf.get(request)) ?? Number.NaN;
}

function isSameResource(one: TransferEvent, other: TransferEvent): boolean {
  return resourceKey(one.url, one.range) === resourceKey(other.url, other.range);
}

function isSameUrl(one: TransferEvent, other: TransferEvent): boolean {
  return canonicalUrl(one.url) === canonicalUrl(other.url);
}
