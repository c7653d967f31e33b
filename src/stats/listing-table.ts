// The sizes that the origin's listing gave: by path relative to the listing's folder, a window of the newest segments.
// It does not fetch, does not know clients or attempts, and never guesses a size from a neighbour.
import type { ByteRange, ListingEvent } from '../events.ts';
import { decodePath, ListingFolder, withoutQuery } from './listing-folder.ts';
import { isInWindow, type NumberedFile, newestNumber, windowFloors } from './listing-window.ts';

/** Names kept at most: a 2 MiB listing holds about 20,000; more would be a listing that is not of this stream. */
export const MAX_LISTED_NAMES = 40_000;
/** Series remembered after their last file left: names with a date in them make a new series each time. */
const MAX_EMPTY_SERIES = 1_024;

export type LookupMiss = 'neverListed' | 'evicted' | 'notYetListed' | 'ambiguous';
export type LookupAnswer = { readonly bytes: number } | { readonly miss: LookupMiss };

interface ListedFile {
  readonly sizeBytes: number;
  readonly series: Series | undefined;
}

/** Files whose names differ by their number only: the window and "not yet listed" make sense per series. */
interface Series {
  readonly key: string;
  readonly numbers: Map<string, number>;
  /** Number of the newest file. */
  newest: number;
  /** Since the encoder began, or began again: the lowest number that was listed, and the lowest that is kept. */
  lowestEver: number;
  lowestKept: number;
}

/** Digits right before the last extension, and the name around them. */
const NUMBERED = /^(?<before>.*?)(?<digits>\d+)(?<after>(?:\.[^./]*)?)$/;

export class ListingTable {
  readonly #folder: ListingFolder;
  #window: number;
  readonly #files = new Map<string, ListedFile>();
  readonly #series = new Map<string, Series>();
  /** Full names by last path part: to tell "in another folder" from "not there". */
  readonly #byLastPart = new Map<string, Set<string>>();
  #listings = 0;
  #dropped = 0;
  #meanSegmentBytes: number | undefined;

