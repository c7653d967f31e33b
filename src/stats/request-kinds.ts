// What the parser believes a request was for, from FFmpeg's own lines of one process: never from the tap's kinds.
// It counts nothing; a wrong guess here is an error of the candidate that agreement shows.
import { resourceKey } from '../hls/resource.ts';

export type RequestKind = 'segment' | 'playlist' | 'init' | 'key' | 'other';

/** URLs remembered per process: FFmpeg has a handful in flight and reloads a few playlists. */
const MAX_REMEMBERED = 64;
/** How far back an init section is recognised as asked for again. Short on purpose: an encoder that began again uses its
 *  old names once more, and those are segments. */
const MAX_MEDIA_REMEMBERED = 16;

/** Names that media segments have in the field, WebVTT included. */
const SEGMENT_EXTENSIONS: ReadonlySet<string> = new Set(
  'ts m2ts mts mpegts m4s mp4 m4v m4a m4f cmfv cmfa cmft aac ac3 ec3 mp3 vtt webvtt'.split(' '),
);

interface MediaRequest {
  readonly kind: 'segment' | 'init';
  readonly playlistLoads: number;
}

export class RequestKinds {
  readonly #isHls: boolean;
  readonly #media = new Map<string, MediaRequest>();
  readonly #opened = new Map<string, RequestKind>();
  readonly #playlistsBegun = new Set<number>();
  #playlistLoads = 0;
  #announced: string | undefined;
  #lastOpened: RequestKind | undefined;

  /** Without HLS there is nothing to tell apart: every request is `other`. */
  constructor(isHls = true) {
    this.#isHls = isHls;
  }

  /** `HLS request for url`: a segment or an init section. FFmpeg asks for an init section again after a playlist reload
   *  (live fMP4), and before the first segment; a segment that was read is never asked for again. */
  hlsRequest(url: string, offset: number, playlist: number): 'segment' | 'init' {
    const key = mediaKey(url, offset);
    const before = this.#media.get(key);
    const isFirst = !this.#playlistsBegun.has(playlist);
    if (this.#playlistsBegun.size < MAX_REMEMBERED) this.#playlistsBegun.add(playlist);
    const isInit = before === undefined ? looksLikeInit(url, isFirst) : isAskedAgain(before, this.#playlistLoads);
    const kind = isInit ? 'init' : 'segment';
    remember(this.#media, key, { kind, playlistLoads: this.#playlistLoads }, MAX_MEDIA_REMEMBERED);
    remember(this.#opened, url, kind);
    this.#announced = url;
    return kind;
  }

  /** `Opening '...' for reading`; `crypto+` stands before the URL of an encrypted segment, its key is opened bare. */
  open(url: string, context: string): RequestKind {
    const target = url.startsWith('crypto+') ? url.slice('crypto+'.length) : url;
    const kind = this.#openKind(target, context);
    if (kind === 'playlist') this.#playlistLoads += 1;
    if (target === this.#announced) this.#announced = undefined;
    remember(this.#opened, target, kind);
    this.#lastOpened = kind;
    return kind;
  }

  /** `request: GET`: what was opened under that URL; a URL that was not opened is the target of a redirect. */
  request(url: string): RequestKind {
    if (!this.#isHls) return 'other';
    return this.#opened.get(url) ?? (isPlaylistUrl(url) ? 'playlist' : (this.#lastOpened ?? kindByName(url)));
  }

  /** An attempt failed: when FFmpeg asks for it again, that is a retry and says nothing about its kind. */
  failed(url: string): void {
    for (const key of this.#media.keys()) if (key.startsWith(resourceKey(url, undefined))) this.#media.delete(key);
  }

  #openKind(url: string, context: string): RequestKind {
    if (!this.#isHls) return 'other';
    if (isPlaylistUrl(url)) return 'playlist';
    const known = this.#opened.get(url);
    if (known !== undefined) return known;
    // Between the announcement of a segment and its own opening FFmpeg opens nothing but that segment's key.
    if (this.#announced !== undefined) return 'key';
    const isInputItself = context === 'NULL' || context === 'AVFormatContext';
    if (isInputItself) return 'playlist';
    // Logs of level info announce nothing: then the name is all there is.
    const named = kindByName(url);
    return named === 'other' && (this.#playlistLoads === 0 || context === 'hls') ? 'playlist' : named;
  }
}

/** What the last part of a URL says by itself. */
export function kindByName(url: string): RequestKind {
  if (isPlaylistUrl(url)) return 'playlist';
  if (looksLikeInit(url, false)) return 'init';
  const extension = /\.([a-z0-9]+)$/i.exec(url.split(/[?#]/, 1)[0] ?? url)?.[1]?.toLowerCase() ?? '';
  if (extension === 'key') return 'key';
  return SEGMENT_EXTENSIONS.has(extension) ? 'segment' : 'other';
}

export function isPlaylistUrl(url: string): boolean {
  const end = url.search(/[?#]/);
  return /\.m3u8?$/i.test(end < 0 ? url : url.slice(0, end));
}

function mediaKey(url: string, offset: number): string {
  return resourceKey(url, offset === 0 ? undefined : [offset, null]);
}

function isAskedAgain(before: MediaRequest, playlistLoads: number): boolean {
  return before.kind === 'init' || before.playlistLoads < playlistLoads;
}

/** The first request of a playlist in a container that needs an init section, or a name that says so. */
function looksLikeInit(url: string, isFirst: boolean): boolean {
  const path = url.split(/[?#]/, 1)[0] ?? url;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /init/i.test(name) || (isFirst && /\.(mp4|m4i|cmfi)$/i.test(name));
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, limit: number = MAX_REMEMBERED): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= limit) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
