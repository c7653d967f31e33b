// How often an origin is asked, and the timetable that asks: the more clients, the finer the picture.
// It does not know what is asked, reads no clock of its own, and never lets two askings overlap.
import { secondsToMs } from '../units.ts';

/** Below this a scrape is a load of its own. */
export const MIN_INTERVAL_MS = 500;

export interface IntervalInput {
  readonly activeClients: number;
  /** The user's own interval: then the load does not matter. */
  readonly fixedMs?: number;
  /** Never longer than this. */
  readonly capMs?: number;
}

/** 0 clients 10 s, 1-5 3 s, 6-99 2 s, 100 and more 1 s. */
export function intervalMs({ activeClients, fixedMs, capMs }: IntervalInput): number {
  const wanted = fixedMs ?? Math.min(secondsToMs(tierSeconds(activeClients)), capMs ?? Number.POSITIVE_INFINITY);
  return Math.max(MIN_INTERVAL_MS, wanted);
}

/** The timers of the platform, or a test's. */
export interface Timers {
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export interface ScheduleOptions {
  readonly intervalMs: (activeClients: number) => number;
  /** Half the width of the random shift of each due time; it shifts, it does not add up. Cut to half the interval. */
  readonly jitterMs: (intervalMs: number) => number;
  /** 0 <= x < 1, from the run's seed. */
  readonly random: () => number;
  readonly nowMs: () => number;
  /** Must not reject. */
  readonly task: (signal: AbortSignal) => Promise<void>;
  readonly timers?: Timers;
}

/** Runs a task at once, then on a grid of the interval, re-armed as soon as the interval changes. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #timers: Timers;
  readonly #abort = new AbortController();
  #activeClients = 0;
  /** The grid point of the last run, before jitter. */
  #gridMs = 0;
  #timer: unknown;
  /** What the timer was set by. */
  #armedIntervalMs: number | undefined;
  #running: Promise<void> | undefined;
  #isStarted = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  get currentIntervalMs(): number {
    return this.#options.intervalMs(this.#activeClients);
  }

  start(): void {
    if (this.#isStarted || this.#abort.signal.aborted) return;
    this.#isStarted = true;
    this.#gridMs = this.#options.nowMs();
    void this.#run();
  }

  /** A change of tier, or of the cap, takes effect at once: the next run is due one new interval after the last one. */
  setActiveClients(activeClients: number): void {
    this.#activeClients = activeClients;
    if (this.currentIntervalMs !== this.#armedIntervalMs && this.#running === undefined) this.#arm();
  }

  /** A run that begins after this call; waits for one in progress first. */
  async runNow(): Promise<void> {
    if (this.#running !== undefined) await this.#running;
    this.#gridMs = this.#options.nowMs();
    await this.#run();
  }

  /** Ends the timetable; a run in progress is told to give up and waited for. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#disarm();
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#disarm();
    this.#running ??= this.#options.task(this.#abort.signal).finally(() => {
      this.#running = undefined;
      this.#arm();
    });
    await this.#running;
  }

  #arm(): void {
    this.#disarm();
    if (!this.#isStarted) return;
    const now = this.#options.nowMs();
    const interval = this.currentIntervalMs;
    this.#armedIntervalMs = interval;
    // A run that took longer than the interval starts a new grid instead of a burst that catches up.
    const gridMs = Math.max(this.#gridMs + interval, now);
    const jitter = Math.min(this.#options.jitterMs(interval), interval / 2);
    const dueMs = Math.max(now, gridMs + jitter * (2 * this.#options.random() - 1));
    this.#timer = this.#timers.set(() => {
      this.#timer = undefined;
      this.#gridMs = gridMs;
      void this.#run();
    }, dueMs - now);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}

function tierSeconds(activeClients: number): number {
  if (activeClients <= 0) return 10;
  if (activeClients <= 5) return 3;
  return activeClients < 100 ? 2 : 1;
}
