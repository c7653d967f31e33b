// The argument list of one FFmpeg client, built anew for each client from plain data (pure; nothing is shared or changed).
// It does not probe or start anything. What the installed build does not take is left out and named in `omitted`.
import { NO_CHARACTER_SETS } from '../character-sets.ts';
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
  /** End the User-Agent with the client's number. */
  readonly userAgentSuffix: boolean;
  /** 1-based. */
  readonly client: number;
  /** `Name: value`, without line ends. */
  readonly headers: readonly string[];
  readonly noCache: boolean;
  /** `name=value`, sent to the URL's own host and port only, beside those that it sets. */
  readonly cookies: readonly string[];
  /** No Icy-MetaData, and Range only for a listed byte range. */
  readonly browserLike: boolean;
  /** FFmpeg's `-rw_timeout`: the only one that reaches every request. */
  readonly timeoutMs: number;
  readonly reconnect: boolean;
  readonly reconnectDelaySeconds: number;
  /** `-seg_max_retry`; absent = FFmpeg's own default (on FFmpeg 7 the option can end the whole client). */
  readonly segmentRetries?: number;
  /** Segment of a live playlist to begin with, negative from its end; absent = FFmpeg's own choice. */
  readonly liveStartIndex?: number;
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
const OFF = '0';
const NO_CACHE_HEADERS = ['Cache-Control: no-cache, no-store, must-revalidate', 'Pragma: no-cache'];
const AUTHORITY = /^([A-Za-z]+):\/\/(?:[^/?#]*@)?([^/?#]*)/;
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
  const hls = (name: string, value: string | undefined): readonly string[] =>
    command.isHls ? whenTaken(hlsOptions, name, value) : [];
  const whenBrowserLike = command.browserLike ? OFF : undefined;
  const args = [
    ...['-hide_banner', '-nostdin', '-nostats'],
    ...logging(command, capabilities),
    ...http('http_proxy', command.doorUrl),
    ...http('user_agent', userAgentOf(command)),
    ...['-rw_timeout', String(Math.round(msToUs(command.timeoutMs)))],
    ...hls('max_reload', MAX_RELOAD),
    ...hls('seg_max_retry', command.segmentRetries?.toString()),
    ...hls('live_start_index', command.liveStartIndex?.toString()),
    ...hls('http_seekable', whenBrowserLike),
    ...http('seekable', whenBrowserLike),
    ...http('icy', whenBrowserLike),
    ...(command.reconnect
      ? reconnecting(command.reconnectDelaySeconds).flatMap(([name, value]) => http(name, value))
      : []),
    ...http('headers', headerBlock(command)),
    ...http('cookies', cookieJar(command)),
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

/**
 * Without what would change FFmpeg behind our back: another proxy, colour codes inside the log, report files. The HLS
 * demuxer hands no `-ca_file` to what it opens; OpenSSL is told by the environment.
 */
export function clientEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { caFile, version = '' }: { readonly caFile?: string | undefined; readonly version?: string } = {},
): Readonly<Record<string, string | undefined>> {
  return {
    ...env,
    AV_LOG_FORCE_COLOR: undefined,
    AV_LOG_FORCE_256COLOR: undefined,
    FFREPORT: undefined,
    ...environmentOfBuild(version),
    ...(caFile === undefined ? {} : { SSL_CERT_FILE: caFile }),
  };
}

/** What a build needs beside what is there already; those that are static say so in their version. */
export function environmentOfBuild(version: string): Readonly<Record<string, string>> {
  return version.includes('static') ? NO_CHARACTER_SETS : {};
}

/**
 * The command as one line that can be pasted into a POSIX shell, `env` before it. Line ends at the end of a word are left out:
 * FFmpeg adds them.
 */
export function printCommand(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...assignments, ...[path, ...args].map(shellWord)].join(' ');
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
  return command.userAgentSuffix ? `${command.userAgent}/client-${command.client}` : command.userAgent;
}

/** The fields that every request of a client carries, whatever its origin. */
export function clientHeaders({ noCache, headers }: Pick<ClientCommand, 'noCache' | 'headers'>): readonly string[] {
  return [...(noCache ? NO_CACHE_HEADERS : []), ...headers];
}

function headerBlock(command: ClientCommand): string | undefined {
  const lines = clientHeaders(command);
  return lines.length === 0 ? undefined : lines.map((line) => `${line}\r\n`).join('');
}

/**
 * As FFmpeg keeps them: one Set-Cookie value per line. It wants a path, which it compares with the request target as it sends
 * it: behind a door and in the clear that is the whole URL. Its domains have the port. What an origin sets there never comes
 * back (its Path is no URL), but takes the place of ours of the same name; with a blank before it FFmpeg takes ours for another.
 */
export function cookieJar({
  url,
  doorUrl,
  cookies,
}: Pick<ClientCommand, 'url' | 'doorUrl' | 'cookies'>): string | undefined {
  const [, scheme = '', authority = ''] = AUTHORITY.exec(url) ?? [];
  const isAbsoluteForm = doorUrl !== undefined && scheme.toLowerCase() === 'http';
  const path = isAbsoluteForm ? `${scheme}://${authority}/` : '/';
  const before = isAbsoluteForm ? ' ' : '';
  return cookies.length === 0
    ? undefined
    : cookies.map((cookie) => `${before}${cookie}; path=${path}; domain=${authority}`).join('\n');
}

/** One word on one line, whatever is in it: a line end goes through printf, the last one is left to FFmpeg. */
function shellWord(word: string): string {
  const text = word.replace(/[\r\n]+$/, '');
  if (!/[\r\n]/.test(text)) return SHELL_SAFE.test(text) ? text : shellQuoted(text);
  const format = text
    .replace(/[^\r\n]+/g, '%s')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n');
  const parts = text.split(/[\r\n]+/).filter((part) => part !== '');
  return `"$(printf '${format}' ${parts.map(shellQuoted).join(' ')})"`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
