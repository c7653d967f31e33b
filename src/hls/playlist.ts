// Reads an HLS playlist (RFC 8216bis) into what the instrument needs: which URLs and byte ranges it lists as what, and
// where a live list stands. It validates nothing, ignores unknown tags and fetches nothing.
import { type Attributes, type LengthAndOffset, readDecimal, readInteger, readLengthAndOffset } from './attributes.ts';
import { isUri, PlaylistContext, tagName, tagValue } from './playlist-context.ts';
import { type ListedResource, listedResource, partOf } from './resource.ts';

export interface MediaSegment extends ListedResource {
  /** EXTINF; 0 when it is no number. */
  readonly durationSeconds: number;
  readonly mediaSequence: number;
  readonly discontinuity: boolean;
  /** Of several key formats the identity one, else the first. */
  readonly keyUrl?: string;
}

export interface PartialSegment extends ListedResource {
  readonly durationSeconds: number;
}

export interface Hint extends ListedResource {
  readonly type: 'PART' | 'MAP';
}

export interface MediaPlaylist {
  readonly kind: 'media';
  readonly url: string;
  /** Where the tag is missing: the longest EXTINF rounded up, the least that it could say; 0 without segments. */
  readonly targetDurationSeconds: number;
  /** EXT-X-MEDIA-SEQUENCE, else 0: of the first segment, those that a delta update skips included. */
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly endlist: boolean;
  /** Of a delta update: without the skipped ones. */
  readonly segments: readonly MediaSegment[];
  readonly maps: readonly ListedResource[];
  readonly keys: readonly string[];
  /** METHOD of every EXT-X-KEY that encrypts, with its key format where that is not `identity`. */
  readonly encryption: readonly string[];
  readonly parts: readonly PartialSegment[];
  /** EXT-X-PRELOAD-HINT: what players ask for before it is listed. */
  readonly hints: readonly Hint[];
  /** Sum of EXTINF of `segments`. */
  readonly listedSeconds: number;
}

export interface Variant {
  readonly url: string;
  readonly bandwidthBitsPerSecond?: number;
  readonly averageBandwidthBitsPerSecond?: number;
  readonly resolution?: string;
  readonly codecs?: string;
  readonly audioGroup?: string;
}

export interface Rendition {
  readonly url?: string;
  readonly type: string;
  readonly groupId: string;
}

export interface MultivariantPlaylist {
  readonly kind: 'multivariant';
  readonly url: string;
  /** EXT-X-STREAM-INF; I-frame streams are for seeking, not for playing, and are left out. */
  readonly variants: readonly Variant[];
  readonly renditions: readonly Rendition[];
  readonly sessionKeys: readonly string[];
}

export type Playlist = MediaPlaylist | MultivariantPlaylist;

const FIRST_LINE = /^\uFEFF?#EXTM3U(?=\s|$)/;
const LINE_END = /\r?\n/;
const IDENTITY_KEY = 'identity';

const MULTIVARIANT_TAGS: ReadonlySet<string> = new Set([
  '#EXT-X-STREAM-INF',
  '#EXT-X-I-FRAME-STREAM-INF',
  '#EXT-X-MEDIA',
  '#EXT-X-SESSION-DATA',
  '#EXT-X-SESSION-KEY',
  '#EXT-X-CONTENT-STEERING',
]);

/**
 * `text` is the decoded content, `baseUrl` the URL that it finally came from. Undefined when it does not begin with
 * #EXTM3U; never throws. Variables of EXT-X-DEFINE with NAME and VALUE are replaced, others stay as written.
 */
export function readPlaylist(text: string, baseUrl: string): Playlist | undefined {
  if (!FIRST_LINE.test(text)) return undefined;
  const lines = text.split(LINE_END).map((line) => line.trim());
  const isMultivariant = lines.some((line) => MULTIVARIANT_TAGS.has(tagName(line)));
  return isMultivariant ? readMultivariant(lines, baseUrl) : readMedia(lines, baseUrl);
}

