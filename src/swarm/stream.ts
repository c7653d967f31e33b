// Looks at the stream once before anything starts: is it HLS or MPEG-TS, live or with an end, and what came if it is neither.
// It plays nothing and retries nothing; every request is our own and counted in `ownBytes`.
import type { Fetched, Fetcher } from '../fetch.ts';
import { type MediaPlaylist, type MultivariantPlaylist, readPlaylist } from '../hls/playlist.ts';
import { describeStream, type StreamDescription } from '../hls/stream-description.ts';
import { hasTransportPackets, TRANSPORT_PROBE_BYTES } from '../hls/transport-stream.ts';
import { formatCount, formatMs, KIB, secondsToMs } from '../units.ts';

export interface StreamFacts {
  readonly isHls: boolean;
  /** true also when it is not known whether it ends. */
  readonly isLive: boolean;
  /** Addresses of an endless transport stream: the asked one and where it redirects to. Empty for all else. */
  readonly streamUrls: readonly string[];
  /** Something of it is to be fetched over https, by its address or what its playlists name. */
  readonly usesTls: boolean;
  readonly targetDurationSeconds?: number;
  /** What the playlists promise; absent for a transport stream. */
  readonly description?: StreamDescription;
  /** Of the asked URL, after redirects. */
  readonly answer: StreamAnswer;
  /** What it is, in a few words. */
  readonly detail: string;
  /** Something that FFmpeg may stumble over. */
  readonly warning?: string;
}

export type StreamAnswer = Pick<Fetched, 'status' | 'mediaType' | 'url' | 'redirects' | 'fields' | 'connection'>;

export type StreamInspection =
  | { readonly ok: true; readonly facts: StreamFacts; readonly ownBytes: number }
  /** `reason` is a sentence that quotes what came, `fix` what may help. */
  | { readonly ok: false; readonly reason: string; readonly fix?: string; readonly ownBytes: number };

export interface InspectOptions {
  /** `Name: value`, as the clients send them. */
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  /** Gives up what is being read. */
  readonly signal?: AbortSignal;
}

type TextFetcher = Pick<Fetcher, 'fetchText'>;
interface Refused {
  readonly ok: false;
  readonly reason: string;
  readonly fix?: string;
}
type Answer = { readonly ok: true; readonly fetched: Fetched } | Refused;
type Finding = { readonly ok: true; readonly facts: StreamFacts } | Refused;

/** Enough to know a playlist or a transport stream; an endless stream gives more than we want. */
const HEAD_BYTES: number = 16 * KIB;
/** A source that sends less than three packets in this long has nothing to play. */
const FIRST_PACKETS_MS: number = secondsToMs(5);
/** A transport stream that goes on for this long after its first packets is taken for endless. */
const STREAM_END_MS: number = secondsToMs(1);
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
      return noStream(url, fetched, this.#options.timeoutMs);
    }
    if (playlist.kind === 'media') return mediaFacts(playlist, fetched, fetched);
    const first = playlist.variants[0];
    if (first === undefined) return { ok: false, reason: `${url} is a multivariant playlist without a variant stream` };
    const variant = await this.#read(first.url);
    if (!variant.ok) return { ...variant, reason: `the first variant stream cannot be read: ${variant.reason}` };
    const media = readPlaylist(variant.fetched.text, variant.fetched.url);
    if (media?.kind !== 'media') {
      return {
        ok: false,
        reason: `the first variant stream, ${first.url}, is no media playlist: ${whatCame(variant.fetched)}`,
      };
    }
    return mediaFacts(media, variant.fetched, fetched, playlist);
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
      ...(headBytes === undefined
        ? {}
        : { maxBytes: headBytes, onOverflow: 'cut', mayReadMs: readingLimit(timeoutMs) }),
    });
    this.ownBytes += answer.ownBytes;
    if (!answer.ok) return { ok: false, reason: `${url} cannot be read: ${answer.reason}` };
    if (answer.status >= 200 && answer.status <= 299) return { ok: true, fetched: answer };
    const fix = STATUS_FIXES[answer.status];
    const reason = `${url} answered ${whatCame(answer)}`;
    return { ok: false, reason, ...(fix === undefined ? {} : { fix }) };
  }
}

/** What often helps, by status. */
const STATUS_FIXES: Readonly<Record<number, string>> = {
  401: "give the credentials, as in --header 'Authorization: Bearer ...' or --cookie NAME=VALUE",
  403: 'the origin refuses this client: a token may have expired, or want --header, --cookie or --user-agent',
  404: 'look at the path; a live stream has no playlist before its encoder runs',
  410: 'ask for the address that this one was replaced by',
  429: 'this origin limits its clients: a swarm will not get further',
  502: 'a gateway answers, the origin behind it does not',
  503: 'the origin is there and serves nothing: start the stream',
  504: 'a gateway answers, the origin behind it does not',
};

