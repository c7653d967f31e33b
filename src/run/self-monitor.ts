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
  /** Since the last reading. */
  readonly mainLoopDelayMaxMs: number;
  /** CPU of this process since `start`, without the tap's threads. */
  readonly mainCpuSeconds: number;
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
  /** CPU of this process that is no business of the main thread's account. */
  #notMainSeconds = 0;

  /** From here on delays and CPU count: what it took to set up (modules, preflight, calibration) is not the run's. */
  start(tapCpuSeconds: number): void {
    this.#notMainSeconds = processCpuSeconds() - tapCpuSeconds;
    this.#delay.enable();
    this.#recent.enable();
    this.#machine = machineTimes();
  }

  read(tapCpuSeconds: number): SelfReading {
    const p99Ms = excessMs(this.#delay.percentile(P99));
    const maxMs = excessMs(this.#recent.max);
    this.#recent.reset();
    const before = this.#machine;
    this.#machine = machineTimes();
    const total = this.#machine.total - before.total;
    return {
      mainLoopDelayP99Ms: p99Ms,
      mainLoopDelayMaxMs: maxMs,
      mainCpuSeconds: Math.max(0, processCpuSeconds() - this.#notMainSeconds - tapCpuSeconds),
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
