// Request and response heads of HTTP/1.x: text in (latin1, one character per octet), start line and fields out, and the text to send on. Strict where a
// second reader could see other boundaries; it decides no framing and judges no meaning (a missing Host is the origin's to
// refuse).
import { KIB } from '../../units.ts';
import { type Field, parseFields } from './fields.ts';
import { type HeadProblem, isTarget, isText, isToken, quote } from './grammar.ts';

export interface RequestHead {
  readonly method: string;
  /** As sent, latin1: raw UTF-8 octets appear as one character each. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: readonly Field[];
  /** The whole head with its final CRLF, latin1: one character per octet. */
  readonly text: string;
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
/** FFmpeg sends at most 4 KiB; signed URLs of other players reach some more. */
const MAX_REQUEST_LINE_BYTES: number = 16 * KIB;

type StatusLine = Pick<ResponseHead, 'status' | 'reason' | 'version'>;
let lastStatusLine: { readonly line: string; readonly start: StatusLine } = {
  line: 'HTTP/1.1 200 OK',
  start: { status: 200, reason: 'OK', version: '1.1' },
};
let lastResponse: { readonly text: string; readonly head: ResponseHead } | undefined;
const END_OF_HEAD = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: (.*))?$/s;

/**
 * From the first octet of the request line to the empty line's CRLF, latin1, nothing before or after. `before`: the last head of
 * the same connection, which is looked at only to save work.
 */
export function parseRequestHead(text: string, before?: RequestHead): RequestHead | HeadProblem {
  // A player asks for its playlist in the same words each time.
  if (before !== undefined && text === before.text) return before;
  const parts = splitHead(text);
  if ('problem' in parts) return parts;
  const { line, fields } = parts;
  if (line.length > MAX_REQUEST_LINE_BYTES) {
    return { problem: `the request line has ${line.length} octets; at most ${MAX_REQUEST_LINE_BYTES} are allowed` };
  }
  const methodEnd = line.indexOf(' ');
  const targetEnd = line.indexOf(' ', methodEnd + 1);
  if (methodEnd === -1 || targetEnd === -1 || line.includes(' ', targetEnd + 1)) {
    return { problem: `the request line ${quote(line)} is not a method, a target and HTTP/1.1 with one space between` };
  }
  const method = line.slice(0, methodEnd);
  if (!isToken(method)) return { problem: `the method ${quote(method)} is not a token` };
  const target = line.slice(methodEnd + 1, targetEnd);
  if (!isTarget(target)) return { problem: `the request target ${quote(target)} is empty or has a control octet` };
  const version = protocolVersion(line.slice(targetEnd + 1));
  if (version === undefined) {
    const protocol = quote(line.slice(targetEnd + 1));
    return { problem: `the request's protocol is ${protocol}; only HTTP/1.0 and HTTP/1.1 are spoken here` };
  }
  const read = fieldsAgain(text, line.length, before) ?? parseFields(fields);
  return 'problem' in read ? read : { method, target, version, fields: read, text };
}

/** The fields of `before` where all of `text` behind its request line is the same: another segment, asked for by the same player. */
function fieldsAgain(text: string, lineEnd: number, before: RequestHead | undefined): readonly Field[] | undefined {
  if (before === undefined) return undefined;
  const isAlike = before.text.indexOf('\r\n') === before.text.length - (text.length - lineEnd);
  return isAlike && before.text.endsWith(text.slice(lineEnd)) ? before.fields : undefined;
}

/**
 * From the first octet of the status line to the empty line's CRLF, latin1. One thing that the grammar forbids is taken: a status
 * line that ends after the status code (the space before an empty reason left out), which all clients read alike.
 */
export function parseResponseHead(text: string): ResponseHead | HeadProblem {
  // An origin answers many players alike: the same segment, within the same second.
  if (text === lastResponse?.text) return lastResponse.head;
  const head = readResponseHead(text);
  if (!('problem' in head)) lastResponse = { text, head };
  return head;
}

function readResponseHead(text: string): ResponseHead | HeadProblem {
  const parts = splitHead(text);
  if ('problem' in parts) return parts;
  const { line, fields } = parts;
  const start = readStatusLine(line);
  if ('problem' in start) return start;
  const read = parseFields(fields);
  if ('problem' in read) return read;
  const { status, reason, version } = start;
  return { status, reason, version, fields: read, bytes: text.length };
}

/** What to send on, latin1: the request target replaced, everything else octet for octet. */
export function retargetRequestHead({ method, target, text }: RequestHead, newTarget: string): string {
  return `${method} ${newTarget}${text.slice(method.length + 1 + target.length)}`;
}

/**
 * What to send on, latin1: the request target replaced, the lines of the named fields removed, everything else octet for
 * octet. `removed` counts lines.
 */
export function rewriteRequestHead(
  head: RequestHead,
  target: string,
  removeFields: readonly string[],
): { text: string; removed: number } {
  const text = retargetRequestHead(head, target);
  const names = new Set(removeFields.map((name) => name.toLowerCase()));
  const lines = text.split('\r\n');
  // A request line has a space before any colon, so it is never taken for a field.
  const kept = lines.filter((line) => !names.has(nameOfLine(line)));
  return { text: kept.join('\r\n'), removed: lines.length - kept.length };
}

/** The last one is known: answers begin alike. */
function readStatusLine(line: string): StatusLine | HeadProblem {
  if (line === lastStatusLine.line) return lastStatusLine.start;
  const match = STATUS_LINE.exec(line);
  if (match === null) {
    return {
      problem: `the status line ${quote(line)} is not HTTP/1.0 or HTTP/1.1, a status code from 100 to 999 and a reason`,
    };
  }
  const reason = match[3] ?? '';
  if (!isText(reason)) return { problem: `the status line ${quote(line)} has a control octet` };
  const start: StatusLine = { status: Number(match[2]), reason, version: match[1] === '0' ? '1.0' : '1.1' };
  lastStatusLine = { line, start };
  return start;
}

/** The start line, and the lines of the fields without the last CRLF. */
function splitHead(text: string): { line: string; fields: string } | HeadProblem {
  if (text.length > MAX_HEAD_BYTES) return headTooLarge();
  if (!text.endsWith(END_OF_HEAD)) return { problem: `the head ${quote(text)} does not end with an empty line` };
  const lineEnd = text.indexOf('\r\n');
  return { line: text.slice(0, lineEnd), fields: text.slice(lineEnd + 2, -END_OF_HEAD.length) };
}

export function headTooLarge(): HeadProblem {
  return { problem: `the head has more than ${MAX_HEAD_BYTES} octets, the most that are allowed` };
}

function protocolVersion(protocol: string): '1.0' | '1.1' | undefined {
  if (protocol === 'HTTP/1.1') return '1.1';
  return protocol === 'HTTP/1.0' ? '1.0' : undefined;
}

function nameOfLine(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase();
}
