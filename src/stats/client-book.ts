// One row per client: the life of its FFmpeg processes, what the tap carried for it, and the modelled player behind its door.
// It starts and stops nothing; of former processes only totals stay, so restarts cost no memory.
import type {
  ClientEvent,
  PlaylistEvent,
  ProgressEvent,
  SegmentListedEvent,
  StreamEvent,
  TransferEvent,
} from '../events.ts';
import { msToSeconds, SECONDS_PER_MINUTE, secondsToMs, usToMs } from '../units.ts';
import { type Client, countTransfer, isAlive, newClient, playbackOf, rowOf, sumsOf } from './client-rows.ts';
import { ClientTimes } from './client-times.ts';
import { ExitCounts } from './exit-counts.ts';
import { PlaybackModel } from './playback.ts';
import { MediaTimeline } from './playback-timeline.ts';
import { BY_SEGMENTS, type PlayerSight } from './player-sight.ts';
import { isOk } from './proxy-account.ts';
import { BucketCounter, PhaseQuantiles } from './quantiles.ts';
import { Sketch } from './sketch.ts';
import { StreamPlayback } from './stream-playback.ts';
import type { ClientRow, Snapshot, Summary } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

/** Seconds; the original system's buckets of process uptimes, up to two hours. */
const UPTIME_BOUNDS = [1, 5, 30, 60, 300, 600, 1800, 3600, 7200] as const;
/** Restarts within a minute that make a client worth a finding: a lost playlist restarts once. */
const RESTARTING_COUNT = 3;
const RESTARTING_WINDOW_MS: number = secondsToMs(SECONDS_PER_MINUTE);
/** FFmpeg quotes whole URLs; a row needs the beginning, which is what went wrong. */
const MAX_REASON_LENGTH = 300;

/** The clients at one instant. */
export interface ReadClients {
  readonly rows: readonly ClientRow[];
  readonly stallCount: number;
  readonly stallMs: number;
  readonly playMs: number;
}

export class ClientBook {
  readonly timeline: MediaTimeline = new MediaTimeline();
  readonly #clients = new Map<number, Client>();
  readonly #exits = new ExitCounts();
  readonly #startupMs = new PhaseQuantiles();
  readonly #behindLiveMs = new PhaseQuantiles();
  readonly #uptimes = new BucketCounter(UPTIME_BOUNDS);
  readonly #uptimeSketch = new Sketch();
  #starts = 0;
  #restarts = 0;
  #peakActive = 0;
  #exitedCpuSeconds: number | undefined;
  #firstStartMs: number | undefined;
  #lastFirstStartMs: number | undefined;
  #clientsStarted = 0;
  readonly #sight: PlayerSight;
  readonly #clientTimeoutMs: number | undefined;

  /** `clientTimeoutMs`: after how much silence a client gives an answer up, where it is known. */
  constructor(sight: PlayerSight = BY_SEGMENTS, clientTimeoutMs?: number) {
    this.#sight = sight;
    this.#clientTimeoutMs = clientTimeoutMs;
  }

  /** Clients whose first process has been started. */
  get clientsStarted(): number {
    return this.#clientsStarted;
  }

  get firstStartMs(): number | undefined {
    return this.#firstStartMs;
  }

  /** When the newest client was started for the first time. */
  get lastFirstStartMs(): number | undefined {
    return this.#lastFirstStartMs;
  }

