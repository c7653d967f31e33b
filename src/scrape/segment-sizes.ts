// The listing of the origin's files with their sizes (nginx autoindex in JSON), of which the newest segments are kept.
// It matches no names with requests and remembers no sizes: each listing is one event, the ledger decides what it keeps.
import type { ListingEvent } from '../events.ts';
import type { Fetched } from '../fetch.ts';
import { isInWindow, type NumberedFile, newestNumber, windowFloors } from '../stats/listing-window.ts';
import { MIB, msToSeconds, secondsToMs } from '../units.ts';
import { intervalMs, type Schedule } from './adaptive-interval.ts';
import {
  createFailureLog,
  createSchedule,
  DEFAULT_SCRAPE_TIMEOUT_MS,
  type Scraper,
  type ScraperDeps,
  scraperOf,
} from './scraper.ts';

export interface SegmentSizesOptions {
  readonly url: string;
  /** `--segment-sizes-interval`; absent = by load. */
  readonly fixedIntervalMs?: number;
  /** `--segment-sizes-jitter`; 0 = none. */
  readonly jitterMs: number;
  /** Asked at each listing. */
  readonly needs: () => ListingNeeds;
  readonly timeoutMs?: number;
}

export interface ListingNeeds {
  /** How many of the newest segments of each series are kept; absent = all. */
  readonly window?: number | undefined;
  /** The shortest of the playlists that were seen; absent before the first. */
  readonly targetDurationSeconds?: number | undefined;
}

export type ListingEntry = NonNullable<ListingEvent['entries']>[number];
export type KeptEntries = Required<Pick<ListingEvent, 'entries' | 'oldestLeftOut'>>;

/** About 20,000 files; a larger listing is refused whole, because half a listing would look like missing segments. */
const MAX_LISTING_BYTES: number = 2 * MIB;
/** The last run of digits before the extension. The look-behind keeps a name of many digits from taking quadratic time. */
const NUMBERED = /(?<!\d)(\d+)\.([A-Za-z0-9]+)$/;
/** A listing is asked for at least this often: a size is known only when a listing newer than the request has it. */
export const LONGEST_LISTING_INTERVAL_MS: number = secondsToMs(2);

/** Fetches the listing on a timetable; emits `listing`. A failed fetch is an event without entries: the last ones stand. */
export function createSegmentSizesScraper(deps: ScraperDeps, options: SegmentSizesOptions): Scraper {
  const { clock, emit, fetcher } = deps;
  const failures = createFailureLog(deps.log, 'segment_scraper_error');
  let foldersSeen = '';
  let cachedSegments: number | undefined;
  const schedule: Schedule = createSchedule(
    deps,
    (activeClients) =>
      intervalMs({
        activeClients,
        capMs: listingCapMs(cachedSegments, options.needs().targetDurationSeconds),
        ...(options.fixedIntervalMs === undefined ? {} : { fixedMs: options.fixedIntervalMs }),
      }),
    () => options.jitterMs,
    async (signal) => {
      const askedAtMs = clock.nowMs();
      const answer = await fetcher.fetchText(options.url, {
        purpose: 'listing',
        timeoutMs: options.timeoutMs ?? DEFAULT_SCRAPE_TIMEOUT_MS,
        maxBytes: MAX_LISTING_BYTES,
        signal,
      });
      if (signal.aborted) return;
      const listing = answer.ok ? readAnswer(answer) : answer;
      failures.note(listing.ok ? undefined : listing.reason);
      if (listing.ok && listing.folders.join() !== foldersSeen) {
        foldersSeen = listing.folders.join();
        deps.log.info({ folders: listing.folders }, 'segment_scraper_folders_not_followed');
      }
      const outcome = listing.ok ? { ok: true as const, ...kept(listing.entries, options.needs().window) } : listing;
      if (outcome.ok) cachedSegments = segmentsOfLargestSeries(outcome.entries ?? []);
      emit({
        type: 'listing',
        atMs: clock.nowMs(),
        url: options.url,
        ...(outcome.ok ? outcome : { ok: false, reason: outcome.reason }),
        intervalSeconds: msToSeconds(schedule.currentIntervalMs),
        ownBytes: answer.ownBytes,
        ownReceivedBytes: answer.ownReceivedBytes,
        tookMs: clock.nowMs() - askedAtMs,
      });
    },
  );
  return scraperOf(schedule);
}

export type Listing =
  | {
      readonly ok: true;
      readonly entries: readonly ListingEntry[];
      readonly folders: readonly string[];
      /** Entries without a name or with a size that no file has. */
      readonly refused: number;
    }
  | { readonly ok: false; readonly reason: string };

