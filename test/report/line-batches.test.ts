// Lines in batches: nothing is lost, nothing changes places, and no batch is much larger than asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineBatches } from '../../src/report/line-batches.ts';

test('whatever is added and taken in between comes out once, in order, in batches that end with the line that fills them', () => {
  const step = fc.oneof(fc.string({ minLength: 1, maxLength: 40 }), fc.constant(undefined));
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 100 }), (steps, batchBytes) => {
      const batches = new LineBatches(batchBytes);
      const taken: string[] = [];
      const take = (): void => {
        const lines = batches.take();
        const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
        assert.ok(bytes - Buffer.byteLength(lines.at(-1) ?? '') < batchBytes);
        taken.push(...lines);
      };
      for (const line of steps)
        if (line === undefined) take();
        else batches.add(line, Buffer.byteLength(line));
      while (batches.lines > 0) take();
      assert.deepEqual(
        taken,
        steps.filter((line) => line !== undefined),
      );
      assert.deepEqual([batches.lines, batches.take()], [0, []]);
    }),
  );
});

test('what is to be first is taken first, and a cleared queue is empty', () => {
  const batches = new LineBatches(100);
  batches.add('early', 5);
  batches.addFirst('run', 3);
  assert.deepEqual([batches.lines, batches.take(), batches.take()], [2, ['run'], ['early']]);
  batches.add('late', 4);
  batches.clear();
  assert.deepEqual([batches.lines, batches.take()], [0, []]);
});
