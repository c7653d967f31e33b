// What a final response head tells that goes into the record: media type, cache, age, location, declared length.
// It changes nothing, follows nothing and believes no length: bytes are counted elsewhere.
import type { CacheStatus } from '../events.ts';
import type { Framing } from './http1/framing.ts';
import { type Field, fieldValue, fieldValues, type ResponseHead } from './http1/head.ts';
import type { ResponseFacts } from './transfer.ts';

export interface HeadFacts {
  readonly facts: ResponseFacts;
  /** Lower case, or absent for identity. */
  readonly contentEncoding?: string;
  /** The origin said that it closes after this message (or speaks HTTP/1.0 without keep-alive). */
  readonly closePromised: boolean;
}

export function readResponseFacts(head: ResponseHead, framing: Framing, url: string): HeadFacts {
  const mediaType = fieldValue(head.fields, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  const age = fieldValue(head.fields, 'age');
  const location = resolveLocation(head, url);
  const encoding = fieldValue(head.fields, 'content-encoding')?.trim().toLowerCase();
  return {
    facts: {
      status: head.status,
      cache: readCacheStatus(head.fields),
      ...(mediaType === undefined || mediaType === '' ? {} : { mediaType }),
      ...(age !== undefined && /^[0-9]{1,9}$/.test(age) ? { ageSeconds: Number(age) } : {}),
      ...(location === undefined ? {} : { location }),
      ...(framing.kind === 'length' ? { declaredContentLength: framing.length } : {}),
    },
    ...(encoding === undefined || encoding === 'identity' || encoding === '' ? {} : { contentEncoding: encoding }),
    closePromised: promisesClose(head),
  };
}

function promisesClose(head: ResponseHead): boolean {
  const tokens = fieldValues(head.fields, 'connection').flatMap((value) =>
    value.split(',').map((token) => token.trim().toLowerCase()),
  );
  if (tokens.includes('close')) return true;
  return head.version === '1.0' && !tokens.includes('keep-alive');
}

function resolveLocation(head: ResponseHead, url: string): string | undefined {
  if (head.status < 300 || head.status > 399) return undefined;
  const location = fieldValue(head.fields, 'location');
  if (location === undefined || !URL.canParse(location, url)) return undefined;
  return new URL(location, url).href;
}

/** RFC 9211 first, then what CDNs send; the last member of a list is the cache nearest to us. */
function readCacheStatus(fields: readonly Field[]): CacheStatus {
  const standard = fieldValues(fields, 'cache-status').join(',').split(',').at(-1)?.toLowerCase();
  if (standard !== undefined && standard !== '') return /;\s*hit\b/.test(standard) ? 'hit' : 'miss';
  const informal = fieldValue(fields, 'cf-cache-status') ?? fieldValue(fields, 'x-cache');
  const word = informal?.split(',').at(-1)?.toLowerCase();
  if (word === undefined) return 'unknown';
  if (word.includes('hit')) return 'hit';
  return word.includes('miss') ? 'miss' : 'other';
}
