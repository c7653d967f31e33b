// Why there was no media: the commonest reason that anybody gave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noMediaCause } from '../../src/run/no-media.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';

const withReasons = (...reasons: readonly (string | undefined)[]): Snapshot => {
  const [row] = makeSnapshot().clients;
  assert.ok(row !== undefined);
  const { exitReason: _, ...bare } = row;
  const clients = reasons.map((exitReason) => (exitReason === undefined ? bare : { ...bare, exitReason }));
  return { ...makeEmptySnapshot(), clients };
};

test('the words of FFmpeg that most clients ended with', () => {
  const snapshot = withReasons('Invalid data', 'Protocol not found', undefined, 'Protocol not found');
  assert.equal(noMediaCause(snapshot), '; FFmpeg: Protocol not found (2 clients)');
});

test('else the commonest error status, with the tap or without, else the commonest ending of a transfer', () => {
  const kind = makeSnapshot().summary.proxy?.byKind.segment;
  assert.ok(kind !== undefined);
  const byKind = { segment: { ...kind, statusCodes: { '200': 9, '404': 3, '503': 4, none: 7 } } };
  const terminations = { '--': 9, SC: 1, XD: 2 };
  const cause = (summary: object): string => noMediaCause(makeEmptySnapshot({ summary }));
  assert.equal(cause({ proxy: { byKind, terminations } }), '; status 503 (4 times)');
  assert.equal(cause({ parser: { httpErrors: { '403': 1 } } }), '; status 403 (once)');
  assert.equal(cause({ proxy: { terminations } }), '; XD: origin name did not resolve (2 times)');
});

test('nothing where nobody knows', () => {
  assert.equal(noMediaCause(makeEmptySnapshot()), '');
});
