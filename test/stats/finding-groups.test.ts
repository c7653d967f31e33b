// Findings of one code read once: nothing is dropped, and what follows from something else comes after it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupFindings } from '../../src/stats/finding-groups.ts';
import type { Finding } from '../../src/stats/summary.ts';

const finding = (code: Finding['code'], subject: string, sinceMs: number, count = 1): Finding => ({
  code,
  subject,
  sinceMs,
  count,
  evidence: 'e',
});

test('an origin that dies is one group for what was lost and, after it, one for the clients that restart', () => {
  const groups = groupFindings([
    finding('client-restarting', 'client 1', 5),
    finding('playlist-lost', 'client 2', 20, 3),
    finding('playlist-lost', 'client 1', 10),
    finding('machine-full', 'this machine', 15),
  ]);
  assert.deepEqual(
    groups.map(({ code, count, sinceMs, findings }) => [code, count, sinceMs, findings.map(({ subject }) => subject)]),
    [
      ['playlist-lost', 4, 10, ['client 1', 'client 2']],
      ['machine-full', 1, 15, ['this machine']],
      ['client-restarting', 1, 5, ['client 1']],
    ],
  );
  assert.deepEqual(groupFindings([]), []);
});
