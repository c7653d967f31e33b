// A fault on purpose, as a user writes it (`kind=segment nth=7 status=404`) and as the tap and the embedded origin apply it.
// It injects nothing and draws no random number.
import type { Kind } from '../events.ts';

/**
 * What a rule does to the requests that it chooses; exactly one. `afterBytes` counts octets of message content that reach the
 * client first.
 */
export type FaultAction =
  /** The request is held back for this long. */
  | { readonly type: 'delay'; readonly delayMs: number }
  /** The content comes no faster than this. */
  | { readonly type: 'throttle'; readonly bytesPerSecond: number }
  /** It is answered with this status and a line of text. */
  | { readonly type: 'status'; readonly status: number }
  /** Without `afterBytes` in place of an answer. */
  | { readonly type: 'reset'; readonly afterBytes?: number }
  /** The connection ends cleanly, too early; `afterShare` is of the declared content length. */
  | { readonly type: 'truncate'; readonly afterBytes: number }
  | { readonly type: 'truncate'; readonly afterShare: number }
  /** The content pauses once. */
  | { readonly type: 'stall'; readonly afterBytes: number; readonly stallMs: number };

/** Which of a client's matching requests, counted from 1: `first`, and every `step`th from there to `last` (or without end). */
export interface Nth {
  readonly first: number;
  readonly last?: number;
  readonly step: number;
}

/** Plain data: it crosses to worker threads. What is absent chooses nothing away. */
export interface FaultRule {
  /** As written, for messages. */
  readonly text: string;
  readonly kinds?: readonly Kind[];
  readonly nth?: Nth;
  /** Source of a regular expression, found anywhere in the URL. */
  readonly urlPattern?: string;
  readonly client?: number;
  /** 0..1. */
  readonly probability?: number;
  readonly action: FaultAction;
}

/** The action stands in place of the whole answer: nothing of the resource is sent. */
export function replacesAnswer(action: FaultAction): boolean {
  return action.type === 'status' || (action.type === 'reset' && action.afterBytes === undefined);
}

/** How many octets of content pass before the action; undefined when it does not act within content, or cannot know where. */
export function contentBytesBefore(action: FaultAction, declaredContentLength: number | undefined): number | undefined {
  if ('afterBytes' in action) return action.afterBytes;
  if (!('afterShare' in action) || declaredContentLength === undefined) return undefined;
  return Math.floor(declaredContentLength * action.afterShare);
}