function readMultivariant(lines: readonly string[], url: string): MultivariantPlaylist {
  const reading = new PlaylistContext(url);
  const variants: Variant[] = [];
  const renditions: Rendition[] = [];
  const sessionKeys: string[] = [];
  let stream: Attributes | undefined;
  for (const line of lines) {
    const tag = tagName(line);
    if (tag === '#EXT-X-STREAM-INF') stream = reading.attributes(line);
    else if (tag === '#EXT-X-MEDIA') renditions.push(readRendition(reading, line));
    else if (tag === '#EXT-X-DEFINE') reading.define(line);
    else if (tag === '#EXT-X-SESSION-KEY') {
      const uri = reading.attributes(line).get('URI');
      if (uri !== undefined) sessionKeys.push(reading.resolve(uri));
    } else if (isUri(line) && stream !== undefined) {
      variants.push(readVariant(reading.resolveLine(line), stream));
      stream = undefined;
    }
  }
  return { kind: 'multivariant', url, variants, renditions, sessionKeys };
}

function readVariant(url: string, attributes: Attributes): Variant {
  const bandwidthBitsPerSecond = readInteger(attributes.get('BANDWIDTH'));
  const averageBandwidthBitsPerSecond = readInteger(attributes.get('AVERAGE-BANDWIDTH'));
  const resolution = attributes.get('RESOLUTION');
  const codecs = attributes.get('CODECS');
  const audioGroup = attributes.get('AUDIO');
  return {
    url,
    ...(bandwidthBitsPerSecond !== undefined && { bandwidthBitsPerSecond }),
    ...(averageBandwidthBitsPerSecond !== undefined && { averageBandwidthBitsPerSecond }),
    ...(resolution !== undefined && { resolution }),
    ...(codecs !== undefined && { codecs }),
    ...(audioGroup !== undefined && { audioGroup }),
  };
}

function readRendition(reading: PlaylistContext, line: string): Rendition {
  const attributes = reading.attributes(line);
  const uri = attributes.get('URI');
  return {
    ...(uri !== undefined && { url: reading.resolve(uri) }),
    type: attributes.get('TYPE') ?? '',
    groupId: attributes.get('GROUP-ID') ?? '',
  };
}

/** A media playlist as far as it was read: most tags speak of the next URI line, some of all that follow. */
class MediaReading extends PlaylistContext {
  readonly #segments: MediaSegment[] = [];
  readonly #maps: ListedResource[] = [];
  readonly #keys: string[] = [];
  readonly #encryption = new Set<string>();
  readonly #parts: PartialSegment[] = [];
  readonly #hints: Hint[] = [];
  #targetDurationSeconds: number | undefined;
  #mediaSequence = 0;
  #discontinuitySequence = 0;
  #skippedSegments = 0;
  #endlist = false;
  /** Of the segment whose URI comes next; a URI without EXTINF is no segment. */
  #durationSeconds: number | undefined;
  #discontinuity = false;
  #byteRange: LengthAndOffset | undefined;
  /** URL by key format: several may hold at once. */
  readonly #currentKeys = new Map<string, string>();
  /** Where the last range of a URL ended: a range without an offset goes on there. */
  readonly #segmentEnds = new Map<string, number>();
  readonly #partEnds = new Map<string, number>();

  tag(name: string, line: string): void {
    switch (name) {
      case '#EXT-X-DEFINE':
        this.define(line);
        break;
      case '#EXTINF':
        this.#durationSeconds = readDecimal(tagValue(line)) ?? 0;
        break;
      case '#EXT-X-BYTERANGE':
        this.#byteRange = readLengthAndOffset(tagValue(line));
        break;
      case '#EXT-X-DISCONTINUITY':
        this.#discontinuity = true;
        break;
      case '#EXT-X-KEY':
        this.#key(this.attributes(line));
        break;
      case '#EXT-X-MAP':
        this.#map(this.attributes(line));
        break;
      case '#EXT-X-PART':
        this.#part(this.attributes(line));
        break;
      case '#EXT-X-PRELOAD-HINT':
        this.#hint(this.attributes(line));
        break;
      case '#EXT-X-TARGETDURATION':
        this.#targetDurationSeconds = readDecimal(tagValue(line));
        break;
      case '#EXT-X-MEDIA-SEQUENCE':
        this.#mediaSequence = readInteger(tagValue(line)) ?? 0;
        break;
      case '#EXT-X-DISCONTINUITY-SEQUENCE':
        this.#discontinuitySequence = readInteger(tagValue(line)) ?? 0;
        break;
      case '#EXT-X-SKIP':
        this.#skippedSegments = readInteger(this.attributes(line).get('SKIPPED-SEGMENTS')) ?? 0;
        break;
      case '#EXT-X-ENDLIST':
        this.#endlist = true;
        break;
      default:
    }
  }

