// Whether a line of an origin's log can be about a transfer, as far as when it came and what it names tell. Names only ever speak
// against a pair, and only in a log whose names are the requests': one that never agrees is of a server that renames. Pure.
import type { OriginRequestEvent, TransferEvent } from '../events.ts';
import { decodePath } from './listing-folder.ts';
import { lastPart } from './listing-table.ts';

/** A log that has no path says so by nothing, or by a dash. */
const UNNAMED: ReadonlySet<string> = new Set(['', '-']);
/** Names that differ, and not one that is the same, before names are given up. */
const ENOUGH_DIFFERENT = 20;

export class JoinNames {
  #agreed = 0;
  #differed = 0;

  /** A line that was read before its transfer began is none of it. */
  fits(carried: { readonly name: string; readonly startedAtMs: number }, logged: OriginRequestEvent): boolean {
    if (logged.atMs < carried.startedAtMs) return false;
    const name = nameOf(logged.path);
    return this.isGivenUp || UNNAMED.has(name) || UNNAMED.has(carried.name) || name === carried.name;
  }

  get isGivenUp(): boolean {
    return this.#agreed === 0 && this.#differed >= ENOUGH_DIFFERENT;
  }

  paired(carried: { readonly name: string }, logged: OriginRequestEvent): void {
    if (!UNNAMED.has(carried.name) && nameOf(logged.path) === carried.name) this.#agreed += 1;
  }

  /** Same port and index, possible by time, another name. True when names are given up with this one. */
  differed(): boolean {
    const wasGivenUp = this.isGivenUp;
    this.#differed += 1;
    return !wasGivenUp && this.isGivenUp;
  }
}

/** The last part of a path, decoded, without its query: what rewriting and normalizing servers leave as it was. */
export function nameOf(url: TransferEvent['url']): string {
  const end = url.search(/[?#]/);
  return decodePath(lastPart(end < 0 ? url : url.slice(0, end)));
}
