// The estimator `lookup`: segment bytes from the listing's sizes, by URL and range. It infers completion from FFmpeg's own
// lines; no figure of the tap ever reaches it. The original system's way is in original-inference.ts.
import type { ByteRange, ListingEvent } from '../events.ts';
import { folderOf } from './listing-folder.ts';
import { ListingLag } from './listing-lag.ts';
import { ListingTable, type LookupMiss } from './listing-table.ts';
import { isYoung, type ProcessFigures } from './process-figures.ts';
import type { CarriedSegment } from './segment-reference.ts';
import type { LookupMisses } from './summary.ts';

/** Renditions one process may read at once; FFmpeg's `-map 0` on a rich multivariant playlist stays far below. */
const MAX_PLAYLISTS_PER_PROCESS = 64;
/** One is read while the next is asked for ahead (FFmpeg's `http_multiple`). */
const ATTEMPTS_AT_A_TIME = 2;
/** Completed attempts waiting for a newer listing, all clients together; the oldest settles when one more comes. */
const MAX_OPEN_ATTEMPTS = 20_000;
/** The same before any listing was tried: the first is tried when the run begins, so these wait for one that is under way,
 *  or for none at all. */
const MAX_OPEN_UNLISTED = 1_000;
/** Of one process, not yet laid to a segment: more than one at a time takes several renditions of a failing origin. */
const MAX_PREMATURE_ENDS = 8;

/** One segment request as the log showed it. */
export interface LookupAttempt {
  readonly url: string;
  range: ByteRange | undefined;
  readonly requestedAtMs: number;
  failed: boolean;
  /** The tap's side of it: never looked into here, only told when the attempt is decided. */
  readonly carried?: CarriedSegment | undefined;
}

/** FFmpeg's "Stream ends prematurely at A, should be B": positions in the file. */
interface PrematureEnd {
  readonly atMs: number;
  readonly atByte: number;
  readonly expectedBytes: number;
}

/** A completed attempt that waits for a listing newer than its request. */
interface OpenAttempt {
  readonly attempt: LookupAttempt;
  readonly process: LookupProcess;
}

/** What one process has asked for and not completed; dies with the process. */
export interface LookupProcess {
  readonly figures: ProcessFigures | undefined;
  /** By playlist: the segment that is being read, and the one asked for ahead of it. */
  readonly pending: Map<number, readonly LookupAttempt[]>;
  readonly prematureEnds: PrematureEnd[];
}

export interface LookupTotals {
  /** Decided ones: each is a success or a miss. */
  readonly attempts: number;
  readonly successes: number;
  /** Complete, and waiting for a newer listing. */
  readonly open: number;
  /** Asked for in a process that runs, the next one of the playlist not asked for yet. */
  readonly pending: number;
  /** Pending when their process was stopped. */
  readonly unread: number;
  readonly bytes: number;
  /** Of that, asked for in the first seconds of a process (estimator `hybrid`). */
  readonly youngBytes: number;
  readonly misses: LookupMisses;
}

/** A line "HLS request" for a segment. */
export interface SegmentRequest {
  readonly playlist: number;
  readonly url: string;
  /** Where it begins in its file. */
  readonly offset: number;
  readonly atMs: number;
}

interface LookupOptions {
  readonly streamUrl: string;
  readonly window: number;
  /** Told when bytes are found: at completion, or when a later listing names a file that an earlier one lacked. */
  readonly onBytes: (bytes: number) => void;
}

export class Lookup {
  readonly table: ListingTable;
  readonly lag: ListingLag = new ListingLag();
  readonly #onBytes: LookupOptions['onBytes'];
  /** In the order in which they were completed. */
  readonly #open = new Set<OpenAttempt>();
  #isListingTried = false;
  #pending = 0;
  #unread = 0;
  #successes = 0;
  #bytes = 0;
  #youngBytes = 0;
  #misses: Record<keyof LookupMisses, number> = { neverListed: 0, evicted: 0, notYetListed: 0, ambiguous: 0 };

  constructor(options: LookupOptions) {
    this.table = new ListingTable(folderOf(options.streamUrl), options.window);
    this.#onBytes = options.onBytes;
  }

  /** `figures`: when the process began, and what the tap carried for it. */
  newProcess(figures: ProcessFigures | undefined): LookupProcess {
    return { figures, pending: new Map(), prematureEnds: [] };
  }

  /** FFmpeg asked for a segment of a playlist. It asks for the next one while it reads the one before, and never further
   *  ahead: a request completes what was asked for two requests ago. Returns the new attempt and the one before it. */
  requested(
    process: LookupProcess,
    { playlist, url, offset, atMs }: SegmentRequest,
  ): { readonly attempt: LookupAttempt; readonly before: LookupAttempt | undefined } {
    this.table.asked(url);
    const pending = process.pending.get(playlist) ?? [];
    const before = pending.at(-1);
    const isTracked = before !== undefined || process.pending.size < MAX_PLAYLISTS_PER_PROCESS;
    const carried = isTracked ? process.figures?.reference.asked(url, offset) : undefined;
    const attempt: LookupAttempt = { url, range: undefined, requestedAtMs: atMs, failed: false, carried };
    if (!isTracked) return { attempt, before };
    const [oldest] = pending;
    const isRead = pending.length === ATTEMPTS_AT_A_TIME && oldest !== undefined;
    if (isRead) this.#complete(oldest, process);
    else this.#pending += 1;
    process.pending.set(playlist, [...(isRead ? pending.slice(1) : pending), attempt]);
    return { attempt, before };
  }

