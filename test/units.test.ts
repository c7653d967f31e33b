// Durations in Go's spelling: each unit, sums, signs, and what is refused. Sizes and rates in the spellings of people.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseBytes, parseBytesPerSecond, parseDuration } from '../src/units.ts';

test('each unit of Go is read as milliseconds', () => {
  const expected: Readonly<Record<string, number>> = {
    '0': 0,
    '-0': 0,
    '1ns': 0.000_001,
    '250us': 0.25,
    '250µs': 0.25,
    '500ms': 500,
    '2.5s': 2500,
    '.5s': 500,
    '1.s': 1000,
    '1m30s': 90_000,
    '1h': 3_600_000,
    '1h45m0.5s': 6_300_500,
    '+3s': 3000,
    '-1s': -1000,
  };
  for (const [text, ms] of Object.entries(expected)) assert.equal(parseDuration(text), ms, text);
});

test('what is not a duration is refused, a number without unit above all', () => {
  for (const text of ['', '30', '1.5', 's', '1 s', '1s ', '1d', '5S', '1m30', '--1s', '1s-2s', '1e3s', 'NaNs', '.s']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('a duration written from its parts is read as their sum', () => {
  const part = fc.nat({ max: 5000 });
  fc.assert(
    fc.property(part, part, part, part, (hours, minutes, seconds, ms) => {
      const text = `${hours}h${minutes}m${seconds}s${ms}ms`;
      assert.equal(parseDuration(text), ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms);
      assert.equal(parseDuration(`${text}1`), undefined);
    }),
  );
});

test('any text is read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = parseDuration(text);
      assert.ok(ms === undefined || Number.isFinite(ms));
    }),
  );
});

test('sizes and rates are read in the spellings that people use; a unit is never guessed', () => {
  const sizes = ['500B', '20kB', '20KB', '20kb', '20KiB', '1.5MB', '2MiB', '1gb', '1GiB'].map(parseBytes);
  assert.deepEqual(sizes, [500, 20_000, 20_000, 20_000, 20_480, 1_500_000, 2_097_152, 1e9, 1_073_741_824]);
  assert.deepEqual(
    ['20', '20k', '20 kB', '-1B', '1e3B', 'kB', '20constructor'].map(parseBytes),
    Array(7).fill(undefined),
  );
  const rates = ['8bit/s', '500kbit/s', '2Mbit/s', '2Mb/s', '2Mbps', '1Gbps', '20kB/s', '20KB/s', '64KiB/s', '1MBps'];
  assert.deepEqual(
    rates.map(parseBytesPerSecond),
    [1, 62_500, 250_000, 250_000, 250_000, 125_000_000, 20_000, 20_000, 65_536, 1_000_000],
  );
  assert.deepEqual(
    ['2M/s', '2Mbit', '2KiBit/s', '2/s', 'ps', '2tbit/s'].map(parseBytesPerSecond),
    Array(6).fill(undefined),
  );
});
