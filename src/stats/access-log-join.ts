// The origin's own access log held against our transfers, request by request: what both counted, and what only one of them has.
// Which line belongs to which transfer is found in join-lanes.ts. Unknown terms are missing, never 0.
import type { ConnectionEvent, OriginRequestEvent, TransferEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';
import { contentTerm, type Explained } from './flow-terms.ts';
import { type Carried, JoinLanes } from './join-lanes.ts';
import type { Summary } from './summary.ts';

/** What a log accounts for. */
export interface JoinReading {
  readonly originBytes: number;
  readonly explained: Explained;
  readonly joined: NonNullable<Summary['reconciliation']['joined']>;
  /** The longest time from the end of a transfer to its line: a server may write in batches. */
  readonly longestLagMs: number;
}

/** Lines of an origin's log that are due: of transfers that completed, and of those that broke off. */
export interface AwaitedLines {
  readonly completed: number;
  readonly aborted: number;
}

/** Every request of our own says so, so that the origin's log can tell it from the clients'. */
const OWN_AGENT_PREFIX = 'hls-swarm-';
/** An access log may be written in batches: an unmatched line or record counts as missing after this long. */
const JOIN_GRACE_MS: number = secondsToMs(12);
/** Origin addresses that are known to be in the log; a name stands for a few of them. */
const MAX_ADDRESSES = 1_000;

type Terms = Record<
  'segmentContent' | 'playlistContent' | 'otherContent' | 'responseHeads' | 'interimHeads' | 'framing' | 'inFlight',
  number
>;

export class AccessLogJoin {
  readonly #lanes: JoinLanes;
  readonly #terms = { ...NO_TERMS };
  readonly #addresses = new Set<string>();
  readonly #counts = { matched: 0, equal: 0, different: 0, aborted: 0, outOfBounds: 0 };
  readonly #evicted = { transfers: 0, requests: 0, bytes: 0 };
  #requests = 0;
  #originBytes = 0;
  #ownBytes = 0;
  #longestLagMs = 0;
  #finishedAtMs: number | undefined;

  constructor() {
    this.#lanes = new JoinLanes({
      paired: (carried, logged) => this.#paired(carried, logged),
      evicted: (carried, logged) => this.#gaveUp(carried, logged),
    });
  }

  /** Whether the origin showed us its log at all. */
  get isActive(): boolean {
    return this.#requests > 0;
  }

  /** Transfers that the log should have and has not. */
  get awaited(): AwaitedLines {
    const due = [...this.#lanes.transfers()].filter((carried) => this.#isLogged(carried));
    const completed = due.filter(isComplete).length;
    return { completed, aborted: due.length - completed };
  }

  transfer(event: TransferEvent): void {
    this.#lanes.transfer(event);
  }

  connection({ upstreamConnection, upstreamLocalPort }: ConnectionEvent): void {
    this.#lanes.closed(upstreamConnection, upstreamLocalPort);
  }

  originRequest(event: OriginRequestEvent): void {
    this.#requests += 1;
    if (event.userAgent?.startsWith(OWN_AGENT_PREFIX) === true) this.#ownBytes += event.bytesSent;
    else this.#lanes.request(event);
  }

  /** Nothing more will come: what waits now is missing on the other side, however young. */
  finish(atMs: number): void {
    this.#finishedAtMs = atMs;
  }

  read(atMs: number): JoinReading | undefined {
    if (!this.isActive) return undefined;
    const missing = this.#missing(atMs);
    return {
      originBytes: this.#originBytes + this.#ownBytes + missing.bytes,
      explained: { ...this.#terms, ownRequests: this.#ownBytes, foreign: missing.bytes },
      joined: {
        transfers: this.#counts.matched + missing.transfers,
        matched: this.#counts.matched,
        equal: this.#counts.equal,
        different: this.#counts.different,
        missingAtOrigin: missing.transfers,
        missingAtProxy: missing.requests,
        aborted: this.#counts.aborted,
        outOfBounds: this.#counts.outOfBounds,
      },
      longestLagMs: this.#longestLagMs,
    };
  }

  /** The origin's octets are the log's, the terms the tap's: where both completed, any difference is left over. */
  #paired(carried: Carried, logged: OriginRequestEvent): void {
    const { responseHeadBytes, interimHeadBytes, framingBytes, contentBytes, deliveredBytes, upstreamAddress } =
      carried;
    if (upstreamAddress !== undefined && this.#addresses.size < MAX_ADDRESSES) this.#addresses.add(upstreamAddress);
    this.#originBytes += logged.bytesSent;
    this.#terms[contentTerm(carried.kind)] += contentBytes;
    this.#terms.responseHeads += responseHeadBytes;
    this.#terms.interimHeads += interimHeadBytes;
    this.#terms.framing += framingBytes;
    const bodyBytes = framingBytes + contentBytes;
    const readBytes = responseHeadBytes + interimHeadBytes + bodyBytes;
    if (isComplete(carried) && logged.completed) {
      this.#longestLagMs = Math.max(this.#longestLagMs, logged.atMs - carried.startedAtMs - carried.totalMs);
      const isSame =
        carried.status === logged.status && bodyBytes === logged.bodyBytesSent && readBytes === logged.bytesSent;
      this.#counts.matched += 1;
      this.#counts[isSame ? 'equal' : 'different'] += 1;
      return;
    }
    // An abort is cut at another octet on each side (MEASURING section 2): what was sent and never read was on its way.
    this.#counts.aborted += 1;
    this.#terms.inFlight += Math.max(0, logged.bytesSent - readBytes);
    if (deliveredBytes > readBytes || readBytes > logged.bytesSent) this.#counts.outOfBounds += 1;
  }

  #missing(atMs: number): { readonly transfers: number; readonly requests: number; readonly bytes: number } {
    const isOverdue = (endedAtMs: number): boolean =>
      this.#finishedAtMs !== undefined || atMs - endedAtMs > JOIN_GRACE_MS;
    let { transfers, requests, bytes } = this.#evicted;
    for (const carried of this.#lanes.transfers()) {
      const isDue = isComplete(carried) && isOverdue(carried.startedAtMs + carried.totalMs);
      if (isDue && this.#isLogged(carried)) transfers += 1;
    }
    for (const { atMs: readAtMs, completed, bytesSent } of this.#lanes.requests()) {
      if (!isOverdue(readAtMs)) continue;
      if (completed) requests += 1;
      bytes += bytesSent;
    }
    return { transfers, requests, bytes };
  }

  /** Another origin's transfers are in no log of this one. Before the first pair nobody knows whose log it is. */
  #isLogged({ upstreamAddress }: Carried): boolean {
    return upstreamAddress === undefined || this.#addresses.size === 0 || this.#addresses.has(upstreamAddress);
  }

  /** Before the first log line there may be no log at all: then nothing is missing. */
  #gaveUp(carried: Iterable<Carried>, logged: Iterable<OriginRequestEvent>): void {
    for (const one of carried)
      if (this.isActive && isComplete(one) && this.#isLogged(one)) this.#evicted.transfers += 1;
    for (const { completed, bytesSent } of logged) {
      if (completed) this.#evicted.requests += 1;
      this.#evicted.bytes += bytesSent;
    }
  }
}

const NO_TERMS: Terms = {
  segmentContent: 0,
  playlistContent: 0,
  otherContent: 0,
  responseHeads: 0,
  interimHeads: 0,
  framing: 0,
  inFlight: 0,
};

function isComplete({ termination }: Carried): boolean {
  return termination === '--';
}
