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

/** The same run with all its clients, nothing found and five minutes behind it: what a person mostly sees. */
export function makeHealthySnapshot(overrides: Overrides<Snapshot> = {}): Snapshot {
  const wave = (scale: number): readonly number[] =>
    Array.from({ length: 60 }, (_, at) => scale * (2.4e6 + 9e5 * Math.sin(at / 4) + (at % 7) * 6e4));
  const healthy = makeSnapshot({
    elapsedSeconds: 341,
    throughputHistory: { newest: 68, proxy: wave(1), parser: wave(0.97), origin: wave(1.01) },
    summary: {
      clients: { active: 12, playback: { stalled: 0, stallCount: 0 } },
      findings: [],
      instrument: { verdict: 'valid', reasons: [], eventLoopDelayMs: { tapP99: 1.1, mainP99: 12.2 } },
    },
  });
  return merge(healthy, overrides) as Snapshot;
}