/**
 * The longest time between two listings: half of what the cached segments last, so that each is seen at least once before it
 * is gone. Unknown before there is a listing with segments and a playlist.
 */
export function listingCapMs(cachedSegments: number | undefined, targetDurationSeconds: number | undefined): number {
  if (cachedSegments === undefined || targetDurationSeconds === undefined) return LONGEST_LISTING_INTERVAL_MS;
  return Math.min(LONGEST_LISTING_INTERVAL_MS, secondsToMs(cachedSegments * targetDurationSeconds) / 2);
}

/** Reads the JSON text of a listing: files with sizes; folders by name only. */
export function readListing(text: string): Listing {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { ok: false, reason: `the listing is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!Array.isArray(parsed)) return { ok: false, reason: 'the listing is not a JSON array of {name, type, size}' };
  const entries: ListingEntry[] = [];
  const folders: string[] = [];
  let refused = 0;
  for (const item of parsed as unknown[]) {
    const { name, type, size, mtime } = (item ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || name === '') refused += 1;
    else if (type === 'directory') folders.push(name);
    else if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) refused += 1;
    else entries.push({ name, sizeBytes: size, ...modifiedAt(mtime) });
  }
  return { ok: true, entries, folders, refused };
}

/** The digits before the extension: `seg00017.ts` -> 17; undefined for playlists and names without a number. */
export function mediaNumber(name: string): number | undefined {
  const number = Number(NUMBERED.exec(name)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(number) && !/\.m3u8?$/i.test(name) ? number : undefined;
}

/**
 * The newest `window` segments of each series of names (`seg<number>.ts` is one series, `720p/seg<number>.ts` another) by
 * rank, and all names without a number. An encoder that began again at 0 is newer than the high numbers it left behind: the
 * newest segment is the latest file, not the highest number; of higher ones left behind, the last `window` stay too.
 */
export function keepNewest(entries: readonly ListingEntry[], window: number): KeptEntries {
  const series = new Map<string, (NumberedFile & { readonly name: string })[]>();
  for (const { name, modifiedWallMs } of entries) {
    const number = mediaNumber(name);
    if (number === undefined) continue;
    const key = seriesOf(name);
    const files = series.get(key) ?? [];
    files.push({ name, number, modifiedWallMs });
    series.set(key, files);
  }
  const leftOut = new Set<string>();
  const oldestLeftOut: string[] = [];
  for (const files of series.values()) {
    const newest = newestNumber(files);
    if (files.length <= window || newest === undefined) continue;
    const numbers = files.map(({ number }) => number);
    const floors = windowFloors(numbers, newest, window);
    const old = files.filter(({ number }) => !isInWindow(number, newest, floors));
    for (const { name } of old) leftOut.add(name);
    const [oldest] = old.sort((one, other) => one.number - other.number);
    if (oldest !== undefined) oldestLeftOut.push(oldest.name);
  }
  return { entries: entries.filter(({ name }) => !leftOut.has(name)), oldestLeftOut };
}

/** Renditions have as many; a smaller series may be a single file with a number. Undefined where nothing has one. */
function segmentsOfLargestSeries(entries: readonly ListingEntry[]): number | undefined {
  const counts = new Map<string, number>();
  for (const { name } of entries) {
    if (mediaNumber(name) !== undefined) counts.set(seriesOf(name), (counts.get(seriesOf(name)) ?? 0) + 1);
  }
  return counts.size === 0 ? undefined : Math.max(...counts.values());
}

function seriesOf(name: string): string {
  return name.replace(NUMBERED, '#.$2');
}

function kept(
  entries: readonly ListingEntry[],
  window: number | undefined,
): Pick<ListingEvent, 'entries' | 'oldestLeftOut'> {
  if (window === undefined) return { entries };
  const { oldestLeftOut, ...newest } = keepNewest(entries, window);
  return oldestLeftOut.length === 0 ? newest : { ...newest, oldestLeftOut };
}

function readAnswer(answer: Fetched): Listing {
  if (answer.status !== 200) return { ok: false, reason: `status ${answer.status} instead of 200` };
  return readListing(answer.text);
}

function modifiedAt(mtime: unknown): { modifiedWallMs?: number } {
  const modifiedWallMs = typeof mtime === 'string' ? Date.parse(mtime) : Number.NaN;
  return Number.isNaN(modifiedWallMs) ? {} : { modifiedWallMs };
}
