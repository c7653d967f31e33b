// The origin's octets explained term by term, and the join of our transfers with the origin's own access log.
// It never joins by time: by (port, request index), in order per port. Unknown terms are missing, never 0.
import { KINDS, type Kind, type OriginRequestEvent, type TransferEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';
import type { FlowAccount } from './origin-account.ts';
import type { Summary } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

type Reconciliation = Summary['reconciliation'];

/** Every request of our own says so, so that the origin's log can tell it from the clients'. */
const OWN_AGENT_PREFIX = 'hls-swarm-';
/** An access log may be written in batches: an unmatched line or record counts as missing after this long. */
const JOIN_GRACE_MS: number = secondsToMs(12);
/** Records or lines waiting for their counterpart; a side that never comes must not fill the memory. */
const MAX_WAITING = 50_000;

const PLAYLISTS: readonly Kind[] = ['media-playlist', 'multivariant-playlist'];

interface Waiting {
  readonly transfers: TransferEvent[];
  readonly requests: OriginRequestEvent[];
}

/** Octets of matched, completed pairs by term, as the tap counted them. */
interface Terms {
  segmentContent: number;
  playlistContent: number;
  otherContent: number;
  responseHeads: number;
  interimHeads: number;
  framing: number;
}

export class AccessLogJoin {
  readonly #waiting = new Map<string, Waiting>();
  readonly #terms: Terms = noTerms();
  #waitingCount = 0;
  #requests = 0;
  #matched = 0;
  #equal = 0;
  #different = 0;
  #originBytes = 0;
  #ownBytes = 0;
  #evictedTransfers = 0;
  #evictedRequests = 0;
  #evictedBytes = 0;
  #finishedAtMs: number | undefined;

  /** Whether the origin showed us its log at all. */
  get isActive(): boolean {
    return this.#requests > 0;
  }

  transfer(event: TransferEvent): void {
    if (event.upstreamLocalPort === undefined || event.upstreamRequestIndex === undefined) return;
    const waiting = this.#at(event.upstreamLocalPort, event.upstreamRequestIndex);
    const request = waiting.requests.shift();
    if (request === undefined) {
      waiting.transfers.push(event);
      this.#grew();
    } else {
      this.#waitingCount -= 1;
      this.#pair(event, request);
    }
    this.#forgetIfEmpty(event.upstreamLocalPort, event.upstreamRequestIndex, waiting);
  }

  originRequest(event: OriginRequestEvent): void {
    this.#requests += 1;
    if (event.userAgent?.startsWith(OWN_AGENT_PREFIX) === true) {
      this.#ownBytes += event.bytesSent;
      return;
    }
    const waiting = this.#at(event.remotePort, event.requestIndex);
    const transfer = waiting.transfers.shift();
    if (transfer === undefined) {
      waiting.requests.push(event);
      this.#grew();
    } else {
      this.#waitingCount -= 1;
      this.#pair(transfer, event);
    }
    this.#forgetIfEmpty(event.remotePort, event.requestIndex, waiting);
  }

  /** Nothing more will come: what waits now is missing on the other side, however young. */
  finish(atMs: number): void {
    this.#finishedAtMs = atMs;
  }

  read(atMs: number): Reconciliation | undefined {
    if (!this.isActive) return undefined;
    const missing = this.#missing(atMs);
    const originBytes = this.#originBytes + this.#ownBytes + missing.foreignBytes;
    const explained = { ...this.#terms, ownRequests: this.#ownBytes, foreign: missing.foreignBytes };
    return {
      source: 'access-log',
      originBytes,
      explained,
      ...residual(originBytes, explained),
      joined: {
        transfers: this.#matched + missing.transfers,
        matched: this.#matched,
        equal: this.#equal,
        different: this.#different,
        missingAtOrigin: missing.transfers,
        missingAtProxy: missing.requests,
      },
    };
  }

  /** Only completed transfers are compared: an abort is cut at another octet on each side (MEASURING section 2). */
  #pair(transfer: TransferEvent, request: OriginRequestEvent): void {
    if (transfer.termination !== '--' || !request.completed) return;
    const { framingBytes, contentBytes, responseHeadBytes, interimHeadBytes } = transfer;
    const bodyBytes = framingBytes + contentBytes;
    const sentBytes = responseHeadBytes + interimHeadBytes + bodyBytes;
    const isEqual =
      transfer.status === request.status && bodyBytes === request.bodyBytesSent && sentBytes === request.bytesSent;
    this.#matched += 1;
    if (isEqual) this.#equal += 1;
    else this.#different += 1;
    this.#originBytes += request.bytesSent;
    this.#terms[contentTerm(transfer.kind)] += contentBytes;
    this.#terms.responseHeads += responseHeadBytes;
    this.#terms.interimHeads += interimHeadBytes;
    this.#terms.framing += framingBytes;
  }

  #missing(atMs: number): { transfers: number; requests: number; foreignBytes: number } {
    const isOverdue = (endedAtMs: number): boolean =>
      this.#finishedAtMs !== undefined || atMs - endedAtMs > JOIN_GRACE_MS;
    let transfers = this.#evictedTransfers;
    let requests = this.#evictedRequests;
    let foreignBytes = this.#evictedBytes;
    for (const waiting of this.#waiting.values()) {
      for (const transfer of waiting.transfers) {
        if (transfer.termination === '--' && isOverdue(transfer.startedAtMs + transfer.totalMs)) transfers += 1;
      }
      for (const request of waiting.requests) {
        if (!isOverdue(request.atMs)) continue;
        if (request.completed) requests += 1;
        foreignBytes += request.bytesSent;
      }
    }
    return { transfers, requests, foreignBytes };
  }

  #at(port: number, index: number): Waiting {
    const key = `${port}/${index}`;
    const known = this.#waiting.get(key);
    if (known !== undefined) return known;
    const waiting: Waiting = { transfers: [], requests: [] };
    this.#waiting.set(key, waiting);
    return waiting;
  }

  #forgetIfEmpty(port: number, index: number, waiting: Waiting): void {
    if (waiting.transfers.length + waiting.requests.length === 0) this.#waiting.delete(`${port}/${index}`);
  }

  /** Drops what has waited longest. Before the first log line there may be no log at all: then nothing is missing. */
  #grew(): void {
    this.#waitingCount += 1;
    if (this.#waitingCount <= MAX_WAITING) return;
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const [key, { transfers, requests }] = oldest;
    this.#waiting.delete(key);
    this.#waitingCount -= transfers.length + requests.length;
    if (this.isActive) this.#evictedTransfers += transfers.filter(({ termination }) => termination === '--').length;
    this.#evictedRequests += requests.filter(({ completed }) => completed).length;
    this.#evictedBytes += requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  }
}

