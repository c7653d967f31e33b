// The committed JSON Schema is the code's, and summaries of the real ledger and of the faces' tests validate against it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Check, Errors } from 'typebox/schema';
import { summarySchema } from '../../src/stats/summary-schema.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import { liveRun, openLedger, play } from './ledger-traffic.ts';

const committed: unknown = JSON.parse(readFileSync(new URL('../../summary.schema.json', import.meta.url), 'utf8'));

const problems = (summary: unknown): unknown => Errors(summarySchema, JSON.parse(JSON.stringify(summary)));

test('summary.schema.json is what summary-schema.ts says', () => {
  assert.deepEqual(committed, JSON.parse(JSON.stringify(summarySchema)));
});

for (const [name, summary] of [
  ['the first instant of a run', openLedger().snapshot(0, 0).summary],
  ['a run of two clients', play(liveRun(7)).snapshot(9_000, 0).summary],
  ["the faces' full example", makeSnapshot().summary],
  ["the faces' empty example", makeEmptySnapshot().summary],
] as const) {
  test(`a summary validates: ${name}`, () => {
    const plain: unknown = JSON.parse(JSON.stringify(summary));
    assert.ok(Check(summarySchema, plain), JSON.stringify(problems(summary)));
  });
}

test('what /snapshot answers validates too: the rows of the real ledger and of the faces tests', () => {
  for (const { summary, clients } of [play(liveRun(7)).snapshot(9_000, 0), makeSnapshot()]) {
    const answer: unknown = { ...summary, clientRows: clients };
    assert.ok(Check(summarySchema, JSON.parse(JSON.stringify(answer))), JSON.stringify(problems(answer)));
  }
});

test('a field that the contract does not know, a missing one and a wrong kind are refused', () => {
  const summary = play(liveRun(3)).snapshot(4_000, 0).summary;
  const { tick: _tick, ...withoutTick } = summary;
  const byKind = { ...summary.proxy?.byKind, video: summary.proxy?.byKind.segment };
  for (const wrong of [{ ...summary, extra: 1 }, withoutTick, { ...summary, proxy: { ...summary.proxy, byKind } }]) {
    assert.equal(Check(summarySchema, JSON.parse(JSON.stringify(wrong))), false);
  }
});