  uri(line: string): void {
    if (this.#durationSeconds === undefined) return;
    const keyUrl = this.#currentKeys.get(IDENTITY_KEY) ?? this.#currentKeys.values().next().value;
    this.#segments.push({
      ...listedResource(this.resolveLine(line), this.#byteRange, this.#segmentEnds),
      durationSeconds: this.#durationSeconds,
      mediaSequence: this.#mediaSequence + this.#skippedSegments + this.#segments.length,
      discontinuity: this.#discontinuity,
      ...(keyUrl !== undefined && { keyUrl }),
    });
    this.#durationSeconds = undefined;
    this.#discontinuity = false;
    this.#byteRange = undefined;
  }

  result(url: string): MediaPlaylist {
    const durations = this.#segments.map((segment) => segment.durationSeconds);
    return {
      kind: 'media',
      url,
      targetDurationSeconds: this.#targetDurationSeconds ?? Math.ceil(durations.reduce((a, b) => Math.max(a, b), 0)),
      mediaSequence: this.#mediaSequence,
      discontinuitySequence: this.#discontinuitySequence,
      endlist: this.#endlist,
      segments: this.#segments,
      maps: this.#maps,
      keys: this.#keys,
      encryption: [...this.#encryption],
      parts: this.#parts,
      hints: this.#hints,
      listedSeconds: durations.reduce((a, b) => a + b, 0),
    };
  }

  #key(attributes: Attributes): void {
    const uri = attributes.get('URI');
    const method = attributes.get('METHOD');
    if (method === 'NONE') this.#currentKeys.clear();
    else if (uri !== undefined) {
      const url = this.resolve(uri);
      const format = attributes.get('KEYFORMAT') ?? IDENTITY_KEY;
      this.#encryption.add(`${method ?? 'unnamed'}${format === IDENTITY_KEY ? '' : ` (${format})`}`);
      this.#currentKeys.set(format, url);
      if (!this.#keys.includes(url)) this.#keys.push(url);
    }
  }

  #map(attributes: Attributes): void {
    const uri = attributes.get('URI');
    if (uri === undefined) return;
    this.#maps.push(listedResource(this.resolve(uri), readLengthAndOffset(attributes.get('BYTERANGE')), new Map()));
  }

  #part(attributes: Attributes): void {
    const uri = attributes.get('URI');
    if (uri === undefined) return;
    const byteRange = readLengthAndOffset(attributes.get('BYTERANGE'));
    this.#parts.push({
      ...listedResource(this.resolve(uri), byteRange, this.#partEnds),
      durationSeconds: readDecimal(attributes.get('DURATION')) ?? 0,
    });
  }

  #hint(attributes: Attributes): void {
    const uri = attributes.get('URI');
    const type = attributes.get('TYPE');
    if (uri === undefined || (type !== 'PART' && type !== 'MAP')) return;
    const url = this.resolve(uri);
    const first = readInteger(attributes.get('BYTERANGE-START')) ?? 0;
    const lengthBytes = readInteger(attributes.get('BYTERANGE-LENGTH'));
    if (lengthBytes !== undefined) this.#hints.push({ ...partOf(url, first, lengthBytes), type });
    else this.#hints.push({ url, ...(first > 0 && { range: [first, null] }), type });
  }
}

function readMedia(lines: readonly string[], url: string): MediaPlaylist {
  const reading = new MediaReading(url);
  for (const line of lines) {
    if (isUri(line)) reading.uri(line);
    else reading.tag(tagName(line), line);
  }
  return reading.result(url);
}
