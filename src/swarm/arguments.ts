// The argument list of one FFmpeg client, built anew for each client from plain data (pure; nothing is shared or changed).
// It does not probe or start anything. What the installed build does not take is left out and named in `omitted`.
import { msToUs } from '../units.ts';
import type { Capabilities } from './capabilities.ts';

export interface ClientCommand {
  readonly url: string;
  /** Options of the HLS demuxer are fatal for any other input. */
  readonly isHls: boolean;
  /** `-re`: read at the pace of the media. */
  readonly isPaced: boolean;
  /** The client's own door, `http://127.0.0.1:PORT`; absent = direct. */
  readonly doorUrl?: string;
  readonly userAgent: string;
  /** 1-based; becomes the end of the User-Agent. */
  readonly client: number;
  /** `Name: value`, without line ends. */
  readonly headers: readonly string[];
  readonly noCache: boolean;
  /** FFmpeg's `-rw_timeout`: the only one that reaches every request. */
  readonly timeoutMs: number;
  readonly reconnect: boolean;
  readonly reconnectDelaySeconds: number;
  /** `-seg_max_retry`; absent = FFmpeg's own default (on FFmpeg 7 the option can end the whole client). */
  readonly segmentRetries?: number;
  /** The value of each `-map`. */
  readonly map: readonly string[];
  /** false: no progress pipe and a quiet log, for a swarm without a parser. */
  readonly stats: boolean;
  readonly statsLogLevel: string;
  /** Who vouches for what the door shows, PEM; an option for https URLs only: with others it is fatal. */
  readonly caFile?: string;
}

export interface ClientArguments {
  readonly args: readonly string[];
  /** Options that were asked for and that this FFmpeg does not take. */
  readonly omitted: readonly string[];
}

export type Pace = 'auto' | 'realtime' | 'max';

/** FFmpeg 7 gives a client up after 3 reloads without news, and its retries use them up too; 5.1 allows 100. */
const MAX_RELOAD = '1000';
const NO_CACHE_HEADERS = ['Cache-Control: no-cache, no-store, must-revalidate', 'Pragma: no-cache'];
const SHELL_SAFE = /^[A-Za-z0-9_@%+=:,./?-]+$/;

export function clientArguments(command: ClientCommand, capabilities: Capabilities): ClientArguments {
  const omitted: string[] = [];
  const whenTaken = (taken: ReadonlySet<string>, name: string, value: string | undefined): readonly string[] => {
    if (value === undefined) return [];
    if (taken.has(name)) return [`-${name}`, value];
    omitted.push(`-${name}`);
    return [];
  };
  const { hlsOptions, httpOptions, tlsOptions } = capabilities;
  const http = (name: string, value: string | undefined): readonly string[] => whenTaken(httpOptions, name, value);
  const args = [
    ...['-hide_banner', '-nostdin', '-nostats'],
    ...logging(command, capabilities),
    ...http('http_proxy', command.doorUrl),
    ...http('user_agent', userAgentOf(command)),
    ...['-rw_timeout', String(Math.round(msToUs(command.timeoutMs)))],
    ...(command.isHls ? whenTaken(hlsOptions, 'max_reload', MAX_RELOAD) : []),
    ...(command.isHls ? whenTaken(hlsOptions, 'seg_max_retry', command.segmentRetries?.toString()) : []),
    ...(command.reconnect
      ? reconnecting(command.reconnectDelaySeconds).flatMap(([name, value]) => http(name, value))
      : []),
    ...http('headers', headerBlock(command)),
    ...whenTaken(tlsOptions, 'ca_file', command.url.startsWith('https:') ? command.caFile : undefined),
    ...(command.isPaced ? ['-re'] : []),
    ...['-i', command.url],
    ...command.map.flatMap((specifier) => ['-map', specifier]),
    ...['-c', 'copy', '-f', 'null', '-'],
  ];
  return { args, omitted };
}

/** Live streams pace themselves (`-re` would add back-pressure and 3-4 times the CPU); everything else is played, not drained. */
export function isPaced(pace: Pace, isLive: boolean): boolean {
  return pace === 'realtime' || (pace === 'auto' && !isLive);
}

/** The fields that every request of a client carries, and so every look of ours at the same stream. */
export function clientHeaders({ noCache, headers }: Pick<ClientCommand, 'noCache' | 'headers'>): readonly string[] {
  return [...(noCache ? NO_CACHE_HEADERS : []), ...headers];
}

/**
 * Without what would change FFmpeg behind our back: another proxy, colour codes inside the log, report files. The HLS
 * demuxer hands no `-ca_file` to what it opens; OpenSSL is told by the environment.
 */
export function clientEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  caFile?: string,
): Readonly<Record<string, string | undefined>> {
  return {
    ...env,
    AV_LOG_FORCE_COLOR: undefined,
    AV_LOG_FORCE_256COLOR: undefined,
    FFREPORT: undefined,
    ...(caFile === undefined ? {} : { SSL_CERT_FILE: caFile }),
  };
}

/** The command as a line that can be pasted into a POSIX shell (CR and LF are kept, inside quotes). */
export function printCommand(path: string, args: readonly string[]): string {
  return [path, ...args].map(shellQuoted).join(' ');
}

function logging(command: ClientCommand, capabilities: Capabilities): readonly string[] {
  if (!command.stats) return ['-loglevel', 'repeat+level+info'];
  const flags = capabilities.hasDatetimeLevel ? 'repeat+level+datetime' : 'repeat+level';
  const period = capabilities.hasStatsPeriod ? ['-stats_period', '1'] : [];
  return ['-loglevel', `${flags}+${command.statsLogLevel}`, '-progress', 'pipe:3', ...period];
}

/** They reach the first request only: the HLS demuxer does not hand them on to playlists and segments. */
function reconnecting(delaySeconds: number): readonly (readonly [string, string])[] {
  return [
    ['reconnect', '1'],
    ['reconnect_streamed', '1'],
    ['reconnect_on_network_error', '1'],
    ['reconnect_delay_max', String(delaySeconds)],
  ];
}

function userAgentOf(command: ClientCommand): string {
  return `${command.userAgent}/client-${command.client}`;
}

function headerBlock(command: ClientCommand): string | undefined {
  const lines = clientHeaders(command);
  return lines.length === 0 ? undefined : lines.map((line) => `${line}\r\n`).join('');
}

function shellQuoted(word: string): string {
  return SHELL_SAFE.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
