// What the trackers' rings say of the last five minutes, point by point, for a line of bars. Pure.
// A point is a mean over its span; between two samples bytes are taken as evenly spread, and no point is made up.
import { msToSeconds, secondsToMs } from '../units.ts';
import type { Accounts } from './accounts.ts';
import type { ThroughputHistory } from './summary.ts';
import type { ThroughputTracker } from './throughput.ts';

const POINT_SECONDS = 5;
const POINT_MS: number = secondsToMs(POINT_SECONDS);
/** Five minutes: what the ring holds. */
const POINTS = 60;

/** Which accounts have a figure: what was not read, or passed unseen, is no 0. */
export interface Told {
  readonly isParsed: boolean;
  readonly isBlind: boolean;
}

export function readHistory(
  { proxy, parser, origin, listings }: Pick<Accounts, 'proxy' | 'parser' | 'origin' | 'listings'>,
  { isParsed, isBlind }: Told,
  atMs: number,
): ThroughputHistory {
  const newest = newestPoint(atMs);
  const hasSizes = isParsed && listings.lastOkAtMs !== undefined;
  const { segment } = origin.bytes ?? {};
  return {
    pointSeconds: POINT_SECONDS,
    newest,
    ...(isBlind ? {} : { proxy: pointsOf(proxy.segmentThroughput, newest) }),
    ...(hasSizes ? { parser: pointsOf(parser.throughput, newest) } : {}),
    ...(isBlind || segment === undefined ? {} : { origin: pointsOf(segment, newest) }),
  };
}

/** The point that ends at this instant or is under way. They begin at multiples of their length: one that is over stays as it is. */
export function newestPoint(atMs: number): number {
  return Math.max(0, Math.ceil(atMs / POINT_MS) - 1);
}

/** The last `POINTS` points up to number `newest`. */
export function pointsOf(tracker: ThroughputTracker, newest: number): readonly (number | undefined)[] {
  const { span } = tracker;
  return Array.from({ length: POINTS }, (_, place) => {
    const fromMs = (newest - POINTS + 1 + place) * POINT_MS;
    return span === undefined
      ? undefined
      : meanBetween(tracker, Math.max(fromMs, span.fromMs), Math.min(fromMs + POINT_MS, span.toMs));
  });
}

function meanBetween(tracker: ThroughputTracker, fromMs: number, toMs: number): number | undefined {
  if (toMs <= fromMs) return undefined;
  return (tracker.totalAt(toMs) - tracker.totalAt(fromMs)) / msToSeconds(toMs - fromMs);
}
