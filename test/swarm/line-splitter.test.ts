// The line splitter against oracles of one line each, in any chunking.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../src/swarm/line-splitter.ts';

type Seen = readonly [text: string, atMs: number];

/** Cuts `chunks`, each arriving at its index. */
function split(chunks: readonly Buffer[], maxLineBytes?: number): { seen: Seen[]; counters: LineSplitter['counters'] } {
  const seen: Seen[] = [];
  const splitter = new LineSplitter({
    onLine: (text, atMs) => seen.push([text, atMs]),
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  });
  chunks.forEach((chunk, index) => {
    splitter.push(chunk, index);
  });
  splitter.end();
  return { seen, counters: splitter.counters };
}

const texts = (...chunks: string[]): string[] =>
  split(chunks.map((chunk) => Buffer.from(chunk))).seen.map(([text]) => text);

test('lines end at LF, CR LF and CR, and an unfinished last line is given at the end', () => {
  assert.deepEqual(texts('a\nb\r\nc\rd'), ['a', 'b', 'c', 'd']);
});

test('blank lines are lines: CR LF LF is one full line and one blank one', () => {
  assert.deepEqual(texts('a\r\n\n\rb\n'), ['a', '', '', 'b']);
});

test('CRs in a row are one break, with an LF behind them or not: what a pipe in text mode makes of CR LF', () => {
  assert.deepEqual(texts('a\r\r\n\r\r\n\r\nb\r\rc'), ['a', '', '', 'b', 'c']);
  assert.deepEqual(texts('a\r', '\r', '\n', 'b\n'), ['a', 'b']);
});

test('CR LF over the border of two chunks is one break, also with an empty chunk between', () => {
  assert.deepEqual(texts('a\r', '\nb\n'), ['a', 'b']);
  assert.deepEqual(texts('a\r', '', '\nb\n'), ['a', 'b']);
  assert.deepEqual(texts('a\r', 'b', '\nc'), ['a', 'b', 'c']);
});

test('a line bears the arrival of the chunk that held its last octet, not that of its break', () => {
  const { seen } = split(['one', '\ntw', 'o\n', '\n', 'last'].map((chunk) => Buffer.from(chunk)));
  assert.deepEqual(seen, [
    ['one', 0],
    ['two', 2],
    ['', 3],
    ['last', 4],
  ]);
});

test('octets beyond the limit are cut and counted, the next line is whole', () => {
  const { seen, counters } = split([Buffer.from('abc'), Buffer.from('defgh\nij\nklmnop')], 4);
  assert.deepEqual(
    seen.map(([text]) => text),
    ['abcd', 'ij', 'klmn'],
  );
  assert.deepEqual(counters, { lines: 3, overlongLines: 2, cutBytes: 6 });
});

test('a line of 4 MiB is kept within the limit', () => {
  const chunk = Buffer.alloc(65_536, 0x61);
  const { seen, counters } = split([...Array(64).fill(chunk), Buffer.from('\n')]);
  assert.equal(seen[0]?.[0].length, 8192);
  assert.equal(counters.cutBytes, 64 * 65_536 - 8192);
});

test('octets that are not UTF-8 are replaced within their own line', () => {
  const { seen } = split([Buffer.from([0x61, 0xff, 0x0a, 0xc3]), Buffer.from([0xa9, 0x0a])]);
  assert.deepEqual(
    seen.map(([text]) => text),
    ['a\ufffd', 'é'],
  );
});

test('any octets in any chunking give the lines of a one-line oracle', () => {
  const octet = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0x0a, 0x0d) },
    { weight: 5, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  const chunks = fc.array(
    fc.array(octet, { maxLength: 12 }).map((octets) => Buffer.from(octets)),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 9 }), (given, maxLineBytes) => {
      const lines = Buffer.concat(given)
        .toString('latin1')
        .split(/\r+\n?|\n/);
      if (lines.at(-1) === '') lines.pop();
      const expected = lines.map((line) => Buffer.from(line.slice(0, maxLineBytes), 'latin1').toString('utf8'));
      const { seen, counters } = split(given, maxLineBytes);
      assert.deepEqual(
        seen.map(([text]) => text),
        expected,
      );
      assert.equal(counters.lines, lines.length);
      assert.equal(
        counters.cutBytes,
        lines.reduce((sum, line) => sum + Math.max(0, line.length - maxLineBytes), 0),
      );
      assert.equal(counters.overlongLines, lines.filter((line) => line.length > maxLineBytes).length);
    }),
    { numRuns: 500 },
  );
});

test('arrival times agree with an oracle that knows every octet', () => {
  const chunk = fc.string({ unit: fc.constantFrom('\r', '\n', 'a', 'b'), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 10 }), (given) => {
      const arrivals = given.flatMap((text, index) => [...text].map(() => index));
      const expected: number[] = [];
      let position = 0;
      for (const [, line, end] of given.join('').matchAll(/([^\r\n]*)(\r+\n?|\n|$)/g)) {
        if (line === '' && end === '') break;
        position += line?.length ?? 0;
        expected.push(arrivals[line === '' ? position : position - 1] ?? -1);
        position += end?.length ?? 0;
      }
      assert.deepEqual(
        split(given.map((text) => Buffer.from(text))).seen.map(([, atMs]) => atMs),
        expected,
      );
    }),
    { numRuns: 500 },
  );
});
