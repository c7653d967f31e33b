// The estimator `lookup`: segment bytes from the listing's sizes, by URL and range. It infers completion from FFmpeg's own
// lines; no figure of the tap ever reaches it. The original system's way is in original-inference.ts.
import type { ByteRange, ListingEvent } from '../events.ts';
import { resourceKey } from '../hls/resource.ts';
import { folderOf, ListingTable } from './listing-table.ts';
import { isYoung, type ProcessFigures } from './process-figures.ts';
import type { LookupMisses } from './summary.ts';

/** Renditions one process may read at once; FFmpeg's `-map 0` on a rich multivariant playlist stays far below. */
const MAX_PLAYLISTS_PER_PROCESS = 64;
/** One is read while the next is asked for ahead (FFmpeg's `http_multiple`). */
const ATTEMPTS_AT_A_TIME = 2;
/** Completed attempts waiting for a newer listing, all clients together; the oldest settles when one more comes. */
const MAX_OPEN_ATTEMPTS = 20_000;

/** One segment request as the log showed it. */
export interface LookupAttempt {
  readonly url: string;
  range: ByteRange | undefined;
  readonly requestedAtMs: number;
  failed: boolean;
}

/** What one process has asked for and not completed; dies with the process. */
export interface LookupProcess {
  readonly figures: ProcessFigures | undefined;
  /** By playlist: the segment that is being read, and the one asked for ahead of it. */
  readonly pending: Map<number, readonly LookupAttempt[]>;
}

export interface LookupTotals {
  readonly attempts: number;
  readonly successes: number;
  readonly open: number;
  /** Asked for in a process that runs, the next one of the playlist not asked for yet. */
  readonly pending: number;
  /** Pending when their process was stopped. */
  readonly unread: number;
  readonly bytes: number;
  readonly misses: LookupMisses;
}

interface LookupOptions {
  readonly streamUrl: string;
  readonly window: number;
  /** Told when bytes are found: at completion, or when a later listing names a file that an earlier one lacked. */
  readonly onBytes: (bytes: number) => void;
}

export class Lookup {
  readonly table: ListingTable;
  readonly #onBytes: LookupOptions['onBytes'];
  #open: LookupAttempt[] = [];
  #pending = 0;
  #unread = 0;
  #attempts = 0;
  #successes = 0;
  #bytes = 0;
  #misses: Record<keyof LookupMisses, number> = { neverListed: 0, evicted: 0, notYetListed: 0, ambiguous: 0 };

  constructor(options: LookupOptions) {
    this.table = new ListingTable(folderOf(options.streamUrl), options.window);
    this.#onBytes = options.onBytes;
  }

  /** `figures` get the bytes that belong to the first seconds of the process (estimator `hybrid`). */
  newProcess(figures: ProcessFigures | undefined): LookupProcess {
    return { figures, pending: new Map() };
  }

  /** FFmpeg asked for a segment of a playlist. It asks for the next one while it reads the one before, and never further
   *  ahead: a request completes what was asked for two requests ago. Returns the new attempt and the one before it. */
  requested(
    process: LookupProcess,
    { playlist, url, atMs }: { readonly playlist: number; readonly url: string; readonly atMs: number },
  ): { readonly attempt: LookupAttempt; readonly before: LookupAttempt | undefined } {
    const attempt: LookupAttempt = { url, range: undefined, requestedAtMs: atMs, failed: false };
    const pending = process.pending.get(playlist) ?? [];
    const before = pending.at(-1);
    if (before === undefined && process.pending.size >= MAX_PLAYLISTS_PER_PROCESS) return { attempt, before };
    const [oldest] = pending;
    const isRead = pending.length === ATTEMPTS_AT_A_TIME && oldest !== undefined;
    if (isRead) this.#complete(oldest, process);
    else this.#pending += 1;
    process.pending.set(playlist, [...(isRead ? pending.slice(1) : pending), attempt]);
    return { attempt, before };
  }

  /** The process ended by itself: what it was reading was read unless it failed. A process that is being stopped was
   *  somewhere in the middle, and nothing in its log says where: `unread`, left out of both sides. */
  ended(process: LookupProcess, isStopped: boolean): void {
    const pending = [...process.pending.values()].flat();
    this.#pending -= pending.length;
    for (const attempt of pending) {
      if (isStopped) this.#leave(attempt, process);
      else this.#complete(attempt, process);
    }
    process.pending.clear();
  }

  /** A listing arrived: attempts that waited for one newer than their request are settled now, each once. */
  listing(event: ListingEvent): void {
    this.table.update(event);
    if (!event.ok) return;
    const stillOpen: LookupAttempt[] = [];
    for (const attempt of this.#open) {
      if (attempt.requestedAtMs < event.atMs) this.#settle(attempt);
      else stillOpen.push(attempt);
    }
    this.#open = stillOpen;
  }

  /** The end of the run: what is still open was never listed while we looked. */
  finish(): void {
    for (const attempt of this.#open) this.#settle(attempt);
    this.#open = [];
  }

  read(): LookupTotals {
    return {
      attempts: this.#attempts,
      successes: this.#successes,
      open: this.#open.length,
      pending: this.#pending,
      unread: this.#unread,
      bytes: this.#bytes,
      misses: { ...this.#misses },
    };
  }

  #complete(attempt: LookupAttempt, process: LookupProcess): void {
    // An attempt that FFmpeg said had failed brought no segment; the original counted it in full.
    if (attempt.failed) return;
    this.#attempts += 1;
    const answer = this.table.find(attempt.url, attempt.range);
    if ('bytes' in answer) {
      if (process.figures !== undefined && isYoung(process.figures, attempt.requestedAtMs)) {
        process.figures.hybridLookupBytes += answer.bytes;
      }
      this.#found(answer.bytes);
      return;
    }
    if (this.#open.length >= MAX_OPEN_ATTEMPTS) {
      const oldest = this.#open.shift();
      if (oldest !== undefined) this.#settle(oldest);
    }
    this.#open.push(attempt);
  }

  #leave(attempt: LookupAttempt, process: LookupProcess): void {
    this.#unread += 1;
    process.figures?.unreadSegments.add(resourceKey(attempt.url, attempt.range));
  }

  #settle(attempt: LookupAttempt): void {
    const answer = this.table.find(attempt.url, attempt.range);
    if ('bytes' in answer) this.#found(answer.bytes);
    else this.#misses[answer.miss] += 1;
  }

  #found(bytes: number): void {
    this.#successes += 1;
    this.#bytes += bytes;
    this.#onBytes(bytes);
  }
}
