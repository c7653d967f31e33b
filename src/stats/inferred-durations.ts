// How far the log's request-to-request interval is from a segment's real duration: an error that is shown and never used.
// It keeps the last few of both sides per client until they meet; what never meets is forgotten.
import type { ByteRange, TransferEvent } from '../events.ts';
import { resourceKey } from '../hls/resource.ts';
import { ErrorAccumulator } from './agreement.ts';
import type { ErrorStatistics } from './summary.ts';

/** A record comes within a batch, an interval with the next segment: a few segments of each rendition lie between. */
const MAX_WAITING = 32;

interface Waiting {
  readonly inferredMs: Map<string, number>;
  readonly totalMs: Map<string, number>;
}

export class InferredDurations {
  readonly #clients = new Map<number, Waiting>();
  readonly #errors = new ErrorAccumulator();

  inferred(
    client: number,
    process: number,
    { url, range }: { readonly url: string; readonly range: ByteRange | undefined },
    intervalMs: number,
  ): void {
    const waiting = this.#of(client);
    this.#meet(
      waiting.totalMs,
      waiting.inferredMs,
      keyOf(process, url, range),
      intervalMs,
      (totalMs) => intervalMs - totalMs,
    );
  }

  /** A complete segment. */
  transfer({ client, process, url, range, totalMs }: TransferEvent): void {
    const waiting = this.#of(client);
    this.#meet(
      waiting.inferredMs,
      waiting.totalMs,
      keyOf(process, url, range),
      totalMs,
      (inferredMs) => inferredMs - totalMs,
    );
  }

  read(): ErrorStatistics {
    return this.#errors.read();
  }

  #meet(
    others: Map<string, number>,
    own: Map<string, number>,
    key: string,
    ms: number,
    error: (otherMs: number) => number,
  ): void {
    const other = others.get(key);
    if (other !== undefined) {
      others.delete(key);
      this.#errors.add(error(other));
      return;
    }
    own.set(key, ms);
    const [oldest] = own.keys();
    if (own.size > MAX_WAITING && oldest !== undefined) own.delete(oldest);
  }

  #of(client: number): Waiting {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    const waiting: Waiting = { inferredMs: new Map(), totalMs: new Map() };
    this.#clients.set(client, waiting);
    return waiting;
  }
}

function keyOf(process: number, url: string, range: ByteRange | undefined): string {
  return `${process} ${resourceKey(url, range)}`;
}
