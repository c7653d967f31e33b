// How long a listing takes to show a segment that a client has asked for already. It decides nothing: an attempt is told to it
// when a listing newer than the request did not have its segment, and each later listing is looked through for those.
import type { ByteRange } from '../events.ts';
import type { ListingTable } from './listing-table.ts';

export interface ListingLagReading {
  /** When the first segment was asked for that the next listing did not show. */
  readonly sinceMs: number;
  /** Of those that came to be listed: how many, and how long after the request, at the median and at most. */
  readonly listed: number;
  readonly medianMs?: number;
  readonly longestMs?: number;
}

interface Late {
  readonly url: string;
  readonly range: ByteRange | undefined;
  readonly requestedAtMs: number;
}

/** Followed at once; of a listing that shows nothing new at all the newest ones are enough. */
const MAX_LATE = 1_000;
/** Whose median is told: the last ones. */
const MAX_LAGS = 1_000;

export class ListingLag {
  readonly #late = new Set<Late>();
  readonly #lagsMs: number[] = [];
  #sinceMs: number | undefined;
  #listed = 0;
  #longestMs: number | undefined;

  missed(late: Late): void {
    this.#sinceMs ??= late.requestedAtMs;
    this.#late.add(late);
    const [oldest] = this.#late;
    if (this.#late.size > MAX_LATE && oldest !== undefined) this.#late.delete(oldest);
  }

  /** The table has this listing in it. */
  listed(table: ListingTable, atMs: number): void {
    for (const late of this.#late) {
      const answer = table.find(late.url, late.range);
      if ('miss' in answer && answer.miss === 'notYetListed') continue;
      this.#late.delete(late);
      // What left the window in the meantime was listed too, nobody knows when.
      if ('bytes' in answer) this.#add(atMs - late.requestedAtMs);
    }
  }

  read(): ListingLagReading | undefined {
    if (this.#sinceMs === undefined) return undefined;
    const inOrder = this.#lagsMs.toSorted((one, other) => one - other);
    const medianMs = inOrder[Math.floor(inOrder.length / 2)];
    return {
      sinceMs: this.#sinceMs,
      listed: this.#listed,
      ...(medianMs === undefined ? {} : { medianMs }),
      ...(this.#longestMs === undefined ? {} : { longestMs: this.#longestMs }),
    };
  }

  #add(lagMs: number): void {
    this.#listed += 1;
    this.#lagsMs.push(lagMs);
    if (this.#lagsMs.length > MAX_LAGS) this.#lagsMs.shift();
    this.#longestMs = Math.max(this.#longestMs ?? 0, lagMs);
  }
}
