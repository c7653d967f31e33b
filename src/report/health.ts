// Whether the run is healthy now, for /health: judged from the last half minute of snapshots. Pure but for the history it keeps.
// It is not the verdict: that is about the whole run, this is about what an operator should look at now.
import type { Finding, Snapshot } from '../stats/summary.ts';
import { MS_PER_SECOND, secondsToMs } from '../units.ts';

const LOOP_DELAY_LIMIT_MS = 100;
const LOOP_DELAY_FOR_MS: number = 10 * MS_PER_SECOND;
const SILENCE_FOR_MS: number = 30 * MS_PER_SECOND;
const SILENT_CLIENTS_LIMIT = 0.1;
const STALE_INTERVALS = 3;

export interface Health {
  readonly isHealthy: boolean;
  /** One sentence each; empty when healthy. */
  readonly reasons: readonly string[];
}

/** Snapshots of the last 30 s, oldest first, and no more: fed by the run's tick, never by a reader. */
export class HealthHistory {
  readonly #listingIntervalSeconds: number | undefined;
  #snapshots: Snapshot[] = [];

  constructor(options: { readonly listingIntervalSeconds?: number } = {}) {
    this.#listingIntervalSeconds = options.listingIntervalSeconds;
  }

  record(snapshot: Snapshot): void {
    // One older than the window stays, because a span of 30 s needs both its ends.
    const firstInside = this.#snapshots.findIndex(({ atMs }) => atMs > snapshot.atMs - SILENCE_FOR_MS);
    const firstKept = firstInside === -1 ? this.#snapshots.length - 1 : firstInside - 1;
    this.#snapshots = [...this.#snapshots.slice(Math.max(0, firstKept)), snapshot];
  }

  assess(): Health {
    return assessHealth(this.#snapshots, this.#listingIntervalSeconds);
  }
}

/** `snapshots` oldest first; before the first one there is nothing to complain about. */
export function assessHealth(snapshots: readonly Snapshot[], listingIntervalSeconds?: number): Health {
  const last = snapshots.at(-1);
  if (last === undefined) return { isHealthy: true, reasons: [] };
  const { lostRecords, bypassedRequests } = last.summary.instrument;
  const reasons = [
    ...loopDelays(snapshots, last),
    ...silentClients(snapshots, last),
    ...staleScrapers(snapshots, last, listingIntervalSeconds),
    ...(lostRecords > 0 ? [`${lostRecords} records lost`] : []),
    ...(bypassedRequests > 0 ? [`${bypassedRequests} requests bypassed the tap`] : []),
  ];
  return { isHealthy: reasons.length === 0, reasons };
}

/** Second by second: what was late over the whole run may be over long ago, or may hide what is late now. */
function loopDelays(snapshots: readonly Snapshot[], last: Snapshot): string[] {
  const window = lastOf(snapshots, last.atMs - LOOP_DELAY_FOR_MS);
  if (window === undefined) return [];
  return (['tap', 'main'] as const).flatMap((part) => {
    const lowest = Math.min(...window.map(({ recentLoopDelayP99Ms }) => recentLoopDelayP99Ms?.[part] ?? 0));
    return lowest > LOOP_DELAY_LIMIT_MS ? [`${part} loop delay p99 above ${LOOP_DELAY_LIMIT_MS} ms for 10 s`] : [];
  });
}

/** A snapshot does not say which client has a transfer open, so no more clients are called silent than transfers are open. */
function silentClients(snapshots: readonly Snapshot[], last: Snapshot): string[] {
  const first = lastOf(snapshots, last.atMs - SILENCE_FOR_MS)?.[0];
  if (first === undefined) return [];
  const before = new Map(first.clients.map((row) => [row.client, row]));
  const running = last.clients.filter(({ state }) => state === 'running');
  const quiet = running.filter((row) => {
    const earlier = before.get(row.client);
    return earlier?.state === 'running' && earlier.contentBytes === row.contentBytes;
  });
  const silent = Math.min(quiet.length, last.openTransfers);
  if (silent <= running.length * SILENT_CLIENTS_LIMIT) return [];
  return [`transfers without bytes for 30 s on ${silent} of ${running.length} running clients`];
}

function staleScrapers(
  snapshots: readonly Snapshot[],
  last: Snapshot,
  listingIntervalSeconds: number | undefined,
): string[] {
  const isListingStale =
    listingIntervalSeconds !== undefined &&
    last.lastListing !== undefined &&
    last.atMs - last.lastListing.atMs > secondsToMs(listingIntervalSeconds) * STALE_INTERVALS;
  const before = snapshots.at(-2)?.summary.findings ?? [];
  return [
    ...last.summary.findings
      .filter((finding) => finding.code === 'origin-metrics-stale' && isGoingOn(finding, before))
      .map(({ subject }) => `origin metrics of ${subject} older than ${STALE_INTERVALS} intervals`),
    ...(isListingStale ? [`segment-size listing older than ${STALE_INTERVALS} intervals`] : []),
  ];
}

/** Findings stay listed for the whole run; one that still holds says so with evidence that grows from tick to tick. */
function isGoingOn(finding: Finding, before: readonly Finding[]): boolean {
  const earlier = before.find(({ code, subject }) => code === finding.code && subject === finding.subject);
  return earlier?.evidence !== finding.evidence;
}

/** The snapshots from `sinceMs` on with the one at or before it; undefined when the history is younger. */
function lastOf(snapshots: readonly Snapshot[], sinceMs: number): readonly Snapshot[] | undefined {
  const start = snapshots.findLastIndex(({ atMs }) => atMs <= sinceMs);
  return start === -1 ? undefined : snapshots.slice(start);
}
