// Side by side: candidate - reference in bytes per second, only where the windows allow a difference (MEASURING section 6).
// It shows nothing rather than a number that says more about scrape times than about traffic.
import { msToSeconds, secondsToMs } from '../units.ts';
import type { Accounts } from './accounts.ts';
import type { Snapshot, Throughput } from './summary.ts';
import type { ThroughputTracker } from './throughput.ts';
import { withoutAbsent } from './without-absent.ts';

/** A window must span this many intervals of the slowest source, or its ends decide the difference. */
const INTERVALS_PER_WINDOW = 3;

export interface DifferenceInput {
  readonly candidate: ThroughputTracker;
  readonly reference: ThroughputTracker;
  /** The last sample of the slower source: windows end there. */
  readonly endAtMs: number;
  readonly slowestIntervalMs: number;
  /** How long both have been watched. */
  readonly watchedMs: number;
  /** How long they had been when the windows end; the same where that is now. */
  readonly measuredMs: number;
  /** Candidate - reference since both began. */
  readonly totalBytes: number;
}

export const NO_DIFFERENCES: Snapshot['differences'] = { parser: undefined, origin: undefined, originAll: undefined };

/** Both candidates against the tap; `elapsedMs`: of the run, until `atMs`. */
export function readDifferences(
  { proxy, parser, origin, listings }: Accounts,
  elapsedMs: number,
  atMs: number,
): Snapshot['differences'] {
  const { lastOkAtMs, intervalMs } = listings;
  const byParser =
    lastOkAtMs === undefined || intervalMs === undefined
      ? undefined
      : difference({
          candidate: parser.throughput,
          reference: proxy.segmentThroughput,
          endAtMs: lastOkAtMs,
          slowestIntervalMs: intervalMs,
          watchedMs: elapsedMs,
          measuredMs: elapsedMs - (atMs - lastOkAtMs),
          totalBytes: parser.throughput.totalBytes - proxy.segmentThroughput.totalBytes,
        });
  const counted = origin.bytes;
  if (counted === undefined) return { ...NO_DIFFERENCES, parser: byParser };
  const { all, segment, compared, sinceMs, untilMs } = counted;
  const watchedMs = untilMs - sinceMs;
  const shared = { endAtMs: untilMs, slowestIntervalMs: counted.intervalMs, watchedMs, measuredMs: watchedMs };
  return {
    parser: byParser,
    origin: difference({
      ...shared,
      candidate: segment,
      reference: proxy.segmentThroughput,
      totalBytes: segment.totalBytes - compared.tapSegmentBytes,
    }),
    originAll: difference({
      ...shared,
      candidate: all,
      reference: proxy.allBytesThroughput,
      totalBytes: compared.originBytes - compared.tapBytes,
    }),
  };
}

/** Undefined while nothing can be compared. */
function difference(input: DifferenceInput): Throughput | undefined {
  const neededMs = INTERVALS_PER_WINDOW * input.slowestIntervalMs;
  if (input.measuredMs < neededMs) return undefined;
  const over = (seconds: number): number | undefined => {
    const windowMs = secondsToMs(seconds);
    if (windowMs < neededMs) return undefined;
    return subtract(input.candidate.rate(windowMs, input.endAtMs), input.reference.rate(windowMs, input.endAtMs));
  };
  return withoutAbsent<Throughput>({
    bytesPerSecond1s: over(1),
    bytesPerSecond30s: over(30),
    bytesPerSecond60s: over(60),
    bytesPerSecond300s: over(300),
    bytesPerSecondOverall: input.totalBytes / msToSeconds(input.watchedMs),
    totalBytes: input.totalBytes,
  });
}

function subtract(candidate: number | undefined, reference: number | undefined): number | undefined {
  return candidate === undefined || reference === undefined ? undefined : candidate - reference;
}
