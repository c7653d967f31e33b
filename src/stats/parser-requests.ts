// What the log said was asked for: requests and openings by kind, the pace between them, and the segments that the lookup is
// told of. A kind is a guess until the log says better; then what was counted of it is moved. It sees no figure of the tap.
import type { ParsedEvent } from '../events.ts';
import { resourceHash } from '../hls/resource.ts';
import { msToSeconds } from '../units.ts';
import type { InferredDurations } from './inferred-durations.ts';
import type { Lookup, LookupAttempt, LookupProcess } from './lookup.ts';
import { BucketCounter, PhaseQuantiles } from './quantiles.ts';
import { isPlaylistUrl, type MediaKind, type RequestKind, type RequestKinds } from './request-kinds.ts';
import type { Quantiles } from './summary.ts';

/** The original system's buckets for inferred latency, seconds; its dashboards use them. */
const INFERRED_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10] as const;
/** Playlists of one process whose reload interval is kept; FFmpeg reloads those it plays. */
const MAX_PLAYLISTS_PER_PROCESS = 64;
/** Request lines of one announcement whose notes are kept: FFmpeg tries twice, and follows a few redirects. */
const MAX_NOTES = 16;

type HlsRequestEvent = ParsedEvent & { readonly rule: 'hls-request' };
type OpenEvent = ParsedEvent & { readonly rule: 'open' };
type RequestEvent = ParsedEvent & { readonly rule: 'request' };

/** A request line's meaning to the parser, for pairing. */
export interface LineNote {
  /** Changes when the log's next lines tell better: for an initialization section, within its own transfer. */
  readonly guess: RequestKind;
  /** false while they may. */
  readonly isFinal: boolean;
  /** FFmpeg dialled between its last request line and this one. */
  readonly isNewConnection: boolean;
  /** Nobody knows when FFmpeg said it: nothing may be timed with it. */
  readonly isLate: boolean;
}

type OpenNote = { -readonly [Key in keyof LineNote]: LineNote[Key] };

/** A segment or an init section that FFmpeg announced, and what was counted of it. */
interface Announcement {
  kind: MediaKind;
  readonly playlist: number;
  readonly offset: number;
  attempt: LookupAttempt;
  /** The log itself said which of the two it is. */
  isTold: boolean;
  opens: number;
  requests: number;
  readonly notes: OpenNote[];
}

/** What is known of one client's current process; dies with it. */
export interface RequestProcess {
  readonly kinds: RequestKinds;
  readonly lookup: LookupProcess;
  readonly playlistAskedAtMs: Map<number, number>;
  /** The last one, and whether FFmpeg's last opening was for it. */
  announcement: Announcement | undefined;
  isAtAnnounced: boolean;
  /** Its log has lines of level debug, at which FFmpeg says what is an init section. */
  isDebug: boolean;
  isOver: boolean;
}

export class ParserRequests {
  readonly requests: Record<RequestKind, number> = { segment: 0, playlist: 0, init: 0, key: 0, other: 0 };
  readonly opens: Record<RequestKind, number> = { segment: 0, playlist: 0, init: 0, key: 0, other: 0 };
  readonly inferredBuckets: BucketCounter = new BucketCounter(INFERRED_BOUNDS);
  readonly #lookup: Lookup;
  readonly #durations: InferredDurations;
  readonly #segmentIntervals = new PhaseQuantiles();
  readonly #playlistIntervals = new PhaseQuantiles();

  constructor(lookup: Lookup, durations: InferredDurations) {
    this.#lookup = lookup;
    this.#durations = durations;
  }