/** Content gets a while for its first packets, once it is a stream a moment to end; what came is told, not that time ran out. */
function readingLimit(timeoutMs: number): (octets: Buffer) => number {
  return (octets) => (hasTransportPackets(octets) ? Math.min(STREAM_END_MS, timeoutMs / 2) : firstPacketsMs(timeoutMs));
}

function firstPacketsMs(timeoutMs: number): number {
  return Math.min(FIRST_PACKETS_MS, timeoutMs / 2);
}

function noStream(url: string, fetched: Fetched, timeoutMs: number): Refused {
  const { octets, isCut, mediaType = 'no media type', status } = fetched;
  if (!isCut || octets.length >= TRANSPORT_PROBE_BYTES)
    return { ok: false, reason: `${url} is neither an HLS playlist nor MPEG-TS: ${whatCame(fetched)}` };
  const came = octets.length === 0 ? 'not one octet' : `only ${octets.length} octets`;
  return {
    ok: false,
    reason:
      `${url} answered ${status}, ${mediaType}, and then ${came} of content in ${formatMs(firstPacketsMs(timeoutMs))}: ` +
      `too few to be a stream (three MPEG-TS packets need ${TRANSPORT_PROBE_BYTES})`,
    fix: 'look whether the source behind this address is sending',
  };
}

/** `first`: the answer of the asked URL, `fetched`: that of the media playlist. */
function mediaFacts(
  playlist: MediaPlaylist,
  fetched: Fetched,
  first: Fetched,
  multivariant?: MultivariantPlaylist,
): Finding {
  const description = describeStream(playlist, multivariant);
  if (description.segments === 0 && playlist.endlist) {
    return { ok: false, reason: `${playlist.url} has an end and lists no segment: there is nothing to play` };
  }
  const { isLive, targetDurationSeconds, segments, variants } = description;
  const shape =
    multivariant === undefined
      ? 'media playlist'
      : `multivariant playlist with ${formatCount(variants.length, 'variant stream')}`;
  const warning = warningOf(playlist, fetched);
  return {
    ok: true,
    facts: {
      isHls: true,
      isLive,
      streamUrls: [],
      usesTls: usesTls(first) || usesTls(fetched),
      targetDurationSeconds,
      description,
      answer: answerOf(first),
      detail: `${shape}, ${isLive ? 'live' : 'with an end'}, target duration ${targetDurationSeconds} s, ${formatCount(segments, 'segment')} listed`,
      ...(warning === undefined ? {} : { warning }),
    },
  };
}

function warningOf(playlist: MediaPlaylist, { url, mediaType = 'none' }: Fetched): string | undefined {
  if (playlist.segments.length === 0) return 'the media playlist lists no segment: clients leave at once until it does';
  if (/\.m3u8?$/.test(new URL(url).pathname) || HLS_MEDIA_TYPES.has(mediaType)) return undefined;
  return `neither the name nor the media type (${mediaType}) says HLS: FFmpeg 7 and later refuse such a playlist`;
}

/** What has a length, or ended within its head, has an end; any other stream is taken for endless. */
function transportStreamFacts(url: string, fetched: Fetched): StreamFacts {
  const isLive = fetched.isCut && !fetched.hasDeclaredLength;
  return {
    isHls: false,
    isLive,
    streamUrls: isLive ? [...new Set([url, fetched.url])] : [],
    usesTls: fetched.url.startsWith('https:'),
    answer: answerOf(fetched),
    detail: isLive ? 'MPEG-TS over HTTP, endless' : 'MPEG-TS over HTTP, with an end',
  };
}

/** Of a playlist: segments, keys, variants, whatever has an address. */
function usesTls({ url, text }: Fetched): boolean {
  return url.startsWith('https:') || /https:\/\//i.test(text);
}

function whatCame({ status, mediaType = 'no media type', text }: Fetched): string {
  const trimmed = text.trim();
  const start = trimmed.length > QUOTED_CHARACTERS ? `${trimmed.slice(0, QUOTED_CHARACTERS)}…` : trimmed;
  return `${status}, ${mediaType}, ${trimmed === '' ? 'no content' : `beginning with ${JSON.stringify(start)}`}`;
}

function answerOf({ status, mediaType, url, redirects, fields, connection }: Fetched): StreamAnswer {
  return { status, url, redirects, fields, connection, ...(mediaType === undefined ? {} : { mediaType }) };
}

function headerRecord(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
