// How far the log's request-to-request interval is from a segment's real duration: an error that is shown and never used.
// It keeps the last few of both sides per client until they meet; what never meets is forgotten.
import type { ByteRange, TransferEvent } from '../events.ts';
import { resourceHash } from '../hls/resource.ts';
import { ErrorAccumulator, type WindowedErrors } from './agreement.ts';
import { Minute } from './minute.ts';

/** A record comes within a batch, an interval with the next segment: a few segments of each rendition lie between. */
const MAX_WAITING = 32;

interface Waiting {
  readonly inferredMs: Map<number, number>;
  readonly totalMs: Map<number, number>;
}

export class InferredDurations {
  readonly #clients = new Map<number, Waiting>();
  readonly #errors = new ErrorAccumulator();
  readonly #minute = new Minute(() => new ErrorAccumulator());

  /** `atMs`: of the line that ended the interval. */
  inferred(
    client: number,
    process: number,
    { url, range }: { readonly url: string; readonly range: ByteRange | undefined },
    { intervalMs, atMs }: { readonly intervalMs: number; readonly atMs: number },
  ): void {
    const { totalMs, inferredMs } = this.#of(client);
    const other = meet(totalMs, inferredMs, keyOf(process, url, range), intervalMs);
    if (other !== undefined) this.#add(intervalMs - other, atMs);
  }

  /** A complete segment. */
  transfer({ client, process, url, range, totalMs, startedAtMs }: TransferEvent): void {
    const waiting = this.#of(client);
    const other = meet(waiting.inferredMs, waiting.totalMs, keyOf(process, url, range), totalMs);
    if (other !== undefined) this.#add(other - totalMs, startedAtMs + totalMs);
  }

  /** Of the run, and of the last minute before `atMs`; undefined while there is none. */
  read(atMs: number): WindowedErrors | undefined {
    if (this.#errors.n === 0) return undefined;
    const window = new ErrorAccumulator();
    for (const errors of this.#minute.before(atMs)) window.merge(errors);
    return { run: this.#errors.read(), window: window.read() };
  }

  #add(errorMs: number, atMs: number): void {
    this.#errors.add(errorMs);
    this.#minute.at(atMs)?.add(errorMs);
  }

  #of(client: number): Waiting {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    const waiting: Waiting = { inferredMs: new Map(), totalMs: new Map() };
    this.#clients.set(client, waiting);
    return waiting;
  }
}

/** What the other side said of the same, taken; else this is kept until it does. */
function meet(others: Map<number, number>, own: Map<number, number>, key: number, ms: number): number | undefined {
  const other = others.get(key);
  if (other !== undefined) {
    others.delete(key);
    return other;
  }
  own.set(key, ms);
  if (own.size <= MAX_WAITING) return undefined;
  const [oldest] = own.keys();
  if (oldest !== undefined) own.delete(oldest);
  return undefined;
}

/** Hashes are spread over 53 bits: two resources whose hashes are as near as two process numbers do not occur. */
function keyOf(process: number, url: string, range: ByteRange | undefined): number {
  return resourceHash(url, range) + process;
}
