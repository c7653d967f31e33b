// Rates between the readings of a counter over a rolling window (`--origin-metrics-window`): the median and the highest. Pure.
// It reads no clock; throughput over windows of a fixed length is throughput.ts.
import { MS_PER_SECOND, msToSeconds } from '../units.ts';
import type { Summary } from './summary.ts';

type Rates = NonNullable<Summary['origin']['rateWindow']>;

/** The shortest interval between scrapes is half a second, the longest window 300 s. */
const MAX_RATES = 600;

export class RateWindow {
  readonly #windowMs: number;
  /** Ascending in time. */
  readonly #rates: { readonly atMs: number; readonly bytesPerSecond: number }[] = [];
  #last: { readonly atMs: number; readonly total: number } | undefined;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** A reading. A counter that fell was reset: nothing is known of the time between. */
  add(atMs: number, total: number): void {
    const last = this.#last;
    this.#last = { atMs, total };
    if (last === undefined || atMs <= last.atMs || total < last.total) return;
    this.#rates.push({ atMs, bytesPerSecond: ((total - last.total) * MS_PER_SECOND) / (atMs - last.atMs) });
    while (this.#rates.length > MAX_RATES || atMs - (this.#rates[0]?.atMs ?? atMs) > this.#windowMs)
      this.#rates.shift();
  }

  /** Of the window that ends with the last reading; undefined before there is a rate. */
  read(): Rates | undefined {
    const sorted = this.#rates.map(({ bytesPerSecond }) => bytesPerSecond).sort((low, high) => low - high);
    const median = sorted[Math.ceil(sorted.length / 2) - 1];
    const highest = sorted.at(-1);
    if (median === undefined || highest === undefined) return undefined;
    return {
      windowSeconds: msToSeconds(this.#windowMs),
      n: sorted.length,
      bytesPerSecondP50: median,
      bytesPerSecondMax: highest,
    };
  }
}
