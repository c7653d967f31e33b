// Secrets in URLs: user information and query values become `…` and six hex digits of a keyed hash (MEASURING section 10),
// so that two records of one URL can still be recognised as such. The key dies with the run.
// It does not touch paths, hosts or the names of query parameters, and never sees fields: those are not recorded at all.
import { createHmac, randomBytes } from 'node:crypto';

export type Redact = (text: string) => string;

/** Absolute, or as in a request line of FFmpeg's log. */
const URL_IN_TEXT = /\bhttps?:\/\/[^\s'"<>|\\]+|(?<=[\s'"])\/[^\s'"<>|?\\]*\?[^\s'"<>|\\]+/g;
const USER_INFORMATION = /^(https?:\/\/)([^/?#@]*)@/;
const QUERY_VALUE = /([?&][^=&#]*=)([^&#]*)/g;
const DIGITS = 6;

/** A function for any text that may hold URLs; with `none` it gives texts back as they are. */
export function createRedact(mode: 'query-values' | 'none', key: Buffer = randomBytes(32)): Redact {
  if (mode === 'none') return (text) => text;
  const hidden = (value: string): string =>
    `…${createHmac('sha256', key).update(value).digest('hex').slice(0, DIGITS)}`;
  const redactUrl = (url: string): string =>
    url
      .replace(USER_INFORMATION, (_, scheme: string, user: string) => `${scheme}${hidden(user)}@`)
      .replace(QUERY_VALUE, (_, name: string, value: string) => (value === '' ? name : `${name}${hidden(value)}`));
  return (text) => text.replace(URL_IN_TEXT, redactUrl);
}

/** The same value with every string in it redacted. */
export function redactDeep<Value>(value: Value, redact: Redact): Value {
  if (typeof value === 'string') return redact(value) as Value;
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, redact)])) as Value;
}
