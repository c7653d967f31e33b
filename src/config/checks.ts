// What options say together, and what follows from them: rules over the finished values.
// It does not read texts; each value by itself was judged in value.ts.
import { resolve } from 'node:path';
import { readMapping } from '../stats/access-log-line.ts';
import { readSelector } from '../stats/metric-selector.ts';
import { nearestName } from './nearest.ts';
import { COMMANDS, type Command } from './option.ts';
import { type OptionKey, type Options, optionTable } from './options.ts';
import { urlProblem } from './value.ts';

/** A check is one client for this long, whatever else is said. */
const CHECK_CLIENTS = 1;
const CHECK_DURATION_MS = 10_000;
/** A rolling window must hold two scrapes, else it has no rate. */
const SCRAPES_PER_WINDOW = 2;
const COOKIE_HEADER = /^cookie:/i;
const USER_AGENT_HEADER = /^user-agent:\s*(.*?)\s*$/i;
/** Where the shortcut looks for the listing: the original's port and path. */
const LISTING_PORT = 17080;
const LISTING_PATH = '/files/json/';

/** Everything that follows from other options filled in. `given`: the options that some source named. */
export function derive(options: Options, given: ReadonlySet<OptionKey>): Options {
  const host = options.originMetricsHost;
  const authority = host?.includes(':') === true ? `[${host}]` : host;
  const shortcut: Partial<Options> =
    authority === undefined
      ? {}
      : {
          originMetricsUrl: `http://${authority}:${options.originMetricsNodePort}/metrics`,
          nginxMetricsUrl: `http://${authority}:${options.originMetricsNginxPort}/metrics`,
          segmentSizesUrl: `http://${authority}:${LISTING_PORT}${LISTING_PATH}`,
        };
  const jitterMs = given.has('segmentSizesJitterMs')
    ? options.segmentSizesJitterMs
    : Math.min(options.segmentSizesJitterMs, options.segmentSizesIntervalMs ?? options.segmentSizesJitterMs);
  return {
    ...shortcut,
    ...options,
    segmentSizesJitterMs: jitterMs,
    ...(options.ffmpegDebug ? { statsLogLevel: 'debug' } : {}),
    ...(options.check ? { clients: CHECK_CLIENTS, durationMs: CHECK_DURATION_MS } : {}),
  };
}

/** Errors of combinations; empty when there are none. */
export function checkTogether(options: Options): string[] {
  const errors: string[] = [];
  if (options.resolve !== undefined && !options.dangerous) {
    errors.push(
      `--resolve: ${JSON.stringify(options.resolve)} needs --dangerous: certificates cannot be verified at another address`,
    );
  }
  const interval = options.originMetricsIntervalMs;
  if (interval !== undefined && options.originMetricsWindowMs < SCRAPES_PER_WINDOW * interval) {
    errors.push(
      `--origin-metrics-window: ${options.originMetricsWindowMs}ms is shorter than two intervals; allowed: at least ${SCRAPES_PER_WINDOW * interval}ms with --origin-metrics-interval ${interval}ms`,
    );
  }
  const listingIntervalMs = options.segmentSizesIntervalMs;
  if (listingIntervalMs !== undefined && options.segmentSizesJitterMs > listingIntervalMs) {
    errors.push(
      `--segment-sizes-jitter: ${options.segmentSizesJitterMs}ms is longer than the interval; allowed: at most ${listingIntervalMs}ms`,
    );
  }
  if (options.noProxy && !options.stats) {
    errors.push('--no-proxy: with --stats=false nobody would measure anything; leave out one of the two');
  }
  if (options.restartOnStall && !options.stats) {
    errors.push('--restart-on-stall: with --stats=false nobody sees a stall; leave out one of the two');
  }
  if (options.noProxy && options.resolve !== undefined) {
    errors.push('--resolve: without the tap nothing connects elsewhere; leave out --no-proxy');
  }
  if (options.cookies.length > 0 && options.headers.some((header) => COOKIE_HEADER.test(header))) {
    errors.push("--cookie: FFmpeg sends none beside a Cookie header of its own; leave out --header 'Cookie: ...'");
  }
  for (const header of options.headers) {
    const agent = USER_AGENT_HEADER.exec(header)?.[1];
    if (agent === undefined) continue;
    errors.push(
      `--header: ${JSON.stringify('User-Agent')} would take the place of each client's own; write --user-agent ${JSON.stringify(agent)} --no-user-agent-suffix`,
    );
  }
  if (options.noProxy && options.faults.length > 0) {
    errors.push('--fault: without the tap nothing injects it; leave out --no-proxy');
  }
  if (options.tlsCaOut !== undefined && options.noProxy) {
    errors.push('--tls-ca-out: without the tap there is no authority; leave out --no-proxy');
  } else if (options.tlsCaOut !== undefined && options.tls === 'tunnel') {
    errors.push('--tls-ca-out: a tap with --tls tunnel has no authority; leave out one of the two');
  }
  if (options.calibrate && options.noCalibrate) {
    errors.push('--calibrate: --no-calibrate says the opposite; leave out one of the two');
  }
  return [...errors, ...originSources(options), ...sharedFiles(options)];
}

