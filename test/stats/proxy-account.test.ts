// Which transfer enters which population: a storm of errors or of slow players must not make an origin look faster.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferEvent } from '../../src/events.ts';
import { isClientLimited, ProxyAccount } from '../../src/stats/proxy-account.ts';
import type { Buckets, KindSummary } from '../../src/stats/summary.ts';
import { aTransfer } from './ledger-traffic.ts';

function read(...transfers: Partial<TransferEvent>[]): KindSummary {
  const account = new ProxyAccount();
  for (const facts of transfers) account.transfer(aTransfer({ startedAtMs: 1_000, ...facts }));
  const kind = account.read(2_000).byKind.segment;
  assert.ok(kind !== undefined);
  return kind;
}

const counts = ({ transfers, complete, ok, clientLimited }: KindSummary): number[] => [
  transfers,
  complete,
  ok,
  clientLimited,
];
const populations = ({ phases }: KindSummary): number[] => [phases.waitMs.n, phases.receiveMs.n, phases.totalMs.n];

const NO_BUCKETS: Pick<Buckets, 'bounds' | 'counts'> = { bounds: [], counts: [] };

test('an ok transfer is in every population', () => {
  const kind = read({}, { status: 206 });
  assert.deepEqual(counts(kind), [2, 2, 2, 0]);
  assert.deepEqual(populations(kind), [2, 2, 2]);
  assert.deepEqual(kind.statusCodes, { '200': 1, '206': 1 });
});

test('a storm of 404s leaves the quantiles of the segments as they were', () => {
  const kind = read({}, ...Array.from({ length: 50 }, () => ({ status: 404, totalMs: 0.1, phases: { waitMs: 0.1 } })));
  assert.deepEqual(counts(kind), [51, 51, 1, 0]);
  assert.deepEqual(populations(kind), [1, 1, 1]);
  assert.ok((kind.phases.totalMs.p50 ?? 0) > 9);
});

test('an abort after a 2xx head has a wait and nothing else', () => {
  const kind = read({ termination: 'CD', integrity: 'short' });
  assert.deepEqual(counts(kind), [1, 0, 0, 0]);
  assert.deepEqual(populations(kind), [1, 0, 0]);
});

test('a clean close of unknown length is ok; what was short or had excess is not', () => {
  assert.equal(read({ integrity: 'unknown-length' }).ok, 1);
  assert.equal(read({ integrity: 'excess' }).ok, 0);
  assert.equal(read({ integrity: 'short', termination: 'SD' }).ok, 0);
});

test('a client-limited transfer leaves receive and total, never wait, and is counted', () => {
  const kind = read({ clientBlockedMs: 6 }, { clientBlockedMs: 4.9 });
  assert.deepEqual(counts(kind), [2, 2, 2, 1]);
  assert.deepEqual(populations(kind), [2, 1, 1]);
  assert.equal(kind.phases.clientBlockedMs.n, 2);
});

test('what a fault on purpose changed is counted apart, in all counts and bytes, and in no time', () => {
  const kind = read(
    {},
    { injected: 'delay', clientBlockedMs: 6 },
    { injected: 'status', status: 404, termination: 'LR' },
  );
  assert.deepEqual(counts(kind), [3, 2, 2, 0]);
  assert.equal(kind.injected, 2);
  assert.equal(kind.contentBytes, 3 * read({}).contentBytes);
  assert.deepEqual(kind.statusCodes, { '200': 2, '404': 1 });
  assert.deepEqual(populations(kind), [1, 1, 1]);
  const account = new ProxyAccount();
  for (const injected of ['delay', 'status', 'delay'] as const)
    account.transfer(aTransfer({ startedAtMs: 0, injected }));
  const { injected, byCache } = account.read(1_000);
  assert.deepEqual(injected, { delay: 2, throttle: 0, status: 1, reset: 0, truncate: 0, stall: 0 });
  assert.equal(byCache.unknown.transfers, 0);
});

test('what was no answer of an origin is in no count of caches: those of the kinds add up to those of all', () => {
  const account = new ProxyAccount();
  const { status: _none, ...headless } = aTransfer({ startedAtMs: 0, termination: 'SC', kind: 'init' });
  account.transfer(headless);
  account.transfer(aTransfer({ startedAtMs: 0, injected: 'status', status: 404, termination: 'LR' }));
  account.transfer(aTransfer({ startedAtMs: 0, cache: 'hit' }));
  account.transfer(aTransfer({ startedAtMs: 0, status: 404 }));
  const { byKind, byCache } = account.read(1_000);
  assert.deepEqual(byKind.segment?.cache, { hit: 1, miss: 0, other: 0, unknown: 1 });
  assert.deepEqual(byKind.init?.cache, { hit: 0, miss: 0, other: 0, unknown: 0 });
  assert.deepEqual([byCache.hit.transfers, byCache.unknown.transfers], [1, 1]);
});

test('client-limited means above 5 % of receive and above 5 ms', () => {
  const blocked = (clientBlockedMs: number, receiveMs: number): boolean =>
    isClientLimited(aTransfer({ startedAtMs: 0, clientBlockedMs, phases: { receiveMs } }));
  assert.deepEqual(
    [blocked(5, 10), blocked(5.1, 10), blocked(49, 1_000), blocked(51, 1_000)],
    [false, true, false, true],
  );
});

test('a dial that failed says nothing about how long a dial takes', () => {
  const dialled = { phases: { dnsMs: 1, connectMs: 2, waitMs: 3 } };
  const refused: Partial<TransferEvent> = {
    termination: 'SC',
    integrity: 'short',
    phases: { dnsMs: 1, connectMs: 3_000 },
  };
  const { status: _none, ...headless } = aTransfer({ startedAtMs: 0, ...refused });
  const account = new ProxyAccount();
  account.transfer(aTransfer({ startedAtMs: 0, ...dialled }));
  account.transfer(headless);
  const kind = account.read(1_000).byKind.segment;
  assert.deepEqual([kind?.phases.connectMs.n, kind?.phases.connectMs.max], [1, 2]);
  assert.deepEqual(kind?.statusCodes, { '200': 1, none: 1 });
});

test('a wait on one machine, and a segment of fifteen seconds, have buckets of their own', () => {
  const account = new ProxyAccount();
  account.transfer(aTransfer({ startedAtMs: 0, phases: { waitMs: 0.12, receiveMs: 15_000 } }));
  const below = (phase: string, bound: number): number | undefined => {
    const { bounds, counts } = account.readPhaseBuckets().find((entry) => entry.phase === phase)?.buckets ?? NO_BUCKETS;
    return counts[bounds.indexOf(bound)];
  };
  assert.deepEqual([below('wait', 0.00025), below('receive', 10), below('receive', 30)], [1, 0, 1]);
});
