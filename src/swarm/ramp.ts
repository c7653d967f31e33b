// When each client starts: a schedule laid down at the beginning, pure.
// It starts nothing and never waits; jitter moves a client around its own slot, so that errors cannot add up.

import type { Random } from '../random.ts';
import { MS_PER_SECOND } from '../units.ts';

export interface RampOptions {
  readonly clients: number;
  /** Above 0; anything else means everybody at once. */
  readonly ratePerSecond: number;
  /** Largest shift of a start, either way; never more than half the gap between two slots, which keeps the order. */
  readonly jitterMs: number;
}

/** Milliseconds after the first start, one per client, ascending: entry k is k / rate +- jitter, the first is 0. */
export function rampSchedule(options: RampOptions, random: Random): readonly number[] {
  const gapMs = options.ratePerSecond > 0 ? MS_PER_SECOND / options.ratePerSecond : 0;
  const jitterMs = Math.min(Math.max(0, options.jitterMs), gapMs / 2);
  return Array.from({ length: options.clients }, (_, slot) =>
    slot === 0 ? 0 : slot * gapMs + random.between(-jitterMs, jitterMs),
  );
}
