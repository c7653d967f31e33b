// Every threshold of MEASURING section 8, on both sides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type VerdictInput } from '../../src/stats/verdict.ts';

const CLEAN: VerdictInput = {
  ledgerImbalanceBytes: 0,
  lostRecords: 0,
  bypassedRequests: 0,
  internalErrors: 0,
  localFailures: 0,
  tapDelayP99Ms: 10,
  mainDelayP99Ms: 100,
  unparsedLines: 1,
  parsedLines: 999,
  droppedShare: 0.01,
  statsDropThreshold: 0.01,
  machineFullShare: 0.1,
  opaqueBytes: 0,
  staleSources: [],
};

test('everything at its limit is valid, without a reason', () => {
  assert.deepEqual(judge(CLEAN), { verdict: 'valid', reasons: [] });
});

test('what is not known accuses nobody', () => {
  const unknown = { tapDelayP99Ms: undefined, mainDelayP99Ms: undefined, machineFullShare: undefined };
  assert.equal(judge({ ...CLEAN, ...unknown, parsedLines: 0, unparsedLines: 0 }).verdict, 'valid');
});

const CROSSED: readonly [Partial<VerdictInput>, 'invalid' | 'degraded', RegExp][] = [
  [{ ledgerImbalanceBytes: 1 }, 'invalid', /out of balance by 1 bytes/],
  [{ lostRecords: 2 }, 'invalid', /2 records were lost/],
  [{ bypassedRequests: 3 }, 'invalid', /3 connections bypassed/],
  [{ internalErrors: 1 }, 'invalid', /\(ID\)/],
  [{ localFailures: 2 }, 'invalid', /\(RC\)/],
  [{ tapDelayP99Ms: 50.1 }, 'invalid', /tap loop delay p99 50\.1 ms is above 50\.0 ms/],
  [{ tapDelayP99Ms: 50 }, 'degraded', /tap loop delay p99 50\.0 ms is above 10\.0 ms/],
  [{ mainDelayP99Ms: 101 }, 'degraded', /main loop delay/],
  [{ unparsedLines: 2, parsedLines: 998 }, 'degraded', /2 of 1000 event lines/],
  [{ droppedShare: 0.011 }, 'degraded', /1\.1 % of the clients' lines were dropped/],
  [{ machineFullShare: 0.11 }, 'degraded', /full for 11\.0 % of the run/],
  [{ opaqueBytes: 1 }, 'degraded', /unseen in tunnels/],
  [{ staleSources: ['node_exporter'] }, 'degraded', /node_exporter has not answered/],
];

for (const [change, verdict, reason] of CROSSED) {
  test(`${JSON.stringify(change)} makes a run ${verdict}`, () => {
    const judged = judge({ ...CLEAN, ...change });
    assert.equal(judged.verdict, verdict);
    assert.equal(judged.reasons.length, 1);
    assert.match(judged.reasons[0] ?? '', reason);
  });
}

test('the gravest reasons come first', () => {
  const { verdict, reasons } = judge({ ...CLEAN, opaqueBytes: 5, lostRecords: 1 });
  assert.equal(verdict, 'invalid');
  assert.match(reasons[0] ?? '', /lost/);
});
