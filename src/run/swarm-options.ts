// From options and what the look found to the swarm's own options. Pure.
// It decides nothing.
import type { Options } from '../config/options.ts';
import type { Tap } from '../proxy/tap.ts';
import { isPaced } from '../swarm/arguments.ts';
import type { SwarmOptions } from '../swarm/swarm.ts';
import type { Looked } from './look.ts';

export interface SwarmPlan {
  readonly url: string;
  readonly options: Options;
  readonly looked: Omit<Looked, 'checks'>;
  readonly seed: number;
  /** Absent with --no-proxy. */
  readonly tap: Tap | undefined;
  /** For clients that verify what the tap shows them. */
  readonly caFile?: string | undefined;
}

export function swarmOptions({ url, options, looked, seed, tap, caFile }: SwarmPlan): SwarmOptions {
  const { segRetry, stderrDir, liveStartIndex } = options;
  return {
    url,
    clients: options.clients,
    rampRatePerSecond: options.rampRatePerSecond,
    rampJitterMs: options.rampJitterMs,
    seed,
    capabilities: looked.capabilities,
    isHls: looked.isHls,
    isLive: looked.isLive,
    isPaced: isPaced(options.pace, looked.isLive),
    userAgent: options.userAgent,
    userAgentSuffix: options.userAgentSuffix,
    headers: options.headers,
    noCache: options.noCache,
    cookies: options.cookies,
    browserLike: options.browserLike,
    timeoutMs: options.timeoutMs,
    reconnect: options.reconnect,
    reconnectDelaySeconds: options.reconnectDelaySeconds,
    map: looked.map,
    stats: options.stats,
    statsLogLevel: options.statsLogLevel,
    statsBuffer: options.statsBufferLines,
    maxRestarts: options.maxRestarts,
    loops: options.loop && !looked.isLive,
    restartOnStall: options.restartOnStall,
    targetDurationMs: options.targetDurationMs,
    verbose: options.verbose,
    ...(caFile === undefined ? {} : { caFile }),
    ...(segRetry === undefined ? {} : { segmentRetries: segRetry }),
    ...(stderrDir === undefined ? {} : { stderrDir }),
    ...(liveStartIndex === undefined ? {} : { liveStartIndex }),
    ...(tap === undefined ? {} : doorHooks(tap)),
  };
}

/** The flags in shared memory go up before the process or the signal: no transfer can be younger than its flag. */
function doorHooks(tap: Tap): Pick<SwarmOptions, 'doorUrl' | 'beforeStart' | 'beforeStop' | 'hasEnded'> {
  return {
    doorUrl: (client) => tap.doorUrl(client),
    beforeStart: (client, process) => {
      tap.setProcess(client, process);
      tap.setStopping(client, false);
    },
    beforeStop: (client) => tap.setStopping(client, true),
    hasEnded: (client, process) => tap.door(client)?.get('endedProcess') === process,
  };
}
