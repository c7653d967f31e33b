// What the instrument measures of itself on the main thread: loop delay, CPU, and how busy the whole machine is.
// It judges nothing; the verdict does. One reading per tick.
import { cpus } from 'node:os';
import { LoopDelay } from '../loop-delay.ts';
import { usToSeconds } from '../units.ts';

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
  readonly #delay: LoopDelay = new LoopDelay();
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
    this.#machine = machineTimes();
  }

  /** `allTapCpuSeconds` as `start` was told it: since the threads began, and as old as their last batches. */
  read(allTapCpuSeconds: number): SelfReading {
    const recent = this.#delay.takeRecent();
    const before = this.#machine;
    this.#machine = machineTimes();
    const total = this.#machine.total - before.total;
    const tapCpuSeconds = allTapCpuSeconds - this.#tapZeroSeconds;
    // What the tap used since its last word looks like ours until its next one: then ours stands still, and never falls.
    const mainCpuSeconds = processCpuSeconds() - this.#processZeroSeconds - tapCpuSeconds;
    this.#mainCpuSeconds = Math.max(this.#mainCpuSeconds, mainCpuSeconds);
    return {
      mainLoopDelayP99Ms: this.#delay.p99Ms,
      mainLoopDelayRecentP99Ms: recent.p99Ms,
      mainLoopDelayMaxMs: recent.maxMs,
      mainCpuSeconds: this.#mainCpuSeconds,
      tapCpuSeconds,
      ...(total > 0 ? { machineCpuRatio: 1 - (this.#machine.idle - before.idle) / total } : {}),
    };
  }

  stop(): void {
    this.#delay.disable();
  }
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
