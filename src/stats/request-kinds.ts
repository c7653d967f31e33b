// What the parser believes a request was for, from FFmpeg's own lines of one process: never from the tap's kinds.
// It counts nothing; a wrong guess here is an error of the candidate that agreement shows. URLs are kept as hashes only.
import { resourceHash, resourceHashFrom } from '../hls/resource.ts';

export type RequestKind = 'segment' | 'playlist' | 'init' | 'key' | 'other';
export type MediaKind = 'segment' | 'init';

/** URLs remembered per process: FFmpeg has a handful in flight and reloads a few playlists. */
const MAX_REMEMBERED = 64;
/** How far back an init section is recognised as asked for again. Short on purpose: an encoder that began again uses its
 *  old names once more, and those are segments. */
const MAX_MEDIA_REMEMBERED = 16;
/** More playlists than this at a time are not told apart: then the first request of one is not known for it. */
const MAX_PLAYLISTS = 256;

/** Names that media segments have in the field, WebVTT included. */
const SEGMENT_EXTENSIONS: ReadonlySet<string> = new Set(
  'ts m2ts mts mpegts m4s mp4 m4v m4a m4f cmfv cmfa cmft aac ac3 ec3 mp3 vtt webvtt'.split(' '),
);
/** Containers that are played from an init section only: it is what a playlist of them asks for first. */
const FRAGMENTED_EXTENSIONS: ReadonlySet<string> = new Set('m4s mp4 m4v m4a m4f m4i cmfv cmfa cmft cmfi'.split(' '));
/** `init` as a word of its own, in a name. */
const INIT_WORD = /(?:^|[^a-z])init(?:ialization)?(?:[^a-z]|$)/i;

interface MediaRequest {
  readonly kind: MediaKind;
  readonly urlHash: number;
  readonly playlistLoads: number;
}

interface Announced extends MediaRequest {
  readonly key: number;
}

export class RequestKinds {
  readonly #isHls: boolean;
  /** By playlist, offset and URL. */
  readonly #media = new Map<number, MediaRequest>();
  readonly #opened = new Map<number, RequestKind>();
  readonly #playlistsBegun = new Set<number>();
  #playlistLoads = 0;
  /** What was announced last, and whether its opening is still to come. */
  #announced: Announced | undefined;
  #isOpenExpected = false;
  /** The log has lines that announce segments, or is of a level that has them. */
  #hasAnnouncements = false;
  /** No guess of an init section was wrong so far; after one, only the log's own word counts. */
  #areGuessesTrue = true;
  #lastOpened: RequestKind | undefined;

  /** Without HLS there is nothing to tell apart: every request is `other`. */
  constructor(isHls = true) {
    this.#isHls = isHls;
  }

  /** `HLS request for url`: a segment or an init section. FFmpeg asks for an init section before the first segment, and
   *  again after a playlist reload (live fMP4). Which of the two it was, the log says later and at level debug only. */
  hlsRequest(url: string, offset: number, playlist: number): MediaKind {
    const urlHash = resourceHash(url, undefined);
    const key = keyOf(url, offset, playlist);
    const kind = this.#isInit(url, playlist, this.#media.get(key)) ? 'init' : 'segment';
    this.#hasAnnouncements = true;
    this.#announced = { kind, key, urlHash, playlistLoads: this.#playlistLoads };
    this.#isOpenExpected = true;
    this.#rememberAnnounced(kind);
    return kind;
  }

