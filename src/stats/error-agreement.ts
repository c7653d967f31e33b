// What went wrong, counted twice: HTTP errors by status and repeated requests, by the parser's lines and by the tap's records.
// It pairs no single error with another; attempts after the beginning of a stop are left out on both sides.
import type { ParsedEvent, TransferEvent } from '../events.ts';
import { resourceHash } from '../hls/resource.ts';
import { FailedRequests } from './failed-requests.ts';
import { Minute } from './minute.ts';
import type { LineFate } from './pairing-process.ts';
import type { RequestKind } from './request-kinds.ts';
import { errorName, LOWEST_ERROR_STATUS } from './status-codes.ts';
import type { CountAgreement } from './summary.ts';

/** A reload of a playlist comes later than this, and may be the next request and on a new connection too. */
const RETRY_WITHIN_MS = 1000;

/** What the reader of the log knows of a request line besides its text. */
export interface RepeatNote {
  readonly guess: RequestKind;
  /** FFmpeg dialled between its last request line and this one. */
  readonly isNewConnection: boolean;
}

interface RequestLine {
  readonly key: number;
  readonly atMs: number;
  readonly isNewConnection: boolean;
  readonly fate: LineFate | undefined;
}

/** A request asked for again, when nobody knows yet whether the first one went anywhere. */
interface HeldRetry {
  readonly former: LineFate;
  readonly atMs: number;
}

/** One side's view of one process; dies with the process. */
interface Side {
  readonly process: number;
  readonly failed: FailedRequests;
  lastLine: RequestLine | undefined;
}

export class ErrorAgreement {
  readonly #errors = new Map<string, BothCounts>();
  readonly #parserSides = new Map<number, Side>();
  readonly #proxySides = new Map<number, Side>();
  readonly #stopped = new Map<number, { readonly process: number; readonly atMs: number }>();
  readonly #retries = new BothCounts();
  /** No more than there are lines that wait for their transfer. */
  #held: HeldRetry[] = [];

  stopping(client: number, process: number, atMs: number): void {
    if (this.#stopped.get(client)?.process !== process) this.#stopped.set(client, { process, atMs });
  }

  /** `note`, `fate`: of a `request` line; without a fate its request counts as one that went out. */
  parsed(event: ParsedEvent, note?: RepeatNote, fate?: LineFate): void {
    if (this.#isStopped(event.client, event.process, event.atMs)) return;
    const side = sideOf(this.#parserSides, event.client, event.process);
    if (side === undefined) return;
    if (event.rule === 'http-error') this.#errorOf(event.status).add('parser', event.atMs);
    if (event.rule === 'request') {
      const { lastLine } = side;
      const key = resourceHash(event.url, event.range);
      const line = { key, atMs: event.atMs, isNewConnection: note?.isNewConnection ?? false, fate };
      const wasSaid = side.failed.take(key, event.url, event.range);
      const former = lastLine?.key === key ? lastLine.fate : undefined;
      if (wasSaid || isSilentRetry(lastLine, line, note?.guess)) this.#retried(former, event.atMs);
      side.lastLine = line;
    } else if (event.rule === 'reconnect') {
      // Its request line follows, and is not to be counted again.
      if (side.lastLine !== undefined) side.failed.forget(side.lastLine.key);
      this.#retried(side.lastLine?.fate, event.atMs);
      side.lastLine = undefined;
    } else if (isFailure(event) && side.lastLine !== undefined) {
      // What FFmpeg complains of is what became of its last request: it asks for one thing at a time.
      side.failed.note(side.lastLine.key);
    }
  }

  transfer(event: TransferEvent): void {
    if (event.process === 0 || event.stopping) return;
    if (this.#isStopped(event.client, event.process, event.startedAtMs)) return;
    if (event.status !== undefined && event.status >= LOWEST_ERROR_STATUS)
      this.#errorOf(event.status).add('proxy', event.startedAtMs + event.totalMs);
    const side = sideOf(this.#proxySides, event.client, event.process);
    if (side?.failed.transfer(event) === true) this.#retries.add('proxy', event.startedAtMs);
  }

  /** Counts the retries that are decided by now: after each settling of the pairs. */
  settle(): void {
    const held = this.#held;
    this.#held = [];
    for (const { former, atMs } of held) this.#retried(former, atMs);
  }

  /** With the last minute before `atMs`. */
  readErrors(atMs: number): Record<string, CountAgreement> {
    const codes = [...this.#errors].toSorted(([one], [other]) => one.localeCompare(other));
    return Object.fromEntries(codes.map(([code, counts]) => [code, counts.read(atMs)]));
  }

  /** Only what was sent out can be sent again: what FFmpeg wrote to a connection that was gone is in the log and nowhere else. */
  readRetries(atMs: number): CountAgreement {
    return this.#retries.read(atMs);
  }

  #retried(former: LineFate | undefined, atMs: number): void {
    if (former === undefined || former.isDead === false) this.#retries.add('parser', atMs);
    else if (former.isDead === undefined) this.#held.push({ former, atMs });
  }

  #errorOf(status: number): BothCounts {
    const code = errorName(status);
    const known = this.#errors.get(code) ?? new BothCounts();
    this.#errors.set(code, known);
    return known;
  }

  #isStopped(client: number, process: number, atMs: number): boolean {
    const stopped = this.#stopped.get(client);
    return stopped !== undefined && stopped.process === process && atMs >= stopped.atMs;
  }
}

/** One count by both sides, over the run and over the last minute. */
class BothCounts {
  readonly #run = noCounts();
  readonly #minute = new Minute(noCounts);

  add(side: 'parser' | 'proxy', atMs: number): void {
    this.#run[side] += 1;
    const slot = this.#minute.at(atMs);
    if (slot !== undefined) slot[side] += 1;
  }

  read(atMs: number): Required<CountAgreement> {
    const window = noCounts();
    for (const slot of this.#minute.before(atMs)) {
      window.parser += slot.parser;
      window.proxy += slot.proxy;
    }
    return { ...this.#run, window };
  }
}

/** An answer that was no good, or none at all: the connection broke before one came, and FFmpeg says so. */
function isFailure({ rule }: ParsedEvent): boolean {
  return (
    rule === 'http-error' || rule === 'keepalive-failed' || rule === 'segment-failed' || rule === 'playlist-failed'
  );
}

/**
 * FFmpeg says nothing of a kept connection that ended without an answer (`keepalive request failed` leaves the end of file out);
 * it dials and asks again with its very next request.
 */
function isSilentRetry(last: RequestLine | undefined, line: RequestLine, guess: RequestKind | undefined): boolean {
  if (last === undefined || last.key !== line.key || last.isNewConnection || !line.isNewConnection) return false;
  return guess !== 'playlist' || line.atMs - last.atMs <= RETRY_WITHIN_MS;
}

function noCounts(): { parser: number; proxy: number } {
  return { parser: 0, proxy: 0 };
}

/** Undefined for a process that the client has left behind. */
function sideOf(sides: Map<number, Side>, client: number, process: number): Side | undefined {
  const known = sides.get(client);
  if (known !== undefined && known.process >= process) return known.process === process ? known : undefined;
  const side: Side = { process, failed: new FailedRequests(), lastLine: undefined };
  sides.set(client, side);
  return side;
}
