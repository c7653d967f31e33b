// Generators of HTTP/1.1 messages together with the account that reading them must give: the oracle by construction.
// They make good messages only; tests damage them.
import fc from 'fast-check';
import { type Account, Pieces } from './accounts.ts';

export interface GeneratedResponse {
  readonly method: string;
  readonly octets: Buffer;
  readonly account: Account;
  /** Ends with the connection: nothing may follow. */
  readonly isClose: boolean;
}

const content: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  fc.constantFrom('', '\r\n\r\n', '0\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(300)),
);
const token: fc.Arbitrary<string> = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/).map((name) => `X-${name}`);
const text: fc.Arbitrary<string> = fc.stringMatching(/^[ -~\t\x80-\xff]{0,20}$/);
const fieldLine: fc.Arbitrary<string> = fc
  .tuple(token, fc.constantFrom('', ' ', '\t ', '  '), text, fc.constantFrom('', ' ', ' \t'))
  .map(([name, before, value, after]) => `${name}:${before}${value}${after}\r\n`);
const fieldLines: fc.Arbitrary<string> = fc.array(fieldLine, { maxLength: 5 }).map((lines) => lines.join(''));
const statusWithContent: fc.Arbitrary<number> = fc.constantFrom(200, 206, 301, 404, 416, 503, 999);
const contentMethod: fc.Arbitrary<string> = fc.constantFrom('GET', 'POST', 'OPTIONS');

const interims: fc.Arbitrary<{ text: string; account: Account }> = fc
  .array(fc.tuple(fc.constantFrom(100, 102, 103), fieldLines), { maxLength: 3 })
  .map((heads) => {
    const texts = heads.map(([status, fields]) => `HTTP/1.1 ${status} Interim\r\n${fields}\r\n`);
    const account = texts.flatMap((one, index) => ['first', `interim ${heads[index]?.[0]} ${one.length}`]);
    return { text: texts.join(''), account };
  });

const lengthBody: fc.Arbitrary<Part> = fc
  .tuple(contentMethod, statusWithContent, content)
  .map(([method, status, body]) => ({
    method,
    status,
    declared: `Content-Length: ${body.length}\r\n`,
    framing: `length ${body.length}`,
    body,
    lines: body === '' ? [] : [`content ${body.length} ${body}`],
    isClose: false,
  }));

const emptyBody: fc.Arbitrary<Part> = fc
  .tuple(
    fc.constantFrom<[string, number]>(['HEAD', 200], ['GET', 204], ['GET', 304], ['HEAD', 404]),
    fc.constantFrom('', 'Content-Length: 12\r\n', 'Transfer-Encoding: chunked\r\n', 'Content-Length: x\r\n'),
  )
  .map(([[method, status], declared]) => ({
    method,
    status,
    declared,
    framing: 'none',
    body: '',
    lines: [],
    isClose: false,
  }));

const chunkedBody: fc.Arbitrary<Part> = fc
  .tuple(
    contentMethod,
    statusWithContent,
    fc.array(fc.tuple(content, fc.constantFrom('', ';a', ' ; a=b', ';q="x;\\" y"'), fc.boolean()), { maxLength: 4 }),
    fieldLines,
  )
  .map(([method, status, chunks, trailers]) => {
    const pieces = new Pieces();
    let body = '';
    for (const [data, extension, isUpper] of chunks.filter(([one]) => one !== '')) {
      const size = data.length.toString(16);
      const line = `${isUpper ? `00${size.toUpperCase()}` : size}${extension}\r\n`;
      body += `${line}${data}\r\n`;
      pieces.add('framing', line.length);
      pieces.add('content', data.length, data);
      pieces.add('framing', 2);
    }
    const last = `0\r\n${trailers}\r\n`;
    pieces.add('framing', last.length);
    pieces.flush();
    const declared = 'transfer-Encoding: Chunked\r\n';
    return { method, status, declared, framing: 'chunked', body: body + last, lines: pieces.lines, isClose: false };
  });

const closeBody: fc.Arbitrary<Part> = fc
  .tuple(fc.constantFrom<[string, number]>(['GET', 200], ['CONNECT', 200], ['GET', 101]), content)
  .map(([[method, status], body]) => ({
    method,
    status,
    declared: '',
    framing: 'close',
    body,
    lines: body === '' ? [] : [`content ${body.length} ${body}`],
    isClose: true,
  }));

interface Part {
  readonly method: string;
  readonly status: number;
  readonly declared: string;
  readonly framing: string;
  readonly body: string;
  readonly lines: Account;
  readonly isClose: boolean;
}

/** Any answer with the account that it must give; `close` and tunnels included where asked. */
export function arbitraryResponse(withClose: boolean): fc.Arbitrary<GeneratedResponse> {
  const part = withClose ? closeBody : fc.oneof(lengthBody, emptyBody, chunkedBody);
  const version = fc.constantFrom('1.1', '1.1', '1.0');
  return fc
    .tuple(interims, part, fieldLines, version, fc.constantFrom(' OK', ' ', ''))
    .map(([before, one, fields, asked, reason]) => {
      const protocol = one.declared.startsWith('t') ? '1.1' : asked;
      const head = `HTTP/${protocol} ${one.status}${reason}\r\n${fields}${one.declared}\r\n`;
      return {
        method: one.method,
        octets: Buffer.from(before.text + head + one.body, 'latin1'),
        account: [
          ...before.account,
          'first',
          `head ${one.status} ${head.length} ${one.framing}`,
          ...one.lines,
          ...(one.isClose ? [] : ['complete']),
        ],
        isClose: one.isClose,
      };
    });
}

export interface GeneratedRequest {
  readonly text: string;
  readonly account: Account;
}

/** A request that keeps its connection, with or without a body. */
export const arbitraryRequest: fc.Arbitrary<GeneratedRequest> = fc
  .tuple(
    fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'x-own'),
    fc.stringMatching(/^\/[!-~\x80-\xff]{0,12}$/),
    fc.constantFrom('none', 'length', 'chunked'),
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    fc.boolean(),
  )
  .map(([method, target, kind, content, hasEmptyLine]) => {
    const chunk = content === '' ? '' : `${content.length.toString(16)};x\r\n${content}\r\n`;
    const body = kind === 'none' ? '' : kind === 'length' ? content : `${chunk}0\r\nT: v\r\n\r\n`;
    const declared = {
      none: '',
      length: `Content-Length: ${content.length}\r\n`,
      chunked: 'Transfer-Encoding: chunked\r\n',
    };
    const head = `${method} ${target} HTTP/1.1\r\nHost: h\r\n${declared[kind as keyof typeof declared]}\r\n`;
    return {
      text: `${hasEmptyLine ? '\r\n' : ''}${head}${body}`,
      account: [
        'first',
        `head ${method} ${target} ${head.length} ${kind}`,
        ...(body === '' ? [] : [`body ${body.length} ${body}`]),
        'complete',
      ],
    };
  });
