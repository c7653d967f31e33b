// Who served: which answers enter which row, the hit ratio, and what happens beyond the bound of addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CacheStatus, TransferEvent } from '../../src/events.ts';
import { ProxyAccount } from '../../src/stats/proxy-account.ts';
import { MAX_ADDRESSES } from '../../src/stats/serving-account.ts';
import { aTransfer } from './ledger-traffic.ts';

function read(...transfers: Partial<TransferEvent>[]): ReturnType<ProxyAccount['read']> {
  const account = new ProxyAccount();
  for (const facts of transfers) account.transfer(aTransfer({ startedAtMs: 1_000, ...facts }));
  return account.read(2_000);
}

const answer = (cache: CacheStatus, upstreamAddress: string, waitMs: number): Partial<TransferEvent> => ({
  cache,
  upstreamAddress,
  phases: { waitMs },
});

test('answers and their wait are told by cache status and by address', () => {
  const { byCache, byAddress, cacheHitRatio, transfersOfFurtherAddresses } = read(
    answer('hit', '192.0.2.7:80', 1),
    answer('hit', '192.0.2.8:80', 2),
    answer('miss', '192.0.2.8:80', 40),
    answer('other', '192.0.2.8:80', 3),
    answer('hit', '192.0.2.8:80', 1),
  );
  assert.deepEqual(
    Object.entries(byCache).map(([cache, { transfers, waitMs }]) => [cache, transfers, waitMs.n, waitMs.max]),
    [
      ['hit', 3, 3, 2],
      ['miss', 1, 1, 40],
      ['other', 1, 1, 3],
      ['unknown', 0, 0, undefined],
    ],
  );
  assert.equal(cacheHitRatio, 3 / 4);
  assert.deepEqual(
    byAddress.map(({ address, transfers, cache, cacheHitRatio: ratio, waitMs }) => [
      address,
      transfers,
      cache,
      ratio,
      waitMs.max,
    ]),
    [
      ['192.0.2.8:80', 4, { hit: 2, miss: 1, other: 1, unknown: 0 }, 2 / 3, 40],
      ['192.0.2.7:80', 1, { hit: 1, miss: 0, other: 0, unknown: 0 }, 1, 1],
    ],
  );
  assert.equal(transfersOfFurtherAddresses, 0);
});

test('an answer of another class counts, but its wait is no part of the population', () => {
  const { byCache } = read({ cache: 'miss', status: 404 }, { cache: 'miss', status: 302 }, { cache: 'miss' });
  assert.deepEqual([byCache.miss.transfers, byCache.miss.waitMs.n], [3, 1]);
});

test('a transfer without a head was served by nobody', () => {
  const { status: _none, ...headless } = aTransfer({ startedAtMs: 0, termination: 'SH', integrity: 'short' });
  const account = new ProxyAccount();
  account.transfer(headless);
  const { byCache, byAddress } = account.read(1_000);
  assert.deepEqual([byCache.unknown.transfers, byAddress], [0, []]);
});

test('no hit ratio while no answer was a hit or a miss', () => {
  assert.equal(
    'cacheHitRatio' in read(answer('unknown', '192.0.2.7:80', 1), answer('other', '192.0.2.7:80', 1)),
    false,
  );
});

test('addresses beyond the bound are counted, those known before go on', () => {
  const many = Array.from({ length: MAX_ADDRESSES + 3 }, (_, index) => answer('hit', `192.0.2.${index}:80`, 1));
  const { byAddress, byCache, transfersOfFurtherAddresses } = read(...many, answer('hit', '192.0.2.0:80', 1));
  assert.equal(byAddress.length, MAX_ADDRESSES);
  assert.equal(byAddress[0]?.transfers, 2);
  assert.equal(transfersOfFurtherAddresses, 3);
  assert.equal(byCache.hit.transfers, MAX_ADDRESSES + 4);
});
