// The end of the measuring, in its order: clients, doors, the sources' last word, the origin. One limit for all of it.
// It sums nothing up and writes nothing; what outlasts the limit is killed when the process exits.
import type { Clock } from '../clock.ts';
import type { Tap } from '../proxy/tap.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { DemoOrigin } from './demo-origin.ts';
import type { Scrapers } from './scrapers.ts';

export interface Running {
  readonly clock: Clock;
  readonly swarm: Swarm;
  readonly tap: Tap | undefined;
  readonly scrapers: Scrapers;
  readonly demo: DemoOrigin | undefined;
}

/** A run is over 4 s after the signal (CONTRACTS); the clients may take 3 s of it, the summary and the files need the rest. */
const STOP_LIMIT_MS = 3_300;

export async function stopMeasuring({ clock, swarm, tap, scrapers, demo }: Running): Promise<void> {
  const endsAtMs = clock.nowMs() + STOP_LIMIT_MS;
  const leftMs = (): number => Math.max(0, endsAtMs - clock.nowMs());
  await swarm.stop();
  await tap?.close();
  await scrapers.round(leftMs());
  await scrapers.stop();
  await demo?.stop(leftMs());
}
