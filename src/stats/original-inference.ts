// What the original system made of the same lines, under its own name: a segment is complete when the next one is asked for,
// a playlist when its first tag is read, sizes go by the last part of a URL. Its figures are scored and never used.
// Only its blindness is kept, not its accidents: state dies with the process, and time is the arrival of lines.
import type { ListingEvent, ParsedEvent } from '../events.ts';
import { resourceHash } from '../hls/resource.ts';
import { lastPart } from './listing-table.ts';
import { OriginalListingTable } from './original-listing-table.ts';
import { PhaseQuantiles } from './quantiles.ts';
import type { ParserReading } from './summary.ts';

/** Playlists opened and not read yet; FFmpeg reads each one before it opens the next. */
const MAX_OPENED_PLAYLISTS = 16;

/** What the original would have pending for one process. */
export interface OriginalProcess {
  segment: { readonly name: string; readonly atMs: number } | undefined;
  /** When each was opened, by hash of its URL. */
  readonly playlists: Map<number, number>;
}

export interface OriginalTotals {
  readonly attempts: number;
  readonly successes: number;
  readonly bytes: number;
}

export function newOriginalProcess(): OriginalProcess {
  return { segment: undefined, playlists: new Map() };
}

export class OriginalInference {
  readonly #sizes: OriginalListingTable;
  readonly #segmentMs = new PhaseQuantiles();
  readonly #playlistMs = new PhaseQuantiles();
  #segments = 0;
  #playlists = 0;
  #successes = 0;
  #bytes = 0;

  constructor(window: number) {
    this.#sizes = new OriginalListingTable(window);
  }

  record(event: ParsedEvent, process: OriginalProcess): void {
    switch (event.rule) {
      case 'hls-request':
        this.#asked(lastPart(event.url), event.atMs, process);
        break;
      case 'open':
        if (event.context === 'http') this.#mentioned(event.url, event.atMs, process);
        else if (isOpenedPlaylist(event) && process.playlists.size < MAX_OPENED_PLAYLISTS)
          process.playlists.set(resourceHash(event.url, undefined), event.atMs);
        break;
      case 'request':
        if (!event.url.startsWith('https:')) this.#mentioned(event.url, event.atMs, process);
        break;
      case 'format-probed':
        if (event.format === 'hls') this.#playlistRead(event.atMs, process);
        break;
      case 'tag-skipped':
        if (event.tag.startsWith('#EXT-X-VERSION')) this.#playlistRead(event.atMs, process);
        break;
    }
  }

  listing(event: ListingEvent): void {
    this.#sizes.update(event);
  }

  /** Estimator `lookup-original`. */
  readLookup(): OriginalTotals {
    return { attempts: this.#segments, successes: this.#successes, bytes: this.#bytes };
  }

  read(atMs: number): ParserReading['inferred']['original'] {
    return {
      segments: this.#segments,
      segmentMs: this.#segmentMs.read(atMs),
      playlists: this.#playlists,
      playlistMs: this.#playlistMs.read(atMs),
    };
  }

  #asked(name: string, atMs: number, process: OriginalProcess): void {
    const before = process.segment;
    process.segment = { name, atMs };
    if (before === undefined) return;
    this.#segments += 1;
    this.#segmentMs.record(atMs - before.atMs, atMs);
    const bytes = this.#sizes.find(before.name);
    if (bytes === undefined) return;
    this.#successes += 1;
    this.#bytes += bytes;
  }

  /** A second or third line about the same segment starts its time anew. */
  #mentioned(url: string, atMs: number, process: OriginalProcess): void {
    const name = lastPart(url);
    if (!name.includes('.ts')) return;
    if (process.segment?.name === name) process.segment = { name, atMs };
    else this.#asked(name, atMs, process);
  }

  #playlistRead(atMs: number, process: OriginalProcess): void {
    const [oldest] = process.playlists;
    if (oldest === undefined) return;
    const [hash, openedAtMs] = oldest;
    process.playlists.delete(hash);
    this.#playlists += 1;
    this.#playlistMs.record(atMs - openedAtMs, atMs);
  }
}

function isOpenedPlaylist({ context, url }: { readonly context: string; readonly url: string }): boolean {
  return (context === 'hls' || context === 'AVFormatContext') && url.includes('.m3u8');
}
