// Whether the run is healthy now, for /health: judged from the last half minute of snapshots. Pure but for the little of
// them that it keeps.
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

/** What is kept of a snapshot: its rows, of 1,000 clients for 30 s, would be a third of the program's heap. */
interface Moment {
  readonly atMs: number;
  readonly recentLoopDelayP99Ms: Snapshot['recentLoopDelayP99Ms'];
  /** Content by client, of those that run: the others have `NOT_RUNNING`. */
  readonly runningBytes: Float64Array;
  readonly openTransfers: number;
  readonly lastListing: Snapshot['lastListing'];
  readonly findings: readonly Finding[];
  readonly lostRecords: number;
  readonly bypassedRequests: number;
}

const NOT_RUNNING: number = Number.NaN;
/** Of one that runs where nobody counts. */
const UNCOUNTED = -1;

/** The last 30 s, oldest first, and no more: fed by the run's tick, never by a reader. */
export class HealthHistory {
  readonly #listingIntervalSeconds: number | undefined;
  #moments: Moment[] = [];

  constructor(options: { readonly listingIntervalSeconds?: number } = {}) {
    this.#listingIntervalSeconds = options.listingIntervalSeconds;
  }

  record(snapshot: Snapshot): void {
    // One older than the window stays, because a span of 30 s needs both its ends.
    const firstInside = this.#moments.findIndex(({ atMs }) => atMs > snapshot.atMs - SILENCE_FOR_MS);
    const firstKept = firstInside === -1 ? this.#moments.length - 1 : firstInside - 1;
    this.#moments = [...this.#moments.slice(Math.max(0, firstKept)), momentOf(snapshot)];
  }

  assess(): Health {
    return assess(this.#moments, this.#listingIntervalSeconds);
  }
}

/** `snapshots` oldest first; before the first one there is nothing to complain about. */
export function assessHealth(snapshots: readonly Snapshot[], listingIntervalSeconds?: number): Health {
  return assess(snapshots.map(momentOf), listingIntervalSeconds);
}

function momentOf({
  atMs,
  recentLoopDelayP99Ms,
  clients,
  openTransfers,
  lastListing,
  summary: { findings, instrument },
}: Snapshot): Moment {
  const { lostRecords, bypassedRequests } = instrument;
  return {
    atMs,
    recentLoopDelayP99Ms,
    runningBytes: runningBytesOf(clients),
    openTransfers,
    lastListing,
    findings,
    lostRecords,
    bypassedRequests,
  };
}

function runningBytesOf(clients: Snapshot['clients']): Float64Array {
  const bytes = new Float64Array(1 + (clients.at(-1)?.client ?? 0)).fill(NOT_RUNNING);
  for (const { client, state, contentBytes } of clients)
    if (state === 'running') bytes[client] = contentBytes ?? UNCOUNTED;
  return bytes;
}

function assess(moments: readonly Moment[], listingIntervalSeconds: number | undefined): Health {
  const last = moments.at(-1);
  if (last === undefined) return { isHealthy: true, reasons: [] };
  const { lostRecords, bypassedRequests } = last;
  const reasons = [
    ...loopDelays(moments, last),
    ...silentClients(moments, last),
    ...staleScrapers(moments, last, listingIntervalSeconds),
    ...(lostRecords > 0 ? [`${lostRecords} records lost`] : []),
    ...(bypassedRequests > 0 ? [`${bypassedRequests} requests bypassed the tap`] : []),
  ];
  return { isHealthy: reasons.length === 0, reasons };
}

/** Second by second: what was late over the whole run may be over long ago, or may hide what is late now. */
function loopDelays(moments: readonly Moment[], last: Moment): string[] {
  const window = lastOf(moments, last.atMs - LOOP_DELAY_FOR_MS);
  if (window === undefined) return [];
  return (['tap', 'main'] as const).flatMap((part) => {
    const lowest = Math.min(...window.map(({ recentLoopDelayP99Ms }) => recentLoopDelayP99Ms?.[part] ?? 0));
    return lowest > LOOP_DELAY_LIMIT_MS ? [`${part} loop delay p99 above ${LOOP_DELAY_LIMIT_MS} ms for 10 s`] : [];
  });
}

/** A snapshot does not say which client has a transfer open, so no more clients are called silent than transfers are open. */
function silentClients(moments: readonly Moment[], last: Moment): string[] {
  const first = lastOf(moments, last.atMs - SILENCE_FOR_MS)?.[0];
  if (first === undefined) return [];
  const running = last.runningBytes.filter((bytes) => !Number.isNaN(bytes)).length;
  const quiet = last.runningBytes.filter((bytes, client) => bytes === first.runningBytes[client]).length;
  const silent = Math.min(quiet, last.openTransfers);
  if (silent <= running * SILENT_CLIENTS_LIMIT) return [];
  return [`transfers without bytes for 30 s on ${silent} of ${running} running clients`];
}

function staleScrapers(moments: readonly Moment[], last: Moment, listingIntervalSeconds: number | undefined): string[] {
  const isListingStale =
    listingIntervalSeconds !== undefined &&
    last.lastListing !== undefined &&
    last.atMs - last.lastListing.atMs > secondsToMs(listingIntervalSeconds) * STALE_INTERVALS;
  const before = moments.at(-2)?.findings ?? [];
  return [
    ...last.findings
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

/** The moments from `sinceMs` on with the one at or before it; undefined when the history is younger. */
function lastOf(moments: readonly Moment[], sinceMs: number): readonly Moment[] | undefined {
  const start = moments.findLastIndex(({ atMs }) => atMs <= sinceMs);
  return start === -1 ? undefined : moments.slice(start);
}
