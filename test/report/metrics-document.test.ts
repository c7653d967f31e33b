// METRICS.md against the registry: every metric has its row, in the registry's order, and no row is of a metric that is gone.
// `HLS_SWARM_WRITE_GOLDEN=1` writes the rows; a new one goes under that of the metric before it.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { METRIC_DEFINITIONS } from '../../src/report/metrics.ts';
import { documentRow, withRows } from './metrics-document.ts';

const PATH = join(import.meta.dirname, '../../METRICS.md');
const DOCUMENT = readFileSync(PATH, 'utf8');

test('METRICS.md lists every metric with its type, labels, account, unit and help', () => {
  const document = process.env['HLS_SWARM_WRITE_GOLDEN'] === '1' ? withRows(DOCUMENT, METRIC_DEFINITIONS) : DOCUMENT;
  if (document !== DOCUMENT) writeFileSync(PATH, document);
  const rows = document.split('\n').filter((line) => line.startsWith('| `hls_swarm_'));
  assert.deepEqual(rows, METRIC_DEFINITIONS.map(documentRow));
});
