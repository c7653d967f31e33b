// What of one process waits for its other side, put together by resource, for one settling. It pairs and judges nothing.
import type { Settling } from './pairing-settling.ts';

export interface Waiting {
  /** The resource. */
  key: string;
  /** The first settling that saw it. */
  seen: Settling | undefined;
  /** In the last settling: then it is not alone. */
  isPaired: boolean;
}

/** What waits of one resource, on both sides. */
export interface Bucket<Line, Transfer> {
  readonly lines: Line[];
  readonly transfers: Transfer[];
  /** Something was seen by a settling before: of what is new nothing can be judged. */
  hasWaited: boolean;
}

/**
 * In the order of the lines, then in that of the transfers; all of it is noted as seen, and as not paired yet. None where all is new:
 * a client speaks once per segment, and what it said is looked through once.
 */
export function bucketsOf<Line extends Waiting, Transfer extends Waiting>(
  lines: ReadonlySet<Line>,
  transfers: ReadonlySet<Transfer>,
  settling: Settling,
): readonly Bucket<Line, Transfer>[] {
  const buckets: Bucket<Line, Transfer>[] = [];
  if (!settling.isFinal && areNew(lines) && areNew(transfers)) {
    for (const line of lines) line.seen = settling;
    for (const transfer of transfers) transfer.seen = settling;
    return buckets;
  }
  const byKey = new Map<string, Bucket<Line, Transfer>>();
  const bucketOf = (waiting: Waiting): Bucket<Line, Transfer> => {
    const hasWaited = waiting.seen !== undefined;
    waiting.seen ??= settling;
    waiting.isPaired = false;
    const present = byKey.get(waiting.key);
    if (present !== undefined) {
      present.hasWaited ||= hasWaited;
      return present;
    }
    const bucket: Bucket<Line, Transfer> = { lines: [], transfers: [], hasWaited };
    byKey.set(waiting.key, bucket);
    buckets.push(bucket);
    return bucket;
  };
  for (const line of lines) bucketOf(line).lines.push(line);
  for (const transfer of transfers) bucketOf(transfer).transfers.push(transfer);
  return buckets;
}

function areNew(waiting: ReadonlySet<Waiting>): boolean {
  for (const { seen } of waiting) if (seen !== undefined) return false;
  return true;
}
