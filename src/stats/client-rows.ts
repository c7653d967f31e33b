// What is kept of one client, and how it reads as a row for screens and per-client series. It changes nothing.
import type { ExitCategory, TransferEvent } from '../events.ts';
import { msToSeconds } from '../units.ts';
import type { ClientTimes } from './client-times.ts';
import type { PlaybackModel, PlaybackState } from './playback.ts';
import { STILL_TARGET_DURATIONS } from './player-sight.ts';
import { isOk } from './proxy-account.ts';
import type { StreamPlayback } from './stream-playback.ts';
import type { ClientQuantiles, ClientRow, ClientState, Snapshot } from './summary.ts';
import { isFailed } from './transfer-failures.ts';

/** A client further behind its own clock than this is called drifting, as the original did. */
const HIGH_DRIFT_SECONDS = 5;
const NO_QUANTILES: ClientQuantiles = { n: 0, window: { n: 0 } };

export interface Client {
  readonly client: number;
  state: ClientState;
  process: number;
  startedAtMs: number | undefined;
  model: PlaybackModel | undefined;
  /** Of the present process, by its own progress; counts when it plays a stream, or what it plays is not seen. */
  streamModel: StreamPlayback | undefined;
  playsStream: boolean;
  hasStartup: boolean;
  /** Of the former processes. */
  stallCount: number;
  stallMs: number;
  playMs: number;
  restarts: number;
  /** Instants of the last restarts, newest last; at most as many as a finding needs. */
  restartsAtMs: number[];
  speed: number | undefined;
  outTimeMs: number | undefined;
  outTimeAdvancedAtMs: number | undefined;
  /** When the present process was told to end, or ended. */
  endedAtMs: number | undefined;
  segments: number;
  playlists: number;
  failedRequests: number;
  contentBytes: number;
  /** Made at the first transfer. */
  times: ClientTimes | undefined;
  exitCategory: ExitCategory | undefined;
  exitReason: string | undefined;
}

/** While its fields are written, in the order in which they are shown. */
type WritableRow = { -readonly [Key in keyof ClientRow]?: ClientRow[Key] };

export interface RowContext {
  readonly atMs: number;
  /** Content of the client's streams that no record counts yet. */
  readonly openBytes: number;
  /** Traffic passed unseen: then none that was counted is unknown, not nothing. */
  readonly isBlind: boolean;
  /** false: neither segments nor progress say when a player stands still. */
  readonly hasStalls: boolean;
}

/** What the tap carried for it, whichever of its processes asked. */
export function countTransfer(client: Client, event: TransferEvent, clientTimeoutMs: number | undefined): void {
  client.contentBytes += event.contentBytes;
  if (isFailed(event, clientTimeoutMs)) client.failedRequests += 1;
  else if (!isOk(event)) return;
  else if (event.kind === 'segment') client.segments += 1;
  else if (event.kind === 'media-playlist' || event.kind === 'multivariant-playlist') client.playlists += 1;
}

/** Drift and speeds over the rows, as the original's dashboards show them; the mean takes both signs. */
export function readDrift(rows: readonly ClientRow[]): Pick<Snapshot, 'drift' | 'speeds'> {
  const drift = { sum: 0, count: 0, max: Number.NEGATIVE_INFINITY, high: 0 };
  const speeds = { above: 0, below: 0 };
  for (const { driftSeconds, speed } of rows) {
    if (driftSeconds !== undefined) {
      drift.sum += driftSeconds;
      drift.count += 1;
      drift.max = Math.max(drift.max, driftSeconds);
      if (driftSeconds > HIGH_DRIFT_SECONDS) drift.high += 1;
    }
    if (speed !== undefined && speed >= 1) speeds.above += 1;
    else if (speed !== undefined && speed > 0) speeds.below += 1;
  }
  return {
    drift: {
      ...(drift.count === 0 ? {} : { averageSeconds: drift.sum / drift.count, maxSeconds: drift.max }),
      highClients: drift.high,
    },
    speeds,
  };
}

/** What the summary says of all clients. */
export function sumsOf(
  rows: readonly ClientRow[],
): Record<'speeds' | 'speedSum' | 'stalled' | 'outTimeStalled', number> {
  const sums = { speeds: 0, speedSum: 0, stalled: 0, outTimeStalled: 0 };
  for (const { speed, isStalled, outTimeStillMs } of rows) {
    if (speed !== undefined) {
      sums.speeds += 1;
      sums.speedSum += speed;
    }
    if (isStalled === true) sums.stalled += 1;
    if (outTimeStillMs !== undefined) sums.outTimeStalled += 1;
  }
  return sums;
}

