// What an ending means and what follows it: category, restart or not, and after which delay. Pure but for the drawn jitter.
// It knows no process and no timer. An exit code of 0 is not trusted: FFmpeg leaves with 0 when it lost a live playlist.
import type { ExitCategory } from '../events.ts';
import type { ProgramExit } from '../process.ts';
import type { Random } from '../random.ts';

export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly multiplier: number;
  /** 0.2 = the delay is spread over 80 % to 120 %. */
  readonly jitterRatio: number;
}

export const CLIENT_BACKOFF: Backoff = { initialMs: 250, maxMs: 5_000, multiplier: 1.7, jitterRatio: 0.2 };
/** A process that lived this long was well: the next failure starts the backoff anew. */
export const RESET_UPTIME_MS = 30_000;

export type RestartDecision =
  | { readonly restart: true; readonly delayMs: number }
  | { readonly restart: false; readonly reason: string };

/**
 * `isStopping` = we sent the signal. A stream that is live, or not known to end, has no successful end; without a playlist
 * (`isHls` false: MPEG-TS over HTTP) none can be lost.
 */
export function exitCategory(
  exit: ProgramExit,
  circumstances: { readonly isStopping: boolean; readonly isLive: boolean; readonly isHls?: boolean },
): ExitCategory {
  if (circumstances.isStopping) return 'stopped';
  if (exit.signal !== undefined) return 'signal';
  if (exit.code !== 0) return 'error';
  if (!circumstances.isLive) return 'success';
  return circumstances.isHls === false ? 'error' : 'playlistLost';
}

/** Delay before restart number `attempt` (0 = the first) without jitter. */
export function backoffMs(attempt: number, backoff: Backoff = CLIENT_BACKOFF): number {
  // The power of a long row of failures is infinite, and 0 times that is no number.
  const growth = Math.min(backoff.multiplier ** attempt, Number.MAX_VALUE);
  return Math.min(backoff.initialMs * growth, backoff.maxMs);
}

/** A round of a loop that was over sooner had next to nothing to play: then the backoff keeps it from spinning. */
const SHORTEST_ROUND_MS = 1_000;

/** One client's restarts: counts them all against the limit, and the recent ones for the backoff. */
export class RestartPolicy {
  readonly #random: Random;
  readonly #maxRestarts: number;
  readonly #backoff: Backoff;
  readonly #loops: boolean;
  #restarts = 0;
  #attempt = 0;

  /** `maxRestarts` 0 = unlimited. `loops`: what has played to its end starts over, which is no restart. */
  constructor(random: Random, maxRestarts: number, backoff: Backoff = CLIENT_BACKOFF, loops: boolean = false) {
    this.#random = random;
    this.#maxRestarts = maxRestarts;
    this.#backoff = backoff;
    this.#loops = loops;
  }

  get restarts(): number {
    return this.#restarts;
  }

  decide(category: ExitCategory, uptimeMs: number): RestartDecision {
    if (category === 'success') return this.#afterTheEnd(uptimeMs);
    if (this.#maxRestarts > 0 && this.#restarts >= this.#maxRestarts) {
      return { restart: false, reason: `max restarts reached (${this.#maxRestarts})` };
    }
    if (uptimeMs >= RESET_UPTIME_MS) this.#attempt = 0;
    this.#restarts += 1;
    return { restart: true, delayMs: this.#nextDelayMs() };
  }

  #afterTheEnd(uptimeMs: number): RestartDecision {
    if (!this.#loops) return { restart: false, reason: 'the stream ended' };
    if (uptimeMs < SHORTEST_ROUND_MS) return { restart: true, delayMs: this.#nextDelayMs() };
    this.#attempt = 0;
    return { restart: true, delayMs: 0 };
  }

  #nextDelayMs(): number {
    const { jitterRatio } = this.#backoff;
    const share = this.#random.between(1 - jitterRatio, 1 + jitterRatio);
    const delayMs = backoffMs(this.#attempt, this.#backoff) * Math.max(0, share);
    this.#attempt += 1;
    return delayMs;
  }
}
