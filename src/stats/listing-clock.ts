// When the segment-size listing was read, and how often: the pace of the parser's byte figures. It keeps no entries.
import type { ListingEvent } from '../events.ts';
import type { Snapshot } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

export class ListingClock {
  #last: ListingEvent | undefined;
  #firstOkAtMs: number | undefined;
  #lastOkAtMs: number | undefined;
  #count = 0;

  listing(event: ListingEvent): void {
    this.#last = event;
    if (!event.ok) return;
    this.#count += 1;
    this.#firstOkAtMs ??= event.atMs;
    this.#lastOkAtMs = event.atMs;
  }

  get lastOkAtMs(): number | undefined {
    return this.#lastOkAtMs;
  }

  /** Mean time between good listings: single gaps are jittered. */
  get intervalMs(): number | undefined {
    if (this.#firstOkAtMs === undefined || this.#lastOkAtMs === undefined || this.#count < 2) return undefined;
    return (this.#lastOkAtMs - this.#firstOkAtMs) / (this.#count - 1);
  }

  read(): NonNullable<Snapshot['lastListing']> | undefined {
    if (this.#last === undefined) return undefined;
    const { atMs, ok, reason, entries } = this.#last;
    return withoutAbsent<NonNullable<Snapshot['lastListing']>>({ atMs, ok, reason, entries: entries?.length });
  }
}
