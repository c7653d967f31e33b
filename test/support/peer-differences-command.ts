// Where our options, commands of FFmpeg, preflight and supervision differ from go-ffmpeg-hls-swarm's on purpose, and why.
// How these rules are meant: peer-differences.ts.
import type { PeerDifference } from './peer-vectors.ts';

const HEALTHY_AFTER_MS = 30_000;
/** The peer numbers created, starting, running, backoff, stopped from 0. */
const LAST_STATE = 4;

export const COMMAND_DIFFERENCES: readonly PeerDifference[] = [
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
    figure: 'estimate_ms',
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
];

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
