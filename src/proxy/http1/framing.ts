// Where the content of a message ends, as its head says (RFC 9112 section 6). Two readers that disagree about this lose
// the connection's account, so whatever is ambiguous is refused; it reads no content.

import { type Field, fieldValues } from './fields.ts';
import { type HeadProblem, parseLength, quote } from './grammar.ts';
import type { RequestHead, ResponseHead } from './head.ts';

export type Framing = { kind: 'none' } | { kind: 'length'; length: number } | { kind: 'chunked' } | { kind: 'close' };

type Declared = Framing | HeadProblem | undefined;

const known: WeakMap<readonly Field[], { readonly declared: Declared }> = new WeakMap();
const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const CLOSE: Framing = { kind: 'close' };

/**
 * HEAD, 204, 304 and 1xx have no content whatever the fields say; 101 and a 2xx to CONNECT turn the rest of the
 * connection into something else, framed by its end. A repeated Content-Length is refused even when the values agree.
 */
export function responseFraming(head: ResponseHead, requestMethod: string): Framing | HeadProblem {
  const { status } = head;
  if (status === 101) return CLOSE;
  if (requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE;
  if (requestMethod === 'CONNECT' && status < 300) return CLOSE;
  return declaredFraming(head.fields, head.version) ?? CLOSE;
}

/** Never `close`: a request without a length has no content. */
export function requestFraming(head: RequestHead): Framing | HeadProblem {
  return declaredFraming(head.fields, head.version) ?? NONE;
}

function declaredFraming(fields: readonly Field[], version: '1.0' | '1.1'): Declared {
  if (version === '1.0') return readDeclared(fields, version);
  // Heads with the same fields share them, and so this.
  const before = known.get(fields);
  if (before !== undefined) return before.declared;
  const declared = readDeclared(fields, version);
  known.set(fields, { declared });
  return declared;
}

function readDeclared(fields: readonly Field[], version: '1.0' | '1.1'): Declared {
  const codings = fieldValues(fields, 'transfer-encoding');
  const lengths = fieldValues(fields, 'content-length');
  if (codings.length > 0) {
    if (lengths.length > 0) return { problem: 'the head has both Transfer-Encoding and Content-Length' };
    if (version === '1.0') return { problem: 'an HTTP/1.0 message has a Transfer-Encoding' };
    const coding = codings.join(', ');
    if (coding.toLowerCase() === 'chunked') return CHUNKED;
    return { problem: `the Transfer-Encoding is ${quote(coding)}; only "chunked" is allowed` };
  }
  const [text] = lengths;
  if (text === undefined) return undefined;
  if (lengths.length > 1)
    return { problem: `the head has ${lengths.length} Content-Length fields (${quote(lengths.join(', '))})` };
  const length = parseLength(text);
  if (length === undefined)
    return { problem: `the Content-Length ${quote(text)} is not one decimal number up to 2^53 - 1` };
  return { kind: 'length', length };
}
