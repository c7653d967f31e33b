// The share of requests that failed, as the original system counts it: error statuses and timeouts, of playlists, segments
// and initialization sections asked for. By the tap; by the log where nothing was tapped. Pure.
import { errorStatuses } from './error-statuses.ts';
import type { Summary } from './summary.ts';

export interface Failures {
  readonly clientErrors: number;
  readonly serverErrors: number;
  /** The origin's silence ended the request. */
  readonly timeouts: number;
  /** 0..1; missing while nothing was asked for. */
  readonly ratio?: number;
}

/** Undefined where nobody saw requests. */
export function readFailures({ proxy, parser }: Summary): Failures | undefined {
  if (proxy !== undefined) {
    if (proxy.hasTunnels) return undefined;
    const { byKind, terminations } = proxy;
    const kinds = ['multivariant-playlist', 'media-playlist', 'segment', 'part', 'init'] as const;
    const requests = kinds.reduce((sum, kind) => sum + (byKind[kind]?.transfers ?? 0), 0);
    const timeouts = (terminations.sC ?? 0) + (terminations.sH ?? 0) + (terminations.sD ?? 0);
    return failures(errorStatuses(byKind), timeouts, requests);
  }
  const { httpErrors, timeouts, requests } = parser;
  if (httpErrors === undefined || timeouts === undefined || requests === undefined) return undefined;
  return failures(Object.entries(httpErrors), timeouts, requests.playlist + requests.segment + requests.init);
}

function failures(statuses: Iterable<readonly [string, number]>, timeouts: number, requests: number): Failures {
  const counts = { clientErrors: 0, serverErrors: 0, timeouts };
  for (const [status, answers] of statuses) counts[/^5/.test(status) ? 'serverErrors' : 'clientErrors'] += answers;
  const failed = counts.clientErrors + counts.serverErrors + timeouts;
  // What failed was asked for, even where only the failure was seen.
  const asked = Math.max(requests, failed);
  return asked > 0 ? { ...counts, ratio: failed / asked } : counts;
}
