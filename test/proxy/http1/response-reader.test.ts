// The response reader: any split of any messages gives the account they were made from, every octet is accounted for,
// and hostile octets end it once, with a sentence.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_INTERIM_RESPONSES, ResponseReader } from '../../../src/proxy/http1/response-reader.ts';
import { arbitraryCuts, everyOctet, ResponseRecorder, readResponses } from './accounts.ts';
import { arbitraryResponse } from './messages.ts';

function accountOf(text: string, methods: readonly string[] = ['GET'], cuts: readonly number[] = []): string[] {
  return readResponses(methods, Buffer.from(text, 'latin1'), cuts)[0].account;
}

const arbitraryStream = fc.tuple(
  fc.array(arbitraryResponse(false), { maxLength: 4 }),
  fc.option(arbitraryResponse(true)),
);

describe('responses in pieces', () => {
  it('give the account that they were made from, however they are split', () => {
    fc.assert(
      fc.property(arbitraryStream, arbitraryCuts, ([several, last], cuts) => {
        const responses = last === null ? several : [...several, last];
        const octets = Buffer.concat(responses.map((response) => response.octets));
        const methods = responses.map((response) => response.method);
        const [recorder, reader] = readResponses(methods, octets, cuts);
        assert.deepEqual(
          recorder.account,
          responses.flatMap((response) => response.account),
        );
        assert.equal(recorder.reportedBytes, octets.length);
        assert.equal(reader.end(), last === null ? 'idle' : 'closed');
        assert.equal(reader.pending, 0);
      }),
      { numRuns: 300 },
    );
  });

  it('account for every octet and never throw, whatever the octets are', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets)),
      fc.tuple(arbitraryResponse(false), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 })).map(mutate),
    );
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 3 }), arbitraryCuts, (pieces, cuts) => {
        const octets = Buffer.concat(pieces);
        const [whole, wholeReader] = readResponses(['GET', 'HEAD', 'GET'], octets, []);
        const [cut, cutReader] = readResponses(['GET', 'HEAD', 'GET'], octets, cuts);
        assert.deepEqual(cut.account, whole.account);
        assert.equal(cutReader.unframedBytes, wholeReader.unframedBytes);
        assert.equal(whole.reportedBytes + wholeReader.unframedBytes, octets.length);
        assert.ok(whole.problems <= 1);
        assert.equal(cutReader.end(), wholeReader.end());
      }),
      { numRuns: 500 },
    );
  });

  it('give the same account cut at every octet as in one piece', () => {
    const text =
      'HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: v\r\n\r\n';
    const octets = Buffer.from(text);
    const whole = accountOf(text);
    assert.deepEqual(whole, [
      'first',
      'interim 100 22',
      'first',
      'head 200 47 chunked',
      'framing 7 ',
      'content 5 hello',
      'framing 13 ',
      'complete',
    ]);
    assert.deepEqual(accountOf(text, ['GET'], everyOctet(octets)), whole);
  });
});

/** A few octets of a message replaced. */
function mutate([response, place, octets]: [{ octets: Buffer }, number, Uint8Array]): Buffer {
  const mutated = Buffer.from(response.octets);
  mutated.set(octets, place % Math.max(1, mutated.length - octets.length));
  return mutated;
}

describe('the end of the connection', () => {
  it('is told for a truncation at every offset', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    const text = `${head}hello`;
    for (let offset = 0; offset <= text.length; offset += 1) {
      const [recorder, reader] = readResponses(['GET'], Buffer.from(text.slice(0, offset)), []);
      const isComplete = offset === text.length;
      const inside = offset < head.length ? 'in-head' : 'in-body';
      assert.equal(reader.end(), offset === 0 ? 'before-head' : isComplete ? 'idle' : inside, `after ${offset} octets`);
      assert.equal(recorder.account.includes('complete'), isComplete);
      assert.equal(reader.pending, isComplete ? 0 : 1);
    }
  });

  it('inside a chunked body is in the body, after an interim response before the head', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n';
    assert.equal(readResponses(['GET'], Buffer.from(chunked), [])[1].end(), 'in-body');
    assert.equal(readResponses(['GET'], Buffer.from('HTTP/1.1 103 Hints\r\n\r\n'), [])[1].end(), 'before-head');
  });

  it('completes a close-delimited body once, even when asked twice, and later octets are unframed', () => {
    const [recorder, reader] = readResponses(['GET', 'GET'], Buffer.from('HTTP/1.0 200 OK\r\n\r\nabc'), []);
    assert.equal(reader.end(), 'closed');
    assert.equal(reader.end(), 'closed');
    assert.deepEqual(recorder.account, ['first', 'head 200 19 close', 'content 3 abc', 'complete']);
    assert.equal(reader.pending, 1);
    reader.read(Buffer.from('late'), 4);
    assert.equal(reader.unframedBytes, 4);
  });
});

describe('octets that belong to no response', () => {
  it('are excess when no request is due, whatever they are', () => {
    assert.deepEqual(accountOf('HTTP/1.1 408 Timeout\r\n\r\n', []), ['excess 24 ']);
    assert.deepEqual(accountOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd').slice(-3), [
      'content 2 ab',
      'complete',
      'excess 2 ',
    ]);
  });

  it('are excess after HEAD, 204 and 304 although the head declares a length', () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      const account = accountOf(`HTTP/1.1 ${status} X\r\nContent-Length: 4\r\n\r\nbody`, [method]);
      assert.deepEqual(account, ['first', `head ${status} 37 none`, 'complete', 'excess 4 ']);
    }
  });

  it('do not spoil the response to a later request', () => {
    const recorder = new ResponseRecorder();
    const reader = new ResponseReader(recorder);
    const response = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
    reader.read(Buffer.from('junk'), 4);
    reader.expect('GET');
    reader.read(response, response.length);
    assert.deepEqual(recorder.account, ['excess 4 ', 'first', 'head 204 27 none', 'complete']);
  });
});

