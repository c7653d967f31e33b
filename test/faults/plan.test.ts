// Who gets a fault: each rule's own count of what it matches, and chance that repeats with the seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Kind } from '../../src/events.ts';
import { faultRules } from '../../src/faults/parse.ts';
import { FaultPlan, type FaultRequest } from '../../src/faults/plan.ts';

const KINDS: readonly Kind[] = ['segment', 'media-playlist', 'key'];

function faults(rules: readonly string[], requests: readonly FaultRequest[], seed = 1, client = 1): string {
  const plan = new FaultPlan(faultRules(rules), seed, client);
  return requests.map((request) => plan.next(request)?.type.charAt(0) ?? '-').join('');
}

const segments = (count: number): readonly FaultRequest[] =>
  Array.from({ length: count }, (_, position) => ({ kind: 'segment', url: `http://h/seg${position + 1}.ts` }));
const playlist: FaultRequest = { kind: 'media-playlist', url: 'http://h/a.m3u8' };

test('nth counts the requests that the rule matches, and no others', () => {
  const mixed = segments(5).flatMap((segment) => [playlist, segment]);
  assert.equal(faults(['kind=segment nth=3 reset'], mixed), '-----r----');
  assert.equal(faults(['nth=3 reset'], mixed), '--r-------');
  assert.equal(faults(['nth=2..4 reset'], segments(6)), '-rrr--');
  assert.equal(faults(['nth=4.. reset'], segments(6)), '---rrr');
  assert.equal(faults(['nth=every:2 reset'], segments(6)), '-r-r-r');
});

test('a part of the URL, a pattern and a client choose', () => {
  assert.equal(faults(['url=seg2.ts reset'], segments(4)), '-r--');
  assert.equal(faults(['url=h/*3 reset'], segments(4)), '--r-');
  assert.equal(faults(['url=/seg[24]/ reset'], segments(4)), '-r-r');
  assert.equal(faults(['url=segXts reset'], segments(4)), '----');
  assert.equal(faults(['client=2 reset'], segments(2)), '--');
  assert.equal(faults(['client=2 reset'], segments(2), 1, 2), 'rr');
});

test('of several rules the first acts, and the others count all the same', () => {
  assert.equal(faults(['nth=2 reset', 'nth=2..3 delay=1s'], segments(4)), '-rd-');
});

test('probability is the share of the matching requests, 0 and 1 to the letter', () => {
  const many = segments(4_000);
  const share = faults(['probability=25% reset'], many).replaceAll('-', '').length / many.length;
  assert.ok(share > 0.22 && share < 0.28, `${share}`);
  assert.doesNotMatch(faults(['probability=0 reset'], many), /r/);
  assert.doesNotMatch(faults(['probability=1 reset'], many), /-/);
});

test('the same seed and client give the same faults, another client others', () => {
  const rules = ['probability=0.5 reset', 'kind=key probability=0.5 delay=1s'];
  assert.equal(faults(rules, segments(64), 7, 3), faults(rules, segments(64), 7, 3));
  assert.notEqual(faults(rules, segments(64), 7, 3), faults(rules, segments(64), 7, 4));
  assert.notEqual(faults(rules, segments(64), 7, 3), faults(rules, segments(64), 8, 3));
});

test('what a rule chooses does not depend on requests that it does not match, nor on other rules', () => {
  const request = fc.record({ kind: fc.constantFrom(...KINDS), url: fc.constantFrom('http://h/a', 'http://h/b') });
  const rule = 'kind=segment nth=2.. probability=0.5 reset';
  fc.assert(
    fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
      const alone = faults(
        [rule],
        requests.filter(({ kind }) => kind === 'segment'),
      );
      const among = faults([rule, 'kind=key probability=0.5 delay=1s'], requests);
      assert.equal([...among].filter((_, position) => requests[position]?.kind === 'segment').join(''), alone);
    }),
  );
});
