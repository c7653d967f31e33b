// Where our reading of FFmpeg's log and progress differs from go-ffmpeg-hls-swarm's on purpose, and why.
// How these rules are meant: peer-differences.ts.
import type { PeerDifference, PeerVector } from './peer-vectors.ts';

export const LOG_DIFFERENCES: readonly PeerDifference[] = [
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
];

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

function isBareTimeout(line: string): boolean {
  return /timed out/i.test(line) && !/^\[|^\w+:\/\//.test(line);
}
