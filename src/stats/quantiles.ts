// Quantiles of one phase: an HDR histogram for the whole run and sketches for the last minute; buckets for Prometheus.
// It keeps no samples and averages no percentiles; the only file that knows hdr-histogram-js.
import { build, type Histogram } from 'hdr-histogram-js';
import { msToUs, PERCENT, SECONDS_PER_MINUTE, secondsToMs, usToMs } from '../units.ts';
import { Minute } from './minute.ts';
import { Sketch } from './sketch.ts';
import type { Buckets, Quantiles } from './summary.ts';

/** HDR counts whole microseconds: anything shorter counts as one. */
const SHORTEST_US = 1;
/** Ten minutes: longer than any timeout of a client; what is longer is counted and recorded as this. */
export const LONGEST_MS: number = secondsToMs(10 * SECONDS_PER_MINUTE);
/** Two figures take 12 KB per histogram and are within 1 %. */
const FIGURES = 2;

export class PhaseQuantiles {
  /** Made at the first value: most pairs of kind and phase never see one. */
  #run: Histogram | undefined;
  readonly #minute = new Minute(() => new Sketch());
  /** What was read last: it stands until a value comes or a slot of the minute ends. */
  #read: { readonly n: number; readonly slot: number; readonly quantiles: Quantiles } | undefined;
  #n = 0;
  #maxMs = 0;
  #clamped = 0;
  #ignored = 0;

  /** Values above ten minutes. */
  get clamped(): number {
    return this.#clamped;
  }

  /** Values that are negative or not finite. */
  get ignored(): number {
    return this.#ignored;
  }

  /** A duration of `ms` that ended at `atMs`. Any order; what is older than the window counts for the run only. */
  record(ms: number, atMs: number): void {
    if (!(ms >= 0 && ms < Infinity)) {
      this.#ignored += 1;
      return;
    }
    if (ms > LONGEST_MS) this.#clamped += 1;
    const recordedMs = Math.min(ms, LONGEST_MS);
    this.#run ??= build({
      bitBucketSize: 32,
      autoResize: false,
      lowestDiscernibleValue: SHORTEST_US,
      highestTrackableValue: msToUs(LONGEST_MS),
      numberOfSignificantValueDigits: FIGURES,
    });
    this.#run.recordValue(Math.max(SHORTEST_US, Math.round(msToUs(recordedMs))));
    this.#n += 1;
    this.#maxMs = Math.max(this.#maxMs, recordedMs);
    this.#minute.at(atMs)?.add(Math.max(recordedMs, usToMs(SHORTEST_US)));
  }

  /** Milliseconds; `window` is the minute before `atMs`. Quantiles are missing where n is 0. */
  read(atMs: number): Quantiles {
    if (this.#run === undefined) return { n: 0, window: { n: 0 } };
    const slot = this.#minute.slotNumber(atMs);
    if (this.#read?.n !== this.#n || this.#read.slot !== slot)
      this.#read = { n: this.#n, slot, quantiles: this.#readAll(this.#run, atMs) };
    return this.#read.quantiles;
  }

  #readAll(run: Histogram, atMs: number): Quantiles {
    const quantile = (share: number): number =>
      Math.min(usToMs(run.getValueAtPercentile(share * PERCENT)), this.#maxMs);
    return {
      n: this.#n,
      p25: quantile(0.25),
      p50: quantile(0.5),
      p75: quantile(0.75),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: this.#maxMs,
      window: this.#readWindow(atMs),
    };
  }

  #readWindow(atMs: number): NonNullable<Quantiles['window']> {
    const slots = this.#minute.before(atMs);
    const n = slots.reduce((sum, { count }) => sum + count, 0);
    const max = Math.max(...slots.map((slot) => slot.max ?? 0));
    // Not merged first: a tick reads a hundred of these, and that would be the most of what it leaves behind.
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => Sketch.quantileOf(slots, share));
    if (p50 === undefined || p95 === undefined || p99 === undefined) return { n: 0 };
    return { n, p50, p95, p99, max };
  }
}

/** A Prometheus histogram's counts: cumulative, the bound itself belongs to its bucket, +Inf is `count`. */
export class BucketCounter {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;
  #ignored = 0;

  /** Upper bounds in ascending order, in the unit that is observed. Throws a RangeError when they do not ascend. */
  constructor(bounds: readonly number[]) {
    if (bounds.some((bound, place) => place > 0 && !(bound > (bounds[place - 1] ?? bound)))) {
      throw new RangeError(`bucket bounds [${bounds.join(', ')}] must ascend`);
    }
    this.#bounds = [...bounds];
    this.#counts = bounds.map(() => 0);
  }

  /** Values that are not finite. */
  get ignored(): number {
    return this.#ignored;
  }

  observe(seconds: number): void {
    if (!Number.isFinite(seconds)) {
      this.#ignored += 1;
      return;
    }
    this.#count += 1;
    this.#sum += seconds;
    const place = this.#bounds.findIndex((bound) => seconds <= bound);
    if (place >= 0) this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  read(): Buckets {
    let below = 0;
    const counts = this.#counts.map((count) => {
      below += count;
      return below;
    });
    return { bounds: this.#bounds, counts, count: this.#count, sum: this.#sum };
  }
}
