// The candidate's account: what FFmpeg's log said, counted line by line, and the segment bytes that the lookup made of it.
// It never sees a transfer, a kind or a byte count of the tap, except where its connections went (bypass).
import type { LinesEvent, ListingEvent, ParsedEvent, ParsedRule } from '../events.ts';
import type { InferredDurations } from './inferred-durations.ts';
import { LEAST_LISTING_WINDOW } from './listing-need.ts';
import { Lookup } from './lookup.ts';
import { newOriginalProcess, OriginalInference, type OriginalProcess } from './original-inference.ts';
import { noConnections, ParserConnections, type ProcessConnections, takeDialled } from './parser-connections.ts';
import { type LineNote, ParserRequests, type RequestProcess } from './parser-requests.ts';
import { HttpStatisticsTally, type ProcessTimeouts, SequenceTally, TimeoutTally } from './parser-tallies.ts';
import type { FigureBook } from './process-figures.ts';
import type { BucketCounter } from './quantiles.ts';
import { type RequestKind, RequestKinds } from './request-kinds.ts';
import { errorName } from './status-codes.ts';
import type { ParserReading } from './summary.ts';
import { ThroughputTracker } from './throughput.ts';

const FAILED_INIT_SECTION = 'Failed to open an initialization section';

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

/** What is known of one client's current process; dies with it. */
interface ParserProcess extends RequestProcess, ProcessTimeouts {
  readonly process: number;
  readonly original: OriginalProcess;
  readonly connections: ProcessConnections;
}

export class ParserAccount {
  readonly lookup: Lookup;
  readonly original: OriginalInference;
  readonly throughput: ThroughputTracker = new ThroughputTracker();
  readonly #options: ParserAccountOptions;
  readonly #processes = new Map<number, ParserProcess>();
  readonly #requests: ParserRequests;
  readonly #events = new Map<ParsedRule, number>();
  readonly #httpErrors = new Map<string, number>();
  readonly #connections: ParserConnections;
  readonly #httpStatistics = new HttpStatisticsTally();
  readonly #sequence = new SequenceTally();
  readonly #timeouts = new TimeoutTally();
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
    this.#requests = new ParserRequests(this.lookup, options.durations);
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
    return this.#requests.requests;
  }

  get opens(): Readonly<Record<RequestKind, number>> {
    return this.#requests.opens;
  }

  /** Counts one line's fact; for request lines the answer is what pairing needs to know. */
  record(event: ParsedEvent): LineNote | undefined {
    this.#events.set(event.rule, (this.#events.get(event.rule) ?? 0) + 1);
    const process = this.#processOf(event.client, event.process);
    this.#timeouts.record(event, process ?? { hasTimedOut: false });
    if (process !== undefined) this.#progressed(event, process);
    switch (event.rule) {
      case 'hls-request':
        return this.#requests.announced(event, process);
      case 'open':
        this.#requests.opened(event, process);
        return undefined;
      case 'request':
        return this.#requests.asked(event, process, takeDialled(process?.connections));
      case 'http-error':
        this.#httpErrors.set(errorName(event.status), (this.#httpErrors.get(errorName(event.status)) ?? 0) + 1);
        return undefined;
      case 'premature-end':
        if (process !== undefined) this.lookup.endedPrematurely(process.lookup, event);
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

  read(atMs: number, beganAtMs?: number): ParserReading {
    const { attempts, successes, bytes, misses, unread, pending, open } = this.lookup.read();
    const httpStatistics = this.#httpStatistics.read();
    const lines = this.#lines;
    return {
      lines: lines?.stderrLines ?? 0,
      unparsedLines: lines?.unparsedLines ?? 0,
      droppedLines: (lines?.droppedStderrLines ?? 0) + (lines?.droppedProgressLines ?? 0),
      requests: { ...this.#requests.requests },
      opens: { ...this.#requests.opens },
      httpErrors: Object.fromEntries(this.#httpErrors),
      timeouts: this.#timeouts.count,
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
        ...this.#requests.readIntervals(atMs),
        original: this.original.read(atMs),
      },
    };
  }

  readInferredBuckets(): ReturnType<BucketCounter['read']> {
    return this.#requests.inferredBuckets.read();
  }

  /** What a line says of the process and of its last request. */
  #progressed(event: ParsedEvent, process: ParserProcess): void {
    if (!process.isOver) this.original.record(event, process.original);
    if (event.rule === 'format-probed') process.isDebug = true;
    if (event.rule === 'http-error' || event.rule === 'segment-failed') this.#requests.failed(process);
    const isInit =
      event.rule === 'init-section' || (event.rule === 'fatal' && event.text.startsWith(FAILED_INIT_SECTION));
    if (isInit) this.#requests.initSection(event, process);
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
      announcement: undefined,
      isAtAnnounced: false,
      isDebug: false,
      hasTimedOut: false,
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
