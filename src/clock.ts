// The only clock: monotonic milliseconds since the run's origin, one zero for every thread.
// It does not schedule anything and knows no calendar; wall time is for labels in files, never for differences.

/** Where the tests hand in their own time. */
export interface Clock {
  /** Milliseconds since the run's origin, monotonic, microsecond grain, the same zero in every thread. */
  nowMs(): number;
  /** Unix epoch milliseconds; may jump with the system's clock. */
  wallMs(): number;
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** The origin of a run: hand it to every thread (a bigint survives a structured clone). */
export function clockOrigin(): bigint {
  return process.hrtime.bigint();
}

/** A clock that counts from `origin`; `performance.now()` is no help here, its zero differs in each worker. */
export function clockFrom(origin: bigint): Clock {
  return {
    nowMs: () => Number(process.hrtime.bigint() - origin) / NANOSECONDS_PER_MILLISECOND,
    wallMs: () => Date.now(),
  };
}
