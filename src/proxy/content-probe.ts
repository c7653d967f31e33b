// A bounded copy of a response's content, kept only while its kind is unknown or it is a playlist, and read once at its end.
// It never delays or changes what is relayed: it sees octets after they were counted, and gives up rather than grow.
// Imported: the global is a getter, which the hot path would call each time.
import { Buffer } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { KIND_PROBE_BYTES, MAX_DECODED_PLAYLIST_BYTES, MAX_PLAYLIST_BYTES } from './limits.ts';

const PLAYLIST_MARK = '#EXTM3U';
/** What a playlist can begin with, and hardly anything else does. */
const NUMBER_SIGN = 0x23;
const BYTE_ORDER_OCTET = 0xef;
const BYTE_ORDER_MARK = '\uFEFF';
const DECODERS: Readonly<Record<string, (octets: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

export class ContentProbe {
  #parts: Buffer[] = [];
  #bytes = 0;
  #isWhole = true;
  readonly #contentEncoding: string | undefined;

  constructor(contentEncoding: string | undefined) {
    this.#contentEncoding = contentEncoding;
  }

  add(octets: Buffer, start: number, end: number): void {
    if (!this.#isWhole) return;
    const limit = this.#mayBePlaylist(octets, start) ? MAX_PLAYLIST_BYTES : KIND_PROBE_BYTES;
    const room = Math.min(end - start, limit - this.#bytes);
    this.#isWhole = room === end - start;
    if (room <= 0) return;
    const part = Buffer.allocUnsafe(room);
    octets.copy(part, 0, start, start + room);
    this.#parts.push(part);
    this.#bytes += room;
  }

  /** The first octets of the content, as they came. */
  firstOctets(): Buffer {
    // Reads may be as small as an octet; of a playlist that grows in the copy no more than this is joined.
    const [first] = this.#parts;
    if (first !== undefined && (this.#parts.length === 1 || first.length >= KIND_PROBE_BYTES))
      return first.length > KIND_PROBE_BYTES ? first.subarray(0, KIND_PROBE_BYTES) : first;
    return Buffer.concat(this.#parts.slice(0, KIND_PROBE_BYTES)).subarray(0, KIND_PROBE_BYTES);
  }

  /** The whole text when it is a playlist within bounds; undefined otherwise. */
  playlistText(): string | undefined {
    if (!this.#isWhole || this.#bytes === 0) return undefined;
    const [first] = this.#parts;
    const octets = first !== undefined && this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    const text = this.#decode(octets)?.toString('utf8');
    return text?.replace(BYTE_ORDER_MARK, '').startsWith(PLAYLIST_MARK) === true ? text : undefined;
  }

  #decode(octets: Buffer): Buffer | undefined {
    if (this.#contentEncoding === undefined) return octets;
    try {
      return DECODERS[this.#contentEncoding]?.(octets, { maxOutputLength: MAX_DECODED_PLAYLIST_BYTES });
    } catch {
      // Truncated, larger than the bound or not what its field says: the kind then follows from media type and extension.
      return undefined;
    }
  }

  /** Media is dropped at its first octets; compressed content may be a playlist until it is decoded. */
  #mayBePlaylist(octets: Buffer, start: number): boolean {
    if (this.#contentEncoding !== undefined) return true;
    const [part] = this.#parts;
    const octet = part === undefined ? octets[start] : part[0];
    if (octet !== NUMBER_SIGN && octet !== BYTE_ORDER_OCTET) return false;
    const head = (part ?? octets.subarray(start))
      .subarray(0, PLAYLIST_MARK.length + 3)
      .toString('utf8')
      .replace(BYTE_ORDER_MARK, '');
    return head.startsWith(PLAYLIST_MARK) || PLAYLIST_MARK.startsWith(head);
  }
}
