// The screen "origin": the sum is right to the byte as it is shown, health has words and shapes, and what is unknown is a dash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconciliationRows } from '../../src/stats/reconciliation-rows.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { view } from '../../src/tui/view.ts';
import { INITIAL_VIEW_STATE, type Size } from '../../src/tui/view-state.ts';
import { makeEmptySnapshot, makeHealthySnapshot, makeSnapshot } from '../support/snapshot.ts';

const SIZES: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
];

function textsOf(snapshot: Snapshot, size: Size): string[] {
  return view(snapshot, size, { ...INITIAL_VIEW_STATE, screen: 'origin' }).map((line) =>
    line.map(({ text }) => text).join(''),
  );
}

/** Bytes of each line of the sum, by its sign. */
function sumOf(texts: readonly string[]): Readonly<Record<'origin' | 'terms' | 'residual' | 'lines', number>> {
  const bytes = (text: string): number =>
    Number((/ (-?[\d,]+) /.exec(text.slice(2))?.[1] ?? 'NaN').replaceAll(',', ''));
  const one = (start: string): number => bytes(texts.find((text) => text.startsWith(start)) ?? assert.fail(start));
  const terms = texts.filter((text) => text.startsWith('- ')).map(bytes);
  return {
    origin: one('  origin '),
    terms: terms.reduce((sum, term) => sum + term, 0),
    residual: one('= residual '),
    lines: terms.length,
  };
}

test('at every size what the origin counted less the terms that are shown is the residual', () => {
  const { summary } = makeSnapshot();
  const explained = Object.values(summary.reconciliation.explained ?? {}).reduce((sum, one) => sum + one, 0);
  const residualBytes = (summary.reconciliation.originBytes ?? 0) - explained;
  const snapshot = makeSnapshot({ summary: { reconciliation: { residualBytes } } });
  for (const size of SIZES) {
    const { origin, terms, residual, lines } = sumOf(textsOf(snapshot, size));
    assert.equal(origin - terms, residual, `${size.columns} x ${size.rows}`);
    assert.equal(lines, reconciliationRows(snapshot.summary).length - 2);
  }
});

test('a residual of nothing is said; a source that fails has its reason; the bars are there at every size', () => {
  const snapshot = makeHealthySnapshot({ summary: { reconciliation: { residualBytes: 0, residualRatio: 0 } } });
  for (const size of SIZES) {
    const texts = textsOf(snapshot, size);
    assert.ok(texts.some((text) => /^= residual +0 +0 % /.test(text)));
    assert.ok(texts.some((text) => /^● embedded +ok +1\.3 s +2\.0 s/.test(text)));
    assert.ok(texts.some((text) => /^✖ node_exporter +stale +9\.3 s/.test(text)));
    assert.ok(texts.some((text) => text.startsWith('  connect ECONNREFUSED 192.0.2.7:9100')));
    for (const account of ['proxy', 'parser', 'origin'])
      assert.ok(
        texts.some((text) => new RegExp(` ${account} +[▁-█]{15,}`).test(text)),
        account,
      );
  }
});

test('without a source it says how to give one, and an origin that nobody asked sent `-`, not 0', () => {
  for (const size of SIZES) {
    const texts = textsOf(makeEmptySnapshot(), size);
    assert.ok(texts.some((text) => text.includes('--origin-metrics')));
    assert.ok(texts.some((text) => /^ {2}origin +- +-/.test(text)));
    assert.ok(texts.some((text) => /^= residual +- +-/.test(text)));
  }
});
