// Whether a figure of a soaked program grew: the middle third of its samples against the last one. The first third is the way up to
// what the load takes. Judges one figure at a time and keeps nothing.
import { formatBytes } from '../../src/units.ts';
import type { Check } from './checks.ts';
import type { MemorySample } from './process-memory.ts';
import { slopePerMinute, typicalOf } from './trend.ts';

/** Growth that collections alone explain. */
const GROWTH_RATIO = 1.05;
const GROWTH_BYTES = 5_000_000;

export function growth(what: string, during: readonly MemorySample[], read: (sample: MemorySample) => number): Check {
  return growthOf(what, during, read, { format: formatBytes, allowed: GROWTH_BYTES });
}

/** The same for what is no number of bytes. */
export function countGrowth(
  what: string,
  during: readonly MemorySample[],
  read: (sample: MemorySample) => number,
  allowed: number,
): Check {
  return growthOf(what, during, read, { format: (value) => value.toFixed(1), allowed });
}

function growthOf(
  what: string,
  during: readonly MemorySample[],
  read: (sample: MemorySample) => number,
  { format, allowed }: { readonly format: (value: number) => string; readonly allowed: number },
): Check {
  const third = Math.floor(during.length / 3);
  const middle = typicalOf(during.slice(third, 2 * third).map(read));
  const last = typicalOf(during.slice(2 * third).map(read));
  const slope = slopePerMinute(during.slice(third).map((sample) => [sample.atMs, read(sample)]));
  return {
    what: `${what} in the churn: middle third, last third, slope`,
    measured: `${format(middle)}, ${format(last)}, ${format(slope)}/min`,
    mustBe: `last at most ${format(middle * GROWTH_RATIO + allowed)}`,
    holds: last <= middle * GROWTH_RATIO + allowed,
  };
}
