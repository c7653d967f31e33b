// Looks at the stream once before anything starts: is it HLS or MPEG-TS, live or with an end, and what came if it is neither.
// It plays nothing and retries nothing; every request is our own and counted in `ownBytes`.
import type { Fetched, Fetcher } from '../fetch.ts';
import { type MediaPlaylist, readPlaylist } from '../hls/playlist.ts';
import { hasTransportPackets } from '../hls/transport-stream.ts';
import { KIB } from '../units.ts';

export interface StreamFacts {
  readonly isHls: boolean;
  /** true also when it is not known whether it ends. */
  readonly isLive: boolean;
  /** Addresses of an endless transport stream: the asked one and where it redirects to. Empty for all else. */
  readonly streamUrls: readonly string[];
  readonly targetDurationSeconds?: number;
  /** Variant streams of a multivariant playlist. */
  readonly variants?: number;
  /** What it is, in a few words. */
  readonly detail: string;
  /** Something that FFmpeg may stumble over. */
  readonly warning?: string;
}

export type StreamInspection =
  | { readonly ok: true; readonly facts: StreamFacts; readonly ownBytes: number }
  /** `reason` is a sentence that quotes what came. */
  | { readonly ok: false; readonly reason: string; readonly ownBytes: number };

export interface InspectOptions {
  /** `Name: value`, as the clients send them. */
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  /** Gives up what is being read. */
  readonly signal?: AbortSignal;
}

type TextFetcher = Pick<Fetcher, 'fetchText'>;
type Answer = { readonly ok: true; readonly fetched: Fetched } | { readonly ok: false; readonly reason: string };

/** Enough to know a playlist or a transport stream; an endless stream gives more than we want. */
const HEAD_BYTES: number = 16 * KIB;
/** FFmpeg cuts longer ones and then calls them invalid. */
const FFMPEG_URL_LIMIT = 4_095;
const HLS_MEDIA_TYPES = new Set([
  'application/vnd.apple.mpegurl',
  'application/x-mpegurl',
  'audio/mpegurl',
  'audio/x-mpegurl',
]);
const QUOTED_CHARACTERS = 80;

/** Never rejects. `url` appears in reasons as it is given. */
export async function inspectStream(
  url: string,
  fetcher: TextFetcher,
  options: InspectOptions,
): Promise<StreamInspection> {
  if (url.length > FFMPEG_URL_LIMIT) {
    return {
      ok: false,
      ownBytes: 0,
      reason: `the URL has ${url.length} characters; FFmpeg takes at most ${FFMPEG_URL_LIMIT}`,
    };
  }
  const reader = new StreamReader(fetcher, options);
  const result = await reader.inspect(url);
  return { ...result, ownBytes: reader.ownBytes };
}

type Finding = { readonly ok: true; readonly facts: StreamFacts } | { readonly ok: false; readonly reason: string };

class StreamReader {
  ownBytes = 0;
  readonly #fetcher: TextFetcher;
  readonly #options: InspectOptions;

  constructor(fetcher: TextFetcher, options: InspectOptions) {
    this.#fetcher = fetcher;
    this.#options = options;
  }

  async inspect(url: string): Promise<Finding> {
    const answer = await this.#read(url);
    if (!answer.ok) return answer;
    const { fetched } = answer;
    const playlist = readPlaylist(fetched.text, fetched.url);
    if (playlist === undefined) {
      if (hasTransportPackets(fetched.octets)) return { ok: true, facts: transportStreamFacts(url, fetched) };
      return { ok: false, reason: `${url} is neither an HLS playlist nor MPEG-TS: ${whatCame(fetched)}` };
    }
    if (playlist.kind === 'media') return mediaFacts(playlist, fetched, undefined);
    const first = playlist.variants[0];
    if (first === undefined) return { ok: false, reason: `${url} is a multivariant playlist without a variant stream` };
    const variant = await this.#read(first.url);
    if (!variant.ok) return { ok: false, reason: `the first variant stream cannot be read: ${variant.reason}` };
    const media = readPlaylist(variant.fetched.text, variant.fetched.url);
    if (media?.kind !== 'media') {
      return {
        ok: false,
        reason: `the first variant stream, ${first.url}, is no media playlist: ${whatCame(variant.fetched)}`,
      };
    }
    return mediaFacts(media, variant.fetched, playlist.variants.length);
  }

  /** The head first; the whole only of a playlist that is longer, never of a stream. */
  async #read(url: string): Promise<Answer> {
    const head = await this.#fetch(url, HEAD_BYTES);
    if (!head.ok || !head.fetched.isCut || readPlaylist(head.fetched.text, url) === undefined) return head;
    return this.#fetch(url, undefined);
  }

  async #fetch(url: string, headBytes: number | undefined): Promise<Answer> {
    const { headers, timeoutMs, signal } = this.#options;
    const answer = await this.#fetcher.fetchText(url, {
      purpose: 'preflight',
      timeoutMs,
      headers: headerRecord(headers),
      ...(signal === undefined ? {} : { signal }),
      ...(headBytes === undefined ? {} : { maxBytes: headBytes, onOverflow: 'cut' }),
    });
    this.ownBytes += answer.ownBytes;
    if (!answer.ok) return { ok: false, reason: `${url} cannot be read: ${answer.reason}` };
    if (answer.status < 200 || answer.status > 299) return { ok: false, reason: `${url} answered ${whatCame(answer)}` };
    return { ok: true, fetched: answer };
  }
}

function mediaFacts(playlist: MediaPlaylist, fetched: Fetched, variants: number | undefined): Finding {
  const isLive = !playlist.endlist;
  const { targetDurationSeconds, segments } = playlist;
  const shape = variants === undefined ? 'media playlist' : `multivariant playlist with ${variants} variant streams`;
  const state = isLive ? 'live' : 'with an end';
  const warning = warningOf(playlist, fetched);
  return {
    ok: true,
    facts: {
      isHls: true,
      isLive,
      streamUrls: [],
      targetDurationSeconds,
      detail: `${shape}, ${state}, target duration ${targetDurationSeconds} s, ${segments.length} segments listed`,
      ...(variants === undefined ? {} : { variants }),
      ...(warning === undefined ? {} : { warning }),
    },
  };
}

function warningOf(playlist: MediaPlaylist, { url, mediaType = 'none' }: Fetched): string | undefined {
  if (playlist.segments.length === 0) return 'the media playlist lists no segment';
  if (/\.m3u8?$/.test(new URL(url).pathname) || HLS_MEDIA_TYPES.has(mediaType)) return undefined;
  return `neither the name nor the media type (${mediaType}) says HLS: FFmpeg 7 and later refuse such a playlist`;
}

/** What has a length, or ended within its head, has an end; any other stream is taken for endless. */
function transportStreamFacts(url: string, { isCut, hasDeclaredLength, url: finalUrl }: Fetched): StreamFacts {
  const isLive = isCut && !hasDeclaredLength;
  return {
    isHls: false,
    isLive,
    streamUrls: isLive ? [...new Set([url, finalUrl])] : [],
    detail: isLive ? 'MPEG-TS over HTTP, endless' : 'MPEG-TS over HTTP, with an end',
  };
}

function whatCame({ status, mediaType = 'no media type', text }: Fetched): string {
  const trimmed = text.trim();
  const start = trimmed.length > QUOTED_CHARACTERS ? `${trimmed.slice(0, QUOTED_CHARACTERS)}…` : trimmed;
  return `${status}, ${mediaType}, ${trimmed === '' ? 'no content' : `beginning with ${JSON.stringify(start)}`}`;
}

function headerRecord(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
