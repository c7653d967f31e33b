// Whether the clients of a run are brought up ahead of the ramp, and where they wait. It starts none itself.
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { Log } from '../log.ts';
import { linkingCores } from '../swarm/cost-model.ts';
import { StartingGates } from '../swarm/starting-gate.ts';

/** Starting alone may take that much of the machine without a word; beyond it, it would be late or disturb who plays. */
const START_SHARE = 0.25;

/** Undefined where clients start as the ramp comes to them. */
export async function openGates(options: Options, clock: Clock, log: Log): Promise<StartingGates | undefined> {
  if (!isPrepared(options)) return undefined;
  return StartingGates.open(options.clients, clock.wallMs()).catch((error: Error) => {
    log.warn({ reason: error.message }, 'ramp_prepare_error');
    return undefined;
  });
}

/** Only what prints its progress can be held, and only /proc tells that it waits. */
export function isPrepared({ rampPrepare, rampRatePerSecond, stats }: Options): boolean {
  if (rampPrepare === 'off' || !stats || process.platform !== 'linux') return false;
  return rampPrepare === 'on' || linkingCores(rampRatePerSecond) > availableParallelism() * START_SHARE;
}
