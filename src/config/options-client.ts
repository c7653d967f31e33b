// The options of the FFmpeg clients: the program, its requests, its output. Pure data: a type and its rows.
import type { Command, OptionTable } from './option.ts';

export interface ClientOptions {
  readonly ffmpegPath: string;
  readonly userAgent: string;
  /** `/client-N` is added for each client. */
  readonly userAgentSuffix: boolean;
  readonly timeoutMs: number;
  readonly reconnect: boolean;
  readonly reconnectDelaySeconds: number;
  /** Absent: not passed. */
  readonly segRetry?: number;
  readonly stderrDir?: string;
  readonly noCache: boolean;
  /** Each `Name: value`. */
  readonly headers: readonly string[];
  /** Each `name=value`; of the host and port of the stream's URL. */
  readonly cookies: readonly string[];
  readonly browserLike: boolean;
  /** An address, or the name of another host, in place of the URL's host. */
  readonly resolve?: string;
  readonly dangerous: boolean;
  readonly printCmd: boolean;
  readonly check: boolean;
  readonly skipPreflight: boolean;
  readonly stats: boolean;
  readonly statsLogLevel: 'quiet' | 'panic' | 'fatal' | 'error' | 'warning' | 'info' | 'verbose' | 'debug' | 'trace';
  readonly statsBufferLines: number;
  /** Share of dropped lines, 0 to 1, above which a run is degraded. */
  readonly statsDropThreshold: number;
  readonly ffmpegDebug: boolean;
}

const SWARM: readonly Command[] = ['run', 'demo', 'check'];

/** FFmpeg takes the value as a 32-bit number of seconds; an hour between attempts is already no reconnecting. */
const MAXIMUM_RECONNECT_DELAY_SECONDS = 3600;
const MAXIMUM_SEGMENT_RETRIES = 1000;
/** Lines wait in memory, per client and stream: at 8 KiB a line this is the last value that one client cannot abuse. */
const MAXIMUM_BUFFERED_LINES = 100_000;

