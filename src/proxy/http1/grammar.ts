// The octets of HTTP/1.1 heads (RFC 9110, 9112): which may stand where, and how a problem quotes them.
// It knows no messages: heads, framing and chunks build on it.

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** A sentence for people: what was wrong, with the octets quoted. */
export type HeadProblem = { readonly problem: string };

/** Digits of a length that a double holds exactly; a longer one could not be counted down. */
const MAX_LENGTH_DIGITS = 16;
/** A quotation in a problem must stay readable in a log line. */
const MAX_QUOTED_CHARACTERS = 40;

const DELETE = 0x7f;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DIGITS = /^[0-9]+$/;
const TOKEN_OCTETS: Uint8Array = tokenOctets();

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isTokenOctet(octet: number): boolean {
  return TOKEN_OCTETS[octet] === 1;
}

/** HTAB, SP, VCHAR and obs-text: what field values and reason phrases consist of. */
export function isTextOctet(octet: number): boolean {
  return octet >= SPACE ? octet !== DELETE : octet === TAB;
}

/** True when every character of a latin1 text is one that `isTextOctet` takes. */
export function isText(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (!isTextOctet(text.charCodeAt(index))) return false;
  }
  return true;
}

/** VCHAR and obs-text, at least one: a request target (raw UTF-8 is what players send for such a URL). */
export function isTarget(text: string): boolean {
  return text !== '' && isText(text) && !text.includes(' ') && !text.includes('\t');
}

/** Decimal digits alone, up to 2^53 - 1; undefined for anything else. */
export function parseLength(text: string): number | undefined {
  if (text.length > MAX_LENGTH_DIGITS || !DIGITS.test(text)) return undefined;
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : undefined;
}

/** The text in double quotes, control characters escaped, cut to a readable length. */
export function quote(text: string): string {
  if (text.length <= MAX_QUOTED_CHARACTERS) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, MAX_QUOTED_CHARACTERS))}... (${text.length} characters)`;
}

export function quoteOctet(octet: number): string {
  const hex = `0x${octet.toString(16).padStart(2, '0')}`;
  return octet > SPACE && octet < DELETE ? `${hex} (${JSON.stringify(String.fromCharCode(octet))})` : hex;
}

function tokenOctets(): Uint8Array {
  const octets = new Uint8Array(256);
  for (let octet = 0; octet < octets.length; octet += 1) octets[octet] = isToken(String.fromCharCode(octet)) ? 1 : 0;
  return octets;
}
