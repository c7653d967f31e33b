// The grammar of fault rules: every word in its spellings, and sentences for what is refused, all of them at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faultRules, readFault } from '../../src/faults/parse.ts';
import type { FaultRule } from '../../src/faults/rule.ts';

const REDUCED: readonly (readonly [text: string, rule: Omit<FaultRule, 'text'>])[] = [
  [
    'kind=segment nth=7 status=404',
    { kinds: ['segment'], nth: { first: 7, last: 7, step: 1 }, action: { type: 'status', status: 404 } },
  ],
  [
    '  delay=1m0.5s\tkind=playlist ',
    { kinds: ['multivariant-playlist', 'media-playlist'], action: { type: 'delay', delayMs: 60_500 } },
  ],
  [
    'throttle=500kbit/s nth=3..5',
    { nth: { first: 3, last: 5, step: 1 }, action: { type: 'throttle', bytesPerSecond: 62_500 } },
  ],
  ['throttle=64KiB/s nth=3..', { nth: { first: 3, step: 1 }, action: { type: 'throttle', bytesPerSecond: 65_536 } }],
  ['reset nth=every:10', { nth: { first: 10, step: 10 }, action: { type: 'reset' } }],
  ['reset after=100KiB client=12', { client: 12, action: { type: 'reset', afterBytes: 102_400 } }],
  ['truncate=50% probability=10%', { probability: 0.1, action: { type: 'truncate', afterShare: 0.5 } }],
  ['truncate=1.5MB probability=.25', { probability: 0.25, action: { type: 'truncate', afterBytes: 1_500_000 } }],
  ['truncate=0', { action: { type: 'truncate', afterBytes: 0 } }],
  ['stall=5s', { action: { type: 'stall', afterBytes: 0, stallMs: 5_000 } }],
  ['stall=5s after=64KiB', { action: { type: 'stall', afterBytes: 65_536, stallMs: 5_000 } }],
  ['url=a.b?c=1* reset', { urlPattern: 'a\\.b\\?c=1.*', action: { type: 'reset' } }],
  ['url=/seg0*7\\.ts$/ reset', { urlPattern: 'seg0*7\\.ts$', action: { type: 'reset' } }],
];

for (const [text, rule] of REDUCED)
  test(`'${text}' is read`, () => {
    assert.deepEqual(readFault(text), { rule: { text, ...rule } });
  });

const REFUSED: readonly (readonly [text: string, problems: readonly RegExp[]])[] = [
  ['', [/^it names no fault; allowed: one of delay, throttle, status, reset, truncate, stall$/]],
  ['staus=404', [/^"staus=404" is not known; allowed: kind, nth, .*status/, /names no fault/]],
  ['status=404 status=500', [/^"status" is there twice/]],
  ['status=404 reset', [/^it names status and reset; a rule has one fault/]],
  ['status', [/^"status" has no value; allowed: status=400 to 599$/]],
  ['status=302', [/^status="302" cannot be read; allowed: 400 to 599$/]],
  ['reset=5', [/^"reset" takes no value/]],
  ['delay=5', [/^delay="5" cannot be read; allowed: 1ms to 1h/]],
  ['delay=2h', [/^delay="2h"/]],
  ['delay=1s after=5B', [/^"after" belongs to reset and stall$/]],
  ['throttle=5', [/^throttle="5" .* written as 500kbit\/s, 2Mbit\/s, 20kB\/s, 64KiB\/s$/]],
  ['throttle=5Xbit/s', [/^throttle=/]],
  ['throttle=64KiB', [/^throttle=/]],
  ['truncate=100%', [/^truncate="100%" .*0% to 99.9%, or 0 to 1000GiB/]],
  ['truncate=12', [/^truncate="12"/]],
  ['stall=1s after=1000', [/^after="1000" .* written as 500B, 20kB, 64KiB, 1.5MB$/]],
  ['reset kind=redirect', [/^kind="redirect" .*playlist, .*stream, other$/]],
  ['reset nth=0', [/^nth="0" .* 3\.\.5/]],
  ['reset nth=5..3', [/^nth="5..3"/]],
  ['reset client=0', [/^client="0" cannot be read; allowed: 1 to 5000$/]],
  ['reset probability=1.5', [/^probability="1.5" cannot be read; allowed: 0 to 1, or 0% to 100%$/]],
  ['reset url=/seg[/', [/^url="\/seg\[\/" .*Unterminated character class/]],
  ['reset url=', [/^"url" has no value/]],
  ['kind=a nth=b status=c', [/^kind="a"/, /^nth="b"/, /^status="c"/]],
];

for (const [text, problems] of REFUSED)
  test(`'${text}' is refused with what would be allowed`, () => {
    const read = readFault(text);
    assert.ok('problems' in read);
    assert.equal(read.problems.length, problems.length, read.problems.join('\n'));
    for (const [position, problem] of problems.entries()) assert.match(read.problems[position] ?? '', problem);
  });

test('options that were not checked throw, with the rule in the message', () => {
  assert.throws(() => faultRules(['reset', 'status=1']), /^Error: fault "status=1": status="1" cannot be read/);
});

test('any text is read or refused, never thrown at', () => {
  const word = fc.tuple(
    fc.constantFrom('kind', 'nth', 'url', 'probability', 'delay', 'reset', 'truncate', 'after', 'x'),
    fc.oneof(fc.string(), fc.constantFrom('=segment', '=3..5', '=50%', '=1s', '=/a(/', '=')),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const read = readFault(words.map(([key, rest]) => `${key}${rest}`).join(' '));
      assert.ok('rule' in read || read.problems.length > 0);
    }),
  );
});
