// The inside of one playlist tag (RFC 8216bis section 4.2): attribute lists, numbers, byte ranges, variables.
// It knows no tag by name and resolves no URL; what is malformed reads as absent.

/** Values as text; quoted ones without their quotes and with variables replaced. */
export type Attributes = ReadonlyMap<string, string>;
export type Variables = ReadonlyMap<string, string>;

/** `n[@o]`: a length and where it starts, if said. */
export interface LengthAndOffset {
  readonly lengthBytes: number;
  readonly offsetBytes?: number;
}

const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))/g;
const VARIABLE = /\{\$([A-Za-z0-9_-]+)\}/g;
const LENGTH_AND_OFFSET = /^([0-9]+)(?:@([0-9]+))?$/;
const DECIMAL_INTEGER = /^[0-9]+$/;
const DECIMAL = /^[0-9]+(?:\.[0-9]*)?|^\.[0-9]+/;

/** The first of repeated attributes counts. Commas inside quotes belong to the value. */
export function readAttributes(text: string, variables: Variables): Attributes {
  const attributes = new Map<string, string>();
  for (const [, name = '', quoted, bare = ''] of text.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) continue;
    attributes.set(name, quoted === undefined ? bare.trim() : substitute(quoted, variables));
  }
  return attributes;
}

/** `{$name}` replaced where the name is defined, left as it is where not. */
export function substitute(text: string, variables: Variables): string {
  if (variables.size === 0) return text;
  return text.replace(VARIABLE, (whole, name: string) => variables.get(name) ?? whole);
}

/** A decimal-integer up to 2^53 - 1. */
export function readInteger(text: string | undefined): number | undefined {
  if (text === undefined || !DECIMAL_INTEGER.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A decimal-floating-point; what follows the number (a title after EXTINF's comma) is ignored. */
export function readDecimal(text: string | undefined): number | undefined {
  const match = DECIMAL.exec(text?.trim() ?? '');
  if (match === null) return undefined;
  const value = Number(match[0]);
  return Number.isFinite(value) ? value : undefined;
}

export function readLengthAndOffset(text: string | undefined): LengthAndOffset | undefined {
  const match = LENGTH_AND_OFFSET.exec(text ?? '');
  const lengthBytes = readInteger(match?.[1]);
  if (lengthBytes === undefined) return undefined;
  const offsetBytes = readInteger(match?.[2]);
  return { lengthBytes, ...(offsetBytes !== undefined && { offsetBytes }) };
}
