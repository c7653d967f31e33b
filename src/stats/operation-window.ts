// One operation over the last fifteen minutes: exact counts from a ring of seconds, quantiles from sketches of ten seconds each.
// It keeps no samples, reads no clock and names no operation; reading changes nothing that can be read.
// Memory: 33 KB for the ring; a sketch has 16 bytes per 2 % step that occurred, so 91 of them are 0.1 MB where times spread
// over a decade, and 1.5 MB if every ten seconds held every time from 1 us to 10 min.
import { msToSeconds, PERCENT } from '../units.ts';
import { Sketch } from './sketch.ts';
import type { OperationSummary } from './summary.ts';

/** The longest window that can be asked for, seconds. */
export const MAX_WINDOW_SECONDS = 900;
const SLOT_SECONDS = 10;
/** One more than the longest window has: it begins and ends within a slot. */
const SLOTS: number = MAX_WINDOW_SECONDS / SLOT_SECONDS + 1;
const BASELINE_SECONDS = 60;
/** With fewer the 95th percentile is the whim of a handful. */
const BASELINE_SAMPLES = 100;
const RECENT_SECONDS = 10;

export const WARN_BELOW_PERCENT = 99;
export const CRITICAL_BELOW_PERCENT = 95;
const WARN_ABOVE_BASELINES = 2;
export const CRITICAL_ABOVE_MEANS = 3;

const P50 = 0.5;
const P95 = 0.95;
const P99 = 0.99;
const NONE = -1;

export type WindowReading = Omit<OperationSummary, 'name'>;

