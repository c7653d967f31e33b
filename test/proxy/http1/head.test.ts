// Heads by themselves: fields as sent, framing as declared, and the octets to send on.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fieldValue, fieldValues } from '../../../src/proxy/http1/fields.ts';
import { type Framing, requestFraming, responseFraming } from '../../../src/proxy/http1/framing.ts';
import {
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  rewriteRequestHead,
} from '../../../src/proxy/http1/head.ts';

function request(text: string): RequestHead {
  const head = parseRequestHead(text);
  if ('problem' in head) assert.fail(head.problem);
  return head;
}

function response(text: string): ResponseHead {
  const head = parseResponseHead(text);
  if ('problem' in head) assert.fail(head.problem);
  return head;
}

const FFMPEG =
  'GET http://127.0.0.1:8080/live/stream.m3u8 HTTP/1.1\r\nUser-Agent: swarm/1.0/client-1\r\nAccept: */*\r\nRange: bytes=0-\r\n' +
  'Connection: close\r\nHost: 127.0.0.1:8080\r\nIcy-MetaData: 1\r\n\r\n';

describe('a request head', () => {
  it('is read field by field', () => {
    const head = request(FFMPEG);
    assert.deepEqual(
      [head.method, head.target, head.version],
      ['GET', 'http://127.0.0.1:8080/live/stream.m3u8', '1.1'],
    );
    assert.equal(head.fields.length, 6);
    assert.equal(fieldValue(head.fields, 'RANGE'), 'bytes=0-');
    assert.equal(fieldValue(head.fields, 'x-none'), undefined);
    assert.equal(head.text, FFMPEG);
  });

  it('keeps names as sent, trims values of spaces and tabs alone, and keeps every repetition', () => {
    const head = request('GET / HTTP/1.0\r\nX-A: \t one \xa0\t\r\nx-a:two\r\nEmpty:\r\n\r\n');
    assert.deepEqual(head.fields[0], { name: 'X-A', value: 'one \xa0' });
    assert.deepEqual(fieldValues(head.fields, 'x-A'), ['one \xa0', 'two']);
    assert.equal(fieldValue(head.fields, 'empty'), '');
  });

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['two spaces', 'GET  / HTTP/1.1\r\n\r\n', /one space between/],
    ['a space in the target', 'GET /a b HTTP/1.1\r\n\r\n', /one space between/],
    ['no protocol (HTTP/0.9)', 'GET /\r\n\r\n', /one space between/],
    ['HTTP/0.9 by name', 'GET / HTTP/0.9\r\n\r\n', /"HTTP\/0.9"/],
    ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\n', /"HTTP\/2.0"/],
    ['a protocol in small letters', 'GET / http/1.1\r\n\r\n', /"http\/1.1"/],
    ['a method that is no token', 'G(T / HTTP/1.1\r\n\r\n', /method "G\(T"/],
    ['an empty target', 'GET  HTTP/1.1\r\n\r\n', /target ""/],
    ['NUL in the target', 'GET /\0 HTTP/1.1\r\n\r\n', /control octet/],
    ['a tab in the target', 'GET /\ta HTTP/1.1\r\n\r\n', /control octet/],
    ['DEL in a value', 'GET / HTTP/1.1\r\nA: \x7f\r\n\r\n', /control octet/],
    ['no end', 'GET / HTTP/1.1\r\nA: b\r\n', /does not end/],
    ['octets after the end', 'GET / HTTP/1.1\r\n\r\nA: b\r\n\r\n', /empty line before its end/],
    ['nothing', '', /does not end/],
    ['a request line above 16 KiB', `GET /${'a'.repeat(16_384)} HTTP/1.1\r\n\r\n`, /request line has 16398 octets/],
  ];
  for (const [name, text, pattern] of bad) {
    it(`is refused with a sentence: ${name}`, () => {
      const head = parseRequestHead(text);
      assert.match('problem' in head ? head.problem : 'taken', pattern);
    });
  }

  it('takes raw UTF-8 in the target, octet by octet', () => {
    assert.equal(request('GET /caf\xc3\xa9 HTTP/1.1\r\n\r\n').target, '/caf\xc3\xa9');
  });
});

describe('the octets to send on', () => {
  it('have the target replaced and the named lines removed, everything else as it was', () => {
    const text =
      'GET http://h:1/a HTTP/1.1\r\nhost:  h:1 \r\nPROXY-Connection: keep-alive\r\nX: \xff\r\nproxy-connection: x\r\n\r\n';
    const rewritten = rewriteRequestHead(request(text), '/a', ['Proxy-Connection', 'Proxy-Authorization']);
    assert.equal(rewritten.text, 'GET /a HTTP/1.1\r\nhost:  h:1 \r\nX: \xff\r\n\r\n');
    assert.equal(rewritten.removed, 2);
  });

  it('are the head itself when nothing changes', () => {
    const head = request(FFMPEG);
    assert.deepEqual(rewriteRequestHead(head, head.target, ['Proxy-Connection']), { text: head.text, removed: 0 });
  });

  it('keep every other octet, for any fields', () => {
    const line = fc.stringMatching(/^[A-Za-z]{1,8}:[ -~\x80-\xff\t]{0,20}$/);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.nat(7), (lines, choice) => {
        const removed = lines[choice]?.split(':', 1)[0] ?? 'none';
        const kept = lines.filter((one) => one.split(':', 1)[0]?.toLowerCase() !== removed.toLowerCase());
        const compose = (target: string, all: string[]) =>
          `GET ${target} HTTP/1.1\r\n${all.map((one) => `${one}\r\n`).join('')}\r\n`;
        const result = rewriteRequestHead(request(compose('http://host/x', lines)), '/x', [removed]);
        assert.equal(result.text, compose('/x', kept));
        assert.equal(result.removed, lines.length - kept.length);
      }),
    );
  });
});

