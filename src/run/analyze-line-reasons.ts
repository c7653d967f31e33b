// Why a line has no request: from what the log says around it. What that does not explain is `unexplained`.
// Requests without a line are in analyze-request-reasons.ts.
import type { ParsedRule } from '../events.ts';
import { canonicalUrl } from '../hls/resource.ts';
import type { Evidence } from './analyze-attempts.ts';
import type { Statement } from './analyze-material.ts';
import { APART_MS, type Line } from './analyze-pairs.ts';
import type { ReasonCode } from './analyze-reasons.ts';

/** What FFmpeg says of a request only when it has an answer to it. */
const ANSWERED: ReadonlySet<ParsedRule> = new Set(['http-error', 'content-length', 'tag-skipped', 'sequence-change']);
/** How FFmpeg words a connection that was gone; without any such word it was closed in good order. Windows has numbers. */
const GONE = /reset|broken pipe|abort|end of file|input\/output|-1005[34]/i;

export function reasonOfLine(line: Line, evidence: Evidence): ReasonCode {
  const { pairs, tunnels, signs } = evidence;
  if (tunnels > 0 && line.url.startsWith('https:')) return 'tunnelled';
  if (isDead(line, evidence)) return 'deadConnection';
  if (signs === undefined) return 'unexplained';
  if (pairs.rule === 'open' && !says(line.following, 'request')) {
    if (says(line.following, 'refused')) return 'refusedUrl';
    if (says(line.following, 'tcp-failed', 'tls-failed')) return 'notConnected';
  }
  return isCutOff(line, evidence) ? 'killCutOff' : 'unexplained';
}

/** Whether there is a line of one of these rules among them. */
export function says(statements: readonly Statement[], ...rules: readonly ParsedRule[]): boolean {
  return statements.some(({ fact }) => rules.includes(fact.rule));
}

/**
 * FFmpeg finds a kept connection dead only when it uses it: it has no answer, says no error of HTTP, and opens the same URL
 * again at once, on a new connection.
 */
function isDead(line: Line, evidence: Evidence): boolean {
  const { pairs, openings } = evidence;
  if (pairs.rule === 'open') return isDeadOpening(line, evidence);
  const next = pairs.lines[line.at + 1];
  if (openings.length === 0) {
    // Events of a parser that sees no openings: then the truth knows of the new connection.
    const answered = next === undefined ? undefined : pairs.requestOf.get(next);
    return next?.key === line.key && answered?.requestIndex === 1 && isAtOnce(line, next.statement, evidence);
  }
  if (!isOnKeptConnection(line, evidence)) return false;
  const again = line.following.findIndex(({ fact }) => fact.rule === 'open');
  const opening = line.following[again];
  if (opening === undefined || !isNewOpening(opening, line.url)) return false;
  if (isAnswered(line.following.slice(0, again)) || !isAtOnce(line, opening, evidence)) return false;
  return next === undefined || next.key === line.key || says(line.following.slice(again), 'tcp-failed', 'tls-failed');
}

function isDeadOpening(line: Line, evidence: Evidence): boolean {
  const again = evidence.pairs.lines[line.at + 1]?.statement;
  if (again === undefined || isNewOpening(line.statement, line.url)) return false;
  return isNewOpening(again, line.url) && !isAnswered(line.following) && isAtOnce(line, again, evidence);
}

/** The opening that a request line belongs to stands right before it, unless the log begins in between. */
function isOnKeptConnection({ before, at }: Line, { signs }: Evidence): boolean {
  const opening = before.findLast(({ fact }) => fact.rule === 'open');
  if (opening === undefined && at === 0 && signs?.hasBegin === false) return true;
  return opening?.fact.rule === 'open' && !opening.fact.isNewConnection;
}

function isNewOpening({ fact }: Statement, url: string): boolean {
  return fact.rule === 'open' && fact.isNewConnection && canonicalUrl(fact.url) === canonicalUrl(url);
}

/** Segments that are announced anew are new attempts; so is a playlist that was read, and what failed for another cause. */
function isAnswered(statements: readonly Statement[]): boolean {
  return statements.some(({ fact }) => {
    if (fact.rule === 'keepalive-failed') return !GONE.test(fact.reason);
    return fact.rule === 'hls-request' || ANSWERED.has(fact.rule);
  });
}

function isAtOnce(line: Line, again: Statement, { isTimed }: Evidence): boolean {
  return !isTimed || (again.atMs ?? 0) - line.atMs < APART_MS;
}

/**
 * The process was ended after the line and before the request was out. That can be the last one only; of equal ones that
 * nothing tells apart but their order it may be any.
 */
function isCutOff(line: Line, { pairs, signs, isTimed }: Evidence): boolean {
  if (signs === undefined || (signs.hasEnd && !signs.wasEnded)) return false;
  const last = pairs.lines.at(-1) ?? line;
  if (last !== line && (isTimed || last.key !== line.key)) return false;
  if (last.following.some(({ fact }) => ANSWERED.has(fact.rule)) || pairs.hasRequestsAfter) return false;
  const other = pairs.lines.findLast(({ key }) => key !== line.key);
  return last === line || other === undefined || other.at < line.at;
}
