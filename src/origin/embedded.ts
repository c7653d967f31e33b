// Starts and stops the embedded origin's process for the main program, and relays its account of each request.
// It serves and measures nothing itself, and does not restart an origin that ended: a run without one is told so.
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OriginRequestEvent } from '../events.ts';
import type { Log } from '../log.ts';
import { type Program, runProgram, startProgram } from '../process.ts';
import { removeTemporaryFolder } from '../temporary-folder.ts';
import { KIB, MS_PER_SECOND, msToSeconds } from '../units.ts';
import type { AccessLine } from './account.ts';
import type { OriginAddresses } from './live-origin.ts';
import { lineReader, type OriginMessage, type OriginOrder } from './messages.ts';
import type { ProfileName } from './profiles.ts';

/** What the origin says of one request; the caller adds its own instant. */
export type OriginRequest = Omit<OriginRequestEvent, 'type' | 'atMs'>;

export interface EmbeddedOriginOptions {
  readonly profile: ProfileName;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  readonly accessLogFile?: string;
  /** Default `ffmpeg`. */
  readonly ffmpegPath?: string;
  /** Once per ended request, in order per connection. */
  readonly onRequest?: (request: OriginRequest) => void;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
  readonly log: Log;
}

export interface EmbeddedOrigin extends OriginAddresses {
  readonly pid: number;
  /** Resolves with a sentence when it ended without being asked to; never otherwise. */
  readonly broken: Promise<string>;
  /** Resolves when it is gone with its FFmpeg and its folder, and the last request was handed over. */
  stop(): Promise<void>;
}

/** Encoding the loop on a slow machine and the wait for the first list, both limited in the origin itself, and some. */
const START_LIMIT_MS = 90 * MS_PER_SECOND;
const STOP_GRACE_MS = 2_500;
const PROBE_LIMIT_MS = 2 * MS_PER_SECOND;

/**
 * Resolves when a playlist with at least three segments is served.
 * @throws Error of one sentence: FFmpeg missing or failing, port taken, cache folder or access log not writable
 */
export async function startEmbeddedOrigin(options: EmbeddedOriginOptions): Promise<EmbeddedOrigin> {
  const { promise: said, resolve: says } = Promise.withResolvers<OriginMessage>();
  const { promise: broken, resolve: breaks } = Promise.withResolvers<string>();
  let failure: string | undefined;
  const program = await startProcess(options, (message) => {
    if (message.type === 'failed') failure = message.reason;
    says(message);
  });
  let isStopping = false;
  const gone = program.exited.then(({ signal, code, failure: notStarted }) => {
    failure ??= notStarted ?? `The origin's process ended (${signal ?? `exit code ${code}`}).`;
    if (!isStopping) breaks(failure);
  });
  const live = await firstMessage(said, gone, options.signal);
  if (live?.type !== 'live' || program.pid === undefined) {
    isStopping = true;
    await program.stop({ graceMs: STOP_GRACE_MS });
    options.signal?.throwIfAborted();
    throw new Error(failure ?? `The origin has not become live within ${msToSeconds(START_LIMIT_MS)} s.`);
  }
  // After a SIGKILL nobody else can; process.ts sends it when we exit without having stopped the origin.
  const empty = (): void => removeTemporaryFolder(live.workFolder);
  process.once('exit', empty);
  const emptied = gone.then(() => {
    process.off('exit', empty);
    empty();
  });
  void broken.then((reason) => options.log.error({ reason }, 'origin_broken'));
  const { url, metricsUrl, listingUrl } = live;
  options.log.info({ url, metricsUrl, listingUrl, pid: program.pid }, 'origin_live');
  const stop = async (): Promise<void> => {
    isStopping = true;
    await program.stop({ graceMs: STOP_GRACE_MS });
    await emptied;
  };
  return { url, metricsUrl, listingUrl, pid: program.pid, broken, stop };
}

async function startProcess(
  options: EmbeddedOriginOptions,
  onMessage: (message: OriginMessage) => void,
): Promise<Program> {
  const { accessLogFile, onRequest, log } = options;
  const order: OriginOrder = {
    profile: options.profile,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    ffmpegPath: options.ffmpegPath ?? 'ffmpeg',
    ...(accessLogFile === undefined ? {} : { accessLogFile }),
  };
  const [command = process.execPath, ...args] = [
    ...(await gentleDeathPrefix()),
    process.execPath,
    entry(),
    JSON.stringify(order),
  ];
  return startProgram(command, args, {
    stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', fd3: 'pipe' },
    onStdout: lineReader((line) => onMessage(JSON.parse(line) as OriginMessage)),
    onStderr: lineReader((line) => log.warn({ line }, 'origin_said')),
    onFd3: lineReader((line) => onRequest?.(asRequest(JSON.parse(line) as AccessLine))),
  });
}

/** main.ts beside this file; main.js in a built package. */
function entry(): string {
  return fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
}

/**
 * process.ts has the kernel SIGKILL a child when we die. The origin can do better, as its stdin ends then too: with a
 * SIGTERM it removes its folder as well, and its FFmpeg still dies with it.
 */
async function gentleDeathPrefix(): Promise<readonly string[]> {
  const prefix = ['setpriv', '--pdeathsig', 'TERM', '--'];
  const [command = '', ...args] = [...prefix, process.execPath, '--version'];
  const probe = await runProgram(command, args, { timeoutMs: PROBE_LIMIT_MS, maxBytes: KIB });
  return probe.code === 0 ? prefix : [];
}

/** Undefined when it ended, was given up or took too long before it said anything. */
async function firstMessage(
  said: Promise<OriginMessage>,
  gone: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<OriginMessage | undefined> {
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<undefined>();
  const limit = setTimeout(() => giveUp(undefined), START_LIMIT_MS);
  const onAbort = (): void => giveUp(undefined);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const message = await Promise.race([said, gone.then(() => undefined), givenUp]);
  clearTimeout(limit);
  signal?.removeEventListener('abort', onAbort);
  return message;
}

function asRequest(line: AccessLine): OriginRequest {
  return {
    remotePort: line.remote_port,
    connection: line.connection,
    requestIndex: line.connection_requests,
    method: line.method,
    path: line.uri,
    status: line.status,
    bytesSent: line.bytes_sent,
    bodyBytesSent: line.body_bytes_sent,
    completed: line.completed,
    ...(line.injected === undefined ? {} : { injected: line.injected }),
    ...(line.user_agent === undefined ? {} : { userAgent: line.user_agent }),
  };
}
