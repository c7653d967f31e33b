// Which account feeds the compatible names: the tap, or the parser when --no-proxy leaves nothing else. Pure.
// It rounds nothing and fills nothing in: a rate without requests is unknown, and so is what only tunnels carried.
import type { Kind } from '../events.ts';
import type { Summary, Throughput } from '../stats/summary.ts';
import { unlessUnseen } from '../stats/tunnels.ts';
import type { Reading, Series } from './metric-definition.ts';

/** Series that exist from the start, so that a first error is an increase; any other code from 400 to 599 appears when it comes. */
const COMMON_ERROR_CODES: readonly string[] = [
  '400',
  '401',
  '403',
  '404',
  '408',
  '410',
  '416',
  '429',
  '500',
  '502',
  '503',
  '504',
];
const PLAYLIST_KINDS: readonly Kind[] = ['multivariant-playlist', 'media-playlist'];
const SEGMENT_KINDS: readonly Kind[] = ['segment', 'part'];

/** Errors as series; none at all where every request may have passed unseen. */
export function httpErrors(reading: Reading): readonly Series[] {
  const codes = errorCodes(reading);
  const { proxy, parser } = reading.snapshot.summary;
  const isUnseen = reading.facts.isTapped ? proxy?.hasTunnels === true : parser.level === 'none';
  return isUnseen && Object.keys(codes).length === 0 ? [] : errorSeries(codes);
}

/** One series per error status: 400 to 599, and `other` for all else that a caller thought an error. */
export function errorSeries(statusCodes: Readonly<Record<string, number>>): readonly Series[] {
  const counts = new Map<string, number>([...COMMON_ERROR_CODES, 'other'].map((code) => [code, 0]));
  for (const [code, count] of Object.entries(statusCodes)) {
    const key = /^[45]\d\d$/.test(code) ? code : 'other';
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return [...counts].map(([code, value]) => ({ labels: { status_code: code }, value }));
}

/** Responses by status, errors only; a transfer without a final head is no HTTP error. */
function errorCodes({ snapshot, facts }: Reading): Readonly<Record<string, number>> {
  if (!facts.isTapped) return snapshot.summary.parser.httpErrors ?? {};
  const codes: Record<string, number> = {};
  for (const account of Object.values(snapshot.summary.proxy?.byKind ?? {})) {
    for (const [code, count] of Object.entries(account.statusCodes)) {
      if (Number(code) >= 400) codes[code] = (codes[code] ?? 0) + count;
    }
  }
  return codes;
}

export function playlistRequests({ snapshot, facts }: Reading): number | undefined {
  return facts.isTapped ? transfers(snapshot.summary, PLAYLIST_KINDS) : snapshot.summary.parser.requests?.playlist;
}

export function segmentRequests({ snapshot, facts }: Reading): number | undefined {
  return facts.isTapped ? transfers(snapshot.summary, SEGMENT_KINDS) : snapshot.summary.parser.requests?.segment;
}

export function initRequests({ snapshot, facts }: Reading): number | undefined {
  return facts.isTapped ? transfers(snapshot.summary, ['init']) : snapshot.summary.parser.requests?.init;
}

/** Requests of no known kind; a key, a redirect and a stream are known. */
export function unknownRequests({ snapshot, facts }: Reading): number | undefined {
  return facts.isTapped ? transfers(snapshot.summary, ['other']) : snapshot.summary.parser.requests?.other;
}

/** Undefined where nothing counts bytes: no tap and no segment-size listing. */
export function allBytes({ snapshot, facts }: Reading): Throughput | undefined {
  return facts.isTapped ? snapshot.summary.proxy?.allBytesThroughput : snapshot.summary.parser.throughput;
}

/** Requests that the origin's silence ended, whoever gave up first; a client that does not drain (cD) is no timeout of the stream. */
export function timeouts({ snapshot, facts }: Reading): number | undefined {
  if (!facts.isTapped) return snapshot.summary.parser.timeouts;
  const { proxy } = snapshot.summary;
  return proxy === undefined ? undefined : unlessUnseen(proxy, proxy.timeouts);
}

/** Requests per second by kind; the tap's, so unknown as soon as some of them passed unseen. */
export function requestRate({ snapshot, facts }: Reading, kind: 'playlist' | 'segment'): number | undefined {
  const { proxy } = snapshot.summary;
  const isUnseen = facts.isTapped ? proxy?.hasTunnels === true : snapshot.summary.parser.level === 'none';
  return isUnseen ? undefined : snapshot.requestRates[kind];
}

export function errorRate(reading: Reading): number | undefined {
  const errors = Object.values(errorCodes(reading)).reduce((sum, count) => sum + count, 0);
  const failed = errors + (timeouts(reading) ?? 0);
  const requests = [playlistRequests, segmentRequests, initRequests].reduce(
    (sum, requestsOf) => sum + (requestsOf(reading) ?? 0),
    0,
  );
  // What failed was asked for, even where only the failure was seen.
  return ratio(failed, Math.max(requests, failed));
}

function transfers({ proxy }: Summary, kinds: readonly Kind[]): number | undefined {
  return unlessUnseen(
    proxy,
    kinds.reduce((sum, kind) => sum + (proxy?.byKind[kind]?.transfers ?? 0), 0),
  );
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}