/** By its segments; of a stream, which has none, and where they are not seen, by FFmpeg's progress. */
export function playbackOf(client: Client, atMs: number): PlaybackState | undefined {
  const state = client.model?.read(atMs);
  return client.playsStream && (state?.segments ?? 0) === 0 ? client.streamModel?.read(atMs) : state;
}

/** `state`: its player at that instant. */
export function rowOf(client: Client, state: PlaybackState | undefined, context: RowContext): ClientRow {
  const { atMs, openBytes, isBlind } = context;
  const isPlaying = isAlive(client.state);
  const uptimeMs = isPlaying && client.startedAtMs !== undefined ? atMs - client.startedAtMs : undefined;
  const contentBytes = client.contentBytes + openBytes;
  const isUnseen = isBlind && contentBytes === 0;
  const hasStalls = context.hasStalls && (client.playsStream || !isUnseen);
  // Field by field: there are thousands of rows per second, and a list of names for each would cost more than the figures.
  const row: WritableRow = { client: client.client, state: client.state };
  if (uptimeMs !== undefined) row.uptimeMs = uptimeMs;
  row.restarts = client.restarts;
  if (client.exitCategory !== undefined) row.exitCategory = client.exitCategory;
  if (client.exitReason !== undefined) row.exitReason = client.exitReason;
  // A mean over the process's life: of one that has ended it is its last word.
  if (client.speed !== undefined) row.speed = client.speed;
  // The same of its drift.
  if (client.startedAtMs !== undefined && client.outTimeMs !== undefined)
    row.driftSeconds = msToSeconds((client.endedAtMs ?? atMs) - client.startedAtMs - client.outTimeMs);
  if (!isUnseen) {
    row.segments = client.segments;
    row.playlists = client.playlists;
    row.failedRequests = client.failedRequests;
    row.contentBytes = contentBytes;
  }
  const times = client.times?.read(atMs);
  row.waitMs = times?.waitMs ?? NO_QUANTILES;
  row.receiveMs = times?.receiveMs ?? NO_QUANTILES;
  if (times?.clientBlockedRatio !== undefined) row.clientBlockedRatio = times.clientBlockedRatio;
  // The clock of a door without a process of ours begins with its traffic.
  if (client.startedAtMs !== undefined && state?.startupMs !== undefined) row.startupMs = state.startupMs;
  if (hasStalls) {
    row.stallCount = client.stallCount + (state?.stallCount ?? 0);
    row.stallMs = client.stallMs + (state?.stallMs ?? 0);
    row.isStalled = isPlaying && state?.isStalled === true;
  }
  if (!isPlaying) return row as ClientRow;
  if (state?.behindLiveMs !== undefined) row.behindLiveMs = state.behindLiveMs;
  const stillMs = outTimeStillMs(client, state, atMs);
  if (stillMs !== undefined) row.outTimeStillMs = stillMs;
  return row as ClientRow;
}

function outTimeStillMs(client: Client, state: PlaybackState | undefined, atMs: number): number | undefined {
  if (client.outTimeAdvancedAtMs === undefined) return undefined;
  const stillMs = atMs - client.outTimeAdvancedAtMs;
  if (client.playsStream) return state?.isStalled === true ? stillMs : undefined;
  if (state?.targetDurationMs === undefined) return undefined;
  return stillMs > STILL_TARGET_DURATIONS * state.targetDurationMs ? stillMs : undefined;
}

/** A process of this client exists. */
export function isAlive(state: ClientState): boolean {
  return state === 'starting' || state === 'running' || state === 'stopping';
}

export function newClient(client: number): Client {
  return {
    client,
    state: 'created',
    process: 0,
    startedAtMs: undefined,
    model: undefined,
    streamModel: undefined,
    playsStream: false,
    hasStartup: false,
    stallCount: 0,
    stallMs: 0,
    playMs: 0,
    restarts: 0,
    restartsAtMs: [],
    speed: undefined,
    outTimeMs: undefined,
    outTimeAdvancedAtMs: undefined,
    endedAtMs: undefined,
    segments: 0,
    playlists: 0,
    failedRequests: 0,
    contentBytes: 0,
    times: undefined,
    exitCategory: undefined,
    exitReason: undefined,
  };
}
