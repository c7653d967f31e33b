// Looks before anything starts: FFmpeg, the machine's limits, the stream, which variants the clients map.
// It starts no client; what cannot work ends here with a sentence and exit 1.
import type { Options } from '../config/options.ts';
import { Fetcher } from '../fetch.ts';
import type { Log } from '../log.ts';
import { clientHeaders } from '../swarm/arguments.ts';
import type { Capabilities } from '../swarm/capabilities.ts';
import { formatCheck } from '../swarm/check.ts';
import { preflight } from '../swarm/preflight.ts';
import { resolveMapping } from '../swarm/probe.ts';
import { CannotMeasure } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { unlessEnded } from './unless-ended.ts';

export interface Looked {
  readonly capabilities: Capabilities;
  readonly isHls: boolean;
  readonly isLive: boolean;
  /** Addresses of an endless transport stream: the asked one and where it redirects to. Empty for HLS. */
  readonly streamUrls: readonly string[];
  readonly targetDurationSeconds?: number;
  /** The value of each `-map`. */
  readonly map: readonly string[];
}

export interface LookContext {
  readonly url: string;
  readonly options: Options;
  readonly version: string;
  readonly log: Log;
  readonly terminal: Terminal;
}

const TUNNEL_NOTE =
  'hls-swarm: --tls tunnel: requests to https origins pass unseen; their bytes are counted, and the run counts as degraded\n';

/** @throws CannotMeasure with every failed check and its fix; at once when the run is ended meanwhile */
export async function look(context: LookContext): Promise<Looked> {
  // Programs that are being asked then die with us; the fetch could be waiting for a resolver that cannot be interrupted.
  return unlessEnded(context.terminal, inspect(context), 'the first client was started');
}

async function inspect({ url, options, version, log, terminal }: LookContext): Promise<Looked> {
  const { stderr, ending } = terminal;
  const fetcher = new Fetcher({ version, verifiesTls: !options.dangerous });
  const headers = clientHeaders(options);
  const seen = await preflight(fetcher, {
    url,
    clients: options.clients,
    ffmpegPath: options.ffmpegPath,
    skipsLimits: options.skipPreflight,
    headers,
    timeoutMs: options.timeoutMs,
    signal: ending,
  });
  await fetcher.close();
  // Nobody reads it any more.
  ending.throwIfAborted();
  for (const check of seen.checks) {
    log.debug({ check: check.name, level: check.level, detail: check.detail }, 'preflight');
    if (check.level === 'warn') stderr.write(`${formatCheck(check)}\n`);
  }
  const { capabilities } = seen;
  if (!seen.ok || capabilities === undefined) {
    const failed = seen.checks.filter(({ ok }) => !ok).map(formatCheck);
    throw new CannotMeasure(`preflight failed\n${failed.join('\n')}`);
  }
  const mapping = await resolveMapping({
    url,
    variant: options.variant,
    failurePolicy: options.probeFailurePolicy,
    ffmpegPath: options.ffmpegPath,
    userAgent: `hls-swarm-probe/${version}`,
    headers,
    timeoutMs: options.timeoutMs,
  });
  if (!mapping.ok) throw new CannotMeasure(mapping.reason);
  if (mapping.note !== undefined) stderr.write(`hls-swarm: ${mapping.note}\n`);
  if (options.tls === 'tunnel' && !options.noProxy && url.startsWith('https:')) stderr.write(TUNNEL_NOTE);
  const { isHls, isLive, streamUrls, targetDurationSeconds } = seen;
  return {
    capabilities,
    isHls,
    isLive,
    streamUrls,
    map: mapping.map,
    ...(targetDurationSeconds === undefined ? {} : { targetDurationSeconds }),
  };
}
