// Where our metrics and our log differ from go-ffmpeg-hls-swarm's on purpose, and why.
// How these rules are meant: peer-differences.ts.
import type { PeerDifference, PeerVector } from './peer-vectors.ts';

export const METRIC_DIFFERENCES: readonly PeerDifference[] = [
  // Metrics.
  {
    component: 'collector',
    op: 'events',
    figure: 'starts',
    when: ({ input }) => input.restarted > 0,
    reason: 'every start of a process counts as one, that of a restart too: starts less restarts are the clients',
  },
  {
    component: 'collector',
    op: 'percentile',
    when: ({ input }) => !isNearestRank(input),
    reason: 'quantiles are of nearest rank: a 95 % quantile of two values is the larger one, not the smaller (weak R8)',
  },
  // The log.
  {
    component: 'logging',
    op: 'level',
    reason: 'no option takes the name of a level: the log begins at info, with --verbose at debug',
  },
  {
    component: 'logging',
    op: 'classify',
    reason:
      'a line of FFmpeg is repeated at debug, whatever words are in it: what it means is said by events of our own (client_exited, ffmpeg_line_unknown)',
  },
  {
    component: 'logging',
    op: 'filter',
    when: ({ input }) => input !== 'debug' && input !== 'info',
    reason:
      'a log without its warnings would hide why a run is degraded, without its events what it did: none is turned off',
  },
  {
    component: 'logging',
    op: 'stderr_buffer',
    when: ({ input }) => input.length !== undefined,
    reason: 'a line may be as long as two of the longest URLs; what is longer is cut and counted, and no text is added',
  },
];

/** floor((n - 1) * p) and ceil(n * p) - 1 are the same place. */
function isNearestRank({ sorted, p }: PeerVector['input']): boolean {
  return Math.floor((sorted.length - 1) * p) === Math.max(0, Math.ceil(sorted.length * p) - 1);
}
