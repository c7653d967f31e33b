// What is kept of one client, and how it reads as a row for screens and per-client series. It changes nothing.
import { msToSeconds } from '../units.ts';
import type { PlaybackModel, PlaybackState } from './playback.ts';
import type { StreamPlayback } from './stream-playback.ts';
import type { ClientRow, ClientState, Snapshot } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

/** A client further behind its own clock than this is called drifting, as the original did. */
const HIGH_DRIFT_SECONDS = 5;

export interface Client {
  readonly client: number;
  state: ClientState;
  process: number;
  startedAtMs: number | undefined;
  model: PlaybackModel | undefined;
  /** Of the present process, by its own progress; counts when it plays a stream. */
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
  segments: number;
  contentBytes: number;
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

/** By its segments; of a stream, which has none, by FFmpeg's progress. */
export function playbackOf(client: Client, atMs: number): PlaybackState | undefined {
  const state = client.model?.read(atMs);
  return client.playsStream && (state?.segments ?? 0) === 0 ? client.streamModel?.read(atMs) : state;
}

/** `openBytes`: content of its streams that no record counts yet. */
export function rowOf(client: Client, atMs: number, openBytes = 0): ClientRow {
  const state = playbackOf(client, atMs);
  const uptimeMs = isAlive(client.state) && client.startedAtMs !== undefined ? atMs - client.startedAtMs : undefined;
  const hasDrift = uptimeMs !== undefined && client.outTimeMs !== undefined;
  return withoutAbsent<ClientRow>({
    client: client.client,
    state: client.state,
    uptimeMs,
    restarts: client.restarts,
    // A mean over the process's life: of one that has ended it is its last word.
    speed: client.speed,
    driftSeconds: hasDrift ? msToSeconds(uptimeMs - (client.outTimeMs ?? 0)) : undefined,
    segments: client.segments,
    contentBytes: client.contentBytes + openBytes,
    stallCount: client.stallCount + (state?.stallCount ?? 0),
    isStalled: isAlive(client.state) && state?.isStalled === true,
    behindLiveMs: isAlive(client.state) ? state?.behindLiveMs : undefined,
  });
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
    segments: 0,
    contentBytes: 0,
  };
}
