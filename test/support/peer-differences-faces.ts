// Where the screen and the page at the end say things otherwise than go-ffmpeg-hls-swarm's on purpose, and why.
// How these rules are meant: peer-differences.ts. Where each of its panels and sections went: tui/peer-panels.test.ts and
// report/peer-summary.test.ts.
import type { PeerDifference } from './peer-vectors.ts';

export const FACES_DIFFERENCES: readonly PeerDifference[] = [
  {
    component: 'tui',
    op: 'metrics_status',
    when: ({ input, expected }) => typeof input === 'string' || expected === 'severely_degraded',
    reason:
      'a share of dropped lines is a number of the instrument, and above its limit the verdict says degraded: no third lamp',
  },
  {
    component: 'tui',
    op: 'speed_style',
    reason: "FFmpeg's speed is a mean since its start and no alarm: stalls are, and they have the colour",
  },
  {
    component: 'tui',
    op: 'speed_text',
    when: ({ input }) => input === 0,
    reason: 'a speed of 0 is one; only what is unknown is a dash',
  },
  {
    component: 'tui',
    op: 'progress_bar',
    reason: 'the bar of the ramp has one width and the two counts beside it; it never says more than 100 %',
  },
  {
    component: 'tui',
    op: 'key',
    when: ({ input }) => input === 'esc',
    reason: 'Esc is one step back: a run of an hour does not end by it',
  },
  { component: 'tui', op: 'defaults', reason: 'the size is asked of the terminal before the first painting' },
  { component: 'tui', op: 'repeat', reason: 'a helper of its own; ours cuts and pads whole lines to a width' },
  {
    component: 'summary_format',
    op: 'duration',
    when: ({ input }) => typeof input === 'string' || input < 0,
    reason: 'no run lasts less than nothing, and none for three hundred years',
  },
  ...['number', 'bytes', 'ms', 'rate', 'percent'].map((op) => ({
    component: 'summary_format',
    op,
    reason:
      'counts are written in full with separators, other figures with three digits, a blank and the SI unit: they can be compared at a glance',
  })),
  {
    component: 'summary_format',
    op: 'exit_label',
    when: ({ input }) => input > 128,
    reason:
      'a process that a signal ended has no exit code: the name of the signal stands in its place; 255 is how FFmpeg says that it heard one',
  },
  {
    component: 'summary_format',
    op: 'success_rate',
    reason: 'rates have one form everywhere; a bracket that says (stalled) for 0 would be wrong in every pause',
  },
  {
    component: 'summary_format',
    op: 'summary',
    reason:
      'the page has our sections; report/peer-summary.test.ts names for each of its rows the place and the number',
  },
];
