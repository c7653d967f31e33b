// Answers and whole streams for the scripted origin: heads with every framing, VOD and live lists, segments of known octets.
// Each function returns actions or a script; none keeps a connection or a clock of its own beyond the list it plays.
import { type Action, fieldOf, fin, type RecordedRequest, type Script, send } from './scripted-origin.ts';

type Fields = Readonly<Record<string, string>>;

interface AnswerOptions {
  readonly status?: number;
  readonly reason?: string;
  readonly version?: '1.0' | '1.1';
  readonly fields?: Fields;
}

/** A response head; fields as given, in order. */
export function responseHead({
  status = 200,
  reason = 'OK',
  version = '1.1',
  fields = {},
}: AnswerOptions = {}): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/${version} ${status} ${reason}\r\n${lines.join('')}\r\n`;
}

/** Content-Length framing, head and body in one write. */
export function withLength(body: string | Buffer, options: AnswerOptions = {}): readonly Action[] {
  const content = Buffer.from(body as string);
  const fields = { ...options.fields, 'Content-Length': String(content.length) };
  return [send(Buffer.concat([Buffer.from(responseHead({ ...options, fields })), content]))];
}

interface ChunkedOptions extends AnswerOptions {
  /** After each chunk's size, with its semicolon. */
  readonly extension?: string;
  readonly trailers?: Fields;
}

/** Chunked framing, one write per chunk; empty parts are left out, as they would end the body. */
export function chunked(parts: readonly (string | Buffer)[], options: ChunkedOptions = {}): readonly Action[] {
  const { extension = '', trailers = {} } = options;
  const fields = { ...options.fields, 'Transfer-Encoding': 'chunked' };
  const chunks = parts
    .map((part) => Buffer.from(part as string))
    .filter((part) => part.length > 0)
    .map((part) => send(Buffer.concat([Buffer.from(`${part.length.toString(16)}${extension}\r\n`), part, CRLF])));
  const trailer = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
  return [send(responseHead({ ...options, fields })), ...chunks, send(`0\r\n${trailer.join('')}\r\n`)];
}

/** 302 without content. */
export function redirect(location: string): readonly Action[] {
  return [send(responseHead({ status: 302, reason: 'Found', fields: { Location: location, 'Content-Length': '0' } }))];
}

/** No length: the FIN ends the body. */
export function untilClose(body: string | Buffer, options: AnswerOptions = {}): readonly Action[] {
  return [send(responseHead(options)), send(Buffer.from(body as string)), fin];
}

/** HTTP/1.0 with a length, closed after it. */
export function http10(body: string | Buffer, options: AnswerOptions = {}): readonly Action[] {
  return [...withLength(body, { ...options, version: '1.0' }), fin];
}

/** An interim 103 in a write of its own, then the answer. */
export function earlyHints(answer: readonly Action[], link = '</seg1.ts>; rel=preload'): readonly Action[] {
  return [send(responseHead({ status: 103, reason: 'Early Hints', fields: { Link: link } })), ...answer];
}

export interface ListedSegment {
  readonly uri: string;
  readonly seconds: number;
}

interface PlaylistOptions {
  readonly segments: readonly ListedSegment[];
  readonly mediaSequence?: number;
  readonly isEnded: boolean;
}

/** A media playlist, version 3. */
export function mediaPlaylist({ segments, mediaSequence = 0, isEnded }: PlaylistOptions): string {
  const target = Math.ceil(Math.max(1, ...segments.map(({ seconds }) => seconds)));
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    `#EXT-X-TARGETDURATION:${target}`,
    `#EXT-X-MEDIA-SEQUENCE:${mediaSequence}`,
    ...segments.flatMap(({ uri, seconds }) => [`#EXTINF:${seconds.toFixed(6)},`, uri]),
    ...(isEnded ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n');
}

/** Octets that differ by seed and position, the same in every run; not media. */
export function knownOctets(seed: number, length: number): Buffer {
  const octets = Buffer.allocUnsafe(length);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let position = 0; position < length; position += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    octets[position] = state & 0xff;
  }
  return octets;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  ts: 'video/mp2t',
  mp4: 'video/mp4',
};

/** Files by path, as nginx serves them: a Range that begins at 0 and is open gets 206, HEAD no body, others 404. */
export function files(contents: ReadonlyMap<string, string | Buffer>): Script {
  return (request) => {
    const path = pathOf(request);
    const body = contents.get(path);
    if (body === undefined) return withLength('not found\n', { status: 404, reason: 'Not Found' });
    return fileAnswer(request, path, Buffer.from(body as string));
  };
}

interface VodOptions {
  readonly segments: readonly Buffer[];
  readonly seconds: number;
}

/** A finished stream: `/vod.m3u8`, `/seg0.ts`, ... by path, for `files`. */
export function vodFiles({ segments, seconds }: VodOptions): ReadonlyMap<string, string | Buffer> {
  const listed = segments.map((_, index) => ({ uri: `seg${index}.ts`, seconds }));
  return new Map<string, string | Buffer>([
    ['/vod.m3u8', mediaPlaylist({ segments: listed, isEnded: true })],
    ...segments.map((octets, index): [string, Buffer] => [`/seg${index}.ts`, octets]),
  ]);
}

interface LiveOptions extends VodOptions {
  /** Segments in one list. */
  readonly window: number;
  /** Segments beyond the first window that are out: `reloads` of the playlist so far, milliseconds since the first. */
  readonly advance: (progress: { readonly reloads: number; readonly elapsedMs: number }) => number;
  /** ENDLIST with the last segment; otherwise the list stops there. */
  readonly isEnded?: boolean;
}

/** A live stream at `/live.m3u8` whose list moves by reloads or by time, as `advance` says; segments `/seg0.ts`, ... */
export function live({ segments, seconds, window, advance, isEnded = false }: LiveOptions): Script {
  let reloads = 0;
  let startedAtMs: number | undefined;
  return (request) => {
    const path = pathOf(request);
    const [, index] = /^\/seg(\d+)\.ts$/.exec(path) ?? [];
    const octets = index === undefined ? undefined : segments[Number(index)];
    if (octets !== undefined) return fileAnswer(request, path, octets);
    if (path !== '/live.m3u8') return withLength('not found\n', { status: 404, reason: 'Not Found' });
    startedAtMs ??= request.atMs;
    const out = Math.min(segments.length, window + advance({ reloads, elapsedMs: request.atMs - startedAtMs }));
    reloads += 1;
    const first = Math.max(0, out - window);
    const listed = Array.from({ length: out - first }, (_, at) => ({ uri: `seg${first + at}.ts`, seconds }));
    const text = mediaPlaylist({ segments: listed, mediaSequence: first, isEnded: isEnded && out === segments.length });
    return fileAnswer(request, path, Buffer.from(text));
  };
}

const CRLF = Buffer.from('\r\n');

function fileAnswer(request: RecordedRequest, path: string, body: Buffer): readonly Action[] {
  const mediaType = MEDIA_TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  const isRange = fieldOf(request.head, 'range') === 'bytes=0-' && body.length > 0;
  const fields = {
    'Content-Type': mediaType,
    'Content-Length': String(body.length),
    ...(isRange ? { 'Content-Range': `bytes 0-${body.length - 1}/${body.length}` } : {}),
  };
  const head = responseHead(isRange ? { status: 206, reason: 'Partial Content', fields } : { fields });
  return [send(request.method === 'HEAD' ? head : Buffer.concat([Buffer.from(head), body]))];
}

function pathOf(request: RecordedRequest): string {
  return new URL(request.target, 'http://origin').pathname;
}
