// METRICS.md against the registry: every metric has its row, in the registry's order, and no row is of a metric that is gone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { METRIC_DEFINITIONS } from '../../src/report/metrics.ts';
import { documentRow } from './metrics-document.ts';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../METRICS.md'), 'utf8');

test('METRICS.md lists every metric with its type, labels, account, unit and help', () => {
  const rows = DOCUMENT.split('\n').filter((line) => line.startsWith('| `hls_swarm_'));
  assert.deepEqual(rows, METRIC_DEFINITIONS.map(documentRow));
});
