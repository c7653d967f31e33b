// `--fail-if` from text to verdict: what is read, in which unit, when it holds, and what people are told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeThresholds, readThreshold, type Threshold, thresholdWords } from '../../src/stats/threshold.ts';
import { makeSnapshot } from '../support/snapshot.ts';
import { openLedger } from './ledger-traffic.ts';

const { summary } = makeSnapshot();

function thresholdOf(expression: string): Threshold {
  const read = readThreshold(expression);
  assert.ok('threshold' in read, JSON.stringify(read));
  return read.threshold;
}

const problemOf = (expression: string): string => {
  const read = readThreshold(expression);
  return 'problem' in read ? read.problem : '';
};

test('an expression is a figure, an operator and a number, with or without spaces', () => {
  for (const text of ['proxy.terminations.SD>0', ' proxy.terminations.SD  >  0 ']) {
    const { figure, operator, limit } = thresholdOf(text);
    assert.deepEqual([figure.path, operator, limit], ['proxy.terminations.SD', '>', 0]);
  }
  assert.equal(thresholdOf('proxy.terminations.-->=1').figure.path, 'proxy.terminations.--');
});

test('a number has the unit of the figure, or brings one of the same kind', () => {
  for (const [expression, limit] of [
    ['proxy.byKind.segment.phases.waitMs.p95>300', 300],
    ['proxy.byKind.segment.phases.waitMs.p95>300ms', 300],
    ['proxy.byKind.segment.phases.waitMs.p95>0.3s', 300],
    ['agreement.segment.startErrorMs.bias<-500us', -0.5],
    ['run.durationSeconds<1m30s', 90],
    ['proxy.byKind.segment.contentBytes<64KiB', 65_536],
    ['proxy.throughput.bytesPerSecond30s<2Mbit/s', 250_000],
    ['clients.playback.stallRatio>1%', 0.01],
    ['clients.playback.stallRatio>0.01', 0.01],
    ['clients.averageSpeed<1e-1', 0.1],
    ['agreement.estimators.lookup.errorRatio<-5%', -0.05],
  ] as const)
    assert.equal(thresholdOf(expression).limit, limit, expression);
});

test('what cannot be read is told with what would be allowed', () => {
  assert.match(problemOf('proxy.transfers'), /operator and a number; allowed operators: > >= < <= == !=/);
  assert.match(problemOf('proxy.transfers=3'), /allowed operators/);
  assert.match(problemOf('proxy.transfers>'), /allowed operators/);
  assert.match(problemOf('proxy.transfers>1>2'), /"1>2" cannot be compared with proxy\.transfers; allowed: a number$/);
  assert.match(problemOf('proxy.transfers>3ms'), /"3ms" cannot be compared with proxy\.transfers; allowed: a number$/);
  assert.match(
    problemOf('run.durationSeconds>3%'),
    /allowed: a number of seconds, or with a unit as in 300ms or 1\.5s$/,
  );
  assert.match(problemOf('proxy.throughput.totalBytes>2Mbit/s'), /allowed: a number of bytes, or .* 64KiB or 1\.5MB$/);
  assert.match(problemOf('clients.playback.stallRatio>%'), /allowed: a number, or a percentage as in 1%$/);
  assert.match(
    problemOf('clients.stalled>1'),
    /^clients has no "stalled"; allowed: target, .*docs\/FIGURES\.md lists all/,
  );
});

test('each operator does what it says', () => {
  const held = (operator: string): boolean[] =>
    [-1, 0, 1].map((offset) => {
      const expression = `clients.target${operator}${summary.clients.target + offset}`;
      return judgeThresholds([thresholdOf(expression)], summary)[0]?.failed === true;
    });
  assert.deepEqual(held('>'), [true, false, false]);
  assert.deepEqual(held('>='), [true, true, false]);
  assert.deepEqual(held('<'), [false, false, true]);
  assert.deepEqual(held('<='), [false, true, true]);
  assert.deepEqual(held('=='), [false, true, false]);
  assert.deepEqual(held('!='), [true, false, true]);
});

test('people are told which figure was what; a figure without a value holds nothing and says so', () => {
  const words = (expression: string): string =>
    thresholdWords(judgeThresholds([thresholdOf(expression)], summary)[0] ?? { expression: '', failed: false });
  const { target } = summary.clients;
  assert.equal(words('clients.target>0'), `clients.target>0 holds: clients.target is ${target}`);
  assert.equal(words('clients.target<0'), `clients.target<0 does not hold: clients.target is ${target}`);
  const p95 = summary.proxy?.byKind.segment?.phases.waitMs.p95 ?? 0;
  const wait = 'proxy.byKind.segment.phases.waitMs.p95';
  assert.equal(words(`${wait}>0ms`), `${wait}>0ms holds: ${wait} is ${Number(p95.toPrecision(6))} ms`);
  const part = 'proxy.byKind.part.phases.waitMs.p95';
  assert.equal(words(`${part}>0`), `${part}>0: cannot be told, ${part} has no value`);
});

test('the ledger judges them in every snapshot, with the figures of the same instant', () => {
  const ledger = openLedger({ thresholds: [thresholdOf('tick>=2'), thresholdOf('proxy.terminations.ID>0')] });
  const at = (ms: number) => ledger.snapshot(ms, 0).summary;
  for (const seen of [at(0), at(1_000)]) {
    assert.deepEqual(seen.thresholds, [
      { expression: 'tick>=2', value: seen.tick, failed: seen.tick >= 2 },
      { expression: 'proxy.terminations.ID>0', value: 0, failed: false },
    ]);
  }
});

test('no text throws, and what is read compares as plain numbers do', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('proxy.transfers', '>', '<=', '==', '1', '300ms', '-', '%', '.', '*'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const read = readThreshold(pieces.join(''));
      assert.ok('threshold' in read ? Number.isFinite(read.threshold.limit) : read.problem.length > 0);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (limit) => {
      const [judged] = judgeThresholds([thresholdOf(`clients.target>${limit}`)], summary);
      assert.equal(judged?.failed, summary.clients.target > limit);
    }),
  );
});
