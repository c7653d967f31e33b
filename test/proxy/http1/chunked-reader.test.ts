// The chunked coding: strict, in any pieces, counting framing apart from content.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkedReader, MAX_SIZE_LINE_BYTES, MAX_TRAILER_BYTES } from '../../../src/proxy/http1/chunked-reader.ts';

interface Result {
  content: string;
  framingBytes: number;
  consumed: number;
  problem: string | undefined;
  isDone: boolean;
}

function readChunked(text: string, pieceBytes: number): Result {
  const result: Result = { content: '', framingBytes: 0, consumed: 0, problem: undefined, isDone: false };
  const reader = new ChunkedReader({
    content: (octets, start, end) => {
      result.content += octets.toString('latin1', start, end);
    },
    framing: (bytes) => {
      result.framingBytes += bytes;
    },
  });
  const octets = Buffer.from(text, 'latin1');
  for (let start = 0; start < octets.length; start += pieceBytes) {
    const end = Math.min(octets.length, start + pieceBytes);
    const next = reader.read(octets, start, end);
    result.consumed += next - start;
    if (next < end) break;
  }
  return { ...result, problem: reader.problem, isDone: reader.isDone };
}

function readBothWays(text: string): Result {
  const whole = readChunked(text, text.length + 1);
  assert.deepEqual(readChunked(text, 1), whole);
  assert.equal(whole.content.length + whole.framingBytes, whole.consumed);
  return whole;
}

describe('a chunked body', () => {
  const good: readonly (readonly [string, string, string])[] = [
    ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['nothing', '0\r\n\r\n', ''],
    ['many zeros as the last chunk', '000\r\n\r\n', ''],
    ['both cases of hexadecimal', 'A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789'],
    ['extensions', '2;a;b=c;d="e\\"f;g"\r\nab\r\n0;last\r\n\r\n', 'ab'],
    ['white space before an extension', '2 \t;a=b\r\nab\r\n0\r\n\r\n', 'ab'],
    ['trailers', '0\r\nA: b\r\nEmpty:\r\nLatin: \xe9\r\n\r\n', ''],
    ['data that looks like framing', '7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n\r\n'],
  ];
  for (const [name, text, content] of good) {
    it(`is read: ${name}`, () => {
      const result = readBothWays(text);
      assert.deepEqual([result.content, result.isDone, result.consumed], [content, true, text.length]);
    });
  }

  it('ends at its last octet and leaves what follows', () => {
    const result = readBothWays('0\r\n\r\nHTTP/1.1 200 OK');
    assert.deepEqual([result.consumed, result.isDone], [5, true]);
  });

  const bad: readonly (readonly [string, string, number])[] = [
    ['no size', '\r\n', 0],
    ['an extension without a size', ';a\r\n', 0],
    ['a sign', '+5\r\n', 0],
    ['0x', '0x5\r\n', 1],
    ['white space first', ' 5\r\n', 0],
    ['white space after the size', '5 \r\n', 2],
    ['a letter after the size', '5g\r\n', 1],
    ['LF alone after the size', '5\nhello', 1],
    ['CR alone after the size', '5\rhello', 2],
    ['LF in an extension', '5;a\nb\r\n', 3],
    ['NUL in an extension', '5;a\0\r\n', 3],
    ['data longer than the size', '2\r\nabc\r\n', 5],
    ['data ended by LF alone', '2\r\nab\n', 5],
    ['a size above 2^53', '20000000000000\r\n', 13],
    ['a size that would wrap in 64 bits', 'FFFFFFFFFFFFFFFF1\r\n', 13],
    ['a trailer without a colon', '0\r\nab\r\n', 5],
    ['a trailer without a name', '0\r\n: b\r\n', 3],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n', 9],
    ['LF alone after a trailer', '0\r\nA: b\n', 7],
    ['LF alone at the end', '0\r\n\n', 3],
    ['CR CR at the end', '0\r\n\r\r', 4],
  ];
  for (const [name, text, consumed] of bad) {
    it(`is refused at the octet that shows it: ${name}`, () => {
      const result = readBothWays(text);
      assert.equal(result.consumed, consumed);
      assert.equal(result.isDone, false);
      assert.notEqual(result.problem, undefined);
    });
  }

  it('may have size lines and trailers up to their limits and no octet more', () => {
    const extension = 'x'.repeat(MAX_SIZE_LINE_BYTES - 2);
    assert.equal(readBothWays(`0;${extension}\r\n\r\n`).isDone, true);
    assert.match(readBothWays(`0;x${extension}\r\n\r\n`).problem ?? '', /4096 octets/);
    const value = 'x'.repeat(MAX_TRAILER_BYTES - 4);
    assert.equal(readBothWays(`0\r\nA:${value}\r\n\r\n`).isDone, true);
    assert.match(readBothWays(`0\r\nA:x${value}\r\n\r\n`).problem ?? '', /16384 octets/);
  });

  it('may have any number of chunks: the limit is one of each size line', () => {
    assert.equal(readBothWays(`${'1\r\na\r\n'.repeat(MAX_SIZE_LINE_BYTES)}0\r\n\r\n`).isDone, true);
  });

  it('is followed by the next after start()', () => {
    const octets = Buffer.from('1\r\na\r\n0\r\n\r\n');
    const reader = new ChunkedReader({ content: () => undefined, framing: () => undefined });
    reader.read(octets, 0, octets.length);
    assert.equal(reader.read(octets, 0, octets.length), 0);
    reader.start();
    assert.equal(reader.read(octets, 0, octets.length), octets.length);
    assert.equal(reader.isDone, true);
  });
});