/** What the options about the origin need of one another. */
function originSources(options: Options): string[] {
  const { originMetricsUrl, nginxMetricsUrl, originBytesMetric, originMetricsDevices } = options;
  const { originAccessLog, originAccessLogFields } = options;
  const errors: string[] = [];
  if (originBytesMetric !== undefined) {
    const read = readSelector(originBytesMetric);
    if ('problem' in read) errors.push(`--origin-bytes-metric: ${JSON.stringify(originBytesMetric)} ${read.problem}`);
    if (originMetricsUrl === undefined && nginxMetricsUrl === undefined) {
      errors.push('--origin-bytes-metric: there is no answer to look in; add --origin-metrics or --nginx-metrics');
    }
  }
  if (originMetricsDevices.length > 0 && originMetricsUrl === undefined) {
    errors.push('--origin-metrics-device: there is no host to ask; add --origin-metrics');
  }
  if (originAccessLogFields.length > 0 && originAccessLog === undefined) {
    errors.push('--origin-access-log-fields: there is no log to read; add --origin-access-log');
  }
  // Each text alone was judged already.
  const fields = originAccessLogFields.length > 1 ? readMapping(originAccessLogFields) : {};
  if ('problem' in fields) errors.push(`--origin-access-log-fields: ${fields.problem}`);
  return errors;
}

/** Of these `checkTogether` speaks, and without the tap there is no calibration to skip. */
const NOT_IDLE_WITHOUT_TAP: ReadonlySet<OptionKey> = new Set(['noProxy', 'noCalibrate', 'faults', 'tlsCaOut']);
const OF_SHARED_UPSTREAM: readonly OptionKey[] = ['upstreamConnections', 'upstreamIdleMs'];

/**
 * Errors of options that would do nothing. `typed`: those of the command line; what a file or the environment sets for
 * several runs need not have an effect in each.
 */
export function checkIdle(options: Options, typed: ReadonlySet<OptionKey>): string[] {
  const asked = [...typed].filter((key) => options[key] !== false);
  const idle = (keys: readonly OptionKey[], why: string): string[] =>
    keys.map((key) => `--${optionTable[key].name}: has no effect ${why}`);
  if (options.noProxy) {
    const ofTap = asked.filter((key) => optionTable[key].group === 'Tap' && !NOT_IDLE_WITHOUT_TAP.has(key));
    return idle(ofTap, 'without the tap; leave out --no-proxy, or this');
  }
  if (options.upstream === 'shared') return [];
  const ofShared = asked.filter((key) => OF_SHARED_UPSTREAM.includes(key));
  return idle(ofShared, 'without --upstream shared; add that, or leave this out');
}

/** What the stream's URL must be; `text` is absent when none was given, and may be a mistyped command. */
export function checkUrl(text: string | undefined, command: Command, options: Options): string[] {
  if (command !== 'run' && command !== 'check') return [];
  if (text === undefined) {
    return options.printCmd ? [] : ['URL: missing; write one, as in: hls-swarm http://origin.example/live/stream.m3u8'];
  }
  const problem = urlProblem(text);
  if (problem !== undefined) {
    const near = /^[a-z]+$/.test(text) ? nearestName(text, COMMANDS) : undefined;
    const meant = near === undefined ? '' : `; did you mean the command ${near}?`;
    return [`URL: ${JSON.stringify(text)} ${problem}; allowed: http:// or https:// with a host${meant}`];
  }
  return [];
}

/** What the commands that read files must be told; `input` is the word after `replay`. */
export function checkInputs(input: string | undefined, command: Command, options: Options): string[] {
  if (command === 'replay' && input === undefined) {
    return ['JOURNAL: missing; write one, as in: hls-swarm replay run.ndjson'];
  }
  if (command === 'run' && options.json && !options.check) {
    return ['--json: has no effect without --check; add that, or leave this out'];
  }
  if (command !== 'analyze') return [];
  const { stderr, events, truth, sizes, logClient, logProcess } = options;
  const errors: string[] = [];
  if (stderr === undefined && events === undefined) {
    errors.push(
      '--stderr: missing; name a saved FFmpeg log (- for stdin), or with --events what your parser made of one',
    );
  }
  for (const [name, path] of Object.entries({ events, truth, sizes })) {
    if (path === '-') errors.push(`--${name}: "-" cannot be stdin; only --stderr reads it, name a file`);
  }
  for (const [name, number] of Object.entries({ 'log-client': logClient, 'log-process': logProcess })) {
    if (number === undefined || truth !== undefined) continue;
    errors.push(`--${name}: ${number} has nothing to choose from; name the --truth that has several, or leave it out`);
  }
  return errors;
}

const WRITTEN: readonly OptionKey[] = ['report', 'tlsCaOut', 'journal', 'logFile', 'accessLog'];

/** Two writers to one file would spoil both. */
function sharedFiles(options: Options): string[] {
  const owners = new Map<string, string>();
  return WRITTEN.flatMap((key) => {
    const path = options[key];
    if (typeof path !== 'string') return [];
    const name = optionTable[key].name;
    const owner = owners.get(resolve(path));
    owners.set(resolve(path), name);
    return owner === undefined || path.startsWith('/dev/')
      ? []
      : [`--${name}: ${JSON.stringify(path)} is already written by --${owner}; name another file`];
  });
}
