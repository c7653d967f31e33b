// The candidate's account: what FFmpeg's log said, counted line by line, and the segment bytes that the lookup made of it.
// It never sees a transfer, a kind or a byte count of the tap, except where its connections went (bypass).
import type { LinesEvent, ListingEvent, ParsedEvent, ParsedRule } from '../events.ts';
import { msToSeconds } from '../units.ts';
import type { InferredDurations } from './inferred-durations.ts';
import { LEAST_LISTING_WINDOW } from './listing-need.ts';
import { Lookup, type LookupAttempt, type LookupProcess } from './lookup.ts';
import { newOriginalProcess, OriginalInference, type OriginalProcess } from './original-inference.ts';
import { noConnections, ParserConnections, type ProcessConnections, takeDialled } from './parser-connections.ts';
import { HttpStatisticsTally, SequenceTally } from './parser-tallies.ts';
import type { FigureBook } from './process-figures.ts';
import { BucketCounter, PhaseQuantiles } from './quantiles.ts';
import { isPlaylistUrl, type RequestKind, RequestKinds } from './request-kinds.ts';
import type { Summary } from './summary.ts';
import { ThroughputTracker } from './throughput.ts';

/** The original system's buckets for inferred latency, seconds; its dashboards use them. */
const INFERRED_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10] as const;
/** Playlists of one process whose reload interval is kept; FFmpeg reloads those it plays. */
const MAX_PLAYLISTS_PER_PROCESS = 64;
const LOWEST_ERROR_STATUS = 400;
const HIGHEST_ERROR_STATUS = 599;

export interface ParserAccountOptions {
  readonly streamUrl: string;
  /** false: an endless transport stream. Absent: a log of which nothing else is known. */
  readonly isHls?: boolean;
  /** Absent: what `listingWindow` says, everything until then. */
  readonly segmentCacheWindow?: number;
  /** The door of each client; a client without one is not tapped, so nothing can bypass. */
  readonly doorPorts: ReadonlyMap<number, number>;
  readonly figures: FigureBook;
  readonly durations: InferredDurations;
}

/** A request line's meaning to the parser, for pairing. */
export interface LineNote {
  readonly guess: RequestKind;
  /** FFmpeg dialled between its last request line and this one. */
  readonly isNewConnection: boolean;
}

/** What is known of one client's current process; dies with it. */
interface ParserProcess {
  readonly process: number;
  readonly kinds: RequestKinds;
  readonly lookup: LookupProcess;
  readonly original: OriginalProcess;
  readonly playlistAskedAtMs: Map<string, number>;
  /** The last segment that was asked for, and whether FFmpeg's last opening was for it. */
  attempt: LookupAttempt | undefined;
  isAtAttempt: boolean;
  isOver: boolean;
  readonly connections: ProcessConnections;
}

export class ParserAccount {
  readonly lookup: Lookup;
  readonly original: OriginalInference;
  readonly throughput: ThroughputTracker = new ThroughputTracker();
  readonly #options: ParserAccountOptions;
  readonly #processes = new Map<number, ParserProcess>();
  readonly #requests: Record<RequestKind, number> = { segment: 0, playlist: 0, init: 0, key: 0, other: 0 };
  readonly #opens: Record<RequestKind, number> = { segment: 0, playlist: 0, init: 0, key: 0, other: 0 };
  readonly #events = new Map<ParsedRule, number>();
  readonly #httpErrors = new Map<string, number>();
  readonly #connections: ParserConnections;
  readonly #httpStatistics = new HttpStatisticsTally();
  readonly #sequence = new SequenceTally();
  readonly #segmentIntervals = new PhaseQuantiles();
  readonly #playlistIntervals = new PhaseQuantiles();
  readonly #inferredBuckets = new BucketCounter(INFERRED_BOUNDS);
  #lines: LinesEvent | undefined;

  constructor(options: ParserAccountOptions) {
    this.#options = options;
    this.original = new OriginalInference(options.segmentCacheWindow ?? LEAST_LISTING_WINDOW);
    this.#connections = new ParserConnections(options.doorPorts);
    this.lookup = new Lookup({
      streamUrl: options.streamUrl,
      window: options.segmentCacheWindow ?? Number.POSITIVE_INFINITY,
      onBytes: (bytes) => this.throughput.add(bytes),
    });
  }

