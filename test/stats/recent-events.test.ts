// The last events: which are kept, in which order, and that there are never more than fifty.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_RECENT_EVENTS, RecentEvents } from '../../src/stats/recent-events.ts';
import { aTransfer, life, openLedger, play, segmentUrl } from './ledger-traffic.ts';

test('what is told is an exit, a restart, an ending other than complete, an error status: and nothing that went well', () => {
  const ledger = play([
    life(1, 0, 'start'),
    aTransfer({ startedAtMs: 10 }),
    aTransfer({ startedAtMs: 20, status: 404 }),
    aTransfer({ startedAtMs: 40, termination: 'SD', integrity: 'short' }),
    life(1, 60, 'exit', { category: 'error', reason: 'exit 1', exitCode: 1 }),
    life(1, 61, 'restart-scheduled', { delayMs: 250 }),
  ]);
  assert.deepEqual(ledger.snapshot(100, 0).recentEvents, [
    { atMs: 20, event: 'finding', code: 'segment-missing', subject: segmentUrl(1) },
    {
      atMs: 30,
      client: 1,
      event: 'transfer',
      kind: 'segment',
      status: 404,
      termination: '--',
      url: segmentUrl(1),
    },
    { atMs: 50, client: 1, event: 'transfer', kind: 'segment', status: 200, termination: 'SD', url: segmentUrl(1) },
    { atMs: 60, client: 1, event: 'exit', category: 'error', reason: 'exit 1' },
    { atMs: 61, client: 1, event: 'restart', delayMs: 250 },
  ]);
});

test('a finding stands among them at the instant it was found first', () => {
  const recent = new RecentEvents();
  for (const atMs of [10, 30]) recent.transfer(aTransfer({ startedAtMs: atMs, totalMs: 0, termination: 'CD' }));
  const findings = [
    { code: 'bypass', subject: 'client 3', sinceMs: 20, count: 9, evidence: 'a connect line' },
  ] as const;
  assert.deepEqual(
    recent.read(findings).map(({ atMs, event }) => [atMs, event]),
    [
      [10, 'transfer'],
      [20, 'finding'],
      [30, 'transfer'],
    ],
  );
});

test('there are never more than fifty, the newest ones', () => {
  const ledger = openLedger();
  play(
    Array.from({ length: 400 }, (_, at) => aTransfer({ startedAtMs: at, totalMs: 0, status: 503 })),
    ledger,
  );
  const { recentEvents } = ledger.snapshot(500, 0);
  assert.equal(recentEvents.length, MAX_RECENT_EVENTS);
  assert.deepEqual([recentEvents[0]?.atMs, recentEvents.at(-1)?.atMs], [350, 399]);
});
