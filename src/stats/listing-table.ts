// The sizes that the origin's listing gave: by path relative to the listing's folder, a window of the newest numbers.
// It does not fetch, does not know clients or attempts, and never guesses a size from a neighbour.
import type { ByteRange, ListingEvent } from '../events.ts';

/** Names kept at most: a 2 MiB listing holds about 20,000; more would be a listing that is not of this stream. */
const MAX_LISTED_NAMES = 40_000;
/** Series remembered after their last file left: names with a date in them make a new series each time. */
const MAX_EMPTY_SERIES = 1_024;

export type LookupMiss = 'neverListed' | 'evicted' | 'notYetListed' | 'ambiguous';
export type LookupAnswer = { readonly bytes: number } | { readonly miss: LookupMiss };

interface ListedFile {
  readonly sizeBytes: number;
  readonly series: Series;
  readonly number: number | undefined;
}

/** Files whose names differ by their number only: the window and "not yet listed" make sense per series. */
interface Series {
  readonly key: string;
  highest: number;
  lowestEver: number;
  names: Set<string>;
}

/** Digits right before the last extension, and the name around them. */
const NUMBERED = /^(?<before>.*?)(?<digits>\d+)(?<after>(?:\.[^./]*)?)$/;

export class ListingTable {
  readonly #baseUrl: string;
  #window: number;
  readonly #files = new Map<string, ListedFile>();
  readonly #series = new Map<string, Series>();
  /** Full names by last path part: to tell "in another folder" from "not there". */
  readonly #byLastPart = new Map<string, Set<string>>();
  #listings = 0;
  #dropped = 0;
  #meanSegmentBytes: number | undefined;

  /** `baseUrl` is the folder (with its slash) whose files the listing names; `window` the newest numbers to keep. */
  constructor(baseUrl: string, window: number) {
    this.#baseUrl = baseUrl;
    this.#window = window;
  }

  /** From the next listing on. */
  setWindow(window: number): void {
    this.#window = window;
  }

  /** Listings read so far. */
  get listings(): number {
    return this.#listings;
  }

  get size(): number {
    return this.#files.size;
  }

  /** Names dropped, oldest first, because the table was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Mean size of the numbered files of the last listing, playlists left out. */
  get meanSegmentBytes(): number | undefined {
    return this.#meanSegmentBytes;
  }

  /** Takes one listing in; a failed fetch changes nothing. */
  update(event: ListingEvent): void {
    if (!event.ok || event.entries === undefined) return;
    this.#listings += 1;
    const listedNow = new Map<Series, { highest: number; count: number }>();
    const present = new Set<string>();
    let bytes = 0;
    let count = 0;
    for (const { name, sizeBytes } of event.entries) {
      const file = this.#put(name, sizeBytes);
      present.add(name);
      if (file.number === undefined || isPlaylistName(name)) continue;
      const listed = listedNow.get(file.series) ?? { highest: 0, count: 0 };
      listedNow.set(file.series, { highest: Math.max(listed.highest, file.number), count: listed.count + 1 });
      bytes += sizeBytes;
      count += 1;
    }
    this.#meanSegmentBytes = count === 0 ? this.#meanSegmentBytes : bytes / count;
    for (const [series, listed] of listedNow) this.#slide(series, listed, present);
  }

