// The reader of -progress blocks: what is absent, what is out of reason, a real capture, the peer's vectors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../src/swarm/line-splitter.ts';
import { type ProgressBlock, ProgressParser } from '../../src/swarm/progress-parser.ts';

function blocksOf(lines: readonly string[]): ProgressBlock[] {
  const blocks: ProgressBlock[] = [];
  const parser = new ProgressParser((block) => blocks.push(block));
  for (const line of lines) parser.line(line, 0);
  return blocks;
}

test('N/A is absent, not 0', () => {
  assert.deepEqual(blocksOf(['total_size=N/A', 'out_time_us=N/A', 'speed=N/A', 'progress=continue']), [
    { isEnd: false },
  ]);
});

test('a block carries its own values only', () => {
  assert.deepEqual(
    blocksOf([
      'out_time_us=2000000',
      'total_size=51324',
      'speed=1.00x',
      'progress=continue',
      'frame=1',
      'progress=end',
    ]),
    [{ outTimeUs: 2_000_000, totalSizeBytes: 51_324, speed: 1, isEnd: false }, { isEnd: true }],
  );
});

test('out_time_ms, which is microseconds too, stands in where out_time_us is missing', () => {
  assert.deepEqual(blocksOf(['out_time_ms=5', 'progress=continue']), [{ outTimeUs: 5, isEnd: false }]);
  for (const lines of [
    ['out_time_us=7', 'out_time_ms=5'],
    ['out_time_ms=5', 'out_time_us=7'],
  ]) {
    assert.deepEqual(blocksOf([...lines, 'progress=continue']), [{ outTimeUs: 7, isEnd: false }]);
  }
});

test('a speed may lack its x or a zero', () => {
  for (const [value, speed] of [
    ['1.5', 1.5],
    ['.5x', 0.5],
    ['5.x', 5],
    ['+1x', 1],
    ['1.03e+03x', 1_030],
  ]) {
    assert.deepEqual(blocksOf([`speed=${value}`, 'progress=continue']), [{ speed, isEnd: false }]);
  }
});

test('times and sizes out of all reason are absent: no time stamp is -2^63', () => {
  for (const value of ['-9223372036854775808', '9223372036854775807', '1e6', '', '0x10', '1.5']) {
    assert.deepEqual(blocksOf([`out_time_us=${value}`, 'progress=continue']), [{ isEnd: false }], value);
  }
  for (const value of ['-1', '9223372036854775807', '1.5', 'many']) {
    assert.deepEqual(blocksOf([`total_size=${value}`, 'progress=continue']), [{ isEnd: false }], value);
  }
  for (const value of ['-1x', '.', 'x', '1e999x', 'inf x', '1xx', '+']) {
    assert.deepEqual(blocksOf([`speed=${value}`, 'progress=continue']), [{ isEnd: false }], value);
  }
});

test('a block arrives with its closing line', () => {
  const seen: number[] = [];
  const parser = new ProgressParser((_block, atMs) => seen.push(atMs));
  parser.line('speed=1x', 1);
  parser.line('progress=continue', 2);
  assert.deepEqual(seen, [2]);
});

test('a real capture gives one block per second with rising media time and no size', () => {
  const blocks: ProgressBlock[] = [];
  const parser = new ProgressParser((block) => blocks.push(block));
  const splitter = new LineSplitter({ onLine: (text, atMs) => parser.line(text, atMs) });
  const file = new URL('../fixtures/ffmpeg/01-live-ts-debug-ff51/progress.jsonl', import.meta.url);
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { t, text } = JSON.parse(line) as { t: number; text: string };
    splitter.push(Buffer.from(text), t);
  }
  const times = blocks.map(({ outTimeUs }) => outTimeUs ?? Number.NaN);
  assert.ok(blocks.length > 20);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok(blocks.every(({ totalSizeBytes }) => totalSizeBytes === undefined));
  assert.equal(blocks.at(-1)?.speed, 1.09);
});

test('no line can make it throw or emit what is not finite', () => {
  const key = fc.constantFrom('out_time_us', 'total_size', 'speed', 'progress', 'frame', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.string())), (pairs) => {
      for (const block of blocksOf(pairs.map(([name, value]) => `${name}=${value}`))) {
        for (const value of Object.values(block)) assert.ok(typeof value === 'boolean' || Number.isFinite(value));
      }
    }),
  );
});
