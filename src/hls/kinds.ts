// What a transfer carried (MEASURING section 4): first what the playlists that went through the same door list, else what
// the response itself tells. It sees URLs, texts and first octets; redirects are the caller's.
import { hash } from 'node:crypto';
import type { ByteRange, Kind } from '../events.ts';
import { KIB } from '../units.ts';
import { type Playlist, readPlaylist } from './playlist.ts';
import { canonicalUrl, resourceKey } from './resource.ts';
import { hasTransportPackets } from './transport-stream.ts';

/** A playlist with its resources by identity; read once per worker, shared by its doors. */
export interface IndexedPlaylist {
  readonly playlist: Playlist;
  /** Of the text. */
  readonly digest: string;
  /** By resource key. */
  readonly kinds: ReadonlyMap<string, Kind>;
  /** By URL alone, where all that is listed of it has one kind. */
  readonly kindsOfUrls: ReadonlyMap<string, Kind | undefined>;
}

interface TextIdentity {
  readonly text: string;
  readonly digest: string;
  /** Among the texts of all URLs: a text means something else elsewhere. */
  readonly key: string;
}

/** Three lists per URL and some hundred URLs: variants of many channels, each a few seconds old. */
export const MAX_CACHED_PLAYLISTS = 512;
/** A long VOD list has thousands of resources at about 300 octets each: 60 MB in all. */
export const MAX_CACHED_RESOURCES = 200_000;
/** Live lists are a few kilobytes; together with the number above, 32 MiB at most. */
const MAX_COMPARED_LENGTH: number = 64 * KIB;
/** A late request may be for a segment that the newest list has dropped. */
export const LISTS_KEPT_PER_URL = 3;
/** One door is one client: a few variants and renditions, more only when every reload has a URL of its own. */
export const MAX_PLAYLIST_URLS_PER_DOOR = 64;

/** Delivery directives (RFC 8216bis section 6.2.5) ask for a state of the same playlist. */
const DELIVERY_DIRECTIVE = '_HLS_';

/** Playlists by content, one for all doors of a worker; the longest unused go first. */
export class PlaylistCache {
  /** By digest and URL, the longest unused first. */
  readonly #playlists = new Map<string, IndexedPlaylist>();
  /** Of each URL: clients read the same one, and comparing is cheaper than hashing. */
  readonly #lastTexts = new Map<string, TextIdentity>();
  #lastUsed: IndexedPlaylist | undefined;
  #resources = 0;
  #evicted = 0;

  /** How many were dropped for a limit; they are read again when they come again. */
  get evicted(): number {
    return this.#evicted;
  }

  read(url: string, text: string): IndexedPlaylist | undefined {
    const { digest, key } = this.#identityOf(url, text);
    const known = this.#playlists.get(key);
    if (known !== undefined) {
      this.#use(key, known);
      return known;
    }
    const playlist = readPlaylist(text, url);
    if (playlist === undefined) return undefined;
    const indexed = indexPlaylist(playlist, digest);
    this.#use(key, indexed);
    this.#resources += indexed.kinds.size;
    this.#evict();
    return indexed;
  }

  #identityOf(url: string, text: string): TextIdentity {
    const last = this.#lastTexts.get(url);
    if (last?.text === text) return last;
    const digest = hash('sha1', text, 'base64');
    const identity = { text, digest, key: `${digest} ${url}` };
    if (text.length <= MAX_COMPARED_LENGTH) this.#lastTexts.set(url, identity);
    if (this.#lastTexts.size > MAX_CACHED_PLAYLISTS) this.#lastTexts.clear();
    return identity;
  }

  /** Whatever is used twice in a row is at its place already: the many clients of one stream read one list. */
  #use(key: string, indexed: IndexedPlaylist): void {
    if (this.#lastUsed === indexed) return;
    this.#lastUsed = indexed;
    this.#playlists.delete(key);
    this.#playlists.set(key, indexed);
  }

  #evict(): void {
    for (const [key, { kinds }] of this.#playlists) {
      const isWithin = this.#playlists.size <= MAX_CACHED_PLAYLISTS && this.#resources <= MAX_CACHED_RESOURCES;
      if (isWithin || this.#playlists.size === 1) return;
      this.#playlists.delete(key);
      this.#resources -= kinds.size;
      this.#evicted += 1;
    }
  }
}

