// What one short look at a stream delivered, from the events of its client: kinds, bitrates by playlist, redirects, caches,
// TLS, encryption. It keeps a bounded number of addresses and judges nothing; the run's accounts are elsewhere.
import type {
  CacheStatus,
  ConnectionEvent,
  Event,
  Kind,
  PlaylistEvent,
  SegmentListedEvent,
  StreamEvent,
  TransferEvent,
} from '../events.ts';
import { resourceKey } from '../hls/resource.ts';
import { bytesToBits, msToSeconds } from '../units.ts';
import { isOk } from './proxy-account.ts';

export interface KindDelivery {
  readonly transfers: number;
  readonly contentBytes: number;
  /** Final status codes; `none` where no head came. */
  readonly statusCodes: Readonly<Record<string, number>>;
}

/** What was played of one media playlist, or of a transport stream. */
export interface PlayedPlaylist {
  readonly url: string;
  readonly segments: number;
  readonly contentBytes: number;
  readonly mediaSeconds: number;
  /** Content per media second; absent without any. */
  readonly bitsPerSecond?: number;
  /** Segments that were listed anew while it lasted: 0 = it stood still. Absent for a transport stream. */
  readonly newSegments?: number;
}

export interface Delivery {
  readonly byKind: Readonly<Partial<Record<Kind, KindDelivery>>>;
  readonly playlists: readonly PlayedPlaylist[];
  readonly cache: Readonly<Record<CacheStatus, number>>;
  /** `from -> to`, each once. */
  readonly redirects: readonly string[];
  /** Addresses that answered. */
  readonly addresses: readonly string[];
  readonly tls: { readonly intercepted: number; readonly tunnelled: number; readonly resumed: number };
  /** Why connections failed, each once. */
  readonly failures: readonly string[];
}

/** One client meets this many in ten seconds only where something is odd; a look says so by its first ones. */
const MAX_LISTED = 100;
/** Segments that playlists listed: a day of two-second ones. */
const MAX_SEGMENTS = 50_000;

interface Played {
  segments: number;
  contentBytes: number;
  mediaSeconds: number;
  newSegments?: number;
}

export class CheckBook {
  readonly #kinds = new Map<Kind, { transfers: number; contentBytes: number; statusCodes: Record<string, number> }>();
  readonly #cache: Record<CacheStatus, number> = { hit: 0, miss: 0, other: 0, unknown: 0 };
  readonly #listed = new Map<string, SegmentListedEvent>();
  readonly #played = new Map<string, Played>();
  readonly #redirects = new Set<string>();
  readonly #addresses = new Set<string>();
  readonly #failures = new Set<string>();
  /** Media sequence number after the last segment, as each playlist had it first. */
  readonly #ends = new Map<string, number>();
  readonly #tls = { intercepted: 0, tunnelled: 0, resumed: 0 };

  record(event: Event): void {
    if (event.type === 'transfer') this.#transfer(event);
    else if (event.type === 'segment-listed') this.#segmentListed(event);
    else if (event.type === 'connection') this.#connection(event);
    else if (event.type === 'playlist') this.#playlist(event);
    else if (event.type === 'stream') this.#stream(event);
  }

  get delivery(): Delivery {
    return {
      byKind: Object.fromEntries(this.#kinds),
      playlists: [...this.#played].map(([url, played]) => ({
        url,
        ...played,
        ...(played.mediaSeconds > 0 ? { bitsPerSecond: bytesToBits(played.contentBytes) / played.mediaSeconds } : {}),
      })),
      cache: this.#cache,
      redirects: [...this.#redirects],
      addresses: [...this.#addresses],
      tls: this.#tls,
      failures: [...this.#failures],
    };
  }

  #transfer(event: TransferEvent): void {
    const { kind, status, contentBytes, url, range, location, upstreamAddress, cache } = event;
    const known = this.#kinds.get(kind) ?? { transfers: 0, contentBytes: 0, statusCodes: {} };
    this.#kinds.set(kind, known);
    const code = String(status ?? 'none');
    known.transfers += 1;
    known.contentBytes += contentBytes;
    known.statusCodes[code] = (known.statusCodes[code] ?? 0) + 1;
    if (status !== undefined) this.#cache[cache] += 1;
    if (location !== undefined) note(this.#redirects, `${url} -> ${location}`);
    if (upstreamAddress !== undefined) note(this.#addresses, upstreamAddress);
    if (kind !== 'segment' || !isOk(event)) return;
    const listed = this.#listed.get(resourceKey(url, range));
    if (listed === undefined) return;
    const played = this.#of(listed.playlistUrl);
    played.segments += 1;
    played.contentBytes += contentBytes;
    played.mediaSeconds += listed.durationSeconds;
  }

  /** Those beyond the limit are counted nowhere. */
  #of(url: string): Played {
    const played = this.#played.get(url) ?? { segments: 0, contentBytes: 0, mediaSeconds: 0 };
    if (this.#played.size < MAX_LISTED) this.#played.set(url, played);
    return played;
  }

  #segmentListed(event: SegmentListedEvent): void {
    const key = resourceKey(event.url, event.range);
    if (this.#listed.size < MAX_SEGMENTS) this.#listed.set(key, event);
  }

  /** A stream has no media seconds of its own: those that it took stand for them. */
  #stream({ url, contentBytes, atMs, startedAtMs }: StreamEvent): void {
    const played = this.#of(url);
    played.contentBytes = contentBytes;
    played.mediaSeconds = msToSeconds(atMs - startedAtMs);
  }

  #connection({ tls, tlsResumed, failure, tlsFailedWith }: ConnectionEvent): void {
    if (tls !== undefined) this.#tls[tls] += 1;
    if (tlsResumed === true) this.#tls.resumed += 1;
    if (failure !== undefined) note(this.#failures, tlsFailedWith === undefined ? failure : `TLS: ${failure}`);
  }

  #playlist({ url, mediaSequence, segmentCount }: PlaylistEvent): void {
    const end = mediaSequence + segmentCount;
    const first = this.#ends.get(url) ?? end;
    if (this.#ends.size < MAX_LISTED) this.#ends.set(url, first);
    this.#of(url).newSegments = end - first;
  }
}

function note(set: Set<string>, text: string): void {
  if (set.size < MAX_LISTED) set.add(text);
}
