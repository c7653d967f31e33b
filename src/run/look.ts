// Looks before anything starts: FFmpeg, the machine's limits, the stream, which variants the clients map.
// It starts no client; what cannot work ends here with a sentence and exit 1.
import type { Options } from '../config/options.ts';
import { clientHeaders } from '../swarm/arguments.ts';
import type { Capabilities } from '../swarm/capabilities.ts';
import { type Check, havePassed } from '../swarm/check.ts';
import { type Preflight, preflight } from '../swarm/preflight.ts';
import { resolveMapping } from '../swarm/probe.ts';
import { CannotMeasure } from './exit-codes.ts';
import type { House } from './house.ts';
import { omittedNote } from './omitted-note.ts';
import { lookFetcher, mappingOptions } from './own-look.ts';
import { refusal, takenPortCheck, tellChecks } from './preflight-lines.ts';
import { isPrepared } from './preparing.ts';
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
  /** Everything that was looked at, and what it was found to be. */
  readonly checks: readonly Check[];
  readonly stream?: NonNullable<Preflight['stream']>;
}

export interface LookContext {
  readonly url: string;
  readonly options: Options;
  readonly house: House;
  /** What is known already: it stands among the others. */
  readonly known: readonly Check[];
}

const TUNNEL_NOTE =
  'hls-swarm: --tls tunnel: requests to https origins pass unseen; their bytes are counted, and the run counts as degraded\n';
const LOOP_NOTE = 'hls-swarm: --loop: the stream has no end, so nothing starts over\n';
const START_NOTE = 'hls-swarm: --live-start-index: the stream is no live HLS; it is played from its beginning\n';

/** @throws CannotMeasure with every check and its fix; at once when the run is ended meanwhile */
export async function look(context: LookContext): Promise<Looked> {
  // Programs that are being asked then die with us; the fetch could be waiting for a resolver that cannot be interrupted.
  return unlessEnded(context.house.terminal, inspect(context), 'the first client was started');
}

/** A taken port is no reason to keep quiet about the rest. @throws always: CannotMeasure with every check, or `error` itself */
export async function lookAfterFailure(error: unknown, context: Omit<LookContext, 'known'>): Promise<never> {
  const taken = error instanceof CannotMeasure ? takenPortCheck(error, context.options) : undefined;
  if (taken !== undefined) await look({ ...context, known: [taken] });
  throw error;
}

async function inspect(context: LookContext): Promise<Looked> {
  const { url, options, house } = context;
  const { stderr } = house.terminal;
  const seen = await seenBefore(context);
  const { capabilities, stream } = seen;
  const checks = [...seen.checks, ...context.known];
  if (capabilities === undefined || !havePassed(checks)) throw refusal(checks, house);
  tellChecks(checks, house);
  const mapping = await resolveMapping(mappingOptions(url, options, stream?.description));
  if (!mapping.ok) throw new CannotMeasure(mapping.reason);
  if (mapping.note !== undefined) stderr.write(`hls-swarm: ${mapping.note}\n`);
  if (options.tls === 'tunnel' && !options.noProxy && url.startsWith('https:')) stderr.write(TUNNEL_NOTE);
  if (options.loop && seen.isLive) stderr.write(LOOP_NOTE);
  if (options.liveStartIndex !== undefined && !(seen.isHls && seen.isLive)) stderr.write(START_NOTE);
  const { isHls, isLive, streamUrls, targetDurationSeconds } = seen;
  const looked = { capabilities, isHls, isLive, streamUrls, map: mapping.map };
  const omitted = omittedNote({ url, options, looked });
  if (omitted !== undefined) stderr.write(omitted);
  return {
    ...looked,
    checks,
    ...(stream === undefined ? {} : { stream }),
    ...(targetDurationSeconds === undefined ? {} : { targetDurationSeconds }),
  };
}

async function seenBefore({ url, options, house }: LookContext): Promise<Preflight> {
  const { ending } = house.terminal;
  const fetcher = lookFetcher(url, options);
  const seen = await preflight(fetcher, {
    url,
    clients: options.clients,
    rampRatePerSecond: options.rampRatePerSecond,
    isPrepared: isPrepared(options),
    isTapped: !options.noProxy,
    pace: options.pace,
    variant: options.variant,
    ffmpegPath: options.ffmpegPath,
    skipsLimits: options.skipPreflight,
    headers: clientHeaders(options),
    timeoutMs: options.timeoutMs,
    signal: ending,
  });
  await fetcher.close();
  // Nobody reads it any more.
  ending.throwIfAborted();
  return seen;
}
