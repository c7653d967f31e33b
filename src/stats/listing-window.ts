// Which files of a series are the newest, by rank: numbers may be time stamps, so that two segments lie a thousand apart.
// It knows neither names nor sizes, and keeps nothing.

export interface NumberedFile {
  readonly number: number;
  /** Where the listing says when the file was written. */
  readonly modifiedWallMs?: number | undefined;
}

/** Lowest numbers that are kept; `-Infinity` where nothing has to go. */
export interface WindowFloors {
  /** Among the numbers up to the newest one. */
  readonly upTo: number;
  /** Among higher ones, which an encoder that began again left behind. */
  readonly above: number;
}

/** The number of the file written last; the highest one where times do not tell. Undefined for no files. */
export function newestNumber(files: Iterable<NumberedFile>): number | undefined {
  let newest: { readonly number: number; readonly writtenMs: number } | undefined;
  for (const { number, modifiedWallMs = 0 } of files) {
    const isLater = newest === undefined || modifiedWallMs > newest.writtenMs;
    const isTie = modifiedWallMs === newest?.writtenMs && number > newest.number;
    if (isLater || isTie) newest = { number, writtenMs: modifiedWallMs };
  }
  return newest?.number;
}

/** The newest `window` numbers stay: those up to the newest file's, and as many of the higher ones. */
export function windowFloors(numbers: Iterable<number>, newest: number, window: number): WindowFloors {
  const descending = [...numbers].sort((one, other) => other - one);
  const above = descending.findIndex((number) => number <= newest);
  const split = above < 0 ? descending.length : above;
  return {
    upTo: descending[split + window - 1] ?? Number.NEGATIVE_INFINITY,
    above: (window <= split ? descending[window - 1] : undefined) ?? Number.NEGATIVE_INFINITY,
  };
}

export function isInWindow(number: number, newest: number, { upTo, above }: WindowFloors): boolean {
  return number >= (number <= newest ? upTo : above);
}
