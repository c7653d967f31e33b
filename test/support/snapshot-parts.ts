// The parts that test snapshots are put together from, each with overrides, and the merge behind all overrides.
// It computes no statistic: quantiles and rates are fixed multiples of what the caller names.
import type { ClientRow, KindSummary, Quantiles, Throughput } from '../../src/stats/summary.ts';

/** Any part of T may be given; objects are merged, arrays and plain values replaced; `undefined` removes the field. */
export type Overrides<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]?: Overrides<T[Key]> | undefined }
    : T;

/** A kind's account in which every field is a distinct multiple of `seed`. */
export function makeKindSummary(seed: number, overrides: Overrides<KindSummary> = {}): KindSummary {
  return merge(
    {
      transfers: seed * 6 + 4,
      complete: seed * 6 + 2,
      ok: seed * 6,
      failed: 4,
      contentBytes: seed * 512_377,
      responseHeadBytes: seed * 1_533,
      interimHeadBytes: seed * 25,
      framingBytes: seed * 77,
      requestHeadBytes: seed * 1_271,
      deliveredBytes: seed * 514_012,
      clientLimited: 1,
      injected: 2,
      statusCodes: { '200': seed * 6 - 1, '206': 1, '404': 2, '503': 1, none: 1 },
      terminations: { '--': seed * 6 + 1, SH: 1, CD: 2 },
      cache: { hit: seed * 3, miss: seed * 2, other: 3, unknown: seed },
      phases: {
        waitMs: makeQuantiles(seed * 6, 0.62),
        receiveMs: makeQuantiles(seed * 6 - 1, 14.2),
        totalMs: makeQuantiles(seed * 6 - 1, 15.1),
        clientBlockedMs: makeQuantiles(seed * 6, 0.31),
        dnsMs: makeQuantiles(13, 0.48),
        connectMs: makeQuantiles(14, 0.11),
        tlsMs: makeQuantiles(0, 0),
      },
    } satisfies KindSummary,
    overrides,
  ) as KindSummary;
}

/** Quantiles around a median; only the count when there is nothing to rank. */
export function makeQuantiles(n: number, p50: number): Quantiles {
  if (n === 0) return { n };
  const half = Math.ceil(n / 2);
  return {
    n,
    p25: p50 * 0.7,
    p50,
    p75: p50 * 1.6,
    p95: p50 * 2.5,
    p99: p50 * 4,
    max: p50 * 6,
    window: { n: half, p50: p50 * 1.1, p95: p50 * 2.4, p99: p50 * 3.8, max: p50 * 5 },
  };
}

export function makeThroughput(bytesPerSecond: number, totalBytes: number): Throughput {
  return {
    bytesPerSecond1s: bytesPerSecond * 1.25,
    bytesPerSecond30s: bytesPerSecond * 1.02,
    bytesPerSecond60s: bytesPerSecond * 1.01,
    bytesPerSecond300s: bytesPerSecond,
    bytesPerSecondOverall: bytesPerSecond * 0.99,
    totalBytes,
  };
}

export function makeClientRow(client: number, overrides: Overrides<ClientRow> = {}): ClientRow {
  return merge(
    {
      client,
      state: client === 12 ? 'backoff' : 'running',
      uptimeMs: 43_000 - client * 200,
      restarts: client === 12 ? 2 : 0,
      speed: client === 12 ? 0.84 : 1 + client / 100,
      driftSeconds: client === 12 ? 5.9 : client / 10,
      segments: 20 + client,
      playlists: 21 + client,
      failedRequests: client === 12 ? 13 : client === 7 ? 4 : 0,
      contentBytes: 10_000_000 + client * 111_111,
      waitMs: { n: 20 + client, p95: client / 4, window: { n: 10 + client, p95: client / 5 } },
      receiveMs: { n: 19 + client, p95: client * 2.5, window: { n: 9 + client, p95: client * 2.25 } },
      clientBlockedRatio: client / 500,
      startupMs: 200 + client * 7,
      stallCount: client === 12 ? 2 : 0,
      stallMs: client === 12 ? 7_250 : 0,
      isStalled: client === 12,
      behindLiveMs: 4_000 + client * 10,
    } satisfies ClientRow,
    overrides,
  ) as ClientRow;
}

/** `base` changed where `overrides` says. */
export function merge(base: unknown, overrides: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(overrides)) return overrides;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) delete merged[key];
    else merged[key] = key in merged ? merge(merged[key], value) : value;
  }
  return merged;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