  /** The log told better: what was asked for last is no segment. */
  withdraw(process: LookupProcess, playlist: number, attempt: LookupAttempt): void {
    const pending = process.pending.get(playlist) ?? [];
    if (!pending.includes(attempt)) return;
    process.pending.set(
      playlist,
      pending.filter((one) => one !== attempt),
    );
    this.#pending -= 1;
    decide({ attempt, process });
  }

  /** A body ended before its declared length. The line does not say whose: the one that should end where it says. */
  endedPrematurely(process: LookupProcess, end: PrematureEnd): void {
    process.prematureEnds.push(end);
    if (process.prematureEnds.length > MAX_PREMATURE_ENDS) process.prematureEnds.shift();
  }

  /** The process ended by itself: what it was reading was read unless it failed. A process that is being stopped was
   *  somewhere in the middle, and nothing in its log says where: `unread`, left out of both sides. */
  ended(process: LookupProcess, isStopped: boolean): void {
    const pending = [...process.pending.values()].flat();
    this.#pending -= pending.length;
    for (const attempt of pending) {
      if (isStopped) this.#unread += 1;
      else this.#complete(attempt, process);
    }
    process.pending.clear();
  }

  /** A listing arrived: attempts that waited for one newer than their request are settled now, each once. */
  listing(event: ListingEvent): void {
    this.#isListingTried = true;
    this.table.update(event);
    if (!event.ok) return;
    this.lag.listed(this.table, event.atMs);
    for (const open of this.#open) if (open.attempt.requestedAtMs < event.atMs) this.#settle(open);
  }

  /** The end of the run: what is still open was never listed while we looked. */
  finish(): void {
    for (const open of this.#open) this.#settle(open);
  }

  read(): LookupTotals {
    const misses = { ...this.#misses };
    const missed = misses.neverListed + misses.evicted + misses.notYetListed + misses.ambiguous;
    return {
      attempts: this.#successes + missed,
      successes: this.#successes,
      open: this.#open.size,
      pending: this.#pending,
      unread: this.#unread,
      bytes: this.#bytes,
      youngBytes: this.#youngBytes,
      misses,
    };
  }

  #complete(attempt: LookupAttempt, process: LookupProcess): void {
    const open = { attempt, process };
    // An attempt that FFmpeg said had failed brought no segment; the original counted it in full.
    if (attempt.failed) {
      decide(open);
      return;
    }
    if (this.#miss(open) === undefined) return;
    this.#open.add(open);
    if (this.#open.size <= (this.#isListingTried ? MAX_OPEN_ATTEMPTS : MAX_OPEN_UNLISTED)) return;
    const [oldest] = this.#open;
    if (oldest !== undefined) this.#settle(oldest);
  }

  #settle(open: OpenAttempt): void {
    this.#open.delete(open);
    const miss = this.#miss(open);
    if (miss === undefined) return;
    this.#misses[miss] += 1;
    if (miss === 'notYetListed') this.lag.missed(open.attempt);
    decide(open);
  }

  /** Counts what the listing says of it; else why it says nothing. */
  #miss(open: OpenAttempt): LookupMiss | undefined {
    const { attempt, process } = open;
    const answer = this.table.find(attempt.url, attempt.range);
    if ('miss' in answer) return answer.miss;
    const bytes = answer.bytes - takeMissing(process.prematureEnds, attempt, answer.bytes);
    this.#successes += 1;
    this.#bytes += bytes;
    if (process.figures !== undefined && isYoung(process.figures, attempt.requestedAtMs)) this.#youngBytes += bytes;
    this.#onBytes(bytes);
    decide(open);
    return undefined;
  }
}

/** From now on what the tap carried for it counts as well. */
function decide({ attempt, process }: OpenAttempt): void {
  if (attempt.carried !== undefined) process.figures?.reference.decided(attempt.carried);
}

/** Octets that the log says never came of a segment of this size. */
function takeMissing(ends: PrematureEnd[], { range, requestedAtMs }: LookupAttempt, bytes: number): number {
  const first = range?.[0] ?? 0;
  const at = ends.findIndex(
    ({ atMs, atByte, expectedBytes }) =>
      atMs >= requestedAtMs && expectedBytes === first + bytes && atByte >= first && atByte <= expectedBytes,
  );
  const [end] = at < 0 ? [] : ends.splice(at, 1);
  return end === undefined ? 0 : end.expectedBytes - end.atByte;
}
