// What we had counted at this instant, for a scrape to take along: the tap's meters and our own control server's octets.
// It keeps nothing and decides nothing; reading shared memory costs some microseconds and disturbs nobody.
import type { Clock } from '../clock.ts';
import type { MeterCut } from '../events.ts';
import type { Tap } from '../proxy/tap.ts';
import { CUT_METERS } from '../stats/flow-cut.ts';

export type ReadMeters = () => MeterCut;

/** Undefined without a tap: there is nothing to read. */
export function meterReader(
  clock: Clock,
  tap: Pick<Tap, 'meters'> | undefined,
  controlBytes: () => number,
): ReadMeters | undefined {
  if (tap === undefined) return undefined;
  return () => {
    const { meters, contentBytesByKind } = tap.meters();
    return {
      atMs: clock.nowMs(),
      meters: Object.fromEntries(CUT_METERS.map((meter) => [meter, meters[meter]])),
      contentBytesByKind,
      controlBytes: controlBytes(),
    };
  };
}
