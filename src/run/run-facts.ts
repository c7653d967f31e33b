// What is true of a run from its beginning: the first record of the journal, and the ledger's options from it. Pure.
// It measures nothing.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { RunEvent } from '../events.ts';
import { msToSeconds } from '../units.ts';

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
  readonly hasAccessLog: boolean;
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
    ...(input.isTapped ? { upstream: input.options.upstream } : {}),
    durationSeconds: msToSeconds(input.options.durationMs),
    isLive: input.isLive,
    isTapped: input.isTapped,
    hasAccessLog: input.hasAccessLog,
  };
}
