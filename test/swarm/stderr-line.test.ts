// One line of FFmpeg's log taken apart, against the grammar of its brackets written as one expression; and the meanings that
// clients share. What real lines mean is in stderr-rules.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ParsedFact } from '../../src/events.ts';
import { readLine, StampReader } from '../../src/swarm/stderr-line.ts';
import { StderrParser } from '../../src/swarm/stderr-parser.ts';

const CONTEXT = /^([^\s[\]]+) @ (?:0x)?([0-9a-fA-F]+)$/;
const stamps = new StampReader();

test('a bracket names a context exactly where the grammar says so', () => {
  const inner = fc
    .array(fc.constantFrom('hls', 'in#0/hls', ' @ ', '@', ' ', '0x', '0', 'x', 'af09', 'G', '[', '\t', '\u00a0'), {
      maxLength: 6,
    })
    .map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(inner, (text) => {
      const expected = CONTEXT.exec(text);
      const { context, pointer, message } = readLine(`[${text}] said`, stamps);
      assert.deepEqual([context, pointer], [expected?.[1] ?? '', expected?.[2] ?? '']);
      assert.equal(message, expected === null ? `[${text}] said` : 'said');
    }),
    { numRuns: 3000 },
  );
});

test('a level is read once, a second one belongs to the message', () => {
  const { level, message } = readLine('[hls @ 0x1] [info] [error] said', stamps);
  assert.deepEqual([level, message], ['info', '[error] said']);
});

test('clients that say the same are understood alike, and one is not taken for the other', () => {
  const said = [1, 2].map((client) => {
    const facts: ParsedFact[] = [];
    const parser = new StderrParser((fact) => facts.push(fact));
    parser.line(`[http @ 0x${client}] [info] Opening 'http://origin/${client}.ts' for reading`, 0);
    for (const context of ['hls', 'http']) {
      parser.line(`[${context} @ 0x${client}] [info] Opening 'http://origin/a.ts' for reading`, 0);
    }
    return facts;
  });
  const opened = (url: string, context: string): ParsedFact => ({
    rule: 'open',
    url: `http://origin/${url}.ts`,
    context,
    isNewConnection: context === 'hls',
  });
  assert.deepEqual(
    said,
    ['1', '2'].map((own) => [opened(own, 'http'), opened('a', 'hls'), opened('a', 'http')]),
  );
});
