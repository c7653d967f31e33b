// What one client's segments took: wait and receive over its run and over the last minute, and how long it held the tap up.
// The populations are those of the proxy account (MEASURING section 3); it knows no process, restarts change nothing.
import type { StreamEvent, TransferEvent } from '../events.ts';
import { Minute } from './minute.ts';
import { hasSuccessHead, isClientLimited, isOk } from './proxy-account.ts';
import { Sketch } from './sketch.ts';
import type { ClientQuantiles } from './summary.ts';

/** Each keeps a few values only, and there may be thousands of clients: the minute is 45 to 60 s long. */
const WINDOW_SLOTS = 4;
const SHARE = 0.95;

export interface ClientTimesRead {
  readonly waitMs: ClientQuantiles;
  readonly receiveMs: ClientQuantiles;
  readonly clientBlockedRatio: number | undefined;
}

export class ClientTimes {
  readonly #wait = new RunAndMinute();
  readonly #receive = new RunAndMinute();
  #receiveMs = 0;
  #blockedMs = 0;
  /** The stream that told last; its record replaces it. */
  #open: StreamEvent | undefined;

  transfer(event: TransferEvent): void {
    const { kind, phases, clientBlockedMs } = event;
    if (this.#open !== undefined && isSame(this.#open, event)) this.#open = undefined;
    // What a fault on purpose did says nothing about origin or client.
    if ((kind !== 'segment' && kind !== 'stream') || event.injected !== null) return;
    const { waitMs, receiveMs } = phases;
    this.#receiveMs += receiveMs ?? 0;
    this.#blockedMs += clientBlockedMs;
    if (kind === 'stream') return;
    const endedAtMs = event.startedAtMs + event.totalMs;
    if (waitMs !== undefined && hasSuccessHead(event)) this.#wait.add(waitMs, endedAtMs);
    if (receiveMs !== undefined && isOk(event) && !isClientLimited(event)) this.#receive.add(receiveMs, endedAtMs);
  }

  stream(event: StreamEvent): void {
    this.#open = event;
  }

  read(atMs: number): ClientTimesRead {
    const open = this.#open;
    const receiveMs = this.#receiveMs + (open === undefined ? 0 : open.atMs - open.startedAtMs);
    const blockedMs = this.#blockedMs + (open?.clientBlockedMs ?? 0);
    return {
      waitMs: this.#wait.read(atMs),
      receiveMs: this.#receive.read(atMs),
      clientBlockedRatio: receiveMs > 0 ? Math.min(1, blockedMs / receiveMs) : undefined,
    };
  }
}

/** p95 of everything and of the last minute. What was read is kept until a value comes or a slot of the minute ends. */
class RunAndMinute {
  readonly #run = new Sketch();
  readonly #whole = [this.#run];
  readonly #minute = new Minute(() => new Sketch(), WINDOW_SLOTS);
  #read: { readonly count: number; readonly slot: number; readonly quantiles: ClientQuantiles } | undefined;

  add(ms: number, atMs: number): void {
    this.#run.add(ms);
    this.#minute.at(atMs)?.add(ms);
  }

  read(atMs: number): ClientQuantiles {
    const { count } = this.#run;
    const slot = this.#minute.slotNumber(atMs);
    if (this.#read?.count !== count || this.#read.slot !== slot) {
      const { n, p95 } = ofSketches(this.#whole);
      const window = ofSketches(this.#minute.before(atMs));
      this.#read = { count, slot, quantiles: p95 === undefined ? { n, window } : { n, p95, window } };
    }
    return this.#read.quantiles;
  }
}

function ofSketches(sketches: readonly Sketch[]): { readonly n: number; readonly p95?: number } {
  const p95 = Sketch.quantileOf(sketches, SHARE);
  if (p95 === undefined) return { n: 0 };
  let n = 0;
  for (const { count } of sketches) n += count;
  return { n, p95 };
}

function isSame(open: StreamEvent, { connection, requestIndex }: TransferEvent): boolean {
  return open.connection === connection && open.requestIndex === requestIndex;
}
