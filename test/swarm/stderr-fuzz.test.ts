// Splitter and parser against octets that no FFmpeg wrote: they never throw, count every line, keep a bounded state, and say
// the same whatever the chunks. What real lines mean is in stderr-rules.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../src/swarm/line-splitter.ts';
import { StderrParser } from '../../src/swarm/stderr-parser.ts';
import { shapeOf, UnknownLines } from '../../src/swarm/unknown-lines.ts';
import { captureLog, type ParsedLog, parseLog, parseText } from './stderr-captures.ts';

const MEGABYTE = 1_000_000;

/** Random octets, and real log lines broken in the middle, so that both the splitter and the rules are reached. */
const octets = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(...realLines()).chain((line) => fc.nat(line.length).map((end) => line.subarray(0, end))),
      fc.constantFrom('\r', '\n', '\r\n', '\n\r', '\0', '\ufeff', '\u2028').map((text) => Buffer.from(text)),
      // The first octets of characters that never end.
      fc.constantFrom([0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98]).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => Buffer.concat(pieces));

function realLines(): readonly Buffer[] {
  const lines = captureLog('11-vod-seg404-prefetch-storm-ff51').toString('latin1').split('\n');
  const kinds = new Map(lines.map((line) => [line.slice(0, 6) + line.replace(/[^a-z]/gi, '').slice(0, 30), line]));
  return [...kinds.values()].map((line) => Buffer.from(`${line}\n`, 'latin1'));
}

function chunked(whole: Buffer, cuts: readonly number[]): (readonly [Buffer, number])[] {
  const borders = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
  return borders.slice(1).map((end, index) => [whole.subarray(borders[index], end), 0]);
}

function comparable({ facts, counters, unparsedLines }: ParsedLog): unknown {
  return { facts, counters, unparsedLines };
}

test('any octets in any chunks: no throw, every line counted, the same facts as in one piece', () => {
  fc.assert(
    fc.property(octets, fc.array(fc.nat(), { maxLength: 12 }), (whole, cuts) => {
      const once = parseLog([[whole, 0]]);
      const parts = parseLog(chunked(whole, cuts));
      assert.deepEqual(comparable(parts), comparable(once));
      const { lines, parsed, unparsed, byRule } = once.counters;
      assert.equal(
        lines,
        whole.toString('latin1').split(/\r+\n?|\n/).length - (/[\r\n]$|^$/.test(whole.toString('latin1')) ? 1 : 0),
      );
      assert.ok(parsed + unparsed <= 2 * lines);
      assert.equal(
        Object.values(byRule).reduce((sum, count) => sum + count, 0),
        parsed,
      );
    }),
    { numRuns: 500 },
  );
});

test('a line of 10 MB costs the limit, is counted with what was cut, and the next line is read', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter({ onLine: (text) => lines.push(text) });
  const parser = new StderrParser(() => {});
  const prefix = Buffer.from("[hls @ 0x1] [info] Opening 'http://o/");
  const chunk = Buffer.alloc(MEGABYTE / 10, 'x');
  splitter.push(prefix, 0);
  for (let part = 0; part < 100; part += 1) splitter.push(chunk, part);
  splitter.push(Buffer.from("\n[hls @ 0x1] [info] Skip ('#X')\n"), 100);
  assert.equal(lines.length, 2);
  assert.equal(lines[0]?.length, 8_192);
  assert.equal(lines[1], "[hls @ 0x1] [info] Skip ('#X')");
  assert.deepEqual(splitter.counters, {
    lines: 2,
    overlongLines: 1,
    cutBytes: prefix.length + 10 * MEGABYTE - 8_192,
  });
  for (const line of lines) parser.line(line, 0);
  assert.deepEqual([parser.counters.parsed, parser.counters.unparsed], [1, 1]);
});

test('the longest line of nothing but beginnings of patterns is done in a moment', () => {
  const filler = (piece: string): string => piece.repeat(Math.ceil(8_192 / piece.length)).slice(0, 8_192);
  for (const piece of [
    "[hls @ 0x1] keepalive request failed for '' with error: '",
    '[tcp @ 0x1] Connection to x failed (',
    '#EXT-X-STREAM-INF:,,, ',
    'frame=[a @ 0x',
    '[http @ 0x1] request: GET  HTTP/1.1',
    '[[[[',
  ]) {
    const [head = ''] = piece.split("'", 1);
    const { counters } = parseText(head + filler(piece.slice(head.length) || piece));
    assert.equal(counters.lines, 1, piece);
  }
});

test('one octet at a time is read like the whole, and holds no more than a line', () => {
  const log = captureLog('17-start-404-ff51');
  const single = Array.from(log, (octet): [Buffer, number] => [Buffer.from([octet]), 0]);
  assert.deepEqual(parseLog(single).facts, parseLog([[log, 0]]).facts);
});

test('an unknown line is shown once per shape, whatever its numbers and names, and shapes are bounded', () => {
  const shown: object[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (facts: object, event: string) => void shown.push({ event, ...facts }),
    error() {},
  };
  const unknown = new UnknownLines(log);
  const parser = new StderrParser(
    () => {},
    (line) => unknown.note(line, 7),
  );
  for (let number = 0; number < 100; number += 1) {
    parser.line(
      `[hls @ 0x${number}] [warning] Segment '${number}.ts' of http://o/${number}?token=secret is odd: ${number}`,
      0,
    );
  }
  assert.equal(parser.counters.unparsed, 100);
  assert.deepEqual(shown, [
    {
      event: 'ffmpeg_line_unknown',
      client: 7,
      context: 'hls',
      level: 'warning',
      text: "Segment '…' of URL is odd: N",
    },
  ]);
  for (let kind = 0; kind < 1_000; kind += 1) {
    parser.line(`[tcp @ 0x1] [error] ${'abcdefghij'[kind % 10]?.repeat(Math.floor(kind / 10) + 1)}`, 0);
  }
  assert.equal(unknown.size, 64);
  assert.equal(shown.length, 65, 'the last one says that there will be no more');
  assert.equal(
    shapeOf({ context: 'hls', level: undefined, pointer: '', loggedAtWallMs: undefined, message: '-3' }),
    'hls  N',
  );
});