export const clientOptions: OptionTable<ClientOptions> = {
  ffmpegPath: {
    name: 'ffmpeg',
    type: 'path',
    placeholder: 'PROGRAM',
    default: 'ffmpeg',
    group: 'FFmpeg clients',
    commands: [...SWARM, 'origin'],
    peer: true,
    help: 'FFmpeg program; ffprobe is looked for beside it, then on the PATH',
  },
  userAgent: {
    name: 'user-agent',
    type: 'string',
    placeholder: 'TEXT',
    default: 'hls-swarm/1.0',
    group: 'FFmpeg clients',
    commands: SWARM,
    peer: true,
    help: 'User-Agent of the clients; /client-N is added',
  },
  userAgentSuffix: {
    name: 'user-agent-suffix',
    type: 'boolean',
    default: 'true',
    group: 'FFmpeg clients',
    commands: SWARM,
    help: 'Add /client-N to the User-Agent; without it all clients send the same one',
  },
  timeoutMs: {
    name: 'timeout',
    type: 'duration',
    minimum: '1ms',
    maximum: '1h',
    default: '15s',
    group: 'FFmpeg clients',
    commands: [...SWARM, 'proxy'],
    peer: true,
    help: 'FFmpeg -rw_timeout, and how long the tap may take to dial',
    helpFor: { proxy: 'How long the tap may take to dial an origin' },
  },
  reconnect: {
    name: 'reconnect',
    type: 'boolean',
    default: 'true',
    group: 'FFmpeg clients',
    commands: SWARM,
    peer: true,
    help: 'Pass the -reconnect options; in FFmpeg they reach only the first playlist',
  },
  reconnectDelaySeconds: {
    name: 'reconnect-delay',
    type: 'integer',
    unit: 'seconds',
    minimum: 0,
    maximum: MAXIMUM_RECONNECT_DELAY_SECONDS,
    default: '5',
    group: 'FFmpeg clients',
    commands: SWARM,
    peer: true,
    help: 'FFmpeg -reconnect_delay_max',
  },
  segRetry: {
    name: 'seg-retry',
    type: 'integer',
    unit: 'retries',
    minimum: 0,
    maximum: MAXIMUM_SEGMENT_RETRIES,
    group: 'FFmpeg clients',
    commands: SWARM,
    peer: true,
    help: 'FFmpeg -seg_max_retry; passed only when given, since it can end a client on FFmpeg 7',
  },
  stderrDir: {
    name: 'stderr-dir',
    type: 'path',
    placeholder: 'DIR',
    group: 'FFmpeg clients',
    commands: SWARM,
    help: 'Keep the raw stderr of every client in this folder',
  },
  noCache: {
    name: 'no-cache',
    type: 'boolean',
    default: 'false',
    group: 'Requests',
    commands: SWARM,
    peer: true,
    help: 'Send Cache-Control: no-cache, no-store, must-revalidate and Pragma: no-cache',
  },
  headers: {
    name: 'header',
    type: 'list',
    placeholder: "'NAME: VALUE'",
    itemForm: 'header',
    group: 'Requests',
    commands: SWARM,
    peer: true,
    help: 'Extra request header; may be repeated',
  },
  cookies: {
    name: 'cookie',
    type: 'list',
    placeholder: 'NAME=VALUE',
    itemForm: 'cookie',
    group: 'Requests',
    commands: SWARM,
    help: 'Cookie that the clients send to the host and port of the URL, beside those that it sets; may be repeated',
  },
  browserLike: {
    name: 'browser-like',
    type: 'boolean',
    default: 'false',
    group: 'Requests',
    commands: SWARM,
    help: 'Request as a browser does: no Icy-MetaData, and Range only where a playlist asks for it',
  },
  resolve: {
    name: 'resolve',
    type: 'host',
    group: 'Requests',
    commands: SWARM,
    peer: true,
    help: "Connect to this address in place of the URL's host, keeping the Host header; needs --dangerous",
  },
  dangerous: {
    name: 'dangerous',
    type: 'boolean',
    default: 'false',
    group: 'Safety and diagnostics',
    commands: [...SWARM, 'proxy'],
    peer: true,
    help: 'Allow --resolve, and do not verify certificates of origins',
    helpFor: { proxy: 'Do not verify certificates of origins' },
  },
  printCmd: {
    name: 'print-cmd',
    type: 'boolean',
    default: 'false',
    group: 'Safety and diagnostics',
    commands: ['run'],
    peer: true,
    help: 'Print the FFmpeg command of a client, ready for a shell, and leave',
  },
  check: {
    name: 'check',
    type: 'boolean',
    default: 'false',
    defaultFor: { check: 'true' },
    group: 'Safety and diagnostics',
    commands: ['run'],
    peer: true,
    help: 'Play one client for 10 s, whatever --clients and --duration say, and report what it found',
  },
  skipPreflight: {
    name: 'skip-preflight',
    type: 'boolean',
    default: 'false',
    group: 'Safety and diagnostics',
    commands: SWARM,
    peer: true,
    help: 'Start even when a limit of the machine is too low for the clients',
  },
  stats: {
    name: 'stats',
    type: 'boolean',
    default: 'true',
    group: 'Reading the clients',
    commands: SWARM,
    peer: true,
    help: "Parse the clients' progress and stderr",
  },
  statsLogLevel: {
    name: 'stats-loglevel',
    type: 'enum',
    choices: ['quiet', 'panic', 'fatal', 'error', 'warning', 'info', 'verbose', 'debug', 'trace'],
    default: 'debug',
    group: 'Reading the clients',
    commands: SWARM,
    peer: true,
    help: 'FFmpeg log level to parse; below debug there are no request lines, trace adds header lines at a cost',
  },
  statsBufferLines: {
    name: 'stats-buffer',
    type: 'integer',
    unit: 'lines',
    minimum: 1,
    maximum: MAXIMUM_BUFFERED_LINES,
    default: '1000',
    group: 'Reading the clients',
    commands: SWARM,
    peer: true,
    help: 'Lines that may wait per client and stream; more are dropped and counted',
  },
  statsDropThreshold: {
    name: 'stats-drop-threshold',
    type: 'number',
    unit: 'share',
    minimum: 0,
    maximum: 1,
    default: '0.01',
    group: 'Reading the clients',
    commands: SWARM,
    peer: true,
    help: 'Share of dropped lines above which the verdict is degraded',
  },
  ffmpegDebug: {
    name: 'ffmpeg-debug',
    type: 'boolean',
    default: 'false',
    group: 'Reading the clients',
    commands: SWARM,
    peer: true,
    help: 'Log level debug whatever --stats-loglevel says',
  },
};
