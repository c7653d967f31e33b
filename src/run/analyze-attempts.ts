// Every line without a request, every request without a line, and every pair of two kinds, each with its reason.
// It adds up nothing; how lines and requests come together and what the reasons are is in the files beside it.
import type { ParsedRule, TransferEvent } from '../events.ts';
import { groupOf } from '../stats/pairing-tally.ts';
import type { RequestKind } from '../stats/request-kinds.ts';
import { reasonOfLine } from './analyze-line-reasons.ts';
import type { LogSigns, Statement } from './analyze-material.ts';
import { type Line, type Pairs, pairsOf } from './analyze-pairs.ts';
import type { ReasonCode } from './analyze-reasons.ts';
import { reasonOfRequest } from './analyze-request-reasons.ts';
import { hasDetail } from './analyze-signs.ts';

/** One log, or the events made of it, with the requests of the same process. */
export interface AttemptsInput {
  readonly statements: readonly Statement[];
  readonly signs: LogSigns | undefined;
  readonly transfers: readonly TransferEvent[];
  readonly hasKinds: boolean;
  readonly tunnels: number;
  /** false: instants were made of the truth's order. */
  readonly isTimed: boolean;
  /** What FFmpeg was given with -i. */
  readonly inputUrl: string | undefined;
  /** As what the account counted each request line and each opening line. */
  readonly kinds: ReadonlyMap<Statement, RequestKind>;
}

/** What the reasons are taken from, looked up once. */
export interface Evidence extends AttemptsInput {
  readonly pairs: Pairs;
  /** The same for request lines, whatever `pairs` is about. */
  readonly byRequestLine: Pairs;
  readonly rules: ReadonlySet<ParsedRule>;
  readonly openings: readonly Line[];
  readonly hasRequestLines: boolean;
  /** Of events that state announcements, and no attempts of HTTP: what was announced. */
  readonly announced: ReadonlyMap<TransferEvent, Line> | undefined;
  /** Instants of the first and the last line; absent without any. */
  readonly span: { readonly firstAtMs: number; readonly lastAtMs: number } | undefined;
}

/** A line too many counts +1 in its kind, a request too many -1. */
export interface Item {
  readonly kind: RequestKind;
  readonly count: 1 | -1;
  readonly reason: ReasonCode;
  /** The one that has no line. */
  readonly request?: TransferEvent;
}

export interface Attempts {
  readonly requests: readonly Item[];
  readonly opens: readonly Item[];
  /** By request lines, and where there are none by openings. */
  readonly pairs: Pairs;
  /** Requests that the log does not cover. */
  readonly cutOff: ReadonlySet<TransferEvent>;
}

export function attemptsOf(input: AttemptsInput): Attempts {
  const byRequestLine = pairsOf('request', input.statements, input.transfers);
  const openings = pairsOf('open', input.statements, input.transfers);
  const rules = new Set(input.statements.map(({ fact }) => fact.rule));
  const evidence: Evidence = {
    ...input,
    pairs: byRequestLine,
    byRequestLine,
    rules,
    openings: openings.lines,
    hasRequestLines: byRequestLine.lines.length > 0,
    announced: announcedIn(input, rules),
    span: spanOf(input),
  };
  const requests = itemsOf(evidence);
  const opens = itemsOf({ ...evidence, pairs: openings });
  const [pairs, finest] = evidence.hasRequestLines ? [byRequestLine, requests] : [openings, opens];
  const cutOff = finest.flatMap(({ request, reason }) =>
    request !== undefined && reason === 'logCutOff' ? [request] : [],
  );
  return { requests, opens, pairs, cutOff: new Set(cutOff) };
}

function itemsOf(evidence: Evidence): Item[] {
  const { lines, requests, requestOf, lineOf } = evidence.pairs;
  const ofLines = lines.flatMap((line): Item[] => {
    const kind = evidence.kinds.get(line.statement) ?? 'other';
    const request = requestOf.get(line);
    if (request === undefined) return [{ kind, count: 1, reason: reasonOfLine(line, evidence) }];
    const real = groupOf(request.kind);
    const reason = kind === real ? undefined : reasonOfKind(line, evidence);
    return reason === undefined
      ? []
      : [
          { kind, count: 1, reason },
          { kind: real, count: -1, reason },
        ];
  });
  const ofRequests = requests
    .filter((request) => !lineOf.has(request))
    .map((request): Item => {
      const reason = reasonOfRequest(request, evidence);
      return { kind: groupOf(request.kind), count: -1, reason, request };
    });
  return [...ofLines, ...ofRequests];
}

/**
 * At level debug FFmpeg says what everything is, but before the first line of a log that begins late. Events that name no
 * kind leave the guess to us.
 */
function reasonOfKind({ statement, at }: Line, { signs, hasKinds }: Evidence): ReasonCode {
  if (!hasKinds) return 'kindUnsaid';
  const isTold =
    signs === undefined ? 'kind' in statement.fact : hasDetail(signs, 'debug') && (signs.hasBegin || at > 0);
  return isTold ? 'unexplained' : 'kindGuess';
}

function announcedIn(
  { signs, statements, transfers }: AttemptsInput,
  rules: ReadonlySet<ParsedRule>,
): Evidence['announced'] {
  if (signs !== undefined || rules.has('request') || !rules.has('hls-request')) return undefined;
  return pairsOf('hls-request', statements, transfers).lineOf;
}

function spanOf({ statements, signs }: AttemptsInput): Evidence['span'] {
  const firstAtMs = signs?.firstAtMs ?? statements[0]?.atMs;
  const lastAtMs = signs?.lastAtMs ?? statements.at(-1)?.atMs;
  return firstAtMs === undefined || lastAtMs === undefined ? undefined : { firstAtMs, lastAtMs };
}
