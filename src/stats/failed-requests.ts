// What one process has asked for and not got, so that asking again is known for what it is: a retry, or a request for the rest.
// It knows no clock and counts nothing; what is never asked for again is forgotten, the oldest first.
import type { ByteRange, TransferEvent } from '../events.ts';
import { resourceHash } from '../hls/resource.ts';
import { LOWEST_ERROR_STATUS } from './status-codes.ts';

/** Failed and not asked for again: a player gives up on a segment after a few. */
const MAX_FAILED = 64;

export class FailedRequests {
  readonly #keys = new Set<number>();

  /** By `resourceHash`. */
  note(key: number): void {
    this.#keys.add(key);
    if (this.#keys.size <= MAX_FAILED) return;
    const [oldest] = this.#keys;
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  forget(key: number): void {
    this.#keys.delete(key);
  }

  /** Whether this is asked for again, or its rest is; once per failure. */
  take(key: number, url: string, range: ByteRange | undefined): boolean {
    if (this.#keys.size === 0) return false;
    return this.#keys.delete(key) || (range !== undefined && this.#keys.delete(restKey(url, range[0])));
  }

  /** Takes a transfer as it ended, in the order of ending; whether it was asked for before. */
  transfer(event: TransferEvent): boolean {
    const key = resourceHash(event.url, event.range);
    const isRetry = this.take(key, event.url, event.range);
    // Without an answer there is no octet that the player could keep: it asks for the whole of it.
    if (event.status === undefined || event.status >= LOWEST_ERROR_STATUS) this.note(key);
    else if (isCut(event)) this.note(restKey(event.url, (event.range?.[0] ?? 0) + event.contentBytes));
    return isRetry;
  }
}

/** The origin's side broke it off: the player may ask for the rest. One that the player left is wanted no more. */
function isCut({ integrity, termination }: TransferEvent): boolean {
  return integrity === 'short' && termination.toUpperCase().startsWith('S');
}

/** No range ends before the first octet: so this is no request's own. */
function restKey(url: string, firstByte: number): number {
  return resourceHash(url, [firstByte, -1]);
}
