// What a response's fields say of the caches it came through: Cache-Status (RFC 9211) read as the structured list it is,
// else what CDNs and servers send instead. Pure.
// It judges only the cache nearest to us and believes what that says; it compares no octets and no times.
import type { CacheStatus } from '../events.ts';

/** The values of the fields in question, repeated fields joined by `, `; undefined when the head has no such field. */
export interface CacheFields {
  readonly cacheStatus: string | undefined;
  readonly cfCacheStatus: string | undefined;
  readonly xCache: string | undefined;
  readonly xCacheStatus: string | undefined;
  readonly ageSeconds: number | undefined;
}

/**
 * `hit`: answered by the cache without asking further; `miss`: asked further because it had nothing, not all of it or
 * nothing fresh; `other`: asked further for another reason (bypass, revalidation) or it does not say; `unknown`: no field.
 */
export function readCacheStatus(fields: CacheFields): CacheStatus {
  return (
    (fields.cacheStatus === undefined ? undefined : standardStatus(fields.cacheStatus)) ??
    wordStatus(fields.cfCacheStatus) ??
    wordStatus(fields.xCache) ??
    wordStatus(fields.xCacheStatus) ??
    // Caches write Age: 0 on misses too; from 1 on it was generated before we asked (RFC 9111 section 5.1).
    ((fields.ageSeconds ?? 0) > 0 ? 'hit' : 'unknown')
  );
}

// RFC 8941: a list of items with parameters. Each alternative begins with an octet of its own, so no text is read twice.
const STRING = '"(?:[ !#-[\\]-~]|\\\\["\\\\])*"';
const TOKEN = "[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*";
const ITEM = `(?:${STRING}|${TOKEN}|-?[0-9]{1,15}(?:\\.[0-9]{1,3})?|\\?[01]|:[A-Za-z0-9+/=]*:)`;
const PARAMETER = `; *([a-z*][a-z0-9_.*-]*)(?:=(${ITEM}))?`;
const MEMBER = new RegExp(`(${ITEM})((?:${PARAMETER})*)`, 'y');
const PARAMETERS = new RegExp(PARAMETER, 'g');
const SEPARATOR = /[ \t]*(?:,[ \t]*|$)/y;

/** Reasons to ask further that mean: what was stored did not do. */
const MISSING: ReadonlySet<string | undefined> = new Set(['uri-miss', 'vary-miss', 'miss', 'stale', 'partial']);

/** The last member is the cache nearest to us. Undefined when the field is no such list: then it says nothing at all. */
function standardStatus(text: string): CacheStatus | undefined {
  const parameters = lastMember(text);
  if (parameters === undefined) return undefined;
  const isHit = ['', '?1'].includes(parameters.get('hit') ?? '?0');
  const forward = parameters.get('fwd');
  if (isHit) return forward === undefined ? 'hit' : 'other';
  // Stale, and found unchanged by asking: the content came out of the cache, the wait from behind it.
  if (forward === 'stale' && parameters.get('fwd-status') === '304') return 'other';
  return MISSING.has(forward) ? 'miss' : 'other';
}

/** Its parameters, the value empty where there is none; of repeated ones the last counts. */
function lastMember(text: string): ReadonlyMap<string, string> | undefined {
  let at = 0;
  for (;;) {
    MEMBER.lastIndex = at;
    const member = MEMBER.exec(text);
    if (member === null) return undefined;
    SEPARATOR.lastIndex = MEMBER.lastIndex;
    const separator = SEPARATOR.exec(text);
    if (separator === null) return undefined;
    at = SEPARATOR.lastIndex;
    if (!separator[0].includes(',')) return parametersOf(member[2] ?? '');
  }
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(PARAMETERS)].map(([, name = '', value = '']) => [name, value]));
}

/** Asked the origin whether the stored answer still holds, and it did. */
const REVALIDATED = /REFRESH_?HIT|REVALIDATED/;
const FROM_CACHE = /HIT|STALE|UPDATING/;
const FROM_BEHIND = /MISS|EXPIRED/;

/**
 * `HIT`, `Miss from cloudfront`, `TCP_MEM_HIT from a1-2 (AkamaiGHost)`, `MISS, HIT`: the first word of the last member.
 */
function wordStatus(text: string | undefined): CacheStatus | undefined {
  const member = text?.slice(text.lastIndexOf(',') + 1).trim();
  if (member === undefined || member === '') return undefined;
  const word = (member.split(' ', 1)[0] ?? '').toUpperCase();
  if (REVALIDATED.test(word)) return 'other';
  if (FROM_CACHE.test(word)) return 'hit';
  return FROM_BEHIND.test(word) ? 'miss' : 'other';
}
