// When the segment-size listing was read, and how often: the pace of the parser's byte figures. It keeps no entries.
import type { ListingEvent } from '../events.ts';
import type { Snapshot } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

export class ListingClock {
  #last: ListingEvent | undefined;
  #lastOkAtMs: number | undefined;
  #intervalMs: number | undefined;

  listing(event: ListingEvent): void {
    if (event.ok) {
      if (this.#lastOkAtMs !== undefined) this.#intervalMs = event.atMs - this.#lastOkAtMs;
      this.#lastOkAtMs = event.atMs;
    }
    this.#last = event;
  }

  get lastOkAtMs(): number | undefined {
    return this.#lastOkAtMs;
  }

  /** Between the last two good listings. */
  get intervalMs(): number | undefined {
    return this.#intervalMs;
  }

  read(): NonNullable<Snapshot['lastListing']> | undefined {
    if (this.#last === undefined) return undefined;
    const { atMs, ok, reason, entries } = this.#last;
    return withoutAbsent<NonNullable<Snapshot['lastListing']>>({ atMs, ok, reason, entries: entries?.length });
  }
}
