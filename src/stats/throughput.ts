// One account's bytes over time: a running total and a ring of one-second samples of it, read as rates over windows.
// It reads no clock and takes no samples by itself; no rate is interpolated; reading never changes state.
import { msToSeconds, secondsToMs } from '../units.ts';
import type { Throughput } from './summary.ts';

/** 300 intervals need 301 samples; 300 samples would make the five-minute window span 299 s. */
export const RING_SAMPLES = 301;

/**
 * Fed either by `add` (bytes as they happen) or by `setTotal` (a source that counts by itself), sampled once per second.
 * The first sample is the start of the measured interval.
 */
export class ThroughputTracker {
  readonly #atMs = new Float64Array(RING_SAMPLES);
  readonly #totals = new Float64Array(RING_SAMPLES);
  #total = 0;
  #sourceTotal: number;
  #samples = 0;
  #startMs = 0;
  #startTotal = 0;
  #ignored = 0;
  #resets = 0;

  /** `firstTotalBytes`: what a cumulative source had counted before the run; it is no part of our total. */
  constructor(firstTotalBytes = 0) {
    this.#sourceTotal = firstTotalBytes;
  }

  get totalBytes(): number {
    return this.#total;
  }

  /** Amounts and samples that were left out: negative or not finite, or an instant before the newest sample. */
  get ignored(): number {
    return this.#ignored;
  }

  /** How often a cumulative source began again from zero. */
  get resets(): number {
    return this.#resets;
  }

  add(bytes: number): void {
    if (bytes >= 0 && bytes < Infinity) this.#total += bytes;
    else this.#ignored += 1;
  }

  /** Takes a cumulative source's count. A smaller one means that the source restarted from zero, so all of it is new. */
  setTotal(totalBytes: number): void {
    if (!(totalBytes >= 0 && totalBytes < Infinity)) {
      this.#ignored += 1;
      return;
    }
    const isReset = totalBytes < this.#sourceTotal;
    if (isReset) this.#resets += 1;
    this.#total += isReset ? totalBytes : totalBytes - this.#sourceTotal;
    this.#sourceTotal = totalBytes;
  }

  /** Keeps the total of this instant. The same instant again replaces the sample; an earlier one is ignored. */
  sample(atMs: number): void {
    const newest = this.#samples - 1;
    const isEarlier = newest >= 0 && atMs < this.#at(newest);
    if (!Number.isFinite(atMs) || isEarlier) {
      this.#ignored += 1;
      return;
    }
    if (newest < 0) {
      this.#startMs = atMs;
      this.#startTotal = this.#total;
    }
    const isSameInstant = newest >= 0 && atMs === this.#at(newest);
    const slot = (isSameInstant ? newest : this.#samples) % RING_SAMPLES;
    this.#atMs[slot] = atMs;
    this.#totals[slot] = this.#total;
    if (!isSameInstant) this.#samples += 1;
  }

  /** `beganAtMs`: when the measuring began, if that is not the first sample; all bytes have come since. */
  read(beganAtMs?: number): Throughput {
    const totalBytes = this.#total;
    const newest = this.#samples - 1;
    if (newest < 1) return { totalBytes };
    const overall = this.#overall(newest, beganAtMs);
    return {
      bytesPerSecond1s: this.#rateBefore(newest, secondsToMs(1)),
      bytesPerSecond30s: this.#rateBefore(newest, secondsToMs(30)),
      bytesPerSecond60s: this.#rateBefore(newest, secondsToMs(60)),
      bytesPerSecond300s: this.#rateBefore(newest, secondsToMs(300)),
      ...(overall === undefined ? {} : { bytesPerSecondOverall: overall }),
      totalBytes,
    };
  }

  /**
   * Bytes per second over the last `windowMs` before the sample nearest to `endAtMs` (the newest when not given), over
   * what was really measured: the history's length when it is younger, the sampling interval when that is longer.
   * Undefined without two samples, or when `endAtMs` lies before the ring's oldest sample.
   */
  rate(windowMs: number, endAtMs: number = Number.POSITIVE_INFINITY): number | undefined {
    const newest = this.#samples - 1;
    if (newest < 1 || endAtMs < this.#at(this.#oldest())) return undefined;
    const end = this.#nearest(Math.min(endAtMs, this.#at(newest)), newest);
    return end === this.#oldest() ? undefined : this.#rateBefore(end, windowMs);
  }

  /** From the ring's oldest sample to its newest; undefined without two. */
  get span(): { readonly fromMs: number; readonly toMs: number } | undefined {
    const newest = this.#samples - 1;
    return newest < 1 ? undefined : { fromMs: this.#at(this.#oldest()), toMs: this.#at(newest) };
  }

  /** The total at an instant of the span, bytes between two samples spread evenly: for pictures, not for figures. */
  totalAt(atMs: number): number {
    const newest = this.#samples - 1;
    const near = this.#nearest(atMs, newest);
    const before = Math.max(this.#oldest(), this.#at(near) > atMs ? near - 1 : near);
    const after = Math.min(newest, before + 1);
    const [fromMs, total] = [this.#at(before), this.#totalAt(before)];
    const spanMs = this.#at(after) - fromMs;
    return spanMs > 0 ? total + ((this.#totalAt(after) - total) * (atMs - fromMs)) / spanMs : total;
  }

  #overall(newest: number, beganAtMs: number | undefined): number | undefined {
    const [endMs, total] = [this.#at(newest), this.#totalAt(newest)];
    if (beganAtMs === undefined) return perSecond(total - this.#startTotal, endMs - this.#startMs);
    return endMs > beganAtMs ? perSecond(total, endMs - beganAtMs) : undefined;
  }

  /** `end` is the number of a sample that has an older one in the ring. */
  #rateBefore(end: number, windowMs: number): number {
    const endMs = this.#at(end);
    const base = this.#nearest(endMs - windowMs, end - 1);
    return perSecond(this.#totalAt(end) - this.#totalAt(base), endMs - this.#at(base));
  }

  /** The number of the sample nearest to an instant among those up to `last`; of two equally near the older one. */
  #nearest(atMs: number, last: number): number {
    let low = this.#oldest();
    let high = last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle) < atMs) low = middle + 1;
      else high = middle;
    }
    const isPreviousNearer = low > this.#oldest() && atMs - this.#at(low - 1) <= Math.abs(this.#at(low) - atMs);
    return isPreviousNearer ? low - 1 : low;
  }

  #oldest(): number {
    return Math.max(0, this.#samples - RING_SAMPLES);
  }

  #at(number: number): number {
    return this.#atMs[number % RING_SAMPLES] ?? 0;
  }

  #totalAt(number: number): number {
    return this.#totals[number % RING_SAMPLES] ?? 0;
  }
}

/** Samples never share an instant, so the elapsed time is above zero. */
function perSecond(bytes: number, elapsedMs: number): number {
  return bytes / msToSeconds(elapsedMs);
}
