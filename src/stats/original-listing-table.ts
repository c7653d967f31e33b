// The original system's table of listed sizes, kept as it was: its window counts numbers, its names are last path parts.
// Only its memory is bounded by us. The sizes that are used come from listing-table.ts.
import type { ListingEvent } from '../events.ts';
import { lastPart, MAX_LISTED_NAMES } from './listing-table.ts';

/** Key = text after the last slash with its query; one window over all names ending in a number and `.ts`; a highest
 *  number that never falls. */
export class OriginalListingTable {
  readonly #window: number;
  readonly #sizes = new Map<string, number>();
  #highest = 0;

  constructor(window: number) {
    this.#window = window;
  }

  update(event: ListingEvent): void {
    if (!event.ok || event.entries === undefined) return;
    for (const { name, sizeBytes } of event.entries) {
      if (this.#sizes.size >= MAX_LISTED_NAMES && !this.#sizes.has(lastPart(name))) continue;
      this.#sizes.set(lastPart(name), sizeBytes);
      this.#highest = Math.max(this.#highest, originalNumber(name) ?? 0);
    }
    const threshold = this.#highest - this.#window + 1;
    if (threshold <= 0) return;
    for (const name of this.#sizes.keys()) {
      const number = originalNumber(name);
      if (number !== undefined && number < threshold) this.#sizes.delete(name);
    }
  }

  find(url: string): number | undefined {
    return this.#sizes.get(lastPart(url));
  }
}

/** Number before `.ts` at the end of a name, as the original system read it. */
function originalNumber(name: string): number | undefined {
  const digits = /(\d+)\.ts$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