  /** Lines that were understood. */
  get events(): number {
    let events = 0;
    for (const count of this.#events.values()) events += count;
    return events;
  }

  /** Connections that FFmpeg made to anything but its own door. */
  get bypassed(): number {
    return this.#connections.bypassed;
  }

  get lines(): LinesEvent | undefined {
    return this.#lines;
  }

  get requests(): Readonly<Record<RequestKind, number>> {
    return this.#requests;
  }

  /** Counts one line's fact; for request lines the answer is what pairing needs to know. */
  record(event: ParsedEvent): LineNote | undefined {
    this.#events.set(event.rule, (this.#events.get(event.rule) ?? 0) + 1);
    const process = this.#processOf(event.client, event.process);
    if (process !== undefined && !process.isOver) this.original.record(event, process.original);
    switch (event.rule) {
      case 'hls-request':
        return { guess: this.#hlsRequest(event, process), isNewConnection: false };
      case 'open':
        this.#open(event, process);
        return undefined;
      case 'request':
        return { guess: this.#request(event, process), isNewConnection: takeDialled(process?.connections) };
      case 'http-error':
        this.#httpErrors.set(errorCode(event.status), (this.#httpErrors.get(errorCode(event.status)) ?? 0) + 1);
        fail(process);
        return undefined;
      case 'segment-failed':
        fail(process);
        return undefined;
      case 'tcp-start':
      case 'tcp-connected':
        this.#connections.dialled(event, process?.connections);
        return undefined;
      case 'tcp-failed':
        this.#connections.failed(event, process?.connections);
        return undefined;
      case 'sequence-change':
        this.#sequence.record(event);
        return undefined;
      case 'http-statistics':
        this.#httpStatistics.record(event);
        return undefined;
      default:
        return undefined;
    }
  }

  linesRead(event: LinesEvent): void {
    this.#lines = event;
  }

  listing(event: ListingEvent): void {
    this.lookup.listing(event);
    this.original.listing(event);
  }

  /** The process ended, or its stop began: what its log says from then on is about the stop, not about the stream. */
  processOver(client: number, process: number, isStopped: boolean): void {
    const state = this.#processOf(client, process);
    if (state === undefined || state.isOver) return;
    state.isOver = true;
    this.lookup.ended(state.lookup, isStopped);
  }

  read(atMs: number, beganAtMs?: number): Summary['parser'] {
    const { attempts, successes, bytes, misses, unread, pending, open } = this.lookup.read();
    const httpStatistics = this.#httpStatistics.read();
    const lines = this.#lines;
    return {
      lines: lines?.stderrLines ?? 0,
      unparsedLines: lines?.unparsedLines ?? 0,
      droppedLines: (lines?.droppedStderrLines ?? 0) + (lines?.droppedProgressLines ?? 0),
      requests: { ...this.#requests },
      opens: { ...this.#opens },
      httpErrors: Object.fromEntries(this.#httpErrors),
      timeouts: this.#count('timeout') + this.#connections.timeouts,
      reconnections: this.#count('reconnect'),
      // Without a listing there is no figure, which is not the same as no bytes.
      ...(this.lookup.table.listings === 0
        ? {}
        : {
            segmentBytes: bytes,
            lookup: { attempts, successes, misses, unread },
            throughput: this.throughput.read(beganAtMs),
          }),
      pending: { segments: pending, connects: this.#pendingConnects(), sizes: open },
      sequence: this.#sequence.read(),
      ...(httpStatistics === undefined ? {} : { httpStatistics }),
      tcp: this.#connections.read(atMs),
      events: Object.fromEntries(this.#events),
      inferred: {
        segmentMs: this.#segmentIntervals.read(atMs),
        playlistMs: this.#playlistIntervals.read(atMs),
        original: this.original.read(atMs),
      },
    };
  }

  readInferredBuckets(): ReturnType<BucketCounter['read']> {
    return this.#inferredBuckets.read();
  }

  #hlsRequest(event: ParsedEvent & { readonly rule: 'hls-request' }, process: ParserProcess | undefined): RequestKind {
    if (process === undefined) return 'segment';
    const { url, offset, playlist, atMs } = event;
    const kind = process.kinds.hlsRequest(url, offset, playlist);
    if (process.isOver) return kind;
    process.isAtAttempt = true;
    if (kind === 'init') {
      process.attempt = { url, range: undefined, requestedAtMs: atMs, failed: false };
      return kind;
    }
    const { attempt, before } = this.lookup.requested(process.lookup, { playlist, url, atMs });
    process.attempt = attempt;
    if (before !== undefined) this.#inferred(event, before);
    return kind;
  }

  /** From a segment's request to the next one's: the original's "wall time", in truth the pace of playing. */
  #inferred(event: ParsedEvent, before: LookupAttempt): void {
    const intervalMs = event.atMs - before.requestedAtMs;
    this.#segmentIntervals.record(intervalMs, event.atMs);
    this.#inferredBuckets.observe(msToSeconds(intervalMs));
    this.#options.durations.inferred(event.client, event.process, before, intervalMs);
  }

  #open(event: ParsedEvent & { readonly rule: 'open' }, process: ParserProcess | undefined): void {
    const guess = process?.kinds.open(event.url, event.context) ?? (isPlaylistUrl(event.url) ? 'playlist' : 'other');
    const kind = event.kind ?? guess;
    this.#opens[kind] += 1;
    // An error after a playlist or a key was opened is not the segment's.
    if (process !== undefined) process.isAtAttempt = kind === 'segment';
  }

  #request(event: ParsedEvent & { readonly rule: 'request' }, process: ParserProcess | undefined): RequestKind {
    const guess = process?.kinds.request(event.url) ?? (isPlaylistUrl(event.url) ? 'playlist' : 'other');
    const kind = event.kind ?? guess;
    this.#requests[kind] += 1;
    if (process === undefined) return kind;
    const { attempt } = process;
    if (kind === 'segment' && attempt?.url === event.url) {
      attempt.range = event.range;
      attempt.failed = false;
    }
    if (kind === 'playlist') this.#playlistAsked(process.playlistAskedAtMs, event.url, event.atMs);
    return kind;
  }

  #playlistAsked(askedAtMs: Map<string, number>, url: string, atMs: number): void {
    const before = askedAtMs.get(url);
    if (before !== undefined) this.#playlistIntervals.record(atMs - before, atMs);
    if (before !== undefined || askedAtMs.size < MAX_PLAYLISTS_PER_PROCESS) askedAtMs.set(url, atMs);
  }

  /** The state of that process; undefined for one that the client has left behind. */
  #processOf(client: number, process: number): ParserProcess | undefined {
    const known = this.#processes.get(client);
    if (known !== undefined && known.process === process) return known;
    if (known !== undefined && known.process > process) return undefined;
    if (known !== undefined && !known.isOver) this.lookup.ended(known.lookup, false);
    const figures = this.#options.figures.at(client, process);
    const state: ParserProcess = {
      process,
      kinds: new RequestKinds(this.#options.isHls),
      lookup: this.lookup.newProcess(figures),
      original: newOriginalProcess(),
      playlistAskedAtMs: new Map(),
      attempt: undefined,
      isAtAttempt: false,
      isOver: false,
      connections: noConnections(),
    };
    this.#processes.set(client, state);
    return state;
  }

  #pendingConnects(): number {
    let pending = 0;
    for (const { isOver, connections } of this.#processes.values()) pending += isOver ? 0 : connections.pending.size;
    return pending;
  }

  #count(rule: ParsedRule): number {
    return this.#events.get(rule) ?? 0;
  }
}

/** The attempt that the last lines were about failed. */
function fail(process: ParserProcess | undefined): void {
  if (process?.attempt === undefined || !process.isAtAttempt) return;
  process.attempt.failed = true;
  process.kinds.failed(process.attempt.url);
}

function errorCode(status: number): string {
  return status >= LOWEST_ERROR_STATUS && status <= HIGHEST_ERROR_STATUS ? String(status) : 'other';
}
