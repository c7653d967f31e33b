// The end of the measuring, in its order: clients, doors, the sources' last word, the origin. One limit for all of it.
// It sums nothing up and writes nothing; what outlasts the limit is killed when the process exits.
import type { Clock } from '../clock.ts';
import type { Tap } from '../proxy/tap.ts';
import type { AwaitedLines } from '../stats/access-log-join.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { DemoOrigin } from './demo-origin.ts';
import type { Scrapers } from './scrapers.ts';

export interface Running {
  readonly clock: Clock;
  readonly swarm: Swarm;
  readonly tap: Tap | undefined;
  readonly scrapers: Scrapers;
  readonly demo: DemoOrigin | undefined;
  /** Told when there is nothing more to measure: the account ends here, though its log may still be read. */
  readonly measured: () => void;
  /** Lines of the origin's access log that are still due. */
  readonly awaitedLogLines: () => AwaitedLines;
}

/** A run is over 4 s after the signal (CONTRACTS); the clients may take 3 s of it, the summary and the files need the rest. */
const STOP_LIMIT_MS = 3_300;
/** A server logs a request that broke off when it notices, which may be never; nobody waits for that as for a complete one. */
const ABORTED_LIMIT_MS = 2_500;
/** By now it has nothing to do but to go: one that cannot is killed. */
const ORIGIN_LIMIT_MS = 500;

export async function stopMeasuring(running: Running): Promise<void> {
  const { clock, swarm, tap, scrapers, demo, measured } = running;
  const endsAtMs = clock.nowMs() + STOP_LIMIT_MS;
  const leftMs = (): number => Math.max(0, endsAtMs - clock.nowMs());
  await swarm.stop();
  await tap?.close();
  const isAwaited = awaits(running);
  await scrapers.round(leftMs());
  measured();
  // Beyond the limit where a log is followed: its server may write in batches, and a second signal leaves at once.
  await scrapers.finish(isAwaited);
  await scrapers.stop();
  await demo?.stop(Math.min(ORIGIN_LIMIT_MS, leftMs()));
}

/** To be made when the last connection has been closed: whatever comes between counts. */
function awaits({ clock, awaitedLogLines }: Running): () => boolean {
  const abortedEndsAtMs = clock.nowMs() + ABORTED_LIMIT_MS;
  return () => {
    const { completed, aborted } = awaitedLogLines();
    return completed > 0 || (aborted > 0 && clock.nowMs() < abortedEndsAtMs);
  };
}
