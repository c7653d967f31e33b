// Lines of bars: one scale for all accounts, the newest to the right, joined points that do not flicker, blanks for nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ThroughputHistory } from '../../src/stats/summary.ts';
import { lineWidth } from '../../src/tui/cells.ts';
import { throughputLines } from '../../src/tui/sparklines.ts';

const POINTS = 60;

function textsOf(history: ThroughputHistory, columns: number): string[] {
  return throughputLines(history, columns).map((line) => line.map(({ text }) => text).join(''));
}

function historyOf(rate: (at: number) => number | undefined, newest = 100): ThroughputHistory {
  return { pointSeconds: 5, newest, proxy: Array.from({ length: POINTS }, (_, at) => rate(at)) };
}

test('a young run has a bar per point, an old one as many joined ones as fit', () => {
  const young = textsOf(
    historyOf((at) => (at < 58 ? undefined : 1_250_000), 1),
    30,
  );
  assert.deepEqual(young, ['── 5 min, 0 to 10.0 Mbit/s ───', `proxy${' '.repeat(23)}██`]);
  const [, old = ''] = textsOf(
    historyOf((at) => at * 1_000, 100),
    30,
  );
  assert.match(old.slice(8), /^▁[▁-█]{19,20}█ *$/u);
});

test('accounts share one scale, one that has no points is not there, and no rate is no bar', () => {
  const history: ThroughputHistory = {
    ...historyOf((at) => (at === 59 ? undefined : 1_000_000)),
    origin: Array.from({ length: POINTS }, () => 500_000),
  };
  const [title = '', proxy = '', origin = ''] = textsOf(history, 90);
  assert.match(title, /^── Segment content, last 5 min, 0 to 8\.00 Mbit\/s ─/);
  assert.equal(proxy.trimEnd(), `proxy       ${'█'.repeat(59)}`);
  assert.equal(origin.trimEnd(), `origin      ${'▅'.repeat(60)}`);
  assert.deepEqual(textsOf({ pointSeconds: 5, newest: 0 }, 90), []);
});

test('while one point after the other comes, joined bars that are over stay as they are', () => {
  const rate = (number: number): number => ((number * 7_919) % 97) * 10_000 + 10_000;
  const shown = (newest: number): string =>
    (textsOf({ ...historyOf((at) => (at === 0 ? 1e6 : rate(newest - POINTS + 1 + at)), newest) }, 28)[1] ?? '').slice(
      8,
    );
  const bars = (newest: number): string[] => Array.from(shown(newest).trimEnd());
  // Points 0..2 of a group of three: the bars before the last one are those of a moment ago.
  assert.deepEqual(bars(101).slice(-6, -1), bars(100).slice(-6, -1));
});

test('no line is longer than asked for, whatever the numbers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 220 }),
      fc.nat({ max: 500 }),
      fc.array(fc.option(fc.double({ min: 0, noNaN: true }), { nil: undefined }), { minLength: 60, maxLength: 60 }),
      (columns, newest, proxy) => {
        for (const line of throughputLines({ pointSeconds: 5, newest, proxy }, columns))
          assert.equal(lineWidth(line), columns);
      },
    ),
  );
});
