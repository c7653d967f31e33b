// The embedded live origin put together: work folder, loop, live remux, store, account, server. One per process.
// It handles no signal and prints nothing; main.ts and command.ts do.
import { type AddressInfo, isIPv6 } from 'node:net';
import { clockFrom, clockOrigin } from '../clock.ts';
import type { FaultRule } from '../faults/rule.ts';
import { LineFile } from '../log.ts';
import { removeTemporaryFolder } from '../temporary-folder.ts';
import { MS_PER_SECOND, msToSeconds } from '../units.ts';
import { type AccessLine, Account } from './account.ts';
import { OriginFaults } from './faults.ts';
import { startFfmpeg } from './ffmpeg.ts';
import { openLiveMedia } from './live-media.ts';
import { ensureLoop } from './loop.ts';
import { folderBytes, PLAYLIST_NAME, PROFILES, type ProfileName, remuxArguments } from './profiles.ts';
import { createOriginServer, LISTING_PATH, MEDIA_PATH, METRICS_PATH } from './server.ts';
import { createWorkFolder } from './work-folder.ts';

export interface LiveOriginOptions {
  readonly profile: ProfileName;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Appended to, one JSON line per request. A pipe whose reader stalls loses what it has not taken a second after the end. */
  readonly accessLogFile?: string;
  readonly ffmpegPath: string;
  /** Faults on purpose in its own answers, and the seed of their chances. */
  readonly faults?: readonly FaultRule[];
  readonly seed?: number;
  /** Gives up the start: it rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface OriginAddresses {
  readonly url: string;
  readonly metricsUrl: string;
  readonly listingUrl: string;
}

export interface LiveOrigin extends OriginAddresses {
  readonly workFolder: string;
  /** Resolves with a sentence when the stream broke; never when it was stopped. */
  readonly broken: Promise<string>;
  /** Ends the remux and every connection, writes the last lines, removes the folder. */
  stop(): Promise<void>;
}

/** The first list comes in one burst; this is for a machine on its knees. */
const LIVE_LIMIT_MS = 20 * MS_PER_SECOND;
const REMUX_GRACE_MS = MS_PER_SECOND;

/**
 * Resolves when the stream is live: a playlist with at least three segments is served.
 * @throws Error of one sentence (port taken, FFmpeg missing or failing, folder or log file not writable); nothing is left then
 */
export async function startLiveOrigin(
  options: LiveOriginOptions,
  onLine: (line: AccessLine) => void,
): Promise<LiveOrigin> {
  const clock = clockFrom(clockOrigin());
  await using endings = new AsyncDisposableStack();
  const { promise: broken, resolve: breaks } = Promise.withResolvers<string>();
  const { promise: live, resolve: onLive } = Promise.withResolvers<void>();
  const log = openAccessLog(options.accessLogFile, breaks);
  endings.defer(async () => log?.close());
  const profile = PROFILES[options.profile];
  const workFolder = await createWorkFolder(clock.wallMs(), folderBytes(profile));
  endings.defer(() => removeTemporaryFolder(workFolder));
  const { store, isLive } = openLiveMedia({ profile, folder: workFolder, clock, onLive, onFailure: breaks });
  endings.defer(() => store.close());
  const account = new Account(clock, (line) => {
    log?.write(`${JSON.stringify(line)}\n`);
    onLine(line);
  });
  const { faults: rules = [], seed = 0 } = options;
  const onInjected: typeof account.inject = (response, fault) => account.inject(response, fault);
  const faults = rules.length === 0 ? {} : { faults: new OriginFaults({ rules, seed, clock, onInjected }) };
  const server = createOriginServer({ store, account, isLive, ...faults });
  endings.defer(() => server.close());
  await listen(server, options);
  const loopFile = await ensureLoop({ ...options, workFolder });
  endings.defer(startRemux(options, loopFile, workFolder, breaks));
  await untilLive(live, broken, options.signal);
  const ending = endings.move();
  return {
    ...addresses(options.host, (server.server.address() as AddressInfo).port),
    workFolder,
    broken,
    stop: () => ending.disposeAsync(),
  };
}

function openAccessLog(file: string | undefined, onFailure: (reason: string) => void): LineFile | undefined {
  if (file === undefined) return undefined;
  const sentence = (reason: string): string => `The access log ${file} cannot be written: ${reason}`;
  try {
    return new LineFile(file, (reason) => onFailure(sentence(reason)));
  } catch (error) {
    throw new Error(sentence((error as Error).message));
  }
}

async function listen(server: ReturnType<typeof createOriginServer>, { host, port }: LiveOriginOptions): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} on ${host} is taken: choose another with --port, or 0 for a free one.`);
    throw new Error(`The origin cannot listen on ${host}, port ${port}: ${message}`);
  }
}

/** Hands back how to stop it. */
function startRemux(
  { profile, ffmpegPath, signal }: LiveOriginOptions,
  loopFile: string,
  workFolder: string,
  onBreak: (reason: string) => void,
): () => Promise<void> {
  const remux = startFfmpeg({
    ffmpegPath,
    arguments: remuxArguments(PROFILES[profile], loopFile),
    folder: workFolder,
    signal,
  });
  let isStopping = false;
  void remux.reason.then((reason) => {
    if (!isStopping) onBreak(`The live remux of profile '${profile}' ended: ${reason}`);
  });
  return async () => {
    isStopping = true;
    await remux.program.stop({ graceMs: REMUX_GRACE_MS });
  };
}

/** @throws Error with the reason: it broke, it was given up, it took too long */
async function untilLive(live: Promise<void>, broken: Promise<string>, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(LIVE_LIMIT_MS);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  for (const one of [signal, limit]) one.addEventListener('abort', () => end(), { once: true });
  const reason = await Promise.race([live, broken, ended]);
  signal.throwIfAborted();
  if (limit.aborted) throw new Error(`The stream has not become live within ${msToSeconds(LIVE_LIMIT_MS)} s.`);
  if (reason !== undefined) throw new Error(reason);
}

/** An address that listens everywhere is reached on the loopback. */
function addresses(host: string, port: number): OriginAddresses {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const base = `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
  return {
    url: `${base}${MEDIA_PATH}${PLAYLIST_NAME}`,
    metricsUrl: `${base}${METRICS_PATH}`,
    listingUrl: `${base}${LISTING_PATH}`,
  };
}