interface Totals {
  readonly count: number;
  readonly failures: number;
  readonly sumMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export class OperationWindow {
  readonly #beganSecond: number;
  /** Which second each place of the ring holds, and what happened in it. */
  readonly #seconds: Int32Array = new Int32Array(MAX_WINDOW_SECONDS).fill(NONE);
  readonly #counts: Uint32Array = new Uint32Array(MAX_WINDOW_SECONDS);
  readonly #failures: Uint32Array = new Uint32Array(MAX_WINDOW_SECONDS);
  readonly #sums: Float64Array = new Float64Array(MAX_WINDOW_SECONDS);
  readonly #least: Float64Array = new Float64Array(MAX_WINDOW_SECONDS);
  readonly #most: Float64Array = new Float64Array(MAX_WINDOW_SECONDS);
  readonly #slots: { number: number; sketch: Sketch }[];
  #newestSecond = NONE;
  #baseline: Sketch | undefined = new Sketch();
  #baselineFrom = NONE;
  #baselineP95Ms: number | undefined;
  #total = 0;
  #totalFailures = 0;
  #totalMs = 0;
  #ignored = 0;
  /** Slots that time has left, merged: they are the same for ten seconds of readings. */
  #merged: { readonly first: number; readonly last: number; readonly sketch: Sketch } | undefined;

  /** `beganAtMs`: from when on it would have been told; a window that reaches further back is cut there. */
  constructor(beganAtMs: number) {
    this.#beganSecond = secondOf(beganAtMs);
    this.#slots = Array.from({ length: SLOTS }, () => ({ number: NONE, sketch: new Sketch() }));
  }

  /** Records that were left out: no duration, or older than the ring. */
  get ignored(): number {
    return this.#ignored;
  }

  /** It happened `count` times at `atMs` and took so long, `failures` times in vain. */
  record(atMs: number, durationMs: number, failures: number, count: number): void {
    const second = secondOf(atMs);
    const isOld = second <= this.#newestSecond - MAX_WINDOW_SECONDS;
    if (isOld || !(second >= 0) || !(durationMs >= 0 && durationMs < Infinity)) {
      this.#ignored += count;
      return;
    }
    if (second > this.#newestSecond) this.#newestSecond = second;
    this.#count(second, durationMs, failures, count);
    this.#slotOf(second).add(durationMs, count);
    if (this.#baseline !== undefined) this.#noteBaseline(this.#baseline, second, durationMs, count);
  }

  /**
   * The last `windowSeconds` (1 to 900) whole seconds, the present one included. Quantiles are of the ten-second slots that the
   * window touches, so of up to 9 s more, and within the window's own extremes.
   */
  read(nowMs: number, windowSeconds: number): WindowReading {
    const last = secondOf(nowMs);
    const window = this.#totals(last - windowSeconds + 1, last);
    const coveredSeconds = Math.min(windowSeconds, Math.max(0, last - this.#beganSecond + 1));
    const baselineP95Ms = this.#readBaseline(last);
    const common = {
      windowSeconds,
      coveredSeconds,
      isTruncated: coveredSeconds < windowSeconds,
      ...(baselineP95Ms === undefined ? {} : { baselineP95Ms }),
      total: { count: this.#total, failures: this.#totalFailures, sumMs: this.#totalMs },
    };
    const { count, failures, sumMs, minMs, maxMs } = window;
    if (count === 0) return { ...common, count, failures, status: 'ok' };
    const quantile = this.#quantiles(last - windowSeconds + 1, last);
    const within = (q: number): number => Math.min(Math.max(quantile(q) ?? minMs, minMs), maxMs);
    const figures = {
      successRate: (PERCENT * (count - failures)) / count,
      averageMs: sumMs / count,
      minMs,
      maxMs,
      p50Ms: within(P50),
      p95Ms: within(P95),
      p99Ms: within(P99),
    };
    const recent = this.#totals(last - RECENT_SECONDS + 1, last);
    const recentMs = recent.count === 0 ? undefined : recent.sumMs / recent.count;
    return { ...common, count, failures, ...figures, status: statusOf(figures, recentMs, baselineP95Ms) };
  }

  #count(second: number, durationMs: number, failures: number, count: number): void {
    const at = second % MAX_WINDOW_SECONDS;
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second;
      this.#counts[at] = 0;
      this.#failures[at] = 0;
      this.#sums[at] = 0;
      this.#least[at] = durationMs;
      this.#most[at] = durationMs;
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#failures[at] = (this.#failures[at] ?? 0) + failures;
    this.#sums[at] = (this.#sums[at] ?? 0) + durationMs * count;
    if (durationMs < (this.#least[at] ?? 0)) this.#least[at] = durationMs;
    if (durationMs > (this.#most[at] ?? 0)) this.#most[at] = durationMs;
    this.#total += count;
    this.#totalFailures += failures;
    this.#totalMs += durationMs * count;
  }

  #slotOf(second: number): Sketch {
    const number = Math.floor(second / SLOT_SECONDS);
    if (this.#merged !== undefined && number <= this.#merged.last) this.#merged = undefined;
    const at = number % SLOTS;
    const held = this.#slots[at];
    if (held?.number === number) return held.sketch;
    const sketch = new Sketch();
    this.#slots[at] = { number, sketch };
    return sketch;
  }

  /** The first whole minute that had enough, in minutes from the first time that it happened. */
  #noteBaseline(baseline: Sketch, second: number, durationMs: number, count: number): void {
    if (this.#baselineFrom === NONE) this.#baselineFrom = second;
    const minutes = Math.floor((second - this.#baselineFrom) / BASELINE_SECONDS);
    if (minutes >= 1 && baseline.count >= BASELINE_SAMPLES) {
      this.#baselineP95Ms = baseline.quantile(P95);
      this.#baseline = undefined;
      return;
    }
    // What comes late, of a minute that is over, is of no minute that could still be the first.
    if (minutes < 0) return;
    if (minutes >= 1) {
      this.#baselineFrom += minutes * BASELINE_SECONDS;
      this.#baseline = new Sketch();
    }
    this.#baseline?.add(durationMs, count);
  }

  #readBaseline(lastSecond: number): number | undefined {
    const baseline = this.#baseline;
    if (baseline === undefined) return this.#baselineP95Ms;
    const isOver = this.#baselineFrom !== NONE && lastSecond - this.#baselineFrom >= BASELINE_SECONDS;
    return isOver && baseline.count >= BASELINE_SAMPLES ? baseline.quantile(P95) : undefined;
  }

  #totals(first: number, last: number): Totals {
    let [count, failures, sumMs] = [0, 0, 0];
    let [minMs, maxMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let second = Math.max(0, first); second <= last; second += 1) {
      const at = second % MAX_WINDOW_SECONDS;
      if (this.#seconds[at] !== second) continue;
      count += this.#counts[at] ?? 0;
      failures += this.#failures[at] ?? 0;
      sumMs += this.#sums[at] ?? 0;
      minMs = Math.min(minMs, this.#least[at] ?? minMs);
      maxMs = Math.max(maxMs, this.#most[at] ?? maxMs);
    }
    return { count, failures, sumMs, minMs, maxMs };
  }

  #quantiles(firstSecond: number, lastSecond: number): (q: number) => number | undefined {
    const first = Math.floor(Math.max(0, firstSecond) / SLOT_SECONDS);
    const last = Math.floor(lastSecond / SLOT_SECONDS);
    const sketches = [this.#mergeSlots(first, last - 1), ...this.#held(last, last)];
    return (q) => Sketch.quantileOf(sketches, q);
  }

  #mergeSlots(first: number, last: number): Sketch {
    const { first: knownFirst, last: knownLast, sketch: known } = this.#merged ?? {};
    if (known !== undefined && knownFirst === first && knownLast === last) return known;
    const sketch = new Sketch();
    for (const held of this.#held(first, last)) sketch.merge(held);
    this.#merged = { first, last, sketch };
    return sketch;
  }

  #held(first: number, last: number): Sketch[] {
    const sketches: Sketch[] = [];
    for (let number = first; number <= last; number += 1) {
      const held = this.#slots[number % SLOTS];
      if (held?.number === number) sketches.push(held.sketch);
    }
    return sketches;
  }
}

function statusOf(
  {
    successRate,
    averageMs,
    p95Ms,
  }: { readonly successRate: number; readonly averageMs: number; readonly p95Ms: number },
  recentMs: number | undefined,
  baselineP95Ms: number | undefined,
): OperationSummary['status'] {
  const isSudden = recentMs !== undefined && recentMs > CRITICAL_ABOVE_MEANS * averageMs;
  if (successRate < CRITICAL_BELOW_PERCENT || isSudden) return 'critical';
  const isSlower = baselineP95Ms !== undefined && p95Ms > WARN_ABOVE_BASELINES * baselineP95Ms;
  return successRate < WARN_BELOW_PERCENT || isSlower ? 'warn' : 'ok';
}

function secondOf(ms: number): number {
  return Math.floor(msToSeconds(ms));
}
