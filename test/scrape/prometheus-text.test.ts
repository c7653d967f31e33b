// The reader of the Prometheus text format: grammar, round trip, hostile lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastValue, parsePrometheusText, type Sample } from '../../src/scrape/prometheus-text.ts';

function samples(text: string): readonly Sample[] {
  const exposition = parsePrometheusText(text);
  assert.ok(exposition.ok, exposition.ok ? '' : exposition.reason);
  return exposition.samples;
}

test('comments, HELP, TYPE, blank lines and CR LF are passed over', () => {
  assert.deepEqual(samples('# HELP a b\r\n# TYPE a counter\r\n\r\n  a 1  \r\n#\n'), [
    { name: 'a', labels: {}, value: 1 },
  ]);
  assert.deepEqual(samples(''), []);
});

test('labels, escapes, a trailing comma, blanks and time stamps are read', () => {
  assert.deepEqual(samples('a:b_c{x="1", path = "C:\\\\d\\n\\"e\\",}",} -1.5e-3 1395066363000\na{}\t2'), [
    { name: 'a:b_c', labels: { x: '1', path: 'C:\\d\n"e",}' }, value: -0.0015, timestampMs: 1_395_066_363_000 },
    { name: 'a', labels: {}, value: 2 },
  ]);
});

test('NaN and both infinities are values', () => {
  const values = samples('a NaN\na +Inf\na -Inf\na Inf\na 1e5\na .5\na 5.').map(({ value }) => value);
  assert.deepEqual(values, [Number.NaN, Infinity, -Infinity, Infinity, 100_000, 0.5, 5]);
});

test('one wrong line refuses the whole text and is named and quoted', () => {
  const wrong = [
    '{{{invalid}}}',
    'a',
    'a{x="1" 2',
    'a{x=1} 2',
    'a{x="\\q"} 2',
    'a 0x10',
    'a one',
    'a 1 2.5',
    'a 1 2 3',
    'ab{',
    '9a 1',
    'a"1"',
    'a{x="1"}}1',
    'a{,} 1',
    '<html>',
  ];
  for (const line of wrong) {
    const exposition = parsePrometheusText(`ok 1\n${line}\n`);
    assert.deepEqual(exposition, { ok: false, reason: `line 2 is not Prometheus text: "${line}"` });
  }
});

test('the last finite value of a family counts, whatever its labels', () => {
  assert.equal(lastValue(samples('a 1\na{x="y"} 2\nab 9\na NaN'), 'a'), 2);
  assert.equal(lastValue([], 'a'), undefined);
});

test('any samples survive being written and read', () => {
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/);
  const label = fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/);
  const value = fc.oneof(fc.double(), fc.integer());
  const labels = fc.dictionary(label, fc.string({ unit: 'grapheme' }), { noNullPrototype: true, maxKeys: 4 });
  const sample = fc.record({ name, labels, value }, { noNullPrototype: true });
  const escaped = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
  const number = (given: number): string =>
    Number.isFinite(given) || Number.isNaN(given) ? String(given) : given < 0 ? '-Inf' : '+Inf';
  fc.assert(
    fc.property(fc.array(sample), (given) => {
      const text = given
        .map(({ labels, ...rest }) => {
          const pairs = Object.entries(labels).map(([key, content]) => `${key}="${escaped(content)}"`);
          return `${rest.name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${number(rest.value)}\n`;
        })
        .join('');
      assert.deepEqual(
        samples(text),
        given.map((one) => (Object.is(one.value, -0) ? { ...one, value: 0 } : one)),
      );
    }),
    { numRuns: 300 },
  );
});

test('no text can make it throw', () => {
  const unit = fc.constantFrom('a', '{', '}', '"', '\\', '=', ',', ' ', '\n', '1', '#', '.', '-');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => void parsePrometheusText(text)),
    { numRuns: 1000 },
  );
});

test('a line of a mebibyte is read in linear time', () => {
  const started = process.cpuUsage().user;
  parsePrometheusText(`a{x="${'\\\\'.repeat(500_000)}`);
  parsePrometheusText(`a{${' '.repeat(1_000_000)}`);
  parsePrometheusText(`a ${'1'.repeat(1_000_000)}x`);
  parsePrometheusText(`a 1${' '.repeat(1_000_000)}x`);
  assert.ok(process.cpuUsage().user - started < 1_000_000);
});
