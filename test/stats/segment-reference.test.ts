// What the tap carried of segments whose lookup is not decided: in any order of line, record and decision.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CarriedSegment, SegmentReference, UndecidedSegments } from '../../src/stats/segment-reference.ts';

const URL = 'http://o/live/seg1.ts';

function open(): { readonly undecided: UndecidedSegments; readonly reference: SegmentReference } {
  const undecided = new UndecidedSegments();
  return { undecided, reference: new SegmentReference(undecided) };
}

test('bytes are undecided from the line to the decision, whether the record comes before, between or after', () => {
  for (const order of ['record first', 'line first', 'record last']) {
    const { undecided, reference } = open();
    if (order === 'record first') reference.carried(URL, [0, 9], 10);
    assert.equal(undecided.bytes, 0, order);
    const segment = reference.asked(URL, 0);
    if (order === 'line first') reference.carried(URL, undefined, 10);
    assert.deepEqual([undecided.bytes, undecided.segments], order === 'record last' ? [0, 0] : [10, 1], order);
    reference.decided(segment);
    if (order === 'record last') reference.carried(URL, undefined, 10);
    assert.deepEqual([undecided.bytes, undecided.segments], [0, 0], order);
  }
});

test('parts of one file are told apart by where they begin, and a name used again is another segment', () => {
  const { undecided, reference } = open();
  const [first, second] = [reference.asked(URL, 0), reference.asked(URL, 500)];
  reference.carried(URL, [500, 999], 500);
  reference.decided(first);
  assert.equal(undecided.bytes, 500);
  reference.decided(second);
  reference.carried(URL, [500, 999], 7);
  reference.asked(URL, 500);
  assert.equal(undecided.bytes, 0, 'a late record belongs to the request before');
});

test('an answer without content is no segment that waits', () => {
  const { undecided, reference } = open();
  const segment = reference.asked(URL, 0);
  reference.carried(URL, undefined, 0);
  assert.equal(undecided.segments, 0);
  reference.decided(segment);
  assert.deepEqual([undecided.bytes, undecided.segments], [0, 0]);
});

test('whatever the order, nothing undecided is negative or more than what was carried, and in the end it is nothing', () => {
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('ask', 'carry', 'decide'),
      name: fc.nat({ max: 40 }),
      bytes: fc.nat({ max: 99 }),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const { undecided, reference } = open();
      const waiting: CarriedSegment[] = [];
      let carried = 0;
      for (const { what, name, bytes } of all) {
        if (what === 'ask') waiting.push(reference.asked(`${URL}?${name}`, 0));
        if (what === 'carry') reference.carried(`${URL}?${name}`, undefined, bytes);
        if (what === 'carry') carried += bytes;
        const [oldest] = what === 'decide' ? waiting.splice(0, 1) : [];
        if (oldest !== undefined) reference.decided(oldest);
        assert.ok(undecided.bytes >= 0 && undecided.bytes <= carried && undecided.segments >= 0);
        assert.ok(undecided.segments <= waiting.length);
      }
      for (const segment of waiting) reference.decided(segment);
      assert.deepEqual([undecided.bytes, undecided.segments], [0, 0]);
    }),
  );
});