  /** Octets of `url` (of `range` within it), or why they are not known. */
  find(url: string, range: ByteRange | undefined): LookupAnswer {
    const path = withoutQuery(url);
    if (!path.startsWith(this.#baseUrl)) return { miss: this.#knowsLastPart(path) ? 'ambiguous' : 'neverListed' };
    const name = decodePath(path.slice(this.#baseUrl.length));
    const file = this.#files.get(name);
    if (file !== undefined) return { bytes: rangeBytes(file.sizeBytes, range) };
    if (this.#knowsLastPart(path)) return { miss: 'ambiguous' };
    const parts = numbered(name);
    const series = parts === undefined ? undefined : this.#series.get(parts.series);
    if (parts === undefined || series === undefined) return { miss: 'neverListed' };
    if (parts.number > series.highest) return { miss: 'notYetListed' };
    const isBelowWindow = parts.number <= series.highest - this.#window;
    return { miss: isBelowWindow && parts.number >= series.lowestEver ? 'evicted' : 'neverListed' };
  }

  #put(name: string, sizeBytes: number): ListedFile {
    const parts = numbered(name);
    const series = this.#seriesOf(parts?.series ?? name);
    if (parts !== undefined) series.lowestEver = Math.min(series.lowestEver, parts.number);
    const file = { sizeBytes, series, number: parts?.number };
    // Taken out and put back, so that the map's order is "listed longest ago first".
    this.#files.delete(name);
    this.#files.set(name, file);
    if (this.#files.size > MAX_LISTED_NAMES) this.#dropOldest();
    series.names.add(name);
    const last = lastPart(name);
    const names = this.#byLastPart.get(last) ?? new Set<string>();
    names.add(name);
    this.#byLastPart.set(last, names);
    return file;
  }

  #seriesOf(key: string): Series {
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series: Series = { key, highest: 0, lowestEver: Number.POSITIVE_INFINITY, names: new Set() };
    this.#series.set(key, series);
    return series;
  }

  /** Drops what left the window. An encoder that began again counts from a low number (the listing lies wholly below
   *  where it was): then only what is listed now stays. */
  #slide(series: Series, listed: { highest: number; count: number }, present: ReadonlySet<string>): void {
    const beganAgain = listed.highest + listed.count <= series.highest;
    series.highest = beganAgain ? listed.highest : Math.max(series.highest, listed.highest);
    for (const name of series.names) {
      const number = this.#files.get(name)?.number ?? 0;
      const isOld = number <= series.highest - this.#window;
      if (isOld || (beganAgain && !present.has(name))) this.#remove(name, series);
    }
  }

  #dropOldest(): void {
    const [oldest] = this.#files;
    if (oldest === undefined) return;
    this.#remove(oldest[0], oldest[1].series);
    this.#dropped += 1;
  }

  #remove(name: string, series: Series): void {
    this.#files.delete(name);
    series.names.delete(name);
    if (series.names.size === 0 && this.#series.size > MAX_EMPTY_SERIES) this.#series.delete(series.key);
    const last = lastPart(name);
    const names = this.#byLastPart.get(last);
    names?.delete(name);
    if (names?.size === 0) this.#byLastPart.delete(last);
  }

  #knowsLastPart(path: string): boolean {
    return this.#byLastPart.has(decodePath(lastPart(path)));
  }
}

/** The original system's table, kept as it was: key = text after the last slash with its query, one window over all
 *  names ending in a number and `.ts`, a highest number that never falls. Only its memory is bounded by us. */
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

/** The folder of a URL with its last slash, query and fragment gone: where a listing's names are looked for. */
export function folderOf(url: string): string {
  const path = withoutQuery(url);
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Number before `.ts` at the end of a name, as the original system read it. */
function originalNumber(name: string): number | undefined {
  const digits = /(\d+)\.ts$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function numbered(name: string): { series: string; number: number } | undefined {
  const slash = name.lastIndexOf('/') + 1;
  const groups = NUMBERED.exec(name.slice(slash))?.groups;
  if (groups === undefined) return undefined;
  const series = `${name.slice(0, slash)}${groups['before']}#${groups['after']}`;
  return { series, number: Number(groups['digits']) };
}

/** What a range of a file of this size holds; a range beyond the end is cut as a server cuts it. */
function rangeBytes(sizeBytes: number, range: ByteRange | undefined): number {
  if (range === undefined) return sizeBytes;
  const [first, last] = range;
  const end = last === null ? sizeBytes : Math.min(last + 1, sizeBytes);
  return Math.max(0, end - first);
}

function isPlaylistName(name: string): boolean {
  return /\.m3u8?$/i.test(name);
}

/** After the last `/`, query and all. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A stray percent sign is legal in a file name that an origin serves unescaped: then the text itself is the name.
    return path;
  }
}
