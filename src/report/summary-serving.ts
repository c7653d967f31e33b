// The section of the exit summary about who served: answers and their wait by cache status and by origin address. Pure.
// It is left out where it would say nothing: no cache told anything and one address answered.
import type { CacheStatus } from '../events.ts';
import type { CacheSummary, ProxySummary, Snapshot } from '../stats/summary.ts';
import { formatMs, PERCENT } from '../units.ts';
import { count, heading, known, row } from './text-layout.ts';

const WIDTHS = [9, 9, 11, 11, 11];
const CACHES: readonly CacheStatus[] = ['hit', 'miss', 'other', 'unknown'];
/** A page, not a list: the report file has them all. */
const MAX_SHOWN_ADDRESSES = 8;

export function servingSection({ summary: { proxy } }: Snapshot, width: number): readonly string[] {
  if (proxy === undefined) return [];
  const { byCache, byAddress, transfersOfFurtherAddresses } = proxy;
  const caches = CACHES.filter((cache) => byCache[cache].transfers > 0);
  const tellsCaches = caches.some((cache) => cache !== 'unknown');
  if (!tellsCaches && byAddress.length < 2) return [];
  const answers = CACHES.reduce((sum, cache) => sum + byCache[cache].transfers, 0);
  const line = (label: string, served: CacheSummary, hitRatio: string): string =>
    row(
      label,
      [
        count(served.transfers),
        percent(served.transfers / answers),
        hitRatio,
        known(served.waitMs.p50, formatMs),
        known(served.waitMs.p95, formatMs),
      ],
      WIDTHS,
      width,
    );
  const further = transfersOfFurtherAddresses + sum(byAddress.slice(MAX_SHOWN_ADDRESSES));
  return [
    ...heading('Caches and origin addresses (proxy)', width),
    row('', ['answers', 'share', 'hit ratio', 'wait p50', 'wait p95'], WIDTHS, width),
    ...(tellsCaches ? caches.map((cache) => line(`  cache ${cache}`, byCache[cache], '')) : []),
    ...byAddress
      .slice(0, MAX_SHOWN_ADDRESSES)
      .map((address) => line(`  ${address.address}`, address, known(address.cacheHitRatio, percent))),
    ...(further === 0 ? [] : [`  ${count(further)} answers of further addresses`]),
    ...(proxy.cacheHitRatio === undefined ? [] : [`  hits of hits and misses: ${percent(proxy.cacheHitRatio)}`]),
  ];
}

function sum(addresses: ProxySummary['byAddress']): number {
  return addresses.reduce((total, { transfers }) => total + transfers, 0);
}

function percent(ratio: number): string {
  return `${(ratio * PERCENT).toFixed(1)} %`;
}
