// The only clock: monotonic milliseconds since the run's origin, one zero for every thread.
// It does not schedule anything and knows no calendar; wall time is for labels in files, never for differences.

import { performance } from 'node:perf_hooks';

/** Where the tests hand in their own time. */
export interface Clock {
  /** Milliseconds since the run's origin, monotonic, microsecond grain, the same zero in every thread. */
  nowMs(): number;
  /** Unix epoch milliseconds; may jump with the system's clock. */
  wallMs(): number;
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000;
/** The closest of so many is within 0.1 us. */
const CLOCK_PAIRS = 64;

/** The origin of a run: hand it to every thread (a bigint survives a structured clone). */
export function clockOrigin(): bigint {
  return process.hrtime.bigint();
}

/** A clock that counts from `origin`. Of `performance.now()`, which has another zero in each thread and makes no garbage. */
export function clockFrom(origin: bigint): Clock {
  const zeroMs = ownZeroMs(origin);
  return {
    nowMs: () => performance.now() + zeroMs,
    wallMs: () => Date.now(),
  };
}

/** When this thread's own count began. Both are the kernel's one clock, read one after the other: the closest pair tells. */
function ownZeroMs(origin: bigint): number {
  let zeroMs = Number.POSITIVE_INFINITY;
  for (let pair = 0; pair < CLOCK_PAIRS; pair += 1) {
    const nowMs = performance.now();
    zeroMs = Math.min(zeroMs, Number(process.hrtime.bigint() - origin) / NANOSECONDS_PER_MILLISECOND - nowMs);
  }
  return zeroMs;
}
