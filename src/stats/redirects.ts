// What was asked for first, behind redirects: playlists and the log's `HLS request` lines name that, transfers their own URL.
// It follows nothing itself; a target that is never asked for is forgotten, the oldest first.
import type { TransferEvent } from '../events.ts';
import { resourceHash } from '../hls/resource.ts';

/** Redirects of one process whose target is still to come: two for each rendition that it plays. */
const MAX_WAITING = 64;

interface Asked {
  readonly url: string;
  /** Several players behind one door may be sent to the same target. */
  times: number;
}

interface Process {
  readonly number: number;
  /** By the target that is asked for next. */
  readonly waiting: Map<number, Asked>;
}

export class Redirects {
  readonly #processes = new Map<number, Process>();

  /** The transfer as what it was asked for in the first place; take each one once, in the order of its door. */
  original(event: TransferEvent): TransferEvent {
    const url = this.#take(event);
    const original = url === undefined ? event : { ...event, url };
    if (event.location !== undefined) this.#wait(original, event.location);
    return original;
  }

  #take({ client, process, url, range }: TransferEvent): string | undefined {
    const known = this.#processes.get(client);
    if (known === undefined) return undefined;
    const key = resourceHash(url, range);
    const asked = known.number === process ? known.waiting.get(key) : undefined;
    if (asked === undefined) return undefined;
    asked.times -= 1;
    if (asked.times === 0) known.waiting.delete(key);
    return asked.url;
  }

  /** The target is asked for with the same range. */
  #wait({ client, process, url, range }: TransferEvent, location: string): void {
    const known = this.#processes.get(client);
    const { waiting } = known?.number === process ? known : this.#begin(client, process);
    const key = resourceHash(location, range);
    const times = (waiting.get(key)?.times ?? 0) + 1;
    waiting.delete(key);
    waiting.set(key, { url, times });
    const [oldest] = waiting.keys();
    if (waiting.size > MAX_WAITING && oldest !== undefined) waiting.delete(oldest);
  }

  #begin(client: number, number: number): Process {
    const process: Process = { number, waiting: new Map() };
    this.#processes.set(client, process);
    return process;
  }
}
