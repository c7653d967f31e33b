// Reads fault rules as users write them: words `key=value` between spaces, in any order, with exactly one fault.
// It applies nothing; what it cannot read it refuses, with everything that is wrong with every rule at once.
import { KINDS, type Kind } from '../events.ts';
import { PERCENT, parseBytes, parseBytesPerSecond, parseDuration } from '../units.ts';
import type { FaultAction, FaultRule, Nth } from './rule.ts';

/** A rule, or sentences that name and quote what is wrong in it and say what is allowed. */
export type ReadFault = { readonly rule: FaultRule } | { readonly problems: readonly string[] };

type Value<Of> = { readonly value: Of } | { readonly allowed: string };

const FAULTS = ['delay', 'throttle', 'status', 'reset', 'truncate', 'stall'] as const;
const CHOICES = ['kind', 'nth', 'url', 'client', 'probability'] as const;
const MODIFIER = 'after';
const KEYS: readonly string[] = [...CHOICES, ...FAULTS, MODIFIER];

/** What is known before an answer is; a redirect is not. */
const KIND_WORDS: ReadonlyMap<string, readonly Kind[]> = new Map([
  ['playlist', ['multivariant-playlist', 'media-playlist']],
  ...KINDS.filter((kind) => kind !== 'redirect').map((kind): [string, readonly Kind[]] => [kind, [kind]]),
]);
const MAXIMUM_CLIENT = 5000;
const LONGEST = '1h';
/** Below this a connection looks dead, not slow; above it nothing is. */
const SLOWEST = '1B/s';
const FASTEST = '10GB/s';
const LARGEST = '1000GiB';
const FIRST_ERROR = 400;
const LAST_ERROR = 599;

export function readFault(text: string): ReadFault {
  const problems: string[] = [];
  const words = new Map<string, string | undefined>();
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const [key = '', ...rest] = word.split('=');
    const value = rest.length === 0 ? undefined : rest.join('=');
    if (!KEYS.includes(key)) problems.push(`${quoted(word)} is not known; allowed: ${KEYS.join(', ')}`);
    else if (words.has(key)) problems.push(`${quoted(key)} is there twice; write one rule for each`);
    else words.set(key, value);
  }
  const read = <Of>(key: string, parse: (value: string) => Value<Of>): Of | undefined => {
    if (!words.has(key)) return undefined;
    const value = words.get(key);
    const parsed = parse(value ?? '');
    if ('value' in parsed) return parsed.value;
    problems.push(
      value === undefined || value === ''
        ? `${quoted(key)} has no value; allowed: ${key}=${parsed.allowed}`
        : `${key}=${quoted(value)} cannot be read; allowed: ${parsed.allowed}`,
    );
    return undefined;
  };
  const kinds = read('kind', readKinds);
  const nth = read('nth', readNth);
  const urlPattern = read('url', readUrlPattern);
  const client = read('client', readClient);
  const probability = read('probability', readProbability);
  const action = readAction(words, read, problems);
  if (action === undefined || problems.length > 0) return { problems };
  return {
    rule: {
      text,
      ...(kinds === undefined ? {} : { kinds }),
      ...(nth === undefined ? {} : { nth }),
      ...(urlPattern === undefined ? {} : { urlPattern }),
      ...(client === undefined ? {} : { client }),
      ...(probability === undefined ? {} : { probability }),
      action,
    },
  };
}

/** @throws Error at a rule that `readFault` refuses: options are checked before they are used */
export function faultRules(texts: readonly string[]): readonly FaultRule[] {
  return texts.map((text) => {
    const read = readFault(text);
    if ('problems' in read) throw new Error(`fault ${quoted(text)}: ${read.problems.join('; ')}`);
    return read.rule;
  });
}

type Read = <Of>(key: string, parse: (value: string) => Value<Of>) => Of | undefined;

function readAction(
  words: ReadonlyMap<string, string | undefined>,
  read: Read,
  problems: string[],
): FaultAction | undefined {
  const named = FAULTS.filter((fault) => words.has(fault));
  const [fault] = named;
  if (fault === undefined) problems.push(`it names no fault; allowed: one of ${FAULTS.join(', ')}`);
  if (named.length > 1) problems.push(`it names ${named.join(' and ')}; a rule has one fault, write one rule for each`);
  if (words.has(MODIFIER) && fault !== 'reset' && fault !== 'stall')
    problems.push(`${quoted(MODIFIER)} belongs to reset and stall`);
  const afterBytes = read(MODIFIER, readSize);
  switch (fault) {
    case 'delay':
      return map(read(fault, readTime), (delayMs) => ({ type: fault, delayMs }));
    case 'throttle':
      return map(read(fault, readRate), (bytesPerSecond) => ({ type: fault, bytesPerSecond }));
    case 'status':
      return map(read(fault, readStatus), (status) => ({ type: fault, status }));
    case 'reset':
      if (words.get(fault) !== undefined)
        problems.push(`${quoted(fault)} takes no value; allowed: reset, or reset after=SIZE`);
      return { type: fault, ...(afterBytes === undefined ? {} : { afterBytes }) };
    case 'truncate':
      return map(read(fault, readCut), (cut) => ({ type: fault, ...cut }));
    case 'stall':
      return map(read(fault, readTime), (stallMs) => ({ type: fault, afterBytes: afterBytes ?? 0, stallMs }));
    default:
      return undefined;
  }
}

