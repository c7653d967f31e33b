// How late a thread's event loop is, over the whole time and since the last look. It judges nothing, and knows its own thread only.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { NS_PER_MS } from './units.ts';

type Monitor = ReturnType<typeof monitorEventLoopDelay>;

/** The monitor samples at this grain; a delay is what exceeds it. */
const RESOLUTION_MS = 10;
const P99 = 99;

/** 0 where nothing was sampled. */
export interface RecentDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class LoopDelay {
  readonly #whole: Monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #recent: Monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  enable(): void {
    this.#whole.enable();
    this.#recent.enable();
  }

  disable(): void {
    this.#whole.disable();
    this.#recent.disable();
  }

  /** Since it was enabled; 0 where nothing was sampled. */
  get p99Ms(): number {
    return excessMs(this.#whole.percentile(P99));
  }

  /** The longest since `takeRecent` was asked last; 0 where nothing was sampled. */
  get recentMaxMs(): number {
    return excessMs(this.#recent.max);
  }

  /** Since the last time that this was asked. */
  takeRecent(): RecentDelay {
    const recent = { p99Ms: excessMs(this.#recent.percentile(P99)), maxMs: this.recentMaxMs };
    this.#recent.reset();
    return recent;
  }
}

/** An empty histogram has no delay, and says so with a value that is no number. */
function excessMs(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NS_PER_MS - RESOLUTION_MS) : 0;
}
