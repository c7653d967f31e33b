// What a final response head tells that goes into the record: media type, cache, age, location, declared length, and the
// fields that the user asked for. It changes nothing, follows nothing and believes no length: bytes are counted elsewhere.

import type { CacheStatus } from '../events.ts';
import { readCacheStatus } from './cache-status.ts';
import type { Field } from './http1/fields.ts';
import type { Framing } from './http1/framing.ts';
import type { ResponseHead } from './http1/head.ts';
import { MAX_RECORDED_FIELD_CHARACTERS } from './limits.ts';
import type { Mutable } from './mutable.ts';
import type { ResponseFacts } from './transfer.ts';

export interface HeadFacts {
  readonly facts: ResponseFacts;
  /** Lower case, or absent for identity. */
  readonly contentEncoding: string | undefined;
  /** The origin said that it closes after this message (or speaks HTTP/1.0 without keep-alive). */
  readonly closePromised: boolean;
  /** A cookie with a Path was set. */
  readonly setsPathCookie: boolean;
}

/** `recordFields`: lower-case names of fields to keep as they are. */
export function readResponseFacts(
  head: ResponseHead,
  framing: Framing,
  url: string,
  recordFields: readonly string[],
): HeadFacts {
  const known = ownFacts(head.fields);
  const { status, version } = head;
  const facts: Mutable<ResponseFacts> = { status, cache: known.cache };
  if (known.mediaType !== undefined) facts.mediaType = known.mediaType;
  if (known.ageSeconds !== undefined) facts.ageSeconds = known.ageSeconds;
  const location = resolveLocation(status, known.location, url);
  if (location !== undefined) facts.location = location;
  if (recordFields.length > 0) Object.assign(facts, recorded(head.fields, recordFields));
  if (framing.kind === 'length') facts.declaredContentLength = framing.length;
  const { contentEncoding, setsPathCookie } = known;
  return { facts, contentEncoding, closePromised: closes(version, known.connection), setsPathCookie };
}

/** What the fields alone tell. Answers alike within a second share their fields, and so this. */
interface OwnFacts {
  readonly cache: CacheStatus;
  readonly mediaType: string | undefined;
  readonly ageSeconds: number | undefined;
  readonly location: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly connection: readonly string[];
  readonly setsPathCookie: boolean;
}

const told: WeakMap<readonly Field[], OwnFacts> = new WeakMap();

function ownFacts(fields: readonly Field[]): OwnFacts {
  const before = told.get(fields);
  if (before !== undefined) return before;
  const facts = readOwnFacts(knownFields(fields));
  told.set(fields, facts);
  return facts;
}

function readOwnFacts(fields: Known): OwnFacts {
  const mediaType = fields['content-type']?.split(';')[0]?.trim().toLowerCase();
  const age = fields.age;
  const ageSeconds = age !== undefined && /^[0-9]{1,9}$/.test(age) ? Number(age) : undefined;
  const encoding = fields['content-encoding']?.trim().toLowerCase();
  return {
    cache: readCacheStatus({
      cacheStatus: fields['cache-status'],
      cfCacheStatus: fields['cf-cache-status'],
      xCache: fields['x-cache'],
      xCacheStatus: fields['x-cache-status'],
      ageSeconds,
    }),
    mediaType: mediaType === '' ? undefined : mediaType,
    ageSeconds,
    location: fields.location,
    contentEncoding: encoding === 'identity' || encoding === '' ? undefined : encoding,
    connection: tokensOf(fields.connection),
    setsPathCookie: PATH_OF_COOKIE.test(fields['set-cookie'] ?? ''),
  };
}

const PATH_OF_COOKIE = /;[ \t]*path[ \t]*=[ \t]*\//i;
const KNOWN = {
  'content-type': 'first',
  'content-encoding': 'first',
  age: 'first',
  location: 'first',
  connection: 'list',
  'set-cookie': 'list',
  'cache-status': 'list',
  'cf-cache-status': 'list',
  'x-cache': 'list',
  'x-cache-status': 'list',
} as const satisfies Readonly<Record<string, 'first' | 'list'>>;
type Known = { -readonly [Name in keyof typeof KNOWN]?: string };

/** One pass over the head: heads are most of what a short transfer costs. */
function knownFields(fields: readonly Field[]): Known {
  const known: Known = {};
  for (const field of fields) {
    const name = field.name.toLowerCase();
    if (!isKnown(name)) continue;
    const before = known[name];
    if (before === undefined || before === '') known[name] = field.value;
    else if (KNOWN[name] === 'list' && field.value !== '') known[name] = `${before}, ${field.value}`;
  }
  return known;
}

function isKnown(name: string): name is keyof typeof KNOWN {
  return Object.hasOwn(KNOWN, name);
}

/** Whether a message's sender closes, or counts on a close, after it. */
export function promisesClose(version: ResponseHead['version'], connection: string | undefined): boolean {
  return closes(version, tokensOf(connection));
}

/** Lower case. */
function tokensOf(list: string | undefined): readonly string[] {
  return list?.split(',').map((token) => token.trim().toLowerCase()) ?? [];
}

function closes(version: ResponseHead['version'], connection: readonly string[]): boolean {
  return connection.includes('close') || (version === '1.0' && !connection.includes('keep-alive'));
}

function resolveLocation(status: number, location: string | undefined, url: string): string | undefined {
  if (status < 300 || status > 399) return undefined;
  if (location === undefined || !URL.canParse(location, url)) return undefined;
  return new URL(location, url).href;
}

/** In the order in which the user named them; a field that the head does not have is left out. */
function recorded(fields: readonly Field[], names: readonly string[]): Pick<ResponseFacts, 'recordedFields'> {
  const pairs = names.flatMap((name): [string, string][] => {
    const values = fields.filter((field) => field.name.toLowerCase() === name).map(({ value }) => value);
    return values.length === 0 ? [] : [[name, bounded(values.join(', '))]];
  });
  return pairs.length === 0 ? {} : { recordedFields: pairs };
}

/** An origin decides how long a value is; the cut shows. */
function bounded(value: string): string {
  return value.length > MAX_RECORDED_FIELD_CHARACTERS ? `${value.slice(0, MAX_RECORDED_FIELD_CHARACTERS)}…` : value;
}