  readIntervals(atMs: number): { readonly segmentMs: Quantiles; readonly playlistMs: Quantiles } {
    return { segmentMs: this.#segmentIntervals.read(atMs), playlistMs: this.#playlistIntervals.read(atMs) };
  }

  /** `HLS request for url`: counted by its opening and its request line. */
  announced(event: HlsRequestEvent, process: RequestProcess | undefined): LineNote {
    const { url, offset, playlist, atMs } = event;
    if (process === undefined) return newNote('segment', event);
    this.#settleGuess(event, process);
    const kind = process.kinds.hlsRequest(url, offset, playlist);
    const note = { ...newNote(kind, event), isFinal: false };
    const attempt: LookupAttempt = { url, range: undefined, requestedAtMs: atMs, failed: false };
    process.announcement = { kind, playlist, offset, attempt, isTold: false, opens: 0, requests: 0, notes: [note] };
    process.isAtAnnounced = true;
    if (kind === 'segment') this.#askForSize(event, process, process.announcement);
    return note;
  }

  opened(event: OpenEvent, process: RequestProcess | undefined): void {
    const guess = process?.kinds.open(event.url, event.context) ?? (isPlaylistUrl(event.url) ? 'playlist' : 'other');
    this.opens[event.kind ?? guess] += 1;
    if (process?.announcement === undefined) return;
    // An error after a playlist or a key was opened is not the segment's.
    process.isAtAnnounced = event.url === process.announcement.attempt.url;
    if (process.isAtAnnounced && event.kind === undefined && guess === process.announcement.kind)
      process.announcement.opens += 1;
  }

  /** `request: GET`. */
  asked(event: RequestEvent, process: RequestProcess | undefined, isNewConnection: boolean): LineNote {
    const guess = process?.kinds.request(event.url) ?? (isPlaylistUrl(event.url) ? 'playlist' : 'other');
    const kind = event.kind ?? guess;
    this.requests[kind] += 1;
    const note = newNote(kind, event, isNewConnection);
    if (process === undefined) return note;
    const { announcement, isAtAnnounced } = process;
    if (announcement !== undefined && isAtAnnounced && kind === announcement.kind) {
      if (event.kind !== undefined) announcement.isTold = true;
      announcement.requests += 1;
      if (announcement.notes.length < MAX_NOTES) {
        announcement.notes.push(note);
        note.isFinal = announcement.isTold;
      }
      if (announcement.attempt.url === event.url) {
        announcement.attempt.range = event.range;
        announcement.attempt.failed = false;
      }
    }
    if (kind === 'playlist') this.#playlistAsked(process.playlistAskedAtMs, event);
    return note;
  }

  /** The log said that the last announcement was for an init section. */
  initSection(event: ParsedEvent, process: RequestProcess): void {
    const { announcement } = process;
    if (announcement === undefined || announcement.isTold) return;
    announcement.isTold = true;
    if (announcement.kind === 'segment') this.#move(event, process, announcement, 'init');
    for (const note of announcement.notes) note.isFinal = true;
  }

  /** The attempt that the last lines were about failed. */
  failed({ announcement, isAtAnnounced, kinds }: RequestProcess): void {
    if (announcement === undefined || !isAtAnnounced) return;
    announcement.attempt.failed = true;
    kinds.failed(announcement.attempt.url);
  }

  /** FFmpeg says of every init section that it is one, at level debug: what it asked for next without saying so was none. */
  #settleGuess(event: ParsedEvent, process: RequestProcess): void {
    const { announcement, isDebug, isOver } = process;
    if (announcement === undefined) return;
    const isGuessed = announcement.kind === 'init' && !announcement.isTold && !isOver;
    if (isGuessed && isDebug && announcement.requests > 0) this.#move(event, process, announcement, 'segment');
    for (const note of announcement.notes) note.isFinal = true;
  }

  #move(event: ParsedEvent, process: RequestProcess, announcement: Announcement, kind: MediaKind): void {
    const { opens, requests, notes, kind: guess } = announcement;
    announcement.kind = kind;
    this.opens[guess] -= opens;
    this.opens[kind] += opens;
    this.requests[guess] -= requests;
    this.requests[kind] += requests;
    for (const note of notes) note.guess = kind;
    process.kinds.correct(kind);
    if (process.isOver) return;
    if (kind === 'segment') this.#askForSize(event, process, announcement);
    else this.#lookup.withdraw(process.lookup, announcement.playlist, announcement.attempt);
  }

  /** The next request of a playlist completes what was asked for before: so the lookup's attempts begin with it. */
  #askForSize({ client, process: number }: ParsedEvent, process: RequestProcess, announcement: Announcement): void {
    if (process.isOver) return;
    const { playlist, offset, attempt: known } = announcement;
    const { url, requestedAtMs: atMs } = known;
    const { attempt, before } = this.#lookup.requested(process.lookup, { playlist, url, offset, atMs });
    attempt.range = known.range;
    attempt.failed = known.failed;
    announcement.attempt = attempt;
    if (before === undefined) return;
    // From a segment's request to the next one's: the original's "wall time", in truth the pace of playing.
    const intervalMs = atMs - before.requestedAtMs;
    this.#segmentIntervals.record(intervalMs, atMs);
    this.inferredBuckets.observe(msToSeconds(intervalMs));
    this.#durations.inferred(client, number, before, { intervalMs, atMs });
  }

  #playlistAsked(askedAtMs: Map<number, number>, { url, atMs, isRepetition }: RequestEvent): void {
    const hash = resourceHash(url, undefined);
    const before = askedAtMs.get(hash);
    if (before !== undefined && isRepetition === undefined) this.#playlistIntervals.record(atMs - before, atMs);
    if (before !== undefined || askedAtMs.size < MAX_PLAYLISTS_PER_PROCESS) askedAtMs.set(hash, atMs);
  }
}

function newNote(guess: RequestKind, { isRepetition }: ParsedEvent, isNewConnection = false): OpenNote {
  return { guess, isFinal: true, isNewConnection, isLate: isRepetition === true };
}