describe('a response head', () => {
  it('is read with and without a reason', () => {
    assert.equal(response('HTTP/1.1 404 Not Found\r\n\r\n').reason, 'Not Found');
    assert.equal(response('HTTP/1.0 200 \r\n\r\n').reason, '');
    assert.deepEqual(response('HTTP/1.1 200\r\nA: b\r\n\r\n'), {
      status: 200,
      reason: '',
      version: '1.1',
      fields: [{ name: 'A', value: 'b' }],
      bytes: 22,
    });
  });

  it('never throws, whatever the octets are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        const text = `HTTP/1.1 200 OK\r\n${Buffer.from(octets).toString('latin1')}\r\n\r\n`;
        const head = parseResponseHead(text);
        assert.ok('problem' in head || head.bytes === text.length);
        parseRequestHead(Buffer.from(octets).toString('latin1'));
      }),
    );
  });
});

describe('a request head after another one of the same connection', () => {
  const line = fc.constantFrom(
    'GET http://a/1 HTTP/1.1',
    'GET http://a/22 HTTP/1.1',
    'GET http://a/1 HTTP/1.0',
    'GET  /',
    '',
  );
  const field = fc.constantFrom('A: b', 'A: c', 'Range: bytes=0-', 'Range: bytes=1-', ' folded', 'no colon');
  const head = fc
    .tuple(line, fc.array(field, { maxLength: 3 }), fc.constantFrom('\r\n\r\n', '\r\n', ''))
    .map(([first, fields, end]) => [first, ...fields].join('\r\n') + end);

  it('is read as if it were the first', () => {
    fc.assert(
      fc.property(head, head, (earlier, later) => {
        const before = parseRequestHead(earlier);
        if ('problem' in before) return;
        assert.deepEqual(parseRequestHead(later, before), parseRequestHead(later));
      }),
      { numRuns: 2000 },
    );
  });

  it('shares its fields when only the target is another one', () => {
    const before = request(FFMPEG);
    const after = parseRequestHead(FFMPEG.replace('stream.m3u8', 'seg00001.ts'), before);
    assert.ok(!('problem' in after));
    assert.equal(after.fields, before.fields);
    assert.equal(after.target, 'http://127.0.0.1:8080/live/seg00001.ts');
    assert.equal(parseRequestHead(FFMPEG, before), before);
  });
});

describe('framing', () => {
  const ofResponse: readonly (readonly [string, string, string, Framing])[] = [
    ['a length', 'GET', '200 OK\r\nContent-Length: 7', { kind: 'length', length: 7 }],
    ['a length of 0', 'GET', '200 OK\r\nContent-Length: 0', { kind: 'length', length: 0 }],
    ['chunked in any case', 'GET', '200 OK\r\nTransfer-Encoding: CHUNKED', { kind: 'chunked' }],
    ['neither', 'GET', '200 OK', { kind: 'close' }],
    ['HEAD', 'HEAD', '200 OK\r\nContent-Length: 7', { kind: 'none' }],
    ['HEAD with nonsense', 'HEAD', '200 OK\r\nContent-Length: 7\r\nContent-Length: 8', { kind: 'none' }],
    ['304', 'GET', '304 Not Modified\r\nContent-Length: 7', { kind: 'none' }],
    ['an interim response', 'GET', '103 Early Hints\r\nContent-Length: 7', { kind: 'none' }],
    ['101', 'GET', '101 Switching Protocols', { kind: 'close' }],
    ['CONNECT that succeeded', 'CONNECT', '200 OK\r\nContent-Length: 7', { kind: 'close' }],
    ['CONNECT that failed', 'CONNECT', '407 No\r\nContent-Length: 7', { kind: 'length', length: 7 }],
    ['a small letter method is not HEAD', 'head', '200 OK\r\nContent-Length: 7', { kind: 'length', length: 7 }],
  ];
  for (const [name, method, text, framing] of ofResponse) {
    it(`of a response: ${name}`, () => {
      assert.deepEqual(responseFraming(response(`HTTP/1.1 ${text}\r\n\r\n`), method), framing);
    });
  }

  it('of a request is never the end of the connection', () => {
    const framingOf = (fields: string) => requestFraming(request(`POST / HTTP/1.1\r\n${fields}\r\n`));
    assert.deepEqual(framingOf(''), { kind: 'none' });
    assert.deepEqual(framingOf('Content-Length: 3\r\n'), { kind: 'length', length: 3 });
    assert.deepEqual(framingOf('Transfer-Encoding: chunked\r\n'), { kind: 'chunked' });
    assert.ok('problem' in framingOf('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n'));
    assert.ok('problem' in framingOf('Transfer-Encoding: identity\r\n'));
  });
});
