// What the instrument measures of itself on the main thread: loop delay, CPU, and how busy the whole machine is.
// It judges nothing; the verdict does. One reading per tick.
import { cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { NS_PER_MS, usToSeconds } from '../units.ts';

/** The monitor samples at this grain; a delay is what exceeds it. */
const LOOP_RESOLUTION_MS = 10;
const P99 = 99;

export interface SelfReading {
  readonly mainLoopDelayP99Ms: number;
  /** Since the last reading, as the next. */
  readonly mainLoopDelayRecentP99Ms: number;
  readonly mainLoopDelayMaxMs: number;
  /** CPU of this process since `start`, without the tap's threads; never falls. */
  readonly mainCpuSeconds: number;
  /** Of the tap's threads since `start`. */
  readonly tapCpuSeconds: number;
  /** 0..1 of all cores since the last reading; absent where the system does not tell. */
  readonly machineCpuRatio?: number;
}

export class SelfMonitor {
  readonly #delay: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #recent: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({
    resolution: LOOP_RESOLUTION_MS,
  });
  #machine = machineTimes();
  /** What process and tap had used when the run began. */
  #processZeroSeconds = 0;
  #tapZeroSeconds = 0;
  #mainCpuSeconds = 0;

  /** From here on delays and CPU count: what it took to set up (modules, preflight, calibration) is not the run's. */
  start(tapCpuSeconds: number): void {
    this.#processZeroSeconds = processCpuSeconds();
    this.#tapZeroSeconds = tapCpuSeconds;
    this.#delay.enable();
    this.#recent.enable();
    this.#machine = machineTimes();
  }

  /** `allTapCpuSeconds` as `start` was told it: since the threads began, and as old as their last batches. */
  read(allTapCpuSeconds: number): SelfReading {
    const p99Ms = excessMs(this.#delay.percentile(P99));
    const recentP99Ms = excessMs(this.#recent.percentile(P99));
    const maxMs = excessMs(this.#recent.max);
    this.#recent.reset();
    const before = this.#machine;
    this.#machine = machineTimes();
    const total = this.#machine.total - before.total;
    const tapCpuSeconds = allTapCpuSeconds - this.#tapZeroSeconds;
    // What the tap used since its last word looks like ours until its next one: then ours stands still, and never falls.
    const mainCpuSeconds = processCpuSeconds() - this.#processZeroSeconds - tapCpuSeconds;
    this.#mainCpuSeconds = Math.max(this.#mainCpuSeconds, mainCpuSeconds);
    return {
      mainLoopDelayP99Ms: p99Ms,
      mainLoopDelayRecentP99Ms: recentP99Ms,
      mainLoopDelayMaxMs: maxMs,
      mainCpuSeconds: this.#mainCpuSeconds,
      tapCpuSeconds,
      ...(total > 0 ? { machineCpuRatio: 1 - (this.#machine.idle - before.idle) / total } : {}),
    };
  }

  stop(): void {
    this.#delay.disable();
    this.#recent.disable();
  }
}

/** A delay is what exceeds the monitor's own step; an empty histogram has none. */
function excessMs(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NS_PER_MS - LOOP_RESOLUTION_MS) : 0;
}

function processCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return usToSeconds(user + system);
}

function machineTimes(): { readonly total: number; readonly idle: number } {
  const times = cpus().map((core) => core.times);
  return {
    total: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
  };
}
