// When an attempt has waited long enough to be judged: settlings come once per second, records in batches, lines through a
// pipe. Pure; it judges nothing itself.

/** How long the other side of an attempt may be on its way to us: a batch of records, or a line in a pipe. */
const GRACE_MS = 2000;
/** Settlings, too: after a loop delay one settling may run before what waited in the pipes is read. */
const SETTLINGS_BEFORE_PAIRING = 1;
const SETTLINGS_BEFORE_GIVING_UP = 2;

/** One settling: its number and instant; `isFinal` when nothing more can come. */
export interface Settling {
  readonly number: number;
  readonly atMs: number;
  readonly isFinal: boolean;
}

/** `seen`: the first settling that saw it. A pair is committed when both of its sides have waited. */
export function hasWaited({ seen }: { readonly seen: Settling | undefined }, settling: Settling): boolean {
  return settling.isFinal || settling.number - (seen ?? settling).number >= SETTLINGS_BEFORE_PAIRING;
}

/** What waits for its other side `since` then has none. */
export function isGivenUp(since: Settling | undefined, settling: Settling): boolean {
  if (settling.isFinal) return true;
  if (since === undefined) return false;
  return settling.number - since.number >= SETTLINGS_BEFORE_GIVING_UP && settling.atMs - since.atMs >= GRACE_MS;
}
