// What went wrong, counted twice: HTTP errors by status and repeated requests, by the parser's lines and by the tap's records.
// It pairs no single error with another; attempts after the beginning of a stop are left out on both sides.
import type { ByteRange, ParsedEvent, TransferEvent } from '../events.ts';
import { canonicalUrl, resourceKey } from '../hls/resource.ts';
import type { CountAgreement } from './summary.ts';

const LOWEST_ERROR_STATUS = 400;
const HIGHEST_ERROR_STATUS = 599;
/** Of one process, failed and not asked for again: a player gives up on a segment after a few. The oldest goes. */
const MAX_FAILED = 64;

/** One side's view of one process; dies with the process. */
interface Side {
  readonly process: number;
  /** Asked for and not got, by URL and by where the rest begins. */
  readonly failed: Set<string>;
  lastKey: string | undefined;
}

export class ErrorAgreement {
  readonly #errors = new Map<string, { parser: number; proxy: number }>();
  readonly #parserSides = new Map<number, Side>();
  readonly #proxySides = new Map<number, Side>();
  readonly #stopped = new Map<number, { readonly process: number; readonly atMs: number }>();
  readonly #retries = { parser: 0, proxy: 0 };

  stopping(client: number, process: number, atMs: number): void {
    if (this.#stopped.get(client)?.process !== process) this.#stopped.set(client, { process, atMs });
  }

  parsed(event: ParsedEvent): void {
    if (this.#isStopped(event.client, event.process, event.atMs)) return;
    const side = sideOf(this.#parserSides, event.client, event.process);
    if (side === undefined) return;
    if (event.rule === 'request') {
      const key = resourceKey(event.url, event.range);
      if (takeFailed(side, key, event.url, event.range)) this.#retries.parser += 1;
      side.lastKey = key;
    } else if (event.rule === 'http-error') {
      this.#errorOf(event.status).parser += 1;
      // The answer that FFmpeg complains of is that of its last request: it asks for one thing at a time.
      if (side.lastKey !== undefined) noteFailed(side, side.lastKey);
    } else if (event.rule === 'reconnect') {
      // Its request line follows, and is not to be counted again.
      if (side.lastKey !== undefined) side.failed.delete(side.lastKey);
      this.#retries.parser += 1;
    }
  }

  transfer(event: TransferEvent): void {
    if (event.process === 0 || event.stopping) return;
    if (this.#isStopped(event.client, event.process, event.startedAtMs)) return;
    const isError = event.status !== undefined && event.status >= LOWEST_ERROR_STATUS;
    if (isError) this.#errorOf(event.status).proxy += 1;
    const side = sideOf(this.#proxySides, event.client, event.process);
    if (side === undefined) return;
    if (takeFailed(side, resourceKey(event.url, event.range), event.url, event.range)) this.#retries.proxy += 1;
    if (isError) noteFailed(side, resourceKey(event.url, event.range));
    else if (isCut(event)) noteFailed(side, restKey(event.url, (event.range?.[0] ?? 0) + event.contentBytes));
  }

  readErrors(): Record<string, CountAgreement> {
    const codes = [...this.#errors].toSorted(([one], [other]) => one.localeCompare(other));
    return Object.fromEntries(codes.map(([code, counts]) => [code, { ...counts }]));
  }

  readRetries(): CountAgreement {
    return { ...this.#retries };
  }

  #errorOf(status: number): { parser: number; proxy: number } {
    const code = status >= LOWEST_ERROR_STATUS && status <= HIGHEST_ERROR_STATUS ? String(status) : 'other';
    const known = this.#errors.get(code) ?? { parser: 0, proxy: 0 };
    this.#errors.set(code, known);
    return known;
  }

  #isStopped(client: number, process: number, atMs: number): boolean {
    const stopped = this.#stopped.get(client);
    return stopped !== undefined && stopped.process === process && atMs >= stopped.atMs;
  }
}

/** The origin's side broke it off: the player may ask for the rest. One that the player left is wanted no more. */
function isCut({ integrity, termination, stale }: TransferEvent): boolean {
  return integrity === 'short' && termination.toUpperCase().startsWith('S') && !stale;
}

function restKey(url: string, firstByte: number): string {
  return `${canonicalUrl(url)} rest ${firstByte}`;
}

/** Whether this is asked for again, or its rest is; once per failure. */
function takeFailed(side: Side, key: string, url: string, range: ByteRange | undefined): boolean {
  return side.failed.delete(key) || (range !== undefined && side.failed.delete(restKey(url, range[0])));
}

function noteFailed({ failed }: Side, key: string): void {
  failed.add(key);
  const [oldest] = failed;
  if (failed.size > MAX_FAILED && oldest !== undefined) failed.delete(oldest);
}

/** Undefined for a process that the client has left behind. */
function sideOf(sides: Map<number, Side>, client: number, process: number): Side | undefined {
  const known = sides.get(client);
  if (known !== undefined && known.process >= process) return known.process === process ? known : undefined;
  const side: Side = { process, failed: new Set(), lastKey: undefined };
  sides.set(client, side);
  return side;
}
