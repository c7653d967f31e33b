// What each estimator and its reference added over the last minute: totals once per second, subtracted. The live half of the
// table of estimators. It scores nothing itself and keeps one minute of totals per estimator.
import { SECONDS_PER_MINUTE, secondsToMs } from '../units.ts';
import { errorRatio } from './agreement.ts';
import type { EstimatorScore } from './summary.ts';

const WINDOW_MS: number = secondsToMs(SECONDS_PER_MINUTE);
/** Over less than this the beginning of a run, or one slow source, would pass for an error. */
const LEAST_SPAN_MS: number = WINDOW_MS / 2;

interface Bytes {
  readonly bytes: number;
  readonly referenceBytes: number;
}

interface Totals {
  readonly atMs: number;
  readonly byName: ReadonlyMap<string, Bytes>;
}

const NOTHING: Bytes = { bytes: 0, referenceBytes: 0 };

export class EstimatorWindows {
  /** Oldest first. */
  readonly #totals: Totals[] = [];
  /** The run is younger than the window: then everything was added in it, from nothing. */
  #isWholeRun = true;

  /** Once per second, in order. */
  tick(atMs: number, scores: readonly EstimatorScore[]): void {
    this.#totals.push({ atMs, byName: totalsOf(scores) });
    while ((this.#totals[1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs - WINDOW_MS) {
      this.#totals.shift();
      this.#isWholeRun = false;
    }
  }

  /** The scores with what they added in the window, or since they had a first figure; without, where that is too short. */
  windowed(scores: readonly EstimatorScore[]): readonly EstimatorScore[] {
    const now = totalsOf(scores);
    return scores.map((score) => {
      const before = this.#before(score.name);
      const after = now.get(score.name);
      if (before === undefined || after === undefined) return score;
      const bytes = after.bytes - before.bytes;
      const referenceBytes = after.referenceBytes - before.referenceBytes;
      const ratio = errorRatio(bytes, referenceBytes);
      return { ...score, window: { bytes, referenceBytes, ...(ratio === undefined ? {} : { errorRatio: ratio }) } };
    });
  }

  #before(name: string): Bytes | undefined {
    const oldest = this.#isWholeRun ? this.#totals[0] : this.#totals.find(({ byName }) => byName.has(name));
    const lastAtMs = this.#totals.at(-1)?.atMs ?? 0;
    if (oldest === undefined || lastAtMs - oldest.atMs < LEAST_SPAN_MS) return undefined;
    return this.#isWholeRun ? NOTHING : oldest.byName.get(name);
  }
}

function totalsOf(scores: readonly EstimatorScore[]): Totals['byName'] {
  return new Map(
    scores.flatMap(({ name, bytes, referenceBytes }) =>
      bytes === undefined || referenceBytes === undefined ? [] : [[name, { bytes, referenceBytes }] as const],
    ),
  );
}
