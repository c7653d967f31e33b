// The request reader: pipelined heads and bodies in any pieces, bodies as sent, hostile octets refused once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RequestReader } from '../../../src/proxy/http1/request-reader.ts';
import { arbitraryCuts, everyOctet, RequestRecorder, split } from './accounts.ts';
import { arbitraryRequest } from './messages.ts';

function readRequests(text: string, cuts: readonly number[] = []): string[] {
  const recorder = new RequestRecorder();
  const reader = new RequestReader(recorder);
  for (const piece of split(Buffer.from(text, 'latin1'), cuts)) {
    const reused = Buffer.from(piece);
    reader.read(reused);
    reused.fill('\n');
  }
  return recorder.account;
}

describe('requests in pieces', () => {
  it('give the account that they were made from, however they are split', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRequest, { maxLength: 4 }), arbitraryCuts, (requests, cuts) => {
        const text = requests.map((request) => request.text).join('');
        assert.deepEqual(
          readRequests(text, cuts),
          requests.flatMap((request) => request.account),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('never throw and tell one problem at most, whatever the octets are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), arbitraryCuts, (octets, hasHead, cuts) => {
        const start = hasHead ? 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n' : '';
        const text = start + Buffer.from(octets).toString('latin1');
        const account = readRequests(text);
        assert.deepEqual(readRequests(text, cuts), account);
        assert.ok(account.filter((line) => line.startsWith('problem')).length <= 1);
      }),
      { numRuns: 500 },
    );
  });

  it('are dropped of one empty line before the request line, and of no more', () => {
    const head = 'GET / HTTP/1.1\r\n\r\n';
    for (const cuts of [[], everyOctet(Buffer.from(`\r\n${head}`))]) {
      assert.deepEqual(readRequests(`\r\n${head}`, cuts), ['first', 'head GET / 18 none', 'complete']);
    }
    assert.match(readRequests(`\r\n\r\n${head}`).at(-1) ?? '', /^problem a request begins with 0x0d/);
    assert.match(readRequests(`\rx${head}`).at(-1) ?? '', /^problem a request begins with CR and 0x78/);
  });
});

describe('hostile requests', () => {
  const hostile: readonly (readonly [string, string, RegExp])[] = [
    ['TLS', '\x16\x03\x01\x02\0', /begins with 0x16/],
    ['LF alone', 'GET / HTTP/1.1\nHost: h\n\n', /LF alone/],
    ['line folding', 'GET / HTTP/1.1\r\nHost: h\r\n\tx\r\n\r\n', /folding/],
    ['length and coding', 'POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n', /both/],
    ['two lengths', 'POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n', /2 Content-Length/],
    ['a head above 64 KiB', `GET / HTTP/1.1\r\nA: ${'x'.repeat(65_536)}`, /65536 octets/],
    ['a bad chunk', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx', /0x78/],
  ];
  for (const [name, text, pattern] of hostile) {
    it(`${name}: one problem, then silence`, () => {
      const account = readRequests(`${text}\r\n\r\nGET / HTTP/1.1\r\n\r\n`);
      assert.match(account.at(-1) ?? '', /^problem /);
      assert.match(account.at(-1) ?? '', pattern);
    });
  }
});
