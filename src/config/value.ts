// One option's value from its text, and the sentence that says what would have been allowed.
// It looks at one value at a time: what two options say together is checks.ts.
import { isIPv6 } from 'node:net';
import { readFault } from '../faults/parse.ts';
import { readMapping } from '../stats/access-log-line.ts';
import { readThreshold } from '../stats/threshold.ts';
import { parseDuration } from '../units.ts';
import type { HostPort, Option } from './option.ts';

export type OptionValue = string | number | boolean | HostPort | readonly string[];
export type Parsed = { readonly value: OptionValue } | { readonly problem: string };

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
/** RFC 9110 field-name and field-value, without the octets that would end the line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be refused
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*$/;
/** A name that is a token, and what RFC 6265 would call an extension's value: all that cannot end the cookie or the line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be refused
const COOKIE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+=[^\x00-\x1f\x7f;]*$/;
/** Whatever Linux takes: up to 15 characters without blanks and slashes; a comma parts two. */
const DEVICES = /^[^\s/,]{1,15}(,[^\s/,]{1,15})*$/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Whoever reads a journal must not be able to log in with it. */
const SECRET_FIELDS = new Set([
  'authentication-info',
  'authorization',
  'cookie',
  'proxy-authentication-info',
  'proxy-authorization',
  'set-cookie',
  'set-cookie2',
]);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be refused
const CONTROL = /[\x00-\x1f\x7f]/;
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?$/;
const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*):(\d{1,5})$/;
const MAXIMUM_PORT = 65_535;
const ALL_ADDRESSES = '0.0.0.0';

/** The value that `text` stands for. A problem is the part of a sentence that follows the quoted value. */
export function parseValue(option: Option, text: string): Parsed {
  const problem = (what: string): Parsed => ({ problem: `${what}; allowed: ${allowedFor(option)}` });
  switch (option.type) {
    case 'boolean':
      if (TRUE.has(text)) return { value: true };
      return FALSE.has(text) ? { value: false } : problem('is neither true nor false');
    case 'integer':
      if (!/^[+-]?\d+$/.test(text)) return problem('is not a whole number');
      return within(Number(text), option.minimum, option.maximum) ?? problem('is out of range');
    case 'number':
      if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return problem('is not a number');
      return within(Number(text), option.minimum, option.maximum) ?? problem('is out of range');
    case 'duration': {
      const ms = parseDuration(text);
      if (ms === undefined) return problem(/^[\d.]+$/.test(text) ? 'has no unit' : 'is not a duration');
      return within(ms, durationMs(option.minimum), durationMs(option.maximum)) ?? problem('is out of range');
    }
    case 'enum':
      return option.choices.includes(text) || option.others?.pattern.test(text) === true
        ? { value: text }
        : problem('is not one of the choices');
    case 'url':
      return urlProblem(text) === undefined ? { value: lowerScheme(text) } : problem(urlProblem(text) ?? '');
    case 'host':
      return hostOf(text) ?? problem('is not a host');
    case 'hostport':
      return hostPort(text) ?? problem('is not an address to listen on');
    case 'list': {
      const wrong = itemProblem(option.itemForm, text);
      if (wrong !== undefined) return problem(wrong);
      return sentenceProblem(option.itemForm, text) ?? { value: [text] };
    }
    case 'path':
      return text === '' || text.includes('\0') ? problem('is not a path') : { value: text };
    case 'string':
      return text === '' || CONTROL.test(text) ? problem('is empty or has control characters') : { value: text };
  }
}

