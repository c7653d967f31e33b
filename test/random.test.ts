// Seeded numbers: repeatable, in range, independent by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../src/random.ts';

const draw = (count: number, random = seededRandom(1)): number[] => Array.from({ length: count }, () => random.next());

test('the same seed gives the same numbers, another seed others', () => {
  assert.deepEqual(draw(50, seededRandom(12345)), draw(50, seededRandom(12345)));
  assert.notDeepEqual(draw(50, seededRandom(12345)), draw(50, seededRandom(12346)));
});

test('every number lies in [0, 1), and between keeps its bounds', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (seed, low, width) => {
        const random = seededRandom(seed);
        const value = random.next();
        assert.ok(value >= 0 && value < 1);
        const within = random.between(low, low + width);
        assert.ok(within >= low && within <= low + width);
      },
    ),
  );
});

test('the numbers are spread evenly enough: ten bins of 100,000 draws differ by less than 3 %', () => {
  const bins = new Array<number>(10).fill(0);
  for (const value of draw(100_000)) bins[Math.floor(value * 10)] = (bins[Math.floor(value * 10)] ?? 0) + 1;
  for (const count of bins) assert.ok(Math.abs(count - 10_000) < 300, String(bins));
});

test('a fork does not depend on what was drawn before, and near names are not near each other', () => {
  const used = seededRandom(7);
  draw(100, used);
  assert.deepEqual(draw(5, used.fork('ramp')), draw(5, seededRandom(7).fork('ramp')));
  const firsts = Array.from({ length: 1_000 }, (_, client) => seededRandom(7).fork(`restart-${client}`).next());
  assert.equal(new Set(firsts).size, 1_000);
  const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
  assert.ok(Math.abs(mean - 0.5) < 0.03, String(mean));
});
