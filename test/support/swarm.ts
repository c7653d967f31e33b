// What the swarm's tests share: a command with every field set, capabilities of a made-up FFmpeg, a collector of events.
// It starts nothing by itself.
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import type { ClientEvent, Event } from '../../src/events.ts';
import { silentLog } from '../../src/log.ts';
import { seededRandom } from '../../src/random.ts';
import type { ClientCommand } from '../../src/swarm/arguments.ts';
import type { Capabilities } from '../../src/swarm/capabilities.ts';
import { Client, type ClientOptions } from '../../src/swarm/client.ts';
import type { ProcessDependencies } from '../../src/swarm/client-process.ts';
import { RestartPolicy } from '../../src/swarm/restart-policy.ts';
import type { SwarmOptions } from '../../src/swarm/swarm.ts';
import { fakeProgram } from './processes.ts';

const QUICK = { initialMs: 5, maxMs: 20, multiplier: 2, jitterRatio: 0 };

/** FFmpeg 5.1 as far as the arguments care. */
export const oldCapabilities: Capabilities = {
  path: 'ffmpeg',
  version: '5.1.9',
  release: [5, 1],
  hlsOptions: new Set(['max_reload', 'live_start_index', 'http_seekable']),
  httpOptions: new Set([
    ...['http_proxy', 'user_agent', 'headers', 'cookies', 'seekable', 'icy'],
    ...['reconnect', 'reconnect_streamed', 'reconnect_on_network_error', 'reconnect_delay_max'],
  ]),
  tlsOptions: new Set(['tls_verify', 'ca_file']),
  verifiesTls: false,
  hasDatetimeLevel: false,
  hasStatsPeriod: true,
};

/** FFmpeg 8 as far as the arguments care. */
export const newCapabilities: Capabilities = {
  ...oldCapabilities,
  version: '8.1.2',
  release: [8, 1],
  hlsOptions: new Set([...oldCapabilities.hlsOptions, 'seg_max_retry']),
  hasDatetimeLevel: true,
};

export const command: ClientCommand = {
  url: 'http://origin.example/live/stream.m3u8',
  isHls: true,
  isPaced: false,
  userAgent: 'hls-swarm/1.0',
  userAgentSuffix: true,
  client: 1,
  headers: [],
  noCache: false,
  cookies: [],
  browserLike: false,
  timeoutMs: 15_000,
  reconnect: true,
  reconnectDelaySeconds: 5,
  map: ['0'],
  stats: true,
  statsLogLevel: 'debug',
};

/** Options of a live swarm whose every client is `path`, for a test to complete. */
export function swarmCommand(path: string): Omit<SwarmOptions, 'clients' | 'rampRatePerSecond' | 'rampJitterMs'> {
  const { client: _client, doorUrl: _doorUrl, ...shared } = command;
  return {
    ...shared,
    seed: 1,
    capabilities: { ...oldCapabilities, path },
    isLive: true,
    statsBuffer: 1_000,
    maxRestarts: 0,
    restartOnStall: false,
    targetDurationMs: 6_000,
    verbose: false,
  };
}

/** Dependencies of a client whose events land in `events`. */
export function recorder(): ProcessDependencies & { readonly events: Event[]; clientEvents(): readonly ClientEvent[] } {
  const events: Event[] = [];
  return {
    clock: clockFrom(clockOrigin()),
    emit: (event) => events.push(event),
    log: silentLog,
    events,
    clientEvents: () => events.filter((event) => event.type === 'client'),
  };
}

/** Client 3 of a live stream, played by the fake FFmpeg of this kind, with everything it says; `maxRestarts` 0 = unlimited, `own` in the
 *  place of what is usual. */
export function clientOf(
  kind: string,
  options: Partial<ClientOptions> = {},
  maxRestarts = 0,
  own: Partial<ProcessDependencies> = {},
): ReturnType<typeof recorder> & { readonly client: Client; names(): readonly string[] } {
  const seen = recorder();
  const client = new Client(
    { ...seen, ...own },
    {
      client: 3,
      path: fakeProgram('fake-ffmpeg'),
      args: [kind],
      env: process.env,
      isLive: true,
      stats: true,
      statsBuffer: 1_000,
      verbose: false,
      ...options,
    },
    new RestartPolicy(seededRandom(1), maxRestarts, QUICK),
  );
  return { client, ...seen, names: () => seen.clientEvents().map(({ event }) => event) };
}
