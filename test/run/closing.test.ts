// Which exit code a run has earned: from the last snapshot alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCode } from '../../src/run/closing.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';

const invalid = { summary: { instrument: { verdict: 'invalid' } } } as const;

test('a run that measured ends with 0, degraded as well as valid', () => {
  for (const verdict of ['valid', 'degraded'] as const) {
    assert.equal(exitCode(makeSnapshot({ summary: { instrument: { verdict }, thresholds: [] } })), 0);
  }
});

test('a threshold that holds is 99, one that does not or that nobody can tell is no failure', () => {
  const expression = 'clients.active>0';
  const code = (...thresholds: readonly { value?: number; failed: boolean }[]): number =>
    exitCode(makeSnapshot({ summary: { thresholds: thresholds.map((judged) => ({ expression, ...judged })) } }));
  assert.equal(code({ value: 0, failed: false }, { failed: false }), 0);
  assert.equal(code({ value: 0, failed: false }, { value: 1, failed: true }), 99);
});

test('numbers that cannot be trusted are 98, whatever a threshold says of them', () => {
  const thresholds = [{ expression: 'clients.active>0', value: 1, failed: true }];
  assert.equal(exitCode(makeSnapshot({ summary: { ...invalid.summary, thresholds } })), 98);
});

test('not one media byte is 1, whatever the verdict: there is nothing to trust', () => {
  assert.equal(exitCode(makeEmptySnapshot()), 1);
  assert.equal(exitCode(makeEmptySnapshot(invalid)), 1);
});

test('without the tap a segment request in the log is a sign of media', () => {
  const direct = { run: { proxyWorkers: 0 } };
  assert.equal(exitCode(makeEmptySnapshot({ summary: direct })), 1);
  assert.equal(exitCode(makeEmptySnapshot({ summary: { ...direct, parser: { requests: { segment: 1 } } } })), 0);
  const stream = { ...direct, parser: { requests: { other: 1 } } };
  assert.equal(exitCode(makeEmptySnapshot({ summary: stream })), 0, 'an endless transport stream has no segments');
  assert.equal(exitCode(makeEmptySnapshot({ summary: { ...direct, parser: { requests: { playlist: 9 } } } })), 1);
});

test('a tap without clients of ours was not promised any media', () => {
  assert.equal(exitCode(makeEmptySnapshot(), false), 0);
  assert.equal(exitCode(makeEmptySnapshot(invalid), false), 98);
});
