// What is true of a run from its beginning: the first record of the journal, and the ledger's options from it. Pure.
// It measures nothing.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { LogLevel, OriginPath, RunEvent } from '../events.ts';
import type { LedgerOptions } from '../stats/ledger.ts';
import { readThreshold } from '../stats/threshold.ts';
import { msToSeconds } from '../units.ts';

/** That of the option table, for journals that were written before it was recorded. */
const DEFAULT_DROP_THRESHOLD = 0.01;

export interface RunFactsInput {
  readonly url: string;
  readonly options: Options;
  readonly clients: number;
  readonly version: string;
  readonly ffmpegVersion: string;
  readonly proxyWorkers: number;
  readonly seed: number;
  readonly isLive: boolean;
  readonly isTapped: boolean;
  /** Absent: nobody looked. */
  readonly isHls?: boolean;
  readonly hasAccessLog: boolean;
  /** Absent: no source of the origin counts packets, or nobody can tell. */
  readonly originPath?: OriginPath;
  readonly logLevel: LogLevel;
  readonly targetDurationSeconds?: number;
  /** Absent: players of which nobody knows it. */
  readonly clientTimeoutMs?: number;
  readonly clock: Clock;
}

export function runEvent(input: RunFactsInput): RunEvent {
  const startedAtWallMs = input.clock.wallMs();
  return {
    type: 'run',
    id: randomUUID(),
    startedAt: new Date(startedAtWallMs).toISOString(),
    startedAtWallMs,
    url: input.url,
    clients: input.clients,
    variant: input.options.variant,
    version: input.version,
    ffmpeg: input.ffmpegVersion,
    node: process.version,
    proxyWorkers: input.proxyWorkers,
    seed: input.seed,
    ...(input.isTapped ? { upstream: input.options.upstream, tls: input.options.tls } : {}),
    durationSeconds: msToSeconds(input.options.durationMs),
    isLive: input.isLive,
    isTapped: input.isTapped,
    ...(input.isHls === undefined ? {} : { isHls: input.isHls }),
    hasAccessLog: input.hasAccessLog,
    ...(input.originPath === undefined ? {} : { originPath: input.originPath }),
    logLevel: input.logLevel,
    ...(input.targetDurationSeconds === undefined ? {} : { targetDurationSeconds: input.targetDurationSeconds }),
    ...(input.clientTimeoutMs === undefined ? {} : { clientTimeoutMs: input.clientTimeoutMs }),
  };
}

/** Facts that only the recording side knows, put where a replay finds them. */
export function withLedgerFacts(
  run: RunEvent,
  { segmentCacheWindow, statsDropThreshold, originMetricsWindowMs, failIf }: Options,
  doorPorts: ReadonlyMap<number, number> | undefined,
): RunEvent {
  const ports = doorPorts === undefined ? undefined : [...doorPorts].toSorted(([one], [other]) => one - other);
  return {
    ...run,
    ...(segmentCacheWindow === undefined ? {} : { segmentCacheWindow }),
    statsDropThreshold,
    originMetricsWindowMs,
    ...(failIf.length === 0 ? {} : { failIf }),
    ...(ports === undefined ? {} : { doorPorts: ports.map(([, port]) => port) }),
  };
}

/** What the ledger is opened with: all of it is in the journal's first record. A journal without the options had the defaults. */
export function ledgerOptions(run: RunEvent): LedgerOptions {
  const { doorPorts, segmentCacheWindow, failIf = [] } = run;
  return {
    run,
    ...(segmentCacheWindow === undefined ? {} : { segmentCacheWindow }),
    statsDropThreshold: run.statsDropThreshold ?? DEFAULT_DROP_THRESHOLD,
    // The command line was refused with any other; a journal from elsewhere may name figures that are no more.
    thresholds: failIf.map(readThreshold).flatMap((read) => ('threshold' in read ? [read.threshold] : [])),
    ...(doorPorts === undefined ? {} : { doorPorts: new Map(doorPorts.map((port, at) => [at + 1, port])) }),
  };
}
