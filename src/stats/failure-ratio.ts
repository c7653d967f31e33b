// The shares of requests that failed. The original's: error statuses and timeouts, of playlists, segments and initialization
// sections asked for, by the tap, or by the log where nothing was tapped. And the tap's own: everything that the origin
// refused, answered with an error, cut short or left unanswered. Pure.
import { errorStatuses } from './error-statuses.ts';
import type { Summary } from './summary.ts';

export interface Failures {
  readonly clientErrors: number;
  readonly serverErrors: number;
  /** The origin's silence ended the request, whoever lost patience first. */
  readonly timeouts: number;
  /** 0..1; missing while nothing was asked for. */
  readonly ratio?: number;
}

/** What the origin failed to deliver, whatever the way; a client's leaving and our own stop are no failures. */
export interface Undelivered {
  readonly failed: number;
  /** Of these neither an error status nor a silence: connections refused or lost, answers cut short or unreadable. */
  readonly broken: number;
  readonly requests: number;
  /** 0..1; missing while nothing was asked for. */
  readonly ratio?: number;
}

/** Undefined where nothing was tapped, or where requests passed unseen. */
export function readUndelivered(summary: Summary): Undelivered | undefined {
  const failures = readFailures(summary);
  if (summary.proxy === undefined || failures === undefined) return undefined;
  const { transfers: requests, byKind } = summary.proxy;
  const failed = Object.values(byKind).reduce((sum, account) => sum + account.failed, 0);
  const { clientErrors, serverErrors, timeouts } = failures;
  // An error status whose answer then fell silent is in two of them.
  const broken = Math.max(0, failed - clientErrors - serverErrors - timeouts);
  return { failed, broken, requests, ...(requests > 0 ? { ratio: failed / requests } : {}) };
}

/** Undefined where nobody saw requests. */
export function readFailures({ proxy, parser }: Summary): Failures | undefined {
  if (proxy !== undefined) {
    if (proxy.hasTunnels) return undefined;
    const { byKind, timeouts } = proxy;
    const kinds = ['multivariant-playlist', 'media-playlist', 'segment', 'part', 'init'] as const;
    const requests = kinds.reduce((sum, kind) => sum + (byKind[kind]?.transfers ?? 0), 0);
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