  /** `streamFolder` is the folder (with its slash) of the stream's URL; `window` the newest segments of a series to keep. */
  constructor(streamFolder: string, window: number) {
    this.#folder = new ListingFolder(streamFolder, (name) => this.#files.has(name));
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

  /** The folder that the names turned out to be of, when it is not the stream's own. */
  get learnedFolder(): string | undefined {
    return this.#folder.learned;
  }

  /** Mean size of the numbered files of the last listing, playlists left out. */
  get meanSegmentBytes(): number | undefined {
    return this.#meanSegmentBytes;
  }

  /** Takes one listing in; a failed fetch changes nothing. */
  update(event: ListingEvent): void {
    if (!event.ok || event.entries === undefined) return;
    this.#listings += 1;
    this.#folder.listedAt(event.url);
    const listed = new Map<Series, NumberedFile[]>();
    const present = new Set<string>();
    let bytes = 0;
    let count = 0;
    for (const { name, sizeBytes, modifiedWallMs } of event.entries) {
      const series = this.#put(name, sizeBytes);
      present.add(name);
      const number = series?.numbers.get(name);
      if (series === undefined || number === undefined) continue;
      const files = listed.get(series) ?? [];
      files.push({ number, modifiedWallMs });
      listed.set(series, files);
      bytes += sizeBytes;
      count += 1;
    }
    this.#meanSegmentBytes = count === 0 ? this.#meanSegmentBytes : bytes / count;
    for (const [series, files] of listed) this.#slide(series, files, present);
    for (const name of event.oldestLeftOut ?? []) this.#noteLeftOut(name);
  }

  /** FFmpeg asked for this. */
  asked(url: string): void {
    if (this.#files.size > 0) this.#folder.asked(withoutQuery(url));
  }

  /** Octets of `url` (of `range` within it), or why they are not known. */
  find(url: string, range: ByteRange | undefined): LookupAnswer {
    const path = withoutQuery(url);
    this.#folder.asked(path);
    const { folder } = this.#folder;
    if (folder === undefined || !path.startsWith(folder)) {
      return { miss: this.#knowsLastPart(path) ? 'ambiguous' : 'neverListed' };
    }
    const name = decodePath(path.slice(folder.length));
    const file = this.#files.get(name);
    if (file !== undefined) return { bytes: rangeBytes(file.sizeBytes, range) };
    if (this.#knowsLastPart(path)) return { miss: 'ambiguous' };
    const parts = numbered(name);
    const series = parts === undefined ? undefined : this.#series.get(parts.series);
    if (parts === undefined || series === undefined) return { miss: 'neverListed' };
    if (parts.number > series.newest) return { miss: 'notYetListed' };
    const wasListed = parts.number >= series.lowestEver && parts.number < series.lowestKept;
    return { miss: wasListed ? 'evicted' : 'neverListed' };
  }

  /** The series of a segment; undefined for a playlist and a name without a number, which no window drops. */
  #put(name: string, sizeBytes: number): Series | undefined {
    const parts = isPlaylistName(name) ? undefined : numbered(name);
    const series = parts === undefined ? undefined : this.#seriesOf(parts.series);
    // Taken out and put back, so that the map's order is "listed longest ago first".
    this.#files.delete(name);
    this.#files.set(name, { sizeBytes, series });
    if (parts !== undefined) series?.numbers.set(name, parts.number);
    const last = lastPart(name);
    const names = this.#byLastPart.get(last) ?? new Set<string>();
    names.add(name);
    this.#byLastPart.set(last, names);
    if (this.#files.size > MAX_LISTED_NAMES) this.#dropOldest();
    return series;
  }

  #seriesOf(key: string): Series {
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series: Series = { key, numbers: new Map(), ...NOTHING_LISTED };
    this.#series.set(key, series);
    return series;
  }

  /** Drops what left the window, and what an encoder that began again left behind. */
  #slide(series: Series, files: readonly NumberedFile[], present: ReadonlySet<string>): void {
    const numbers = files.map(({ number }) => number);
    const lowest = lowestOf(numbers);
    const listedNewest = newestNumber(files) ?? series.newest;
    const isBeside = listedNewest < highestOf(numbers);
    const beganAgain = hasBegunAgain(series, numbers);
    if (beganAgain) Object.assign(series, NOTHING_LISTED);
    series.newest = isBeside || beganAgain ? listedNewest : Math.max(series.newest, listedNewest);
    series.lowestEver = Math.min(series.lowestEver, lowest);
    for (const [name, number] of series.numbers) {
      const isLeftBehind = beganAgain || number > series.newest;
      if (isLeftBehind && !present.has(name)) this.#remove(name, series);
    }
    if (series.numbers.size <= this.#window) return;
    const floors = windowFloors(series.numbers.values(), series.newest, this.#window);
    series.lowestKept = Math.max(series.lowestKept, floors.upTo);
    for (const [name, number] of series.numbers) {
      if (!isInWindow(number, series.newest, floors)) this.#remove(name, series);
    }
  }

  /** Where the window was applied before the listing came here, this is what tells "evicted" from "never listed". */
  #noteLeftOut(name: string): void {
    const parts = numbered(name);
    const series = parts === undefined ? undefined : this.#series.get(parts.series);
    if (parts === undefined || series === undefined) return;
    series.lowestEver = Math.min(series.lowestEver, parts.number);
    series.lowestKept = Math.max(series.lowestKept, lowestOf(series.numbers.values()));
  }

  #dropOldest(): void {
    const [oldest] = this.#files;
    if (oldest === undefined) return;
    const [name, { series }] = oldest;
    const number = series?.numbers.get(name);
    if (series !== undefined && number !== undefined) series.lowestKept = Math.max(series.lowestKept, number + 1);
    this.#remove(name, series);
    this.#dropped += 1;
  }

  #remove(name: string, series: Series | undefined): void {
    this.#files.delete(name);
    series?.numbers.delete(name);
    if (series?.numbers.size === 0 && this.#series.size > MAX_EMPTY_SERIES) this.#series.delete(series.key);
    const last = lastPart(name);
    const names = this.#byLastPart.get(last);
    names?.delete(name);
    if (names?.size === 0) this.#byLastPart.delete(last);
  }

  #knowsLastPart(path: string): boolean {
    return this.#byLastPart.has(decodePath(lastPart(path)));
  }
}

/** After the last `/`, query and all. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const NOTHING_LISTED: Pick<Series, 'newest' | 'lowestEver' | 'lowestKept'> = {
  newest: Number.NEGATIVE_INFINITY,
  lowestEver: Number.POSITIVE_INFINITY,
  lowestKept: Number.NEGATIVE_INFINITY,
};

/** An encoder that began again counts from a low number: a listing that lies wholly below where it was. */
function hasBegunAgain(series: Series, listed: readonly number[]): boolean {
  const highest = highestOf(listed);
  if (highest >= series.newest) return false;
  let above = 0;
  for (const number of series.numbers.values()) if (number > highest) above += 1;
  return above >= listed.length || highest < series.lowestEver;
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

function lowestOf(numbers: Iterable<number>): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const number of numbers) lowest = Math.min(lowest, number);
  return lowest;
}

function highestOf(numbers: Iterable<number>): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const number of numbers) highest = Math.max(highest, number);
  return highest;
}
