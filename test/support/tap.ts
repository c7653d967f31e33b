// A tap on a bench: raw clients in front of it, its records behind it, and its laws checked after every test.
// It plays no origin (scripted-origin.ts) and knows no expectation of any one test.
import { after, afterEach, before, describe, test } from 'node:test';
import { type Clock, clockFrom, clockOrigin } from '../../src/clock.ts';
import type { ConnectionEvent, Event, TransferEvent } from '../../src/events.ts';
import type { MeterReading } from '../../src/meters.ts';
import { Tap, type TapOptions } from '../../src/proxy/tap.ts';
import { until } from './processes.ts';
import { RawClient } from './raw-client.ts';
import { type Action, ScriptedOrigin } from './scripted-origin.ts';
import { checkLedger, checkMeters, checkTransfer } from './tap-laws.ts';

export interface Account {
  readonly transfers: readonly TransferEvent[];
  readonly connections: readonly ConnectionEvent[];
  /** The rest: playlists, variants, listed segments. */
  readonly others: readonly Event[];
}

/** What a bench needs to be told; the limits are short so that tests of them are. */
export type BenchOptions = Partial<
  Pick<TapOptions, 'doors' | 'workers' | 'dialTimeoutMs' | 'inThread' | 'limits' | 'behaviour'>
>;

/** One test, for a tap in this thread and for one in a worker. */
export type TapCase = readonly [name: string, run: (bench: TapBench) => Promise<void>];

/** Short enough to wait for in a test, long enough for anything that should come before it. */
export const CLOSE_GRACE_MS = 150;
const LIMITS = { batchIntervalMs: 5, closeGraceMs: CLOSE_GRACE_MS };
const DIAL_TIMEOUT_MS = 2_000;

export class TapBench {
  readonly tap: Tap;
  readonly #events: Event[];
  readonly #clock: Clock;
  readonly #clients: RawClient[] = [];
  #accounted = 0;

  static async open(options: BenchOptions = {}): Promise<TapBench> {
    const events: Event[] = [];
    const origin = clockOrigin();
    const tap = await Tap.open({
      doors: 1,
      workers: 1,
      clockOrigin: origin,
      dialTimeoutMs: DIAL_TIMEOUT_MS,
      ...options,
      limits: { ...LIMITS, ...options.limits },
      emit: (event) => events.push(event),
      onFailure: (error) => {
        throw error;
      },
    });
    return new TapBench(tap, events, clockFrom(origin));
  }

  private constructor(tap: Tap, events: Event[], clock: Clock) {
    this.tap = tap;
    this.#events = events;
    this.#clock = clock;
  }

  /** A raw client at a door. */
  async client(door = 1): Promise<RawClient> {
    const client = await RawClient.connect(this.tap.ports.get(door) ?? 0);
    this.#clients.push(client);
    return client;
  }

  /** Takes care of a client that was made elsewhere. */
  adopt(client: RawClient): RawClient {
    this.#clients.push(client);
    return client;
  }

  /** Resolves when the live meters say so. */
  until(condition: (meters: MeterReading['meters']) => boolean, what: string, deadlineMs?: number): Promise<void> {
    return until(() => condition(this.tap.meters().meters), what, deadlineMs);
  }

  /**
   * Ends what clients there still are, waits until the tap has nothing open, checks its laws over everything so far and
   * hands back the records since the last account.
   */
  async account(): Promise<Account> {
    for (const client of this.#clients.splice(0)) client.destroy();
    await this.until(
      ({ openConnections, openUpstreamConnections, openTransfers }) =>
        openConnections === 0 && openUpstreamConnections === 0 && openTransfers === 0,
      'a tap with nothing open',
    );
    const quietAtMs = this.#clock.nowMs();
    // Of each worker, and not the next one to arrive: that may have left its thread before.
    const isQuiet = (worker: number): boolean =>
      this.#events.findLast((event) => event.type === 'batch' && event.worker === worker && event.atMs >= quietAtMs) !==
      undefined;
    const workers = Array.from({ length: this.tap.workers }, (_, worker) => worker);
    await until(() => this.#events.at(-1)?.type === 'batch' && workers.every(isQuiet), 'batches of the quiet tap');
    return this.#read();
  }

  /** Closes the tap with whatever is open and checks its laws; the records since the last account. */
  async close(): Promise<Account> {
    for (const client of this.#clients.splice(0)) client.destroy();
    return this.closeUnderway();
  }

  /** The same while clients are connected: what a run does at its end. */
  async closeUnderway(): Promise<Account> {
    await this.tap.close();
    return this.#read();
  }

  #read(): Account {
    checkLedger(this.#events, this.tap.workers);
    checkMeters(this.#events, this.tap);
    const fresh = this.#events.slice(this.#accounted);
    this.#accounted = this.#events.length;
    const transfers = fresh.filter((event) => event.type === 'transfer');
    for (const transfer of transfers) checkTransfer(transfer);
    return {
      transfers,
      connections: fresh.filter((event) => event.type === 'connection'),
      others: fresh.filter(({ type }) => type !== 'transfer' && type !== 'connection' && type !== 'batch'),
    };
  }
}

/** Registers the cases twice, on one bench each; the laws are checked after every case. */
export function onBothThreads(subject: string, cases: readonly TapCase[], options: BenchOptions = {}): void {
  for (const inThread of [true, false])
    describe(`${subject}, ${inThread ? 'tap in this thread' : 'tap in a worker'}`, () => {
      let bench: TapBench;
      before(async () => {
        bench = await TapBench.open({ ...options, inThread });
      });
      afterEach(async () => {
        await bench.account();
      });
      after(() => bench.close());
      for (const [name, run] of cases) test(name, () => run(bench));
    });
}

interface RequestOptions {
  readonly method?: string;
  readonly version?: '1.0' | '1.1';
  /** Lines without CRLF, after Host. */
  readonly fields?: readonly string[];
  readonly body?: string;
  /** Instead of `127.0.0.1:PORT`. */
  readonly authority?: string;
}

/** A request as a client sends it to a door, and as it must arrive at the origin. */
export function request(
  origin: { readonly port: number },
  path: string,
  options: RequestOptions = {},
): { readonly sent: string; readonly arrives: string } {
  const { method = 'GET', version = '1.1', fields = [], body = '' } = options;
  const authority = options.authority ?? `127.0.0.1:${origin.port}`;
  const lines = [`Host: ${authority}`, ...fields].map((line) => `${line}\r\n`).join('');
  const rest = ` HTTP/${version}\r\n${lines}\r\n${body}`;
  return { sent: `${method} http://${authority}${path}${rest}`, arrives: `${method} ${path}${rest}` };
}

/** All octets that the actions send. */
export function octetsOf(actions: readonly Action[]): Buffer {
  return Buffer.concat(actions.map((action) => ('octets' in action ? action.octets : Buffer.alloc(0))));
}

/** An origin that answers every request alike. */
export function answering(actions: readonly Action[]): Promise<ScriptedOrigin> {
  return ScriptedOrigin.start(() => actions);
}
