// A fault on purpose, as a user writes it (`kind=segment nth=7 status=404`) and as the tap and the embedded origin apply it.
// It injects nothing and draws no random number.
import type { Kind } from '../events.ts';

/** What a rule does to the transfers that it chooses; exactly one. */
export type FaultAction =
  | { readonly type: 'delay'; readonly delayMs: number }
  | { readonly type: 'throttle'; readonly bytesPerSecond: number }
  | { readonly type: 'status'; readonly status: number }
  | { readonly type: 'reset' }
  | { readonly type: 'truncate'; readonly afterBytes: number }
  | { readonly type: 'stall'; readonly afterBytes: number; readonly stallMs: number };

/** Plain data: it crosses to worker threads. What is absent chooses nothing away. */
export interface FaultRule {
  /** As written, for messages and records. */
  readonly text: string;
  readonly kind?: Kind;
  /** The nth matching request of a client, 1-based. */
  readonly nth?: number;
  /** Source of a regular expression over the URL. */
  readonly urlPattern?: string;
  readonly client?: number;
  /** 0..1. */
  readonly probability?: number;
  readonly action: FaultAction;
}
