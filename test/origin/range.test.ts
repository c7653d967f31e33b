// Range fields against sizes: the rules of RFC 9110 section 14 by a slow oracle, and nginx's choice for `bytes=0-`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRange } from '../../src/origin/range.ts';

test('the whole as a range is a part, as nginx answers it', () => {
  assert.deepEqual(readRange('bytes=0-', 10), { kind: 'part', first: 0, last: 9 });
});

test('what is not a single byte range is ignored', () => {
  for (const field of [
    undefined,
    '',
    'bytes',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'bytes=a-b',
    'lines=0-1',
    'bytes=1.5-2',
  ])
    assert.deepEqual(readRange(field, 10), { kind: 'whole' }, String(field));
});

test('a range that begins behind the end, and an empty suffix, cannot be satisfied', () => {
  for (const field of ['bytes=10-', 'bytes=10-20', 'bytes=-0'])
    assert.deepEqual(readRange(field, 10), { kind: 'unsatisfiable' }, field);
  assert.deepEqual(readRange('bytes=0-', 0), { kind: 'unsatisfiable' });
});

test('a part holds exactly the octets whose positions the field names', () => {
  const position = fc.nat(30);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), position, position, (size, first, extra) => {
      const last = first + extra;
      const named = Array.from({ length: size }, (_, at) => at);
      expectOctets(
        readRange(`bytes=${first}-${last}`, size),
        named.filter((at) => at >= first && at <= last),
      );
      expectOctets(
        readRange(`bytes=${first}-`, size),
        named.filter((at) => at >= first),
      );
      expectOctets(
        readRange(`bytes=-${first}`, size),
        named.filter((at) => at >= size - first),
      );
    }),
  );
});

function expectOctets(answer: ReturnType<typeof readRange>, expected: readonly number[]): void {
  if (expected.length === 0) assert.equal(answer.kind, 'unsatisfiable');
  else assert.deepEqual(answer, { kind: 'part', first: expected[0], last: expected.at(-1) });
}
