// The tap's account of a summary, for tests of runs that had a tap. It fails the test where there is none.
import assert from 'node:assert/strict';
import type { ProxySummary, Summary } from '../../src/stats/summary.ts';

export function proxyOf({ proxy }: Pick<Summary, 'proxy'>): ProxySummary {
  assert.ok(proxy !== undefined, 'nothing was tapped');
  return proxy;
}
