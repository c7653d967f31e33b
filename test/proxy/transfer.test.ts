// Phases sum to the total for every ending, in any order of marks, and a transfer ends once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Phase, Transfer } from '../../src/proxy/transfer.ts';

const PHASES: readonly Phase[] = ['dns', 'connect', 'send', 'wait', 'headers', 'receive', 'deliver'];

function startedAt(startedAtMs: number): Transfer {
  return new Transfer({
    client: 1,
    process: 1,
    connection: 1,
    requestIndex: 1,
    method: 'GET',
    url: 'http://origin/a.ts',
    range: undefined,
    startedAtMs,
    startedAtWallMs: 0,
  });
}

const ENDING = { termination: '--', kind: 'segment', deliveredBytes: 0, stopping: false } as const;

test('phases present sum to the total whatever the marks and wherever the ending comes', () => {
  const marks = fc.array(fc.double({ min: -5, max: 50, noNaN: true }), { maxLength: PHASES.length });
  fc.assert(
    fc.property(marks, fc.double({ min: -5, max: 100, noNaN: true }), (instants, endedAfterMs) => {
      const transfer = startedAt(100);
      instants.forEach((atMs, position) => {
        const phase = PHASES[position];
        if (phase !== undefined) transfer.enter(phase, 100 + atMs);
      });
      const record = transfer.end({ ...ENDING, atMs: 100 + endedAfterMs });
      const sum = Object.values(record.phases).reduce((total, ms) => total + ms, 0);
      assert.ok(Math.abs(sum - record.totalMs) < 1e-9, `${sum} is not ${record.totalMs}`);
      assert.ok(Object.values(record.phases).every((ms) => ms >= 0));
    }),
  );
});

test('a phase that was not reached is absent, and the interrupted one ends at the ending', () => {
  const transfer = startedAt(0);
  transfer.enter('connect', 1);
  const { phases, totalMs } = transfer.end({ ...ENDING, termination: 'CC', atMs: 5 });
  assert.deepEqual(phases, { queueMs: 1, connectMs: 4 });
  assert.equal(totalMs, 5);
});

test('a mark before its predecessor is set equal to it and the record says early', () => {
  const transfer = startedAt(0);
  transfer.enter('send', 3);
  transfer.enter('wait', 2);
  const record = transfer.end({ ...ENDING, atMs: 4 });
  assert.deepEqual(record.phases, { queueMs: 3, sendMs: 0, waitMs: 1 });
  assert.equal(record.early, true);
});

test('a transfer ends exactly once', () => {
  const transfer = startedAt(0);
  transfer.end({ ...ENDING, atMs: 1 });
  assert.throws(() => transfer.end({ ...ENDING, atMs: 2 }), /ended twice/);
});

test('the longest gap is the silence of the origin and leaves out the time in which reading was paused', () => {
  const transfer = startedAt(0);
  transfer.enter('receive', 10);
  transfer.bodyRead(10);
  transfer.bodyRead(14);
  transfer.paused(15);
  transfer.blocked(15, 40);
  transfer.bodyRead(41);
  const record = transfer.end({ ...ENDING, atMs: 44 });
  assert.equal(record.longestGapMs, 4);
  assert.equal(record.clientBlockedMs, 25);
});

test('the silence that ended a transfer is a gap too; a pause that did, and what came after the body, is none', () => {
  const begun = (): Transfer => {
    const transfer = startedAt(0);
    transfer.enter('receive', 10);
    transfer.bodyRead(10);
    transfer.bodyRead(14);
    return transfer;
  };
  const silent = begun();
  assert.equal(silent.end({ ...ENDING, termination: 'sD', atMs: 3_014 }).longestGapMs, 3_000);
  const closedLate = begun();
  closedLate.enter('deliver', 514);
  assert.equal(closedLate.end({ ...ENDING, atMs: 900 }).longestGapMs, 500);
  const paused = begun();
  paused.paused(14);
  assert.equal(paused.end({ ...ENDING, termination: 'cD', atMs: 3_014 }).longestGapMs, 4);
  const headOnly = startedAt(0);
  headOnly.enter('receive', 10);
  assert.equal(headOnly.end({ ...ENDING, termination: 'sD', atMs: 3_014 }).longestGapMs, 0);
});
