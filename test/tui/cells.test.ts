// The arithmetic of columns, held against a terminal: text that is safe takes the width that we say.
// Layout as a whole is in view.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import blessed from 'blessed';
import fc from 'fast-check';
import {
  cell,
  characterWidth,
  cutEnd,
  cutMiddle,
  fit,
  flow,
  lineWidth,
  safeText,
  textWidth,
  wrapText,
} from '../../src/tui/cells.ts';
import { FakeTerminal } from './terminal.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom('a', '/', '東', '한', 'é', 'e\u0301', '\x1b', '👩‍👩‍👧', 'ｱ', '！', '½', '\u202e'),
    maxLength: 30,
  }),
);

test('Safe text takes as many columns on a terminal as we say, and holds nothing a terminal acts upon.', async () => {
  const terminal = new FakeTerminal({ columns: 200, rows: 2 });
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const safe = safeText(text);
      await terminal.write(`\r\x1b[K${safe}`);
      assert.equal(terminal.cursorColumn, textWidth(safe), JSON.stringify(safe));
    }),
    { numRuns: 300 },
  );
});

test('Blessed and we agree on the width of every character that is let through.', () => {
  const unicode = (blessed as unknown as { unicode: { charWidth(character: string): number } }).unicode;
  for (let point = 0x20; point < 0x1_0000; point += 1) {
    const character = safeText(String.fromCodePoint(point));
    if (character === '') continue;
    assert.equal(characterWidth(character), unicode.charWidth(character), `U+${point.toString(16)}`);
  }
});

test('Cutting, fitting and wrapping keep to the width, and wrapping loses no character.', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 2, max: 40 }), (text, width) => {
      const safe = safeText(text);
      assert.ok(textWidth(cutEnd(safe, width)) <= width);
      assert.ok(textWidth(cutMiddle(safe, width)) <= width);
      assert.equal(lineWidth(fit([cell(safe), cell('x', 'bad')], width)), width);
      const lines = wrapText(safe, width);
      assert.ok(lines.every((line) => textWidth(line) <= width));
      assert.equal(lines.join('').replaceAll(' ', ''), safe.replaceAll(' ', ''));
    }),
  );
});

test('A flow shows items whole or not at all, on no more lines than allowed.', () => {
  const items = ['first one', 'second one', 'third one'].map((text) => [cell(text)]);
  const flowing = (maxLines: number): string[] =>
    flow('label', items, 30, 6, maxLines).map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    );
  assert.deepEqual(flowing(1), ['label first one · second one']);
  assert.deepEqual(flowing(2), ['label first one · second one', '      third one']);
});