/** The playlists that went through one door. */
export class PlaylistMemory {
  readonly #cache: PlaylistCache;
  /** By playlist URL, the longest unseen first; the lists of one URL newest first. */
  readonly #lists = new Map<string, readonly IndexedPlaylist[]>();
  #lastSeen: string | undefined;

  constructor(cache: PlaylistCache) {
    this.#cache = cache;
  }

  /**
   * `url` is where the text came from in the end, which is its base. `isNew`: it is not the last one seen for that URL at
   * this door. Undefined when the text is no playlist.
   */
  note(url: string, text: string): { playlist: Playlist; isNew: boolean } | undefined {
    const indexed = this.#cache.read(url, text);
    if (indexed === undefined) return undefined;
    const key = playlistKey(url);
    const lists = this.#lists.get(key) ?? [];
    const isNew = lists[0]?.digest !== indexed.digest;
    // What most players reload is behind all others already.
    if (this.#lastSeen !== key) this.#lists.delete(key);
    this.#lastSeen = key;
    this.#lists.set(key, isNew ? [indexed, ...lists.slice(0, LISTS_KEPT_PER_URL - 1)] : lists);
    this.#evict();
    return { playlist: indexed.playlist, isNew };
  }

  /**
   * The kind that the lists give URL and range; a range that none lists (a transfer resumed in the middle) has the kind of
   * its URL, where all of that URL is of one kind. A playlist seen before is known too. Undefined: no list says.
   */
  kindOf(url: string, range: ByteRange | undefined): Kind | undefined {
    const own = this.#lists.get(playlistKey(url))?.[0];
    if (own !== undefined) return own.playlist.kind === 'media' ? 'media-playlist' : 'multivariant-playlist';
    const key = resourceKey(url, range);
    return this.#find((indexed) => indexed.kinds.get(key)) ?? this.#kindOfUrl(url);
  }

  #kindOfUrl(url: string): Kind | undefined {
    const address = canonicalUrl(url);
    return this.#find((indexed) => indexed.kindsOfUrls.get(address));
  }

  #find(look: (indexed: IndexedPlaylist) => Kind | undefined): Kind | undefined {
    for (const lists of this.#lists.values()) {
      for (const indexed of lists) {
        const kind = look(indexed);
        if (kind !== undefined) return kind;
      }
    }
    return undefined;
  }

  #evict(): void {
    for (const key of this.#lists.keys()) {
      if (this.#lists.size <= MAX_PLAYLIST_URLS_PER_DOOR) return;
      this.#lists.delete(key);
    }
  }
}

export interface ContentFacts {
  readonly url: string;
  /** Lower case, without parameters. */
  readonly mediaType?: string | undefined;
  readonly status?: number | undefined;
  readonly method: string;
  readonly declaredContentLength?: number | undefined;
  /** Decoded; enough are 377 for MPEG-TS, some more for a playlist. */
  readonly firstOctets?: Buffer | undefined;
}