  /** The log said what the last announcement was for. */
  correct(kind: MediaKind): void {
    if (this.#announced === undefined) return;
    if (this.#announced.kind === 'init' && kind === 'segment') this.#areGuessesTrue = false;
    if (this.#lastOpened === this.#announced.kind) this.#lastOpened = kind;
    this.#rememberAnnounced(kind);
  }

  /** `Opening '...' for reading`; `crypto+` stands before the URL of an encrypted segment, its key is opened bare. */
  open(url: string, context: string): RequestKind {
    const target = url.startsWith('crypto+') ? url.slice('crypto+'.length) : url;
    const hash = resourceHash(target, undefined);
    const kind = this.#openKind(target, hash, context);
    if (kind === 'playlist') this.#playlistLoads += 1;
    if (hash === this.#announced?.urlHash) this.#isOpenExpected = false;
    remember(this.#opened, hash, kind, MAX_REMEMBERED);
    this.#lastOpened = kind;
    return kind;
  }

  /** `request: GET`: what was opened under that URL; a URL that was not opened is the target of a redirect. */
  request(url: string): RequestKind {
    if (!this.#isHls) return 'other';
    this.#hasAnnouncements = true;
    const known = this.#opened.get(resourceHash(url, undefined));
    return known ?? (isPlaylistUrl(url) ? 'playlist' : (this.#lastOpened ?? kindByName(url)));
  }

  /** An attempt failed: when FFmpeg asks for it again, that is a retry and says nothing about its kind. */
  failed(url: string): void {
    const urlHash = resourceHash(url, undefined);
    for (const [key, media] of this.#media) {
      if (media.urlHash === urlHash && media.kind === 'segment') this.#media.delete(key);
    }
  }

  #isInit(url: string, playlist: number, before: MediaRequest | undefined): boolean {
    const isFirst = !this.#playlistsBegun.has(playlist) && this.#playlistsBegun.size < MAX_PLAYLISTS;
    if (isFirst) this.#playlistsBegun.add(playlist);
    if (before?.kind === 'init') return true;
    if (!this.#areGuessesTrue || !FRAGMENTED_EXTENSIONS.has(extensionOf(url))) return false;
    if (before !== undefined) return before.playlistLoads < this.#playlistLoads;
    return isFirst || INIT_WORD.test(nameOf(url));
  }

  #rememberAnnounced(kind: MediaKind): void {
    if (this.#announced === undefined) return;
    this.#announced = { ...this.#announced, kind };
    const { key, urlHash, playlistLoads } = this.#announced;
    remember(this.#media, key, { kind, urlHash, playlistLoads }, MAX_MEDIA_REMEMBERED);
    remember(this.#opened, urlHash, kind, MAX_REMEMBERED);
  }

  #openKind(url: string, hash: number, context: string): RequestKind {
    if (!this.#isHls) return 'other';
    if (isPlaylistUrl(url)) return 'playlist';
    const known = this.#opened.get(hash);
    if (known !== undefined) return known;
    // Between the announcement of a segment and its own opening FFmpeg opens nothing but that segment's key.
    if (this.#isOpenExpected) return 'key';
    const isInputItself = context === 'NULL' || context === 'AVFormatContext';
    if (isInputItself) return 'playlist';
    // Logs of level info announce nothing: then the name is all there is.
    const named = kindByName(url);
    if (named !== 'other') return named;
    return this.#hasAnnouncements || this.#opened.size === 0 || context === 'hls' ? 'playlist' : 'other';
  }
}

/** Hashes are spread over 53 bits: two resources whose hashes are as near as two playlist numbers do not occur. */
function keyOf(url: string, offset: number, playlist: number): number {
  return resourceHashFrom(url, offset) + playlist;
}

/** What the last part of a URL says by itself. */
export function kindByName(url: string): RequestKind {
  if (isPlaylistUrl(url)) return 'playlist';
  const extension = extensionOf(url);
  if (FRAGMENTED_EXTENSIONS.has(extension) && INIT_WORD.test(nameOf(url))) return 'init';
  if (extension === 'key') return 'key';
  return SEGMENT_EXTENSIONS.has(extension) ? 'segment' : 'other';
}

export function isPlaylistUrl(url: string): boolean {
  return /\.m3u8?$/i.test(pathOf(url));
}

/** The last part of the path. */
function nameOf(url: string): string {
  const path = pathOf(url);
  return path.slice(path.lastIndexOf('/') + 1);
}

/** In lower case, without the dot; `` when the name has none. */
function extensionOf(url: string): string {
  const name = nameOf(url);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= limit) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
