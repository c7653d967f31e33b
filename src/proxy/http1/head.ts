// Request and response heads of HTTP/1.x: octets in, fields out, and the octets to send on. Strict where a second reader
// could see other boundaries; it decides no framing and judges no meaning (a missing Host is the origin's to refuse).
import { KIB } from '../../units.ts';
import { type HeadProblem, isTarget, isText, isToken, quote } from './grammar.ts';

/** Name as sent; value without the white space around it; both latin1. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface RequestHead {
  readonly method: string;
  /** As sent, latin1: raw UTF-8 octets appear as one character each. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: readonly Field[];
  /** The whole head with its final CRLF; a copy. */
  readonly octets: Buffer;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly version: '1.0' | '1.1';
  readonly fields: readonly Field[];
  /** Octets of the whole head with its final CRLF. */
  readonly bytes: number;
}

/** What common servers allow is 8 to 48 KiB; cookies of real players stay far below. */
export const MAX_HEAD_BYTES: number = 64 * KIB;
const MAX_FIELDS = 256;
/** FFmpeg sends at most 4 KiB; signed URLs of other players reach some more. */
const MAX_REQUEST_LINE_BYTES: number = 16 * KIB;

const END_OF_HEAD = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: (.*))?$/s;

/** Octets from the first of the request line to the empty line's CRLF, nothing before or after. */
export function parseRequestHead(octets: Buffer): RequestHead | HeadProblem {
  const lines = splitHead(octets);
  if ('problem' in lines) return lines;
  const line = lines[0] ?? '';
  if (line.length > MAX_REQUEST_LINE_BYTES) {
    return { problem: `the request line has ${line.length} octets; at most ${MAX_REQUEST_LINE_BYTES} are allowed` };
  }
  const parts = line.split(' ');
  const [method = '', target = '', protocol = ''] = parts;
  if (parts.length !== 3) {
    return { problem: `the request line ${quote(line)} is not a method, a target and HTTP/1.1 with one space between` };
  }
  if (!isToken(method)) return { problem: `the method ${quote(method)} is not a token` };
  if (!isTarget(target)) return { problem: `the request target ${quote(target)} is empty or has a control octet` };
  const version = protocolVersion(protocol);
  if (version === undefined) {
    return { problem: `the request's protocol is ${quote(protocol)}; only HTTP/1.0 and HTTP/1.1 are spoken here` };
  }
  const fields = parseFields(lines);
  if ('problem' in fields) return fields;
  return { method, target, version, fields, octets: Buffer.from(octets) };
}

/**
 * Octets from the first of the status line to the empty line's CRLF. One thing that the grammar forbids is taken: a status
 * line that ends after the status code (the space before an empty reason left out), which all clients read alike.
 */
export function parseResponseHead(octets: Buffer): ResponseHead | HeadProblem {
  const lines = splitHead(octets);
  if ('problem' in lines) return lines;
  const line = lines[0] ?? '';
  const match = STATUS_LINE.exec(line);
  if (match === null) {
    return {
      problem: `the status line ${quote(line)} is not HTTP/1.0 or HTTP/1.1, a status code from 100 to 999 and a reason`,
    };
  }
  const reason = match[3] ?? '';
  if (!isText(reason)) return { problem: `the status line ${quote(line)} has a control octet` };
  const fields = parseFields(lines);
  if ('problem' in fields) return fields;
  return { status: Number(match[2]), reason, version: match[1] === '0' ? '1.0' : '1.1', fields, bytes: octets.length };
}

/** The value of the first field of that name, in any case. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return fields.find((field) => isNamed(field, wanted))?.value;
}

/** The values of all fields of that name, in any case, in order. */
export function fieldValues(fields: readonly Field[], name: string): string[] {
  const wanted = name.toLowerCase();
  return fields.filter((field) => isNamed(field, wanted)).map((field) => field.value);
}

/**
 * The octets to send on: the request target replaced (latin1, as heads are read), the lines of the named fields removed,
 * everything else octet for octet. `removed` counts lines.
 */
export function rewriteRequestHead(
  head: RequestHead,
  target: string,
  removeFields: readonly string[],
): { octets: Buffer; removed: number } {
  const targetStart = head.method.length + 1;
  const parts = [
    head.octets.subarray(0, targetStart),
    Buffer.from(target, 'latin1'),
    head.octets.subarray(targetStart + head.target.length),
  ];
  if (removeFields.length === 0) return { octets: Buffer.concat(parts), removed: 0 };
  const names = new Set(removeFields.map((name) => name.toLowerCase()));
  if (!head.fields.some((field) => names.has(field.name.toLowerCase()))) {
    return { octets: Buffer.concat(parts), removed: 0 };
  }
  const lines = Buffer.concat(parts).toString('latin1').split('\r\n');
  // A request line has a space before any colon, so it is never taken for a field.
  const kept = lines.filter((line) => !names.has(nameOfLine(line)));
  return { octets: Buffer.from(kept.join('\r\n'), 'latin1'), removed: lines.length - kept.length };
}

/** The lines of a head without their CRLFs; the first is the start line. */
function splitHead(octets: Buffer): string[] | HeadProblem {
  if (octets.length > MAX_HEAD_BYTES) return headTooLarge();
  const text = octets.toString('latin1');
  if (!text.endsWith(END_OF_HEAD)) return { problem: `the head ${quote(text)} does not end with an empty line` };
  const lines = text.slice(0, -END_OF_HEAD.length).split('\r\n');
  if (lines.length - 1 > MAX_FIELDS) {
    return { problem: `the head has ${lines.length - 1} fields; at most ${MAX_FIELDS} are allowed` };
  }
  return lines;
}

export function headTooLarge(): HeadProblem {
  return { problem: `the head has more than ${MAX_HEAD_BYTES} octets, the most that are allowed` };
}

function protocolVersion(protocol: string): '1.0' | '1.1' | undefined {
  if (protocol === 'HTTP/1.1') return '1.1';
  return protocol === 'HTTP/1.0' ? '1.0' : undefined;
}

function parseFields(lines: readonly string[]): Field[] | HeadProblem {
  const fields: Field[] = [];
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon < 1 || !isToken(name)) return { problem: badFieldLine(line, colon) };
    const value = trimBlanks(line, colon + 1);
    if (!isText(value)) return { problem: `the value of field ${quote(name)} has a control octet: ${quote(value)}` };
    fields.push({ name, value });
  }
  return fields;
}

function badFieldLine(line: string, colon: number): string {
  if (line === '') return 'the head has an empty line before its end';
  if (line.startsWith(' ') || line.startsWith('\t')) {
    return `the field line ${quote(line)} continues the one before (obsolete line folding is not allowed)`;
  }
  if (colon === -1) return `the field line ${quote(line)} has no colon`;
  if (colon === 0) return `the field line ${quote(line)} has no name`;
  return `the field name ${quote(line.slice(0, colon))} is not a token (white space before the colon is not allowed)`;
}

/** `line` from `start` without the spaces and tabs around it (String#trim would take other white space too). */
function trimBlanks(line: string, start: number): string {
  let first = start;
  let last = line.length;
  while (first < last && isBlank(line.charCodeAt(first))) first += 1;
  while (last > first && isBlank(line.charCodeAt(last - 1))) last -= 1;
  return line.slice(first, last);
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}

function isNamed(field: Field, wanted: string): boolean {
  return field.name.length === wanted.length && field.name.toLowerCase() === wanted;
}

function nameOfLine(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase();
}