const PLAYLIST_START = /^(?:\u00EF\u00BB\u00BF)?#EXTM3U(?=\s|$)/;
const MULTIVARIANT_TAG = /^#EXT-X-(?:STREAM-INF|MEDIA|I-FRAME-STREAM-INF|SESSION-KEY|SESSION-DATA):/m;
const TS_MEDIA_TYPE = 'video/mp2t';
const NO_CONTENT_STATUS = 204;
/** Where a playlist's tags say of which sort it is; all of them come early. */
const MAX_SNIFFED_BYTES: number = 4 * KIB;
/** Of the last part of the path; a host has none. */
const EXTENSION = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*\/[^?#]*\.([a-z0-9]+)(?:[?#]|$)/i;

const KIND_OF_MEDIA_TYPE: ReadonlyMap<string, Kind> = new Map([
  ['application/vnd.apple.mpegurl', 'media-playlist'],
  ['application/x-mpegurl', 'media-playlist'],
  ['audio/mpegurl', 'media-playlist'],
  ['audio/x-mpegurl', 'media-playlist'],
  [TS_MEDIA_TYPE, 'segment'],
  ['video/mp4', 'segment'],
  ['video/iso.segment', 'segment'],
  ['audio/mp4', 'segment'],
  ['audio/aac', 'segment'],
  ['audio/mpeg', 'segment'],
  ['audio/ac3', 'segment'],
  ['audio/eac3', 'segment'],
  ['text/vtt', 'segment'],
]);

const KIND_OF_EXTENSION: ReadonlyMap<string, Kind> = new Map([
  ['m3u8', 'media-playlist'],
  ['m3u', 'media-playlist'],
  ['ts', 'segment'],
  ['m4s', 'segment'],
  ['m4v', 'segment'],
  ['m4a', 'segment'],
  ['mp4', 'segment'],
  ['cmfv', 'segment'],
  ['cmfa', 'segment'],
  ['cmft', 'segment'],
  ['aac', 'segment'],
  ['mp3', 'segment'],
  ['ac3', 'segment'],
  ['ec3', 'segment'],
  ['vtt', 'segment'],
  ['webvtt', 'segment'],
  ['key', 'key'],
]);

/** 2xx with content of a length that nobody said: whether it is a `stream` is for media type or first octets to say. */
export function mayBeContinuous(
  method: string,
  status: number | undefined,
  declaredContentLength: number | undefined,
): boolean {
  if (status === undefined) return false;
  const isOk = status >= 200 && status < 300 && status !== NO_CONTENT_STATUS;
  return isOk && method !== 'HEAD' && declaredContentLength === undefined;
}

/**
 * For what no playlist lists. The content decides first (`#EXTM3U`; a continuous MPEG-TS body is a `stream`), then media
 * type, extension, TS packets. Of an error response neither content nor media type speaks of the resource.
 */
export function kindByContent(facts: ContentFacts): Kind {
  const isError = facts.status !== undefined && facts.status >= 300;
  const octets = isError ? undefined : facts.firstOctets;
  const mediaType = isError ? undefined : facts.mediaType;
  const text = octets !== undefined && mayBeText(octets) ? octets.toString('latin1', 0, MAX_SNIFFED_BYTES) : '';
  if (PLAYLIST_START.test(text)) return MULTIVARIANT_TAG.test(text) ? 'multivariant-playlist' : 'media-playlist';
  const isTransportStream = octets !== undefined && hasTransportPackets(octets);
  const isContinuous = mayBeContinuous(facts.method, facts.status, facts.declaredContentLength);
  if (isContinuous && (mediaType === TS_MEDIA_TYPE || isTransportStream)) return 'stream';
  return (
    KIND_OF_MEDIA_TYPE.get(mediaType ?? '') ??
    KIND_OF_EXTENSION.get(extensionOf(facts.url)) ??
    (isTransportStream ? 'segment' : 'other')
  );
}

/** `#`, or the first octet of a byte order mark. */
function mayBeText(octets: Buffer): boolean {
  return octets[0] === 0x23 || octets[0] === 0xef;
}

function extensionOf(url: string): string {
  return EXTENSION.exec(url)?.[1]?.toLowerCase() ?? '';
}

function playlistKey(url: string): string {
  const parsed = url.includes(DELIVERY_DIRECTIVE) ? URL.parse(url) : null;
  if (parsed === null || !parsed.search.includes(DELIVERY_DIRECTIVE)) return canonicalUrl(url);
  const kept = parsed.search
    .slice(1)
    .split('&')
    .filter((parameter) => !parameter.startsWith(DELIVERY_DIRECTIVE));
  parsed.search = kept.join('&');
  return canonicalUrl(parsed.href);
}

function indexPlaylist(playlist: Playlist, digest: string): IndexedPlaylist {
  const kinds = new Map<string, Kind>();
  const kindsOfUrls = new Map<string, Kind | undefined>();
  const list = (kind: Kind, url: string | undefined, range?: ByteRange) => {
    if (url === undefined) return;
    const key = resourceKey(url, range);
    if (!kinds.has(key)) kinds.set(key, kind);
    const address = canonicalUrl(url);
    kindsOfUrls.set(address, kindsOfUrls.has(address) && kindsOfUrls.get(address) !== kind ? undefined : kind);
  };
  if (playlist.kind === 'media') {
    for (const { url, range } of playlist.segments) list('segment', url, range);
    for (const { url, range } of playlist.parts) list('part', url, range);
    for (const { url, range, type } of playlist.hints) list(type === 'PART' ? 'part' : 'init', url, range);
    for (const { url, range } of playlist.maps) list('init', url, range);
    for (const url of playlist.keys) list('key', url);
  } else {
    for (const { url } of [...playlist.variants, ...playlist.renditions]) list('media-playlist', url);
    for (const url of playlist.sessionKeys) list('key', url);
  }
  return { playlist, digest, kinds, kindsOfUrls };
}
