// The bins in which errors of start times are counted for a picture: the same in every run, finer where they mostly are.
// It counts nothing; the sketch of the errors does.

/** Milliseconds, ascending and with a sign: candidate - reference. Bin n ends at bound n, the last one has no end. */
export const START_ERROR_BOUNDS_MS: readonly number[] = [
  -10, -5, -2, -1, -0.5, -0.2, -0.1, 0, 0.1, 0.2, 0.5, 1, 2, 5, 10,
];
