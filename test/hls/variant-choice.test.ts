// Which variant a --variant means, for every form of it, and what is said of those that there are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Choosable, chooseVariant, listVariants } from '../../src/hls/variant-choice.ts';

const LADDER: readonly Choosable[] = [
  { bandwidthBitsPerSecond: 2_000_000, resolution: '1280x720' },
  { bandwidthBitsPerSecond: 600_000, resolution: '640x360' },
  { bandwidthBitsPerSecond: 5_000_000, resolution: '1920x1080' },
  { bandwidthBitsPerSecond: 4_000_000, resolution: '1280X720' },
];
const indexOf = (choice: string, variants = LADDER): number | undefined => chooseVariant(variants, choice)?.index;

test('a word, an index from 0, a size and a BANDWIDTH each mean one variant; of equals the first', () => {
  for (const [choice, index] of [
    ['first', 0],
    ['highest', 2],
    ['lowest', 1],
    ['0', 0],
    ['3', 3],
    ['1280x720', 0],
    ['1920x1080', 2],
    ['600000', 1],
  ] as const)
    assert.equal(indexOf(choice), index, choice);
});

test('what is not there means nothing', () => {
  for (const choice of ['4', '1280x721', '600001', 'all', '']) assert.equal(indexOf(choice), undefined, choice);
  assert.equal(indexOf('0', []), undefined);
  assert.equal(indexOf('highest', []), undefined);
});

test('a single variant needs no bandwidth to be the highest; of several only those that declare one are compared', () => {
  assert.equal(indexOf('highest', [{}]), 0);
  assert.equal(indexOf('lowest', [{}, { bandwidthBitsPerSecond: 9 }]), 1);
  assert.equal(indexOf('highest', [{}, {}]), undefined);
});

test('the list of variants says how each can be asked for', () => {
  assert.equal(listVariants([LADDER[1] ?? {}, {}]), '0: 640x360 600000, 1: no size no bandwidth');
});

test('highest and lowest are what sorting says', () => {
  const bandwidths = fc.array(fc.integer({ min: 1, max: 20_000_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(bandwidths, (rates) => {
      const variants = rates.map((bandwidthBitsPerSecond) => ({ bandwidthBitsPerSecond }));
      assert.equal(indexOf('highest', variants), rates.indexOf(Math.max(...rates)));
      assert.equal(indexOf('lowest', variants), rates.indexOf(Math.min(...rates)));
    }),
  );
});
