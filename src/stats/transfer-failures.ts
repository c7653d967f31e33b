// Which requests failed by the origin's doing, and which of them by its silence, whoever lost patience first. Pure.
// It waits for nothing: the tap's own limits are in its endings, the clients' limit is handed in.
import type { TransferEvent } from '../events.ts';
import { LOWEST_ERROR_STATUS } from './status-codes.ts';

/** An error status, or not whole by the doing of the origin, its silence included, or of the way to it: none of ours. */
export function isFailed(event: TransferEvent, clientTimeoutMs: number | undefined): boolean {
  const { status, termination } = event;
  const isRefused = (status !== undefined && status >= LOWEST_ERROR_STATUS) || /^(?:[SsX]|P[HD])/.test(termination);
  return isRefused || isTimedOut(event, clientTimeoutMs);
}

/**
 * true when the tap gave the origin up (it is late in dialling, at the head or within the content), or when a client left after
 * it had been kept waiting for its own limit. A client without a known limit may leave for any reason.
 */
export function isTimedOut(event: TransferEvent, clientTimeoutMs: number | undefined): boolean {
  switch (event.termination) {
    case 'sC':
    case 'sH':
    case 'sD':
      return true;
    // Still queued: a fault on purpose holds it back, or all connections of a shared pool are waiting themselves.
    case 'CQ':
    case 'CC':
    case 'CH':
      return isReached(event.totalMs, clientTimeoutMs);
    case 'CD':
      return isReached(silenceMs(event), clientTimeoutMs);
    default:
      return false;
  }
}

/** Within the content; before its first octet there is no gap yet, but the phase that waits for it. */
function silenceMs({ contentBytes, longestGapMs, phases }: TransferEvent): number {
  return contentBytes === 0 ? (phases.receiveMs ?? 0) : longestGapMs;
}

function isReached(waitedMs: number, limitMs: number | undefined): boolean {
  return limitMs !== undefined && waitedMs >= limitMs;
}
