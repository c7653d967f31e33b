// What is kept of one client, and how it reads as a row for screens and per-client series. It changes nothing.
import type { ExitCategory } from '../events.ts';
import { msToSeconds } from '../units.ts';
import type { ClientTimes } from './client-times.ts';
import type { PlaybackModel, PlaybackState } from './playback.ts';
import { STILL_TARGET_DURATIONS } from './player-sight.ts';
import type { StreamPlayback } from './stream-playback.ts';
import type { ClientQuantiles, ClientRow, ClientState, Snapshot } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

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
  segments: number;
  contentBytes: number;
  /** Made at the first transfer. */
  times: ClientTimes | undefined;
  exitCategory: ExitCategory | undefined;
  exitReason: string | undefined;
}

export interface RowContext {
  readonly atMs: number;
  /** Content of the client's streams that no record counts yet. */
  readonly openBytes: number;
  /** Traffic passed unseen: then none that was counted is unknown, not nothing. */
  readonly isBlind: boolean;
  /** false: neither segments nor progress say when a player stands still. */
  readonly hasStalls: boolean;
}

/** Drift and speeds over the rows, as the original's dashboards show them; the mean takes both signs. */
export function readDrift(rows: readonly ClientRow[]): Pick<Snapshot, 'drift' | 'speeds'> {
  const drifts = rows.flatMap(({ driftSeconds }) => (driftSeconds === undefined ? [] : [driftSeconds]));
  const speeds = rows.flatMap(({ speed }) => (speed === undefined ? [] : [speed]));
  return {
    drift: withoutAbsent<Snapshot['drift']>({
      averageSeconds: mean(drifts),
      maxSeconds: drifts.length === 0 ? undefined : Math.max(...drifts),
      highClients: drifts.filter((seconds) => seconds > HIGH_DRIFT_SECONDS).length,
    }),
    speeds: {
      above: speeds.filter((speed) => speed >= 1).length,
      below: speeds.filter((speed) => speed > 0 && speed < 1).length,
    },
  };
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
  const hasDrift = uptimeMs !== undefined && client.outTimeMs !== undefined;
  const contentBytes = client.contentBytes + openBytes;
  const isUnseen = isBlind && contentBytes === 0;
  const hasStalls = context.hasStalls && (client.playsStream || !isUnseen);
  const times = client.times?.read(atMs);
  return withoutAbsent<ClientRow>({
    client: client.client,
    state: client.state,
    uptimeMs,
    restarts: client.restarts,
    exitCategory: client.exitCategory,
    exitReason: client.exitReason,
    // A mean over the process's life: of one that has ended it is its last word.
    speed: client.speed,
    driftSeconds: hasDrift ? msToSeconds(uptimeMs - (client.outTimeMs ?? 0)) : undefined,
    segments: isUnseen ? undefined : client.segments,
    contentBytes: isUnseen ? undefined : contentBytes,
    waitMs: times?.waitMs ?? NO_QUANTILES,
    receiveMs: times?.receiveMs ?? NO_QUANTILES,
    clientBlockedRatio: times?.clientBlockedRatio,
    // The clock of a door without a process of ours begins with its traffic.
    startupMs: client.startedAtMs === undefined ? undefined : state?.startupMs,
    stallCount: hasStalls ? client.stallCount + (state?.stallCount ?? 0) : undefined,
    stallMs: hasStalls ? client.stallMs + (state?.stallMs ?? 0) : undefined,
    isStalled: hasStalls ? isPlaying && state?.isStalled === true : undefined,
    behindLiveMs: isPlaying ? state?.behindLiveMs : undefined,
    outTimeStillMs: isPlaying ? outTimeStillMs(client, state, atMs) : undefined,
  });
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

export function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
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
    segments: 0,
    contentBytes: 0,
    times: undefined,
    exitCategory: undefined,
    exitReason: undefined,
  };
}