/** A source that counts by flow, cut at its scrape: whole host or server, so foreign traffic ends in the residual. */
export function reconcileFlow(flow: FlowAccount): Reconciliation {
  const { contentBytesByKind: content, responseHeadBytes, interimHeadBytes, framingBytes, ownBytes } = flow.explained;
  const sum = (kinds: readonly (Kind | 'open')[]): number => kinds.reduce((total, kind) => total + content[kind], 0);
  const others = [...KINDS, 'open' as const].filter((kind) => contentTerm(kind) === 'otherContent');
  const explained = {
    segmentContent: content.segment,
    playlistContent: sum(PLAYLISTS),
    otherContent: sum(others),
    responseHeads: responseHeadBytes,
    interimHeads: interimHeadBytes,
    framing: framingBytes,
    ownRequests: ownBytes,
  };
  return { source: flow.source, originBytes: flow.originBytes, explained, ...residual(flow.originBytes, explained) };
}

/** No origin to hold the tap against: its own terms stand alone. */
export function unreconciled(
  sum: (
    figure: 'contentBytes' | 'responseHeadBytes' | 'interimHeadBytes' | 'framingBytes',
    kinds?: readonly Kind[],
  ) => number,
): Reconciliation {
  return {
    explained: {
      segmentContent: sum('contentBytes', ['segment']),
      playlistContent: sum('contentBytes', PLAYLISTS),
      otherContent: sum(
        'contentBytes',
        KINDS.filter((kind) => contentTerm(kind) === 'otherContent'),
      ),
      responseHeads: sum('responseHeadBytes'),
      interimHeads: sum('interimHeadBytes'),
      framing: sum('framingBytes'),
    },
  };
}

/** What the origin counted, where nothing was tapped that could explain any of it. */
export function unexplained(counted: { readonly source?: string; readonly originBytes?: number } = {}): Reconciliation {
  const { source, originBytes } = counted;
  return withoutAbsent<Reconciliation>({ source, originBytes, explained: undefined });
}

function contentTerm(kind: Kind | 'open'): 'segmentContent' | 'playlistContent' | 'otherContent' {
  if (kind === 'segment') return 'segmentContent';
  return kind === 'media-playlist' || kind === 'multivariant-playlist' ? 'playlistContent' : 'otherContent';
}

function residual(
  originBytes: number,
  explained: Readonly<Record<string, number>>,
): { residualBytes: number; residualRatio?: number } {
  const residualBytes = originBytes - Object.values(explained).reduce((sum, bytes) => sum + bytes, 0);
  return withoutAbsent({ residualBytes, residualRatio: originBytes > 0 ? residualBytes / originBytes : undefined });
}

function noTerms(): Terms {
  return { segmentContent: 0, playlistContent: 0, otherContent: 0, responseHeads: 0, interimHeads: 0, framing: 0 };
}
