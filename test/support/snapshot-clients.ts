// Snapshots of many clients for the clients' screen: every state, some in trouble, some of whom little is known.
// It computes no statistic; row k is a fixed function of k, so pictures of it are the same everywhere.
import type { ClientRow, Snapshot } from '../../src/stats/summary.ts';
import { makeSnapshot } from './snapshot.ts';

const DAY_MS = 24 * 3_600_000;

/** `clients` of them; of a thousand 940 run without trouble. */
export function makeClientsSnapshot(clients: number, overrides: { readonly isTapped?: boolean } = {}): Snapshot {
  const { isTapped = true } = overrides;
  const rows = Array.from({ length: clients }, (_, index) => makeRow(index + 1));
  return { ...makeSnapshot(), clients: isTapped ? rows : rows.map(untapped) };
}

function makeRow(client: number): ClientRow {
  const state = stateOf(client);
  const uptimeMs = client === 3 ? DAY_MS + 42_000 : 43_000 - (client % 40) * 200;
  const n = 20 + (client % 7);
  const figures = {
    client,
    restarts: restartsOf(client),
    segments: n,
    playlists: n + 2,
    failedRequests: client % 50 === 2 ? 4 : 0,
    contentBytes: client * 1_234_567,
    waitMs: { n, p95: 1.5 + (client % 90) / 10, window: { n: 12, p95: 1.25 + ((client * 7) % 90) / 10 } },
    receiveMs: { n, p95: 20 + (client % 300), window: { n: 12, p95: 18.5 + ((client * 11) % 300) } },
    clientBlockedRatio: client % 25 === 0 ? 0.314 : 0.0012,
    startupMs: 180 + (client % 50) * 9,
    stallCount: client % 50 === 2 ? 3 : 0,
    stallMs: client % 50 === 2 ? 7_250 : 0,
    isStalled: client % 100 === 2,
  };
  if (state === 'created') return { ...newcomer(client), state };
  if (state === 'starting') return { ...newcomer(client), state, uptimeMs: 120 };
  const exit = exitOf(client);
  const ended = { ...figures, ...exit, state, isStalled: false };
  if (state === 'backoff' || state === 'stopped') return ended;
  return {
    ...figures,
    ...exit,
    state,
    uptimeMs,
    speed: 0.97 + (client % 9) / 100,
    driftSeconds: (client % 13) / 3,
    behindLiveMs: 4_000 + (client % 5) * 2_000,
    ...(figures.isStalled ? { outTimeStillMs: 9_300 } : {}),
  };
}

/** Nothing is known of it but that it is to come. */
function newcomer(client: number): Omit<ClientRow, 'state'> {
  return {
    client,
    restarts: 0,
    segments: 0,
    playlists: 0,
    failedRequests: 0,
    contentBytes: 0,
    waitMs: { n: 0, window: { n: 0 } },
    receiveMs: { n: 0, window: { n: 0 } },
    stallCount: 0,
    stallMs: 0,
    isStalled: false,
  };
}

function stateOf(client: number): ClientRow['state'] {
  if (client > 10 && client % 100 === 0) return 'created';
  return (
    ({ 11: 'backoff', 23: 'starting', 37: 'stopped', 61: 'stopped', 83: 'stopping' } as const)[client % 100] ??
    'running'
  );
}

function restartsOf(client: number): number {
  return client % 100 === 11 ? 4 : client % 20 === 7 ? 1 : 0;
}

function exitOf(client: number): Pick<ClientRow, 'exitCategory' | 'exitReason'> {
  if (client % 100 === 11)
    return { exitCategory: 'playlistLost', exitReason: 'http://origin.example/live/stream.m3u8: 404' };
  if (client % 100 === 37) return { exitCategory: 'success' };
  if (client % 100 === 61)
    return { exitCategory: 'error', exitReason: 'exit code 1: Server returned 5XX Server Error reply' };
  return client % 20 === 7 ? { exitCategory: 'signal', exitReason: 'SIGKILL' } : {};
}

/** What is left without the tap: processes and their progress. */
function untapped(row: ClientRow): ClientRow {
  const {
    segments,
    contentBytes,
    clientBlockedRatio,
    startupMs,
    stallCount,
    stallMs,
    behindLiveMs,
    outTimeStillMs,
    ...rest
  } = row;
  return { ...rest, waitMs: { n: 0, window: { n: 0 } }, receiveMs: { n: 0, window: { n: 0 } }, isStalled: false };
}
