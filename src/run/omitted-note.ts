// What the clients will go without, because the FFmpeg at hand does not take it: said once, before they start. Pure.
// It leaves nothing out itself; the arguments of the clients did.
import { swarmArguments } from '../swarm/swarm.ts';
import { type SwarmPlan, swarmOptions } from './swarm-options.ts';

/** Which of our options an option of FFmpeg stands for, where the names do not tell. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  '-seg_max_retry': '--seg-retry',
  '-live_start_index': '--live-start-index',
  '-http_seekable': '--browser-like',
  '-seekable': '--browser-like',
  '-icy': '--browser-like',
  '-cookies': '--cookie',
  '-headers': '--header and --no-cache',
};

/** A line for stderr; undefined when every option is taken. */
export function omittedNote(plan: Omit<SwarmPlan, 'seed' | 'tap'>): string | undefined {
  const { omitted } = swarmArguments(swarmOptions({ ...plan, seed: 0, tap: undefined }), 1);
  if (omitted.length === 0) return undefined;
  const { version } = plan.looked.capabilities;
  const named = omitted.map((name) => (OWN_NAMES[name] === undefined ? name : `${name} (${OWN_NAMES[name]})`));
  return `hls-swarm: FFmpeg ${version} does not take ${named.join(', ')}: left out, without effect\n`;
}
