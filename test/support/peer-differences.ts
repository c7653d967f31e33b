// Where we differ from the recorded behaviour of go-ffmpeg-hls-swarm on purpose, and why: one list, reviewed by hand.
// A rule names a class of vectors, not single ones, so that new vectors of the same kind fall under the same reason.
// A vector that differs and falls under no rule fails its test. Where a vector has a `truth`, that is what we are held to.
import { COMMAND_DIFFERENCES } from './peer-differences-command.ts';
import { FACES_DIFFERENCES } from './peer-differences-faces.ts';
import { FIGURE_DIFFERENCES } from './peer-differences-figures.ts';
import { LOG_DIFFERENCES } from './peer-differences-log.ts';
import { METRIC_DIFFERENCES } from './peer-differences-metrics.ts';
import type { PeerVector } from './peer-vectors.ts';

const PEER_DIFFERENCES = [
  ...LOG_DIFFERENCES,
  ...COMMAND_DIFFERENCES,
  ...FIGURE_DIFFERENCES,
  ...METRIC_DIFFERENCES,
  ...FACES_DIFFERENCES,
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
