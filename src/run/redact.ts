// Secrets in URLs: user information and query values become `…` and six hex digits of a keyed hash (MEASURING section 10),
// so that two records of one URL can still be recognised as such. The key dies with the run. Credentials and cookies, which
// only the log of FFmpeg shows, go in any mode and leave no hash. It does not touch paths, hosts or names.
import { createHmac, randomBytes } from 'node:crypto';

export type Redact = (text: string) => string;

/** Absolute, or as in a request line of FFmpeg's log. */
const URL_IN_TEXT = /\bhttps?:\/\/[^\s'"<>|\\]+|(?<=[\s'"])\/[^\s'"<>|?\\]*\?[^\s'"<>|\\]+/gi;
const USER_INFORMATION = /^(https?:\/\/)([^/?#@]*)@/i;
const QUERY_VALUE = /([?&][^=&#]*=)([^&#]*)/g;
/** A field of a head in FFmpeg's log, up to the end of the line or of the JSON text that holds it. */
const SECRET_FIELD = /\b((?:proxy-)?authorization|(?:set-)?cookie2?)(: ?)(?:[^"\\\r\n]|\\[^rn])+/gi;
/** An item of the jar that we hand to FFmpeg; it repeats its options when it starts. */
const JAR_ITEM = /([!#$%&*+.^_`|~0-9A-Za-z-]+=)[^;"\r\n]*(?=; path=\S*; domain=)/g;
const DIGITS = 6;
/** What was hidden before stays as it is: a text may pass here on its way to a report and again on its way to the terminal. */
const HIDDEN = /^…[0-9a-f]{6}$/;

/** A function for any text that may hold URLs; with `none` it leaves them as they are. */
export function createRedact(mode: 'query-values' | 'none', key: Buffer = randomBytes(32)): Redact {
  if (mode === 'none') return withoutCredentials;
  const hidden = (value: string): string =>
    HIDDEN.test(value) ? value : `…${createHmac('sha256', key).update(value).digest('hex').slice(0, DIGITS)}`;
  const redactUrl = (url: string): string =>
    url
      .replace(USER_INFORMATION, (_, scheme: string, user: string) => `${scheme}${hidden(user)}@`)
      .replace(QUERY_VALUE, (_, name: string, value: string) => (value === '' ? name : `${name}${hidden(value)}`));
  return (text) => withoutCredentials(text.replace(URL_IN_TEXT, redactUrl));
}

function withoutCredentials(text: string): string {
  return text.replace(SECRET_FIELD, '$1$2…').replace(JAR_ITEM, '$1…');
}

/** The same value with every string in it redacted. */
export function redactDeep<Value>(value: Value, redact: Redact): Value {
  if (typeof value === 'string') return redact(value) as Value;
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, redact)])) as Value;
}
