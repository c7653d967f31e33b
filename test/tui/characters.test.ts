// The ASCII that stands for shapes and bars: every character that the screens draw has one of its own, width for width.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inAscii } from '../../src/tui/characters.ts';

const SOURCES = new URL('../../src/tui/', import.meta.url);
/** In sources only to be told apart, or for text from outside: never drawn by us. */
const NOT_DRAWN = new Set(['□']);

test('every shape that is written in the sources of the screens has an ASCII form', () => {
  for (const name of readdirSync(SOURCES)) {
    if (name === 'characters.ts') continue;
    const code = readFileSync(new URL(name, SOURCES), 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '');
    for (const character of code.match(/[^\p{ASCII}]/gu) ?? []) {
      if (!NOT_DRAWN.has(character)) assert.notEqual(inAscii(character), '?', `${character} in ${name}`);
    }
  }
});

test('a page in ASCII has the same columns, and only ASCII', () => {
  const page = '══ ● ▲ ✖ │ ▁▂▃▄▅▆▇█ … → é ·\n';
  assert.equal(inAscii(page), '== o ! X | _.-=+*%# ~ > ? |\n');
  assert.equal(inAscii('plain | text ~'), 'plain | text ~');
});
