// Where we differ from the recorded behaviour of go-ffmpeg-hls-swarm on purpose, and why: one list, reviewed by hand.
// A rule names a class of vectors, not single ones, so that new vectors of the same kind fall under the same reason.
// A vector that differs and falls under no rule fails its test. Where a vector has a `truth`, that is what we are held to.
import { isOneRunOfNumbers, isUndisputed, itemsOf } from './peer-listings.ts';
import type { PeerVector } from './peer-vectors.ts';

interface PeerDifference {
  readonly component: string;
  /** Absent: any operation. */
  readonly op?: string;
  /** Absent: the vector as a whole. Else this figure only, and the test holds it against an oracle of our definition. */
  readonly figure?: string;
  /** Absent: every vector of the operation. */
  readonly when?: (vector: PeerVector) => boolean;
  readonly reason: string;
}

const HEALTHY_AFTER_MS = 30_000;
/** The peer numbers created, starting, running, backoff, stopped from 0. */
const LAST_STATE = 4;

export const PEER_DIFFERENCES: readonly PeerDifference[] = [
  // The log parser.
  {
    component: 'debug_parser',
    when: ({ input_lines: lines }) => lines.some((line: string) => /offset -|playlist -/.test(line)),
    reason: 'FFmpeg prints no negative offset or playlist: such a line is counted as unparsed, not believed',
  },
  {
    component: 'debug_parser',
    when: ({ input_lines: lines }) => lines.some((line: string) => /header: Content-Length/i.test(line)),
    reason: "FFmpeg prints `header='Content-Length: ...'`: what looks otherwise is counted as unparsed, not believed",
  },
  {
    component: 'hls_events',
    op: 'classify_url',
    when: ({ input, truth }) => truth === undefined && /\.mp4(?:[?#]|$)/i.test(input) && !/init/i.test(input),
    reason: 'not every MP4 file is an init section: by its name alone it is a segment',
  },
  {
    component: 'hls_events',
    op: 'counters',
    figure: 'http_errors',
    when: ({ input }) => input.some((line: string) => /Server returned \d/.test(line)),
    reason: 'FFmpeg tells the same answer in `HTTP error` before: counted once, there; this line ends a client (fatal)',
  },
  {
    component: 'hls_events',
    op: 'counters',
    figure: 'reconnections',
    when: ({ input }) => input.some((line: string) => /Reconnecting to /.test(line)),
    reason: 'FFmpeg prints no such words: it says `Will reconnect at`',
  },
  {
    component: 'hls_events',
    op: 'counters',
    figure: 'timeouts',
    when: ({ input }) => input.some((line: string) => /timeout/i.test(line) || isBareTimeout(line)),
    reason: 'FFmpeg says `timed out`, and who says it: [tcp], [http] or the level of its last words',
  },
  {
    component: 'hls_events',
    op: 'counters',
    when: ({ input }) => input.some((line: string) => /^(?:Opening '|HTTP error)/.test(line)),
    reason: 'FFmpeg prints no such words without who says them: [tcp], [http] or the level of its last words',
  },
  {
    component: 'hls_events',
    op: 'inflight',
    reason: 'no end of a body is in the log, so nothing is timed to it; the tap times bodies',
  },
  {
    component: 'debug_parser',
    figure: 'tcp_connect_ms',
    when: (vector) => dialsOf(vector).some(({ ms }) => ms === 0),
    reason: 'lines that came in one instant tell that a connection was made, not how long it took',
  },
  {
    component: 'debug_parser',
    figure: 'tcp_connect_samples',
    when: (vector) => dialsOf(vector).some(({ ms }) => ms === 0),
    reason: 'the same: such a dial is counted and gives no sample',
  },
  // Progress and health.
  { component: 'progress_parser', op: 'key_value', reason: 'no split pair leaves the parser: blocks do' },
  {
    component: 'progress_parser',
    op: 'blocks',
    figure: 'out_time_us',
    when: ({ input }) => {
      const names: readonly string[] = input.map((line: string) => line.split('=')[0]);
      return names.includes('out_time_ms') && !names.includes('out_time_us');
    },
    reason: '`out_time_ms` holds microseconds too: where it stands alone it is the position',
  },
  { component: 'progress_parser', op: 'current', reason: 'no open block leaves the parser: closed ones do' },
  {
    component: 'progress_parser',
    op: 'is_stalling',
    reason:
      'speed is a mean since start and no stall alarm (weakness P1): stalls come from received media and out_time',
  },
  {
    component: 'client_stats',
    op: 'stall',
    reason: 'the same: a stall is an empty buffer, by received media (playback.test.ts), not a low mean speed',
  },
  // Listed sizes.
  {
    component: 'segment_scraper',
    figure: 'window',
    when: ({ op, input }) => (op === 'evict' || op === 'scrape') && !isOneRunOfNumbers(namesOf(input)),
    reason:
      'the window counts the segments of a series, whatever their extension, not numbers over all names: time stamps have gaps, and every listed segment may be asked for',
  },
  // Options.
  {
    component: 'config_validation',
    op: 'validate',
    when: ({ input }) => Object.keys(input.flags).some((name) => name.startsWith('#')),
    reason: 'the backoff is no option: its figures are constants (restart-policy.test.ts)',
  },
  {
    component: 'config_validation',
    op: 'validate',
    figure: 'more_errors',
    when: ({ input, truth }) =>
      truth === undefined && 'origin-metrics-window' in input.flags && !hasExporterUrl(input.flags),
    reason: 'a range holds whether or not another option makes use of the value',
  },
  {
    component: 'config_validation',
    op: 'validate',
    figure: 'more_errors',
    when: ({ input, truth }) => truth === undefined && Object.entries(input.flags).some(isBeyondOpenRange),
    reason: 'values that have no effect, mean something else, or that no machine carries are refused, not taken',
  },
  {
    component: 'config_validation',
    op: 'header_list',
    when: ({ input, expected }) => typeof expected === 'string' || input.some((text: string) => !text.includes(':')),
    reason: 'headers are a list without a text form, and a text without a colon is no header',
  },
  {
    component: 'config_validation',
    op: 'usage_type',
    reason: 'the type of an option is in its row of the table, not guessed from the text of a default',
  },
  {
    component: 'config_validation',
    op: 'exit_code',
    figure: 'code',
    when: ({ expected }) => expected === 1,
    reason:
      'a wrong command line is 2, whether a flag cannot be read or its value is not allowed; 1 is "could not measure"',
  },
  // The swarm.
  {
    component: 'ramp_scheduler',
    op: 'estimate',
    when: ({ input, truth }) => truth === undefined && input.rate > 0,
    reason: 'n clients have n - 1 gaps, and jitter shifts within a slot and adds nothing: ramp.test.ts',
  },
  {
    component: 'backoff',
    op: 'should_reset',
    when: ({ input }) => input.exit_code === 0 && input.uptime_ms < HEALTHY_AFTER_MS,
    reason: 'exit 0 of a live client is a lost playlist and resets nothing (weakness P6)',
  },
  {
    component: 'ffmpeg_args',
    when: ({ op, input }) => (op === 'args' || op === 'headers') && (input.resolve ?? '') !== '',
    reason: '--resolve acts in the tap, not in the URL, and -tls_verify never goes to http:// (weakness F2)',
  },
  {
    component: 'ffmpeg_args',
    op: 'effective_url',
    reason: '--resolve acts in the tap, not in the URL',
  },
  {
    component: 'ffmpeg_args',
    op: 'find_ffprobe',
    when: ({ input }) => input.sibling_exists,
    reason: 'the sibling is looked for by the folder of a path, never by replacing the word ffmpeg',
  },
  {
    component: 'ffmpeg_args',
    op: 'bitrate',
    when: ({ input }) => !isGoInteger(input) && Number.isFinite(Number(input)),
    reason:
      'ffprobe prints a positive integer; what else reads as a positive number is taken for it, the rest is absent',
  },
  {
    component: 'ffmpeg_args',
    op: 'probe_json',
    when: ({ input }) => !isListOfPrograms(input),
    reason: 'JSON without a list of programs is no answer of ffprobe, and a program without a number cannot be mapped',
  },
  {
    component: 'ffmpeg_args',
    op: 'select',
    when: ({ input, truth }) =>
      truth === undefined &&
      input.programs.length > 1 &&
      input.programs.every(({ bitrate }: { bitrate: number | null }) => bitrate === null),
    reason: 'programs of which none has a bandwidth cannot be told apart: --probe-failure-policy decides',
  },
  {
    component: 'preflight',
    op: 'ports',
    figure: 'available',
    reason: 'both ends of ip_local_port_range are ports that the kernel gives out: one more than their difference',
  },
  {
    component: 'preflight',
    op: 'version',
    when: ({ input }) => !/^ffmpeg version \S/m.test(input) && input.trim().split(/\s+/).length >= 3,
    reason: 'the third word of what no FFmpeg printed is no version',
  },
  {
    component: 'supervisor',
    op: 'defaults',
    when: ({ input }) => (input.buffer ?? 1) <= 0 || (input.threshold ?? 1) <= 0,
    reason: 'what is out of range is refused with the range, not replaced in silence; a threshold of 0 is one',
  },
  {
    component: 'supervisor',
    op: 'defaults',
    figure: 'stats',
    when: ({ input }) => input.stats !== true,
    reason: "off where nothing is said is the zero value of a Go structure; the peer's own option is on, as ours",
  },
  {
    component: 'supervisor',
    op: 'state',
    when: ({ input }) => !Number.isInteger(input) || input < 0 || input > LAST_STATE,
    reason: 'states are a closed list of words: there is no unknown one',
  },
  // The segment-size listing and the exporters.
  {
    component: 'segment_scraper',
    op: 'segment_number',
    when: ({ input, truth }) =>
      truth === undefined && /\d\.(?!ts$)[A-Za-z0-9]+$/.test(input) && !/\.m3u8?$/i.test(input),
    reason:
      'fMP4 and other segments have numbers too, and extensions are compared without regard to case, as FFmpeg does',
  },
  {
    component: 'segment_scraper',
    op: 'segment_number',
    when: ({ input, truth }) =>
      truth === undefined && !Number.isSafeInteger(Number(/(\d+)\.ts$/.exec(input)?.[1] ?? 0)),
    reason: 'numbers beyond 2^53 cannot be told apart: such a name has none',
  },
  {
    component: 'segment_scraper',
    op: 'segment_number',
    when: ({ input, truth }) => truth === undefined && input.includes('?'),
    reason: 'a query is no part of a name',
  },
  {
    component: 'segment_scraper',
    op: 'scrape',
    when: ({ input }) => input.responses.some(({ body }: { body: string }) => body.trim() === 'null'),
    reason: 'a listing is a list: null is none, and is told as a failure',
  },
  {
    component: 'segment_scraper',
    op: 'scrape',
    figure: 'entries',
    when: ({ input }) =>
      input.responses.some(({ body }: { body: string }) => itemsOf(body)?.some((item) => !isUndisputed(item)) ?? false),
    reason:
      'an entry without a name, or with a size that no file has, is refused and counted, and the others stand; a folder is no file',
  },
  {
    component: 'segment_scraper',
    when: ({ op, input }) =>
      (op === 'defaults' || op === 'evict') && (input.window <= 0 || (input.interval_ms ?? 1) <= 0),
    reason: 'an interval or a window of 0 is out of range and refused with the range, not replaced in silence',
  },
  {
    component: 'origin_scraper',
    op: 'node',
    when: ({ input }) => (input.node ?? []).some((text: string | null) => text !== null && !/MemTotal/.test(text)),
    reason: 'memory that the exporter does not tell is absent, not 0; CPU use of one scrape is unknown',
  },
  // Throughput windows.
  {
    component: 'throughput_tracker',
    figure: 'avg_300s',
    reason: "our ring spans 300 s, the peer's 299 s, so its five-minute mean misses one second when it is full",
  },
  ...['avg_1s', 'avg_30s', 'avg_60s'].map((figure) => ({
    component: 'throughput_tracker',
    figure,
    when: ({ ops }: PeerVector) => areSamplesUneven(ops),
    reason:
      'between samples a window begins at the nearest one, whichever side it is on, and is divided by its true length',
  })),
  // Sums over clients.
  {
    component: 'client_stats',
    op: 'drift',
    figure: 'current_ms',
    when: ({ input }) => (driftsOf(input).at(-1)?.outTimeUs ?? 0) <= 0,
    reason: 'a client that has played nothing yet is as far behind as it is old: its position is told, not left out',
  },
  {
    component: 'client_stats',
    op: 'drift',
    figure: 'max_ms',
    when: ({ input }) => {
      const now = driftsOf(input).at(-1);
      return now !== undefined && driftsOf(input).some(({ driftMs }) => Math.max(0, driftMs) > now.driftMs);
    },
    reason: 'the largest drift is that of now, so it goes when a client catches up; ahead of its clock it is negative',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'average_drift_s',
    when: ({ input }) => input.some(({ drift_s: seconds = 1 }: { drift_s?: number }) => seconds <= 0),
    reason: 'the mean takes both signs',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'max_drift_s',
    when: ({ input }) =>
      input.some(
        ({ drift_s: now, max_drift_s: most = now }: { drift_s?: number; max_drift_s?: number }) =>
          now !== undefined && now !== most,
      ),
    reason: 'the largest drift is that of now, so it goes when a client catches up',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'stalled_clients',
    reason: 'a stall is an empty buffer, by received media (playback.test.ts), not a low mean speed',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'clients_with_drops',
    reason: 'the line pipeline reports sums: which client lost lines is not among the events',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'peak_drop_rate',
    when: ({ input }) => input.length > 1,
    reason: 'the same: the peak is over time and all clients, not the worst client',
  },
  {
    component: 'stats_aggregation',
    figure: 'error_rate',
    when: ({ input, truth }) => truth === undefined && Array.isArray(input) && failuresOf(input) > requestsOf(input),
    reason: 'what failed was asked for, even where only the failure was seen: the share is at most 1',
  },
  {
    component: 'stats_aggregation',
    op: 'debug_aggregate',
    figure: 'tcp_health_ratio',
    when: ({ input }) => input.every(hasNoDials),
    reason: 'connections that nobody tried to make have no health, neither good nor bad',
  },
  {
    component: 'stats_aggregation',
    op: 'rates',
    reason:
      'rates are over the last 5 s of samples, the same for every reader (weakness R4): request-rates in ledger.test.ts',
  },
];

/** The reason why this vector, or this figure of it, may differ. */
export function differenceOf(component: string, vector: PeerVector, figure?: string): string | undefined {
  return PEER_DIFFERENCES.find(
    (difference) =>
      difference.component === component &&
      difference.figure === figure &&
      (difference.op === undefined || difference.op === vector.op) &&
      (difference.when === undefined || difference.when(vector)),
  )?.reason;
}

function hasExporterUrl(flags: Readonly<Record<string, unknown>>): boolean {
  return 'origin-metrics' in flags || 'nginx-metrics' in flags;
}

/** Flags whose values go-ffmpeg-hls-swarm does not look at, or only from below: what it takes and we do not. */
function isBeyondOpenRange([name, value]: [string, unknown]): boolean {
  const text = String(value);
  switch (name) {
    case 'clients':
      return Number(text) > 5_000;
    case 'ramp-rate':
      return Number(text) > 500;
    case 'metrics':
      return !/:\d+$/.test(text);
    case 'origin-metrics':
    case 'nginx-metrics':
    case 'segment-sizes-url':
      return text !== '' && !/^https?:\/\/[^/]/i.test(text);
    case 'origin-metrics-node-port':
    case 'origin-metrics-nginx-port':
      return !(Number(text) >= 1 && Number(text) <= 65_535);
    case 'stats-drop-threshold':
      return !(Number(text) >= 0 && Number(text) <= 1);
    case 'timeout':
      return /^[\d.]+(?:ns|us|µs)$/.test(text);
    case 'duration':
      return text.startsWith('-');
    case 'ffmpeg':
      return text === '';
    case 'user-agent':
      return text === '' || /[\r\n]/.test(text);
    case 'header':
      return !text.includes(':');
    case 'stats-loglevel':
      return !/^(quiet|panic|fatal|error|warning|info|verbose|debug|trace)$/.test(text);
    case 'ramp-jitter':
    case 'reconnect-delay':
    case 'seg-retry':
    case 'segment-sizes-jitter':
      return text.startsWith('-');
    case 'stats-buffer':
    case 'segment-cache-window':
    case 'segment-sizes-interval':
    case 'origin-metrics-interval':
    case 'target-duration':
      return /^-|^0[a-z]*$/.test(text);
    default:
      return false;
  }
}

/** All names that a vector lists. */
function namesOf(input: PeerVector['input']): readonly string[] {
  const bodies: readonly { body: string }[] = input.responses ?? [];
  const listed = bodies.flatMap(({ body }) => itemsOf(body) ?? []).filter(isUndisputed);
  return [...(input.names ?? []), ...listed.map(({ name }) => name)];
}

/** How far a client is behind its clock at each of its positions. */
function driftsOf(input: PeerVector['input']): readonly { readonly outTimeUs: number; readonly driftMs: number }[] {
  const updates: readonly { now_ms: number; out_time_us: number; new_process?: boolean }[] = input.updates ?? [input];
  let startedAtMs = 0;
  return updates.map(({ now_ms: nowMs, out_time_us: outTimeUs, new_process: isNew = false }) => {
    if (isNew) startedAtMs = nowMs - outTimeUs / 1_000;
    return { outTimeUs, driftMs: nowMs - startedAtMs - outTimeUs / 1_000 };
  });
}

/**
 * Dials of a log whose beginning and success are both in it, and what lay between the arrivals of the two lines. Lines
 * without an arrival came one after another.
 */
export function dialsOf(vector: PeerVector): readonly { readonly ms: number }[] {
  const lines: readonly string[] = vector['input_lines'];
  const began = new Map<string, number>();
  return lines.flatMap((line, index) => {
    const arrivedAtMs: number = vector['line_arrival_ms']?.[index] ?? index;
    const [, word, target = ''] = /(Starting|Successfully) .* to (\S+ port \d+)/.exec(line) ?? [];
    if (word === 'Starting') began.set(target, arrivedAtMs);
    const beganAtMs = began.get(target);
    return word === 'Successfully' && beganAtMs !== undefined ? [{ ms: arrivedAtMs - beganAtMs }] : [];
  });
}

/** What a strict reader of integers takes: all digits, within 63 bits. */
function isGoInteger(text: string): boolean {
  return text === '' || (/^\+?\d+$/.test(text) && BigInt(text.replace('+', '')) < 2n ** 63n);
}

function isListOfPrograms(json: string): boolean {
  let parsed: { readonly programs?: unknown } | null;
  try {
    parsed = JSON.parse(json);
  } catch {
    return true;
  }
  const programs: unknown = parsed?.programs;
  return Array.isArray(programs) && programs.every((program) => Number.isInteger(program?.program_id));
}

function isBareTimeout(line: string): boolean {
  return /timed out/i.test(line) && !/^\[|^\w+:\/\//.test(line);
}

type Operation = readonly [what: string, count?: number, repeated?: readonly Operation[]];

/** Samples that do not follow one another by a second, or bytes between two of one instant. */
function areSamplesUneven(operations: readonly Operation[]): boolean {
  let seconds = 0;
  let bytes = 0;
  let isUneven = false;
  const step = ([what, count = 0, repeated = []]: Operation): void => {
    if (what === 'repeat') for (let turn = 0; turn < count; turn += 1) repeated.forEach(step);
    else if (what === 'add') bytes += Math.max(0, count);
    else if (what === 'advance_s') seconds += count;
    else {
      if (what !== 'reset') isUneven ||= seconds === 0 ? bytes > 0 : seconds !== 1;
      seconds = 0;
      bytes = 0;
    }
  };
  operations.forEach(step);
  return isUneven;
}

/** `http_errors` is a list of statuses, or a count. */
function failuresOf(clients: PeerVector['input']): number {
  return clients.reduce(
    (sum: number, { http_errors: errors = 0, timeouts = 0 }) =>
      sum + (Array.isArray(errors) ? errors.length : errors) + timeouts,
    0,
  );
}

function requestsOf(clients: PeerVector['input']): number {
  return clients.reduce(
    (sum: number, { manifest = 0, segment = 0, init = 0, http_open: opens = 0 }) =>
      sum + manifest + segment + init + opens,
    0,
  );
}

function hasNoDials(client: Readonly<Record<string, number>>): boolean {
  return ['tcp_success', 'tcp_refused', 'tcp_timeout'].every((count) => (client[count] ?? 0) === 0);
}
