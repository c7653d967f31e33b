// A hand-made Snapshot for the tests of the faces: a run of 12 clients, 43 s in, every number distinct and plausible.
// It computes no statistic: figures that a ledger would derive are simply written down, so a face cannot hide behind them.
import type { Snapshot } from '../../src/stats/summary.ts';
import { emptySnapshot, fullSnapshot } from './snapshot-data.ts';
import { merge, type Overrides } from './snapshot-parts.ts';

/** The whole snapshot, changed where `overrides` says. */
export function makeSnapshot(overrides: Overrides<Snapshot> = {}): Snapshot {
  return merge(fullSnapshot(), overrides) as Snapshot;
}

/** The first snapshot of a run: nothing has happened, so counts are 0 and all that is not known is absent. */
export function makeEmptySnapshot(overrides: Overrides<Snapshot> = {}): Snapshot {
  return merge(emptySnapshot(), overrides) as Snapshot;
}