/** What is wrong with `text` as an http or https URL; undefined when nothing is. */
export function urlProblem(text: string): string | undefined {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'has no scheme';
  if (scheme !== 'http' && scheme !== 'https') return `has the scheme ${scheme}://`;
  if (/\s/.test(text)) return 'has a space in it';
  if (!/^[^/]+:\/\/[^/?#]/.test(text)) return 'has no host';
  return URL.canParse(text) ? undefined : 'is not a valid address';
}

/** FFmpeg knows schemes in lower case only; the rest of a URL is the origin's. */
export function lowerScheme(url: string): string {
  return url.replace(/^[A-Za-z]+:/, (scheme) => scheme.toLowerCase());
}

/** What may be given, as the end of a sentence. */
export function allowedFor(option: Option): string {
  switch (option.type) {
    case 'boolean':
      return 'true or false (also 1, t, 0, f)';
    case 'integer':
      return `${option.minimum} to ${option.maximum}`;
    case 'number':
      return `${option.minimum} to ${option.maximum}`;
    case 'duration':
      return `${option.minimum} to ${option.maximum}, written as 1m30s, 2.5s or 500ms`;
    case 'enum':
      return [...option.choices, ...(option.others?.placeholder.split('|') ?? [])].join(', ');
    case 'url':
      return 'an address with http:// or https:// and a host';
    case 'host':
      return 'a host name or an IP address, without scheme or port';
    case 'hostport':
      return 'HOST:PORT, [IPv6]:PORT or :PORT, with a port from 0 to 65535';
    case 'list':
      return ALLOWED_ITEMS[option.itemForm ?? 'text'];
    case 'path':
      return 'a path';
    case 'string':
      return 'text on one line';
  }
}

type ItemForm = Extract<Option, { type: 'list' }>['itemForm'];

const ALLOWED_ITEMS: Readonly<Record<NonNullable<ItemForm> | 'text', string>> = {
  header: "'Name: value' on one line, may be repeated",
  'field-name': "a response field's name, as in X-Served-By, but none of cookies or credentials; may be repeated",
  cookie: 'NAME=VALUE without ";", may be repeated',
  fault: 'fault rules, may be repeated',
  threshold: 'a figure of the summary, an operator and a number, may be repeated',
  device: 'names such as eth0, several with commas, may be repeated',
  'log-fields': 'FIELD=NAME, several with commas, may be repeated',
  text: 'any text, may be repeated',
};

function itemProblem(form: ItemForm, text: string): string | undefined {
  if (form === 'header' && !HEADER.test(text)) return 'is not a header';
  if (form === 'cookie' && !COOKIE.test(text)) return 'is not a cookie';
  if (form === 'device' && !DEVICES.test(text)) return 'is not the name of a device';
  if (form !== 'field-name') return undefined;
  if (!FIELD_NAME.test(text)) return 'is not the name of a field';
  return SECRET_FIELDS.has(text.toLowerCase()) ? 'carries secrets' : undefined;
}

/** Everything that is wrong with an item that has a grammar of its own; each part says what is allowed. */
function sentenceProblem(form: ItemForm, text: string): Parsed | undefined {
  if (form === 'fault') {
    const read = readFault(text);
    return 'problems' in read ? { problem: `is no fault rule: ${read.problems.join('. ')}` } : undefined;
  }
  if (form === 'log-fields') {
    const read = readMapping([text]);
    return 'problem' in read ? { problem: read.problem } : undefined;
  }
  if (form !== 'threshold') return undefined;
  const read = readThreshold(text);
  return 'problem' in read ? { problem: `is no threshold: ${read.problem}` } : undefined;
}

function within(value: number, minimum: number, maximum: number): Parsed | undefined {
  return value >= minimum && value <= maximum ? { value } : undefined;
}

function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`option table: ${text} is not a duration`);
  return ms;
}

/** IPv6 with or without the brackets that a URL has. */
function hostOf(text: string): Parsed | undefined {
  if (HOST_NAME.test(text)) return { value: text };
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  return isIPv6(address) ? { value: address } : undefined;
}

function hostPort(text: string): Parsed | undefined {
  const match = HOST_PORT.exec(text);
  if (match === null) return undefined;
  const port = Number(match[2]);
  // ":17091" is Go's way to say all addresses.
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '') || ALL_ADDRESSES;
  return port <= MAXIMUM_PORT ? { value: { host, port } } : undefined;
}