describe('hostile responses', () => {
  const hostile: readonly (readonly [string, string, RegExp])[] = [
    ['a body without a head (HTTP/0.9)', '<html>hello', /begins with 0x3c/],
    ['an ICY answer', 'ICY 200 OK\r\n\r\n', /begins with 0x49/],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n', /status line "HTTP\/2.0 200 OK"/],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', /status line/],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', /status line/],
    ['an empty line before the status line', '\r\nHTTP/1.1 200 OK\r\n\r\n', /begins with 0x0d/],
    ['LF alone after the status line', 'HTTP/1.1 200 OK\n\n', /LF alone/],
    ['LF alone inside the fields', 'HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n', /LF alone/],
    ['CR alone in a value', 'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n', /control octet/],
    ['NUL in a value', 'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n', /control octet/],
    ['NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n', /control octet/],
    ['line folding', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', /folding/],
    [
      'white space before the colon',
      'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello',
      /white space before the colon/,
    ],
    ['an empty name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n', /has no name/],
    ['no colon', 'HTTP/1.1 200 OK\r\nab\r\n\r\n', /has no colon/],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n', /2 Content-Length fields/],
    [
      'the same length twice',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n',
      /2 Content-Length fields/,
    ],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n', /"5, 5"/],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n', /"-5"/],
    ['a hexadecimal length', 'HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n', /"0x5"/],
    ['an empty length', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n', /""/],
    ['a length of 2^53', 'HTTP/1.1 200 OK\r\nContent-Length: 9007199254740992\r\n\r\n', /9007199254740992/],
    ['length and coding', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', /both/],
    ['a coding before chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', /"gzip, chunked"/],
    [
      'chunked twice',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
      /"chunked, chunked"/,
    ],
    ['a disguised coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n', /control octet/],
    ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', /HTTP\/1.0/],
    ['257 fields', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(257)}\r\n`, /257 fields/],
    ['a head above 64 KiB', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(65_536)}\r\n\r\n`, /65536 octets/],
    ['a line that never ends', `HTTP/1.1 200 ${'x'.repeat(70_000)}`, /65536 octets/],
  ];
  for (const [name, text, pattern] of hostile) {
    it(`${name}: one problem in the head, then silence`, () => {
      const octets = Buffer.from(text, 'latin1');
      for (const cuts of [[], [1], octets.length < 1000 ? everyOctet(octets) : [3, 17, 60_000]]) {
        const [recorder, reader] = readResponses(['GET'], octets, cuts);
        const [first, problem, ...rest] = recorder.account;
        assert.equal(first, 'first');
        assert.match(problem ?? '', /^problem head /);
        assert.match(problem ?? '', pattern);
        assert.deepEqual(rest, []);
        assert.equal(recorder.reportedBytes + reader.unframedBytes, octets.length);
        assert.equal(reader.end(), 'in-head');
      }
    });
  }

  it('a head of exactly 64 KiB and 256 fields are taken', () => {
    const fixed = 'HTTP/1.1 204 No Content\r\nA: \r\n\r\n';
    const octets = Buffer.from(fixed.replace('A: ', `A: ${'x'.repeat(65_536 - fixed.length)}`));
    for (const cuts of [[], [1000, 5000, 65_000]]) {
      assert.deepEqual(readResponses(['GET'], octets, cuts)[0].account, ['first', 'head 204 65536 none', 'complete']);
    }
    assert.equal(accountOf(`HTTP/1.1 204 No Content\r\n${'a: b\r\n'.repeat(256)}\r\n`).at(-1), 'complete');
  });

  it('a head that is not over after 64 KiB is refused at the next octet', () => {
    const text = `HTTP/1.1 200 ${'x'.repeat(65_523)}`;
    assert.deepEqual(accountOf(text), ['first']);
    assert.match(accountOf(`${text}x`, ['GET'], [40_000]).at(-1) ?? '', /^problem head .*65536 octets/);
  });

  it('a storm of interim responses is ended after 100', () => {
    const storm = 'HTTP/1.1 100 Go on\r\n\r\n'.repeat(MAX_INTERIM_RESPONSES);
    assert.equal(accountOf(`${storm}HTTP/1.1 204 Done\r\n\r\n`).at(-1), 'complete');
    const twice = `${storm}HTTP/1.1 204 Done\r\n\r\n`.repeat(2);
    assert.equal(accountOf(twice, ['GET', 'GET']).at(-1), 'complete');
    assert.match(accountOf(`${storm}HTTP/1.1 100 Go on\r\n\r\n`).at(-1) ?? '', /^problem head more than 100 interim/);
  });

  it('bad chunks are a problem in the body after the content that was good', () => {
    const account = accountOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n');
    assert.deepEqual(account.slice(2), [
      'framing 3 ',
      'content 2 ab',
      'framing 2 ',
      'problem body 0x7a ("z") is not allowed after the start of a chunk size line',
    ]);
  });
});
