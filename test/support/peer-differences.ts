// Where we differ from the recorded behaviour of go-ffmpeg-hls-swarm on purpose, and why: one list, reviewed by hand.
// A rule names a class of vectors, not single ones, so that new vectors of the same kind fall under the same reason.
// A vector that differs and falls under no rule fails its test. Where a vector has a `truth`, that is what we are held to.
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

export const PEER_DIFFERENCES: readonly PeerDifference[] = [
  // The log parser.
  {
    component: 'debug_parser',
    when: ({ input_lines: lines }) => lines.some((line: string) => /offset -|playlist -/.test(line)),
    reason: 'FFmpeg prints no negative offset or playlist: such a line is counted as unparsed, not believed',
  },
  {
    component: 'hls_events',
    op: 'counters',
    when: ({ input }) => input.some((line: string) => line.startsWith('Server returned ')),
    reason: 'FFmpeg tells the same answer in `HTTP error` before: counted once, there; this line ends a client (fatal)',
  },
  {
    component: 'hls_events',
    op: 'counters',
    when: ({ input }) => input.every((line: string) => !line.startsWith('[')),
    reason: 'FFmpeg prints no such words without who says them: [tcp], [http] or the level of its last words',
  },
  {
    component: 'hls_events',
    op: 'inflight',
    reason: 'no end of a body is in the log, so nothing is timed to it; the tap times bodies',
  },
  // Progress and health.
  { component: 'progress_parser', op: 'key_value', reason: 'no split pair leaves the parser: blocks do' },
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
  // The swarm.
  {
    component: 'ramp_scheduler',
    op: 'accessors',
    reason: 'a schedule has no accessors: it is an array',
  },
  {
    component: 'ramp_scheduler',
    op: 'cancel',
    reason: 'the schedule waits for nothing; Swarm.stop() clears the timer (swarm.test.ts)',
  },
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
    op: 'args',
    when: ({ input }) => input.client_id === 0,
    reason: 'clients are numbered from 1, so every one has its ending in the User-Agent',
  },
  {
    component: 'ffmpeg_args',
    op: 'effective_url',
    reason: '--resolve acts in the tap, not in the URL',
  },
  {
    component: 'ffmpeg_args',
    op: 'find_ffprobe',
    reason: 'the sibling is looked for by the folder of a path, never by replacing the word ffmpeg',
  },
  { component: 'ffmpeg_args', op: 'bitrate', reason: 'a bandwidth that is no positive number is absent, not 0' },
  { component: 'preflight', op: 'line', reason: 'the text of a check is ours (preflight.test.ts)' },
  { component: 'preflight', op: 'ffmpeg', reason: 'programs that are no FFmpeg: capabilities.test.ts' },
  { component: 'preflight', op: 'overall', reason: 'any failed check fails the whole: preflight.test.ts' },
  { component: 'preflight', op: 'version', reason: 'the version of a real and of fake FFmpegs: capabilities.test.ts' },
  { component: 'supervisor', op: 'defaults', reason: 'defaults are the option table' },
  {
    component: 'supervisor',
    op: 'state',
    reason: 'states are words; names, activity and end of life: client.test.ts',
  },
  { component: 'supervisor', op: 'exit_code', reason: 'a signal is told by its name, not as 128 + number' },
  { component: 'supervisor', op: 'lifecycle', reason: 'driven with fake programs in client.test.ts' },
  { component: 'supervisor', op: 'pipes', reason: 'driven with fake programs in client.test.ts' },
  { component: 'supervisor', op: 'callbacks', reason: 'events instead of callbacks: client.test.ts' },
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
    op: 'scrape',
    when: ({ input }) => input.responses.some(({ body }: { body: string }) => hasUnsafeNumber(body)),
    reason: 'a size beyond 2^53 is no file size: the entry is refused and counted instead of rounded',
  },
  {
    component: 'segment_scraper',
    op: 'scrape',
    when: ({ input }) => input.responses.some(({ body }: { body: string }) => /"name" *: *""/.test(body)),
    reason: 'an entry without a name can never be looked up: refused and counted',
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
  // Sums over clients.
  {
    component: 'client_stats',
    op: 'drift',
    when: ({ input }) => input.out_time_us === 0,
    reason: 'no position yet is an unknown drift, not 0',
  },
  {
    component: 'client_stats',
    op: 'drift',
    when: ({ input }) => input.out_time_us / 1000 > input.now_ms,
    reason: 'a client ahead of its clock drifts by a negative time, and that is told as it is',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    when: ({ input }) =>
      input.some(
        ({ drift_s: now, max_drift_s: most }: { drift_s?: number; max_drift_s?: number }) =>
          now !== undefined && (now < 0 || now !== most),
      ),
    reason: 'the mean takes both signs, and the largest drift is that of now, so it goes when a client catches up',
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

function hasUnsafeNumber(body: string): boolean {
  return (body.match(/\d{16,}/g) ?? []).some((digits) => !Number.isSafeInteger(Number(digits)));
}
