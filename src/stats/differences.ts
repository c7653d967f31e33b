// Side by side: candidate - reference in bytes per second, only where the windows allow a difference (MEASURING section 6).
// It shows nothing rather than a number that says more about scrape times than about traffic.
import { msToSeconds, secondsToMs } from '../units.ts';
import type { Throughput } from './summary.ts';
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
  /** Candidate - reference since both began. */
  readonly totalBytes: number;
}

/** Undefined while nothing can be compared. */
export function difference(input: DifferenceInput): Throughput | undefined {
  const neededMs = INTERVALS_PER_WINDOW * input.slowestIntervalMs;
  if (input.watchedMs < neededMs) return undefined;
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
