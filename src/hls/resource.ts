// The identity of a resource: URL + byte range, never a file name alone. It fetches nothing and knows no playlist.
import type { ByteRange } from '../events.ts';
import type { LengthAndOffset } from './attributes.ts';

/** A URL (absolute, as the WHATWG URL standard writes it) and the part of it that was listed. */
export interface ListedResource {
  readonly url: string;
  readonly range?: ByteRange;
}

/** URLs whose reading is kept: many clients ask for the same few at a time, and every account asks about each of them. */
const MAX_KNOWN = 256;

interface Known {
  readonly url: string;
  readonly canonical: string;
  /** Of the whole resource, once it was wanted. */
  hash: number | undefined;
}

let last: Known = { url: '', canonical: '', hash: undefined };
const known = new Map<string, Known>();

const TWO_POW_32 = 2 ** 32;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const GOLDEN_PRIME = 0x9e3779b1;
const HALF_BITS = 15;
/** What a number holds beyond 32 bits. */
const HIGH_MASK = 0x1fffff;
/** What FFmpeg sends with every request. */
const WHOLE = 'bytes=0-';
const SINGLE_RANGE = /^bytes=([0-9]+)-([0-9]*)$/i;

/**
 * One text per resource: the URL as the WHATWG URL standard writes it (so that `http://HOST:80/a b` and `http://host/a%20b`
 * are one), without fragment and user information (no request line has either), and the range. `bytes=0-` equals no range. A text that is no URL stands for itself.
 */
export function resourceKey(url: string, range: ByteRange | undefined): string {
  const address = canonicalUrl(url);
  if (range === undefined || (range[0] === 0 && range[1] === null)) return address;
  return `${address} ${range[0]}-${range[1] ?? ''}`;
}

/**
 * `resourceKey` as a number of 53 bits, for what is remembered of many resources: signed URLs have a thousand characters. Among
 * the few hundred that are ever compared with one another two alike are out of the question; it is no protection against malice.
 */
export function resourceHash(url: string, range: ByteRange | undefined): number {
  const isWhole = range === undefined || (range[0] === 0 && range[1] === null);
  if (!isWhole) return hashOf(resourceKey(url, range));
  const resource = knownUrl(url);
  resource.hash ??= hashOf(resource.canonical);
  return resource.hash;
}

/** The same of what begins at octet `first` of a resource, wherever it ends: FFmpeg's log names a part by its offset. */
export function resourceHashFrom(url: string, first: number): number {
  return resourceHash(url, first === 0 ? undefined : [first, null]);
}

/** The URL part of `resourceKey`. */
export function canonicalUrl(url: string): string {
  return knownUrl(url).canonical;
}

/**
 * A Range field's value: `bytes=10-19` is [10, 19], `bytes=10-` is [10, null]. `bytes=0-` is the whole resource, so
 * undefined. Also undefined, as no playlist lists them: several ranges, a suffix (`bytes=-5`), and what an origin ignores
 * (other units, an end before the start, positions above 2^53 - 1).
 */
export function parseRange(value: string | undefined): ByteRange | undefined {
  if (value === undefined || value === WHOLE) return undefined;
  const match = SINGLE_RANGE.exec(value.trim());
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === '' ? null : Number(match[2]);
  if (!Number.isSafeInteger(first) || (last !== null && (!Number.isSafeInteger(last) || last < first)))
    return undefined;
  return first === 0 && last === null ? undefined : [first, last];
}

/** A byte range without an offset starts where the last one of that URL ended, or at its start; `ends` keeps that by URL. */
export function listedResource(
  url: string,
  part: LengthAndOffset | undefined,
  ends: Map<string, number>,
): ListedResource {
  if (part === undefined) return { url };
  const first = part.offsetBytes ?? ends.get(url) ?? 0;
  ends.set(url, first + part.lengthBytes);
  return partOf(url, first, part.lengthBytes);
}

/** A range of no octets cannot be asked for: then the URL alone is listed. */
export function partOf(url: string, first: number, lengthBytes: number): ListedResource {
  return lengthBytes === 0 ? { url } : { url, range: [first, first + lengthBytes - 1] };
}

function hashOf(key: string): number {
  let low = FNV_OFFSET;
  let high = key.length;
  for (let position = 0; position < key.length; position += 1) {
    const unit = key.charCodeAt(position);
    low = Math.imul(low ^ unit, FNV_PRIME);
    high = Math.imul(high ^ unit, GOLDEN_PRIME);
    high ^= high >>> HALF_BITS;
  }
  return (high & HIGH_MASK) * TWO_POW_32 + (low >>> 0);
}

/** One resource is asked about several times in a row: the last answer is at hand, those before it for as long as they fit. */
function knownUrl(url: string): Known {
  if (url === last.url) return last;
  let resource = known.get(url);
  if (resource === undefined) {
    if (known.size >= MAX_KNOWN) known.clear();
    resource = { url, canonical: readUrl(url), hash: undefined };
    known.set(url, resource);
  }
  last = resource;
  return resource;
}

function readUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url.split('#', 1)[0] ?? url;
  const { href } = parsed;
  // Writing to a URL costs as much as reading it, and hardly any has something to leave out.
  if (!href.includes('#') && !href.includes('@')) return href;
  parsed.hash = '';
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}
