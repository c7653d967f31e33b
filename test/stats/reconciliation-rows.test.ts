// The rows that a person adds up: origin first, its terms, what is left; nothing unknown is shown as 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconciliationRows, TERM_LABELS } from '../../src/stats/reconciliation-rows.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';

type Reconciliation = Summary['reconciliation'];

const EXPLAINED: NonNullable<Reconciliation['explained']> = {
  segmentContent: 800,
  playlistContent: 50,
  otherContent: 0,
  responseHeads: 30,
  interimHeads: 0,
  framing: 7,
  transportEstimate: 40,
};

test('the rows of the known terms and the residual add up to the origin, each with its share', () => {
  const reconciliation: Reconciliation = {
    source: 'node_exporter',
    originBytes: 1_000,
    explained: EXPLAINED,
    residualBytes: 73,
    residualRatio: 0.073,
  };
  const [origin, ...parts] = reconciliationRows({ reconciliation });
  assert.deepEqual(origin, { key: 'origin', label: 'origin', bytes: 1_000, ratio: 1, isEstimate: false });
  assert.equal(
    parts.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    1_000,
  );
  assert.deepEqual(
    parts.map(({ key }) => key),
    [...Object.keys(EXPLAINED), 'residual'],
  );
  assert.deepEqual(parts.at(-1), { key: 'residual', label: 'residual', bytes: 73, ratio: 0.073, isEstimate: false });
  assert.deepEqual(
    parts.filter(({ isEstimate }) => isEstimate).map(({ label }) => label),
    ['TCP/IP'],
  );
});

test('terms follow the order of the labels, whatever the order in the summary; the full snapshot has all but the unknown', () => {
  const { summary } = makeSnapshot();
  const keys = reconciliationRows(summary).map(({ key }) => key);
  const known = Object.keys(TERM_LABELS).filter((term) =>
    Object.keys(summary.reconciliation.explained ?? {}).includes(term),
  );
  assert.deepEqual(keys, ['origin', ...known, 'residual']);
});

test("without an origin the tap's own terms stand alone, and without anything there are no rows", () => {
  const rows = reconciliationRows(makeEmptySnapshot().summary);
  assert.deepEqual(
    [rows[0], rows.at(-1)].map((row) => row?.bytes),
    [undefined, undefined],
  );
  assert.equal(rows.find(({ key }) => key === 'segmentContent')?.bytes, 0);
  assert.ok(rows.every(({ ratio }) => ratio === undefined));
  assert.deepEqual(reconciliationRows({ reconciliation: {} }), []);
});
