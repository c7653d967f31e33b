// Who served what: transfers and their wait by what the caches said, and by the origin address that answered.
// It takes finished transfers; it infers no cache and resolves no name. Memory is bounded: later addresses are counted.
import type { CacheStatus, TransferEvent } from '../events.ts';
import { PhaseQuantiles } from './quantiles.ts';
import type { AddressSummary, CacheSummary, ProxySummary } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

/** Addresses with figures of their own, 30 KB each at most; a name has a few, a CDN's may rotate without end. */
export const MAX_ADDRESSES = 64;

interface CacheCounts {
  transfers: number;
  readonly waitMs: PhaseQuantiles;
}

interface AddressCounts extends CacheCounts {
  readonly cache: Record<CacheStatus, number>;
}

type ServingSummary = Pick<ProxySummary, 'byCache' | 'cacheHitRatio' | 'byAddress' | 'transfersOfFurtherAddresses'>;

export class ServingAccount {
  readonly #caches: Readonly<Record<CacheStatus, CacheCounts>> = {
    hit: newCounts(),
    miss: newCounts(),
    other: newCounts(),
    unknown: newCounts(),
  };
  readonly #addresses = new Map<string, AddressCounts>();
  #furtherTransfers = 0;

  /** Only answers say who served; `waitMs` is absent for those that are no part of its population. */
  answered({ cache, upstreamAddress }: TransferEvent, waitMs: number | undefined, endedAtMs: number): void {
    add(this.#caches[cache], waitMs, endedAtMs);
    if (upstreamAddress === undefined) return;
    const address = this.#address(upstreamAddress);
    if (address === undefined) {
      this.#furtherTransfers += 1;
      return;
    }
    add(address, waitMs, endedAtMs);
    address.cache[cache] += 1;
  }

  read(atMs: number): ServingSummary {
    const { hit, miss, other, unknown } = this.#caches;
    return withoutAbsent<ServingSummary>({
      byCache: {
        hit: readCache(hit, atMs),
        miss: readCache(miss, atMs),
        other: readCache(other, atMs),
        unknown: readCache(unknown, atMs),
      },
      cacheHitRatio: hitRatio(hit.transfers, miss.transfers),
      byAddress: [...this.#addresses]
        .map(([address, counts]) => readAddress(address, counts, atMs))
        .toSorted((one, another) => another.transfers - one.transfers),
      transfersOfFurtherAddresses: this.#furtherTransfers,
    });
  }

  #address(name: string): AddressCounts | undefined {
    const known = this.#addresses.get(name);
    if (known !== undefined || this.#addresses.size >= MAX_ADDRESSES) return known;
    const counts = { ...newCounts(), cache: { hit: 0, miss: 0, other: 0, unknown: 0 } };
    this.#addresses.set(name, counts);
    return counts;
  }
}

function newCounts(): CacheCounts {
  return { transfers: 0, waitMs: new PhaseQuantiles() };
}

function add(counts: CacheCounts, waitMs: number | undefined, endedAtMs: number): void {
  counts.transfers += 1;
  if (waitMs !== undefined) counts.waitMs.record(waitMs, endedAtMs);
}

function readCache({ transfers, waitMs }: CacheCounts, atMs: number): CacheSummary {
  return { transfers, waitMs: waitMs.read(atMs) };
}

function readAddress(address: string, { transfers, cache, waitMs }: AddressCounts, atMs: number): AddressSummary {
  return withoutAbsent<AddressSummary>({
    address,
    transfers,
    cache: { ...cache },
    cacheHitRatio: hitRatio(cache.hit, cache.miss),
    waitMs: waitMs.read(atMs),
  });
}

function hitRatio(hits: number, misses: number): number | undefined {
  return hits + misses === 0 ? undefined : hits / (hits + misses);
}