function map<From, To>(value: From | undefined, to: (value: From) => To): To | undefined {
  return value === undefined ? undefined : to(value);
}

function readKinds(text: string): Value<readonly Kind[]> {
  const kinds = KIND_WORDS.get(text);
  return kinds === undefined ? { allowed: [...KIND_WORDS.keys()].join(', ') } : { value: kinds };
}

function readNth(text: string): Value<Nth> {
  const allowed = '7 (the seventh), 3..5, 3.. (from the third on) or every:10';
  const every = /^every:([1-9]\d{0,8})$/.exec(text)?.[1];
  if (every !== undefined) return { value: { first: Number(every), step: Number(every) } };
  const [, from, dots, to] = /^([1-9]\d{0,8})(?:(\.\.)([1-9]\d{0,8})?)?$/.exec(text) ?? [];
  if (from === undefined) return { allowed };
  const first = Number(from);
  if (dots !== undefined && to === undefined) return { value: { first, step: 1 } };
  const last = to === undefined ? first : Number(to);
  return last < first ? { allowed } : { value: { first, last, step: 1 } };
}

/** `/source/` is a regular expression; else the text itself, where `*` stands for anything. Both are found anywhere. */
function readUrlPattern(text: string): Value<string> {
  const [, source] = /^\/(.+)\/$/.exec(text) ?? [];
  if (source === undefined) {
    if (text === '') return { allowed: 'a part of the URL, * for anything, or /REGULAR EXPRESSION/' };
    return { value: text.split('*').map(escaped).join('.*') };
  }
  try {
    return { value: new RegExp(source).source };
  } catch (error) {
    return { allowed: `a regular expression between slashes (${error instanceof Error ? error.message : ''})` };
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function readClient(text: string): Value<number> {
  return readInteger(text, 1, MAXIMUM_CLIENT);
}

function readStatus(text: string): Value<number> {
  return readInteger(text, FIRST_ERROR, LAST_ERROR);
}

function readInteger(text: string, least: number, most: number): Value<number> {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? { value } : { allowed: `${least} to ${most}` };
}

function readProbability(text: string): Value<number> {
  const value = readShare(text) ?? (/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN);
  return value >= 0 && value <= 1 ? { value } : { allowed: '0 to 1, or 0% to 100%' };
}

/** A percentage as 0..1 and beyond; undefined when it is none. */
function readShare(text: string): number | undefined {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  return percent === undefined ? undefined : Number(percent) / PERCENT;
}

function readCut(text: string): Value<{ readonly afterShare: number } | { readonly afterBytes: number }> {
  const afterShare = readShare(text);
  if (afterShare !== undefined && afterShare < 1) return { value: { afterShare } };
  const size = readSize(text);
  return 'value' in size ? { value: { afterBytes: size.value } } : { allowed: `0% to 99.9%, or ${size.allowed}` };
}

function readSize(text: string): Value<number> {
  const value = text === '0' ? 0 : parseBytes(text);
  return value !== undefined && value <= (parseBytes(LARGEST) ?? 0)
    ? { value }
    : { allowed: `0 to ${LARGEST}, written as 500B, 20kB, 64KiB, 1.5MB` };
}

function readTime(text: string): Value<number> {
  const value = parseDuration(text);
  return value !== undefined && value >= 1 && value <= (parseDuration(LONGEST) ?? 0)
    ? { value }
    : { allowed: `1ms to ${LONGEST}, written as 1m30s, 2.5s or 500ms` };
}

function readRate(text: string): Value<number> {
  const value = parseBytesPerSecond(text);
  return value !== undefined &&
    value >= (parseBytesPerSecond(SLOWEST) ?? 0) &&
    value <= (parseBytesPerSecond(FASTEST) ?? 0)
    ? { value }
    : { allowed: `${SLOWEST} to ${FASTEST}, written as 500kbit/s, 2Mbit/s, 20kB/s, 64KiB/s` };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