  get active(): number {
    let active = 0;
    for (const { state } of this.#clients.values()) if (isAlive(state)) active += 1;
    return active;
  }

  event(event: ClientEvent): void {
    const client = this.#clientOf(event.client);
    if (event.event === 'start') this.#start(client, event);
    else if (event.event === 'stop') this.#stop(client, event);
    else if (event.event === 'exit') this.#exit(client, event);
    else if (event.process >= client.process) client.state = 'backoff';
    this.#peakActive = Math.max(this.#peakActive, this.active);
  }

  transfer(event: TransferEvent): void {
    const client = this.#clientOf(event.client);
    countTransfer(client, event, this.#clientTimeoutMs);
    client.times ??= new ClientTimes();
    client.times.transfer(event);
    if (event.process === 0) client.state = 'running';
    if (event.kind !== 'segment' || !isOk(event)) return;
    if (client.state === 'starting') client.state = 'running';
    const isCurrent = event.process === client.process;
    if (!isCurrent) return;
    this.#modelOf(client, event.startedAtMs).segment(event);
    this.#noteStartup(client, event.startedAtMs + event.totalMs);
  }

  stream(event: StreamEvent): void {
    const client = this.#clientOf(event.client);
    client.times ??= new ClientTimes();
    client.times.stream(event);
    if (event.process === 0) client.state = 'running';
    if (event.process !== client.process) return;
    client.playsStream = true;
    this.#noteStartup(client, event.atMs);
  }

  playlist(event: PlaylistEvent): void {
    const client = this.#clientOf(event.client);
    if (client.process === event.process) this.#modelOf(client, event.atMs).playlist(event);
  }

  segmentListed(event: SegmentListedEvent): void {
    this.timeline.listed(event);
  }

  progress(event: ProgressEvent): void {
    const client = this.#clientOf(event.client);
    if (event.process !== client.process) return;
    if (client.state === 'starting') client.state = 'running';
    if (event.speed !== undefined) client.speed = event.speed;
    if (event.outTimeUs === undefined) return;
    const outTimeMs = usToMs(event.outTimeUs);
    if (outTimeMs > (client.outTimeMs ?? 0)) client.outTimeAdvancedAtMs = event.atMs;
    client.outTimeMs = outTimeMs;
    client.streamModel?.progress(event.outTimeUs, event.atMs);
    if (client.playsStream) this.#noteStartup(client, event.atMs);
  }

  /** Once per second: how far behind the live edge the playing clients are; returns how far the furthest is. */
  tick(atMs: number): number | undefined {
    let most: number | undefined;
    for (const { state, model } of this.#clients.values()) {
      const behindLiveMs = isAlive(state) ? model?.behindLiveMs : undefined;
      if (behindLiveMs === undefined) continue;
      this.#behindLiveMs.record(behindLiveMs, atMs);
      most = Math.max(most ?? 0, behindLiveMs);
    }
    return most;
  }

  /** Clients that restarted often within the last minute. */
  restarting(atMs: number): { readonly client: number; readonly restarts: number }[] {
    const restarting: { readonly client: number; readonly restarts: number }[] = [];
    for (const { client, restarts, restartsAtMs } of this.#clients.values()) {
      const first = restartsAtMs.at(-RESTARTING_COUNT);
      if (first !== undefined && atMs - first <= RESTARTING_WINDOW_MS) restarting.push({ client, restarts });
    }
    return restarting;
  }

  readSummary(
    { rows, stallCount, stallMs, playMs }: ReadClients,
    target: number,
    atMs: number,
    liveCpuSeconds: number | undefined,
  ): Summary['clients'] {
    const { speeds, speedSum, stalled, outTimeStalled } = sumsOf(rows);
    const { hasStalls, hasOutTime } = this.#sight;
    return withoutAbsent<Summary['clients']>({
      target,
      peakActive: this.#peakActive,
      active: this.active,
      starts: this.#starts,
      restarts: this.#restarts,
      averageSpeed: speeds === 0 ? undefined : speedSum / speeds,
      cpuSeconds: liveCpuSeconds ?? this.#exitedCpuSeconds,
      ...this.#exits.read(),
      playback: withoutAbsent<Summary['clients']['playback']>({
        startupMs: this.#startupMs.read(atMs),
        stalled: hasStalls ? stalled : undefined,
        outTimeStalled: hasOutTime ? outTimeStalled : undefined,
        stallCount: hasStalls ? stallCount : undefined,
        stallSeconds: hasStalls ? msToSeconds(stallMs) : undefined,
        stallRatio: playMs > 0 && hasStalls ? stallMs / playMs : undefined,
        behindLiveMs: this.#behindLiveMs.read(atMs),
      }),
    });
  }

  /**
   * Rows in order; clients up to `target` that have not been heard of are `created`. `isBlind`: traffic passed unseen, so that
   * none that was counted is unknown.
   */
  read(target: number, atMs: number, openBytes: ReadonlyMap<number, number>, isBlind: boolean): ReadClients {
    const sum = { stallCount: 0, stallMs: 0, playMs: 0 };
    const { hasStalls } = this.#sight;
    const rows = [...this.#clients.values()].map((client) => {
      const state = playbackOf(client, atMs);
      sum.stallCount += client.stallCount + (state?.stallCount ?? 0);
      sum.stallMs += client.stallMs + (state?.stallMs ?? 0);
      sum.playMs += client.playMs + (state?.playMs ?? 0);
      return rowOf(client, state, { atMs, openBytes: openBytes.get(client.client) ?? 0, isBlind, hasStalls });
    });
    for (let client = 1; client <= target; client += 1) {
      if (this.#clients.has(client)) continue;
      rows.push(rowOf(newClient(client), undefined, { atMs, openBytes: 0, isBlind, hasStalls }));
    }
    return { rows: rows.sort((a, b) => a.client - b.client), ...sum };
  }

  readUptimes(): Pick<Snapshot, 'clientUptimeSeconds' | 'uptimeQuantilesSeconds'> {
    const quantiles = withoutAbsent<Snapshot['uptimeQuantilesSeconds']>({
      p50: this.#uptimeSketch.quantile(0.5),
      p95: this.#uptimeSketch.quantile(0.95),
      p99: this.#uptimeSketch.quantile(0.99),
    });
    return { clientUptimeSeconds: this.#uptimes.read(), uptimeQuantilesSeconds: quantiles };
  }

  #start(client: Client, { process, atMs }: ClientEvent): void {
    this.#foldPlayback(client, atMs);
    this.#starts += 1;
    this.#firstStartMs ??= atMs;
    if (client.startedAtMs === undefined) {
      this.#clientsStarted += 1;
      this.#lastFirstStartMs = atMs;
    } else if (client.exitCategory !== 'success') {
      // A process after one that played to the end is the next round of a loop.
      this.#restarts += 1;
      client.restarts += 1;
      client.restartsAtMs = [...client.restartsAtMs, atMs].slice(-RESTARTING_COUNT);
    }
    client.state = 'starting';
    client.process = process;
    client.startedAtMs = atMs;
    client.model = new PlaybackModel(atMs, this.timeline);
    client.streamModel = new StreamPlayback(atMs, this.#sight.stalledAfterMs);
    client.playsStream = this.#sight.byProgress;
    client.hasStartup = false;
    client.speed = undefined;
    client.outTimeMs = undefined;
    client.outTimeAdvancedAtMs = undefined;
    client.endedAtMs = undefined;
  }

  #stop(client: Client, event: ClientEvent): void {
    if (event.process < client.process) return;
    client.endedAtMs ??= event.atMs;
    client.state = isAlive(client.state) ? 'stopping' : 'stopped';
    client.model?.end(event.atMs);
    client.streamModel?.end(event.atMs);
  }

  #exit(client: Client, event: ClientEvent): void {
    this.#exits.add(event);
    if (event.cpuSeconds !== undefined) this.#exitedCpuSeconds = (this.#exitedCpuSeconds ?? 0) + event.cpuSeconds;
    if (event.uptimeMs !== undefined) {
      this.#uptimes.observe(msToSeconds(event.uptimeMs));
      this.#uptimeSketch.add(msToSeconds(event.uptimeMs));
    }
    client.exitCategory = event.category;
    client.exitReason = event.reason?.slice(0, MAX_REASON_LENGTH);
    if (event.process < client.process) return;
    client.endedAtMs ??= event.atMs;
    client.state = 'stopped';
    client.model?.end(event.atMs);
    client.streamModel?.end(event.atMs);
  }

  #noteStartup(client: Client, atMs: number): void {
    if (client.hasStartup || client.startedAtMs === undefined) return;
    const startupMs = playbackOf(client, atMs)?.startupMs;
    if (startupMs === undefined) return;
    client.hasStartup = true;
    this.#startupMs.record(startupMs, atMs);
  }

  #foldPlayback(client: Client, atMs: number): void {
    const state = playbackOf(client, atMs);
    if (state === undefined) return;
    client.stallCount += state.stallCount;
    client.stallMs += state.stallMs;
    client.playMs += state.playMs;
  }

  /** A door without a process of ours has no start: its player's clock begins with what is seen of it first. */
  #modelOf(client: Client, atMs: number): PlaybackModel {
    client.model ??= new PlaybackModel(atMs, this.timeline);
    return client.model;
  }

  #clientOf(number: number): Client {
    const known = this.#clients.get(number);
    if (known !== undefined) return known;
    const client = newClient(number);
    this.#clients.set(number, client);
    return client;
  }
}
