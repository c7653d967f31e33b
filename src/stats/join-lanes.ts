// Finds for each transfer its line in the origin's log: by port and request index, connection by connection where a port is used
// again. Never by time; time only rules out what cannot be: a line that was read before its transfer began. It counts nothing.
import type { OriginRequestEvent, TransferEvent } from '../events.ts';
import { JoinNames, nameOf } from './join-names.ts';

/** What is kept of a transfer until its line comes. */
export type Carried = Pick<
  TransferEvent,
  | 'kind'
  | 'status'
  | 'termination'
  | 'upstreamAddress'
  | 'startedAtMs'
  | 'totalMs'
  | 'responseHeadBytes'
  | 'interimHeadBytes'
  | 'framingBytes'
  | 'contentBytes'
  | 'deliveredBytes'
> & { readonly name: string };

/** One connection as one side knows it: the requests on it that have no counterpart yet, by index. */
interface Lane<Item> {
  /** The tap's or the origin's own number. A log without one writes a connection's requests in order: another lane begins
   *  where the index does not rise. */
  readonly connection: number | undefined;
  readonly waiting: Map<number, Item>;
  readonly seen: SeenIndices;
  /** Nothing more comes of it. */
  isClosed: boolean;
}
interface TapLane extends Lane<Carried> {
  readonly beganAtMs: number;
  partner: OriginLane | undefined;
}
interface OriginLane extends Lane<OriginRequestEvent> {
  partner: TapLane | undefined;
}

/** Both sides of one port, in order: the tap's by their beginning, the origin's by their number or arrival. */
interface Port {
  readonly taps: TapLane[];
  readonly origins: OriginLane[];
}

export interface JoinSink {
  paired(carried: Carried, logged: OriginRequestEvent): void;
  /** Given up because too much was waiting. */
  evicted(carried: Iterable<Carried>, logged: Iterable<OriginRequestEvent>): void;
}

/** Records and lines waiting for their counterpart; a side that never comes must not fill the memory. */
export const MAX_WAITING = 50_000;
/** The answer that a connection ended with is recorded right after the connection: long enough ago is over for good. */
const MAX_OVER = 10_000;

export class JoinLanes {
  readonly #sink: JoinSink;
  /** The port that was new longest ago comes first. */
  readonly #ports = new Map<number, Port>();
  /** Of those, the ones with lines and no connection of ours: strangers', by all that is known. */
  readonly #strange = new Set<number>();
  /** Goes on where it was: from the beginning it would step over all that are gone, each time. */
  #oldestStrange: SetIterator<number> = this.#strange.values();
  /** The tap's connections that ended last. */
  readonly #over = new Set<number>();
  readonly #names = new JoinNames();
  #waiting = 0;

  constructor(sink: JoinSink) {
    this.#sink = sink;
  }

  transfer(event: TransferEvent): void {
    const { upstreamLocalPort: number, upstreamRequestIndex: index, upstreamConnection: connection } = event;
    if (number === undefined || index === undefined) return;
    const port = this.#at(number);
    const lane = tapLane(port, connection, index, event.startedAtMs);
    this.#strange.delete(number);
    lane.isClosed ||= connection !== undefined && this.#over.has(connection);
    lane.waiting.set(index, carriedOf(event));
    this.#came(number, port, index);
  }

  /** A connection to an origin that is over: what waits on it may still be joined, and then it can be forgotten. */
  closed(connection: number | undefined, number: number | undefined): void {
    if (connection !== undefined) this.#noteOver(connection);
    const port = number === undefined ? undefined : this.#ports.get(number);
    const lane = port?.taps.find((one) => connection !== undefined && one.connection === connection);
    if (number === undefined || port === undefined || lane === undefined) return;
    lane.isClosed = true;
    this.#forget(number, port);
  }

  request(event: OriginRequestEvent): void {
    const { remotePort, requestIndex } = event;
    const port = this.#at(remotePort);
    const lane = originLane(port, event, this.#names);
    if (port.taps.length === 0) this.#strange.add(remotePort);
    lane.waiting.set(requestIndex, event);
    this.#came(remotePort, port, requestIndex);
  }

  *transfers(): Generator<Carried> {
    for (const { taps } of this.#ports.values()) for (const { waiting } of taps) yield* waiting.values();
  }

  *requests(): Generator<OriginRequestEvent> {
    for (const { origins } of this.#ports.values()) for (const { waiting } of origins) yield* waiting.values();
  }

  #noteOver(connection: number): void {
    this.#over.add(connection);
    const [oldest] = this.#over;
    if (this.#over.size > MAX_OVER && oldest !== undefined) this.#over.delete(oldest);
  }

  #at(number: number): Port {
    const known = this.#ports.get(number);
    if (known !== undefined) return known;
    const port: Port = { taps: [], origins: [] };
    this.#ports.set(number, port);
    return port;
  }

  #came(number: number, port: Port, index: number): void {
    this.#waiting += 1;
    this.#match(port);
    for (const tap of port.taps) this.#settle(tap, index);
    if (isLeft(port, index) && this.#names.differed()) for (const other of this.#ports.values()) this.#match(other);
    this.#forget(number, port);
    if (this.#waiting > MAX_WAITING) this.#evictOldest();
  }

  /** Lanes that find each other now, with all that was there before. */
  #match(port: Port): void {
    for (const tap of bind(port, this.#names)) for (const index of [...tap.waiting.keys()]) this.#settle(tap, index);
  }

  #settle({ waiting, partner }: TapLane, index: number): void {
    const carried = waiting.get(index);
    const logged = partner?.waiting.get(index);
    if (carried === undefined || logged === undefined || !this.#names.fits(carried, logged)) return;
    waiting.delete(index);
    partner?.waiting.delete(index);
    this.#waiting -= 2;
    this.#names.paired(carried, logged);
    this.#sink.paired(carried, logged);
  }

  #forget(number: number, port: Port): void {
    const over = port.taps.filter(
      (tap) => tap.isClosed && tap.waiting.size === 0 && (tap.partner?.waiting.size ?? 0) === 0,
    );
    for (const tap of over) {
      port.taps.splice(port.taps.indexOf(tap), 1);
      if (tap.partner !== undefined) port.origins.splice(port.origins.indexOf(tap.partner), 1);
    }
    if (port.taps.length + port.origins.length === 0) this.#ports.delete(number);
    else if (port.taps.length === 0) this.#strange.add(number);
  }

  /** Strangers' first: a busy origin must not cost us the lines of our own that are under way. */
  #evictOldest(): void {
    const [first] = this.#ports.keys();
    const number = this.#nextStrange() ?? first;
    const port = number === undefined ? undefined : this.#ports.get(number);
    if (number === undefined || port === undefined) return;
    const { taps, origins } = port;
    this.#strange.delete(number);
    this.#ports.delete(number);
    const carried = taps.flatMap(({ waiting }) => [...waiting.values()]);
    const logged = origins.flatMap(({ waiting }) => [...waiting.values()]);
    this.#waiting -= carried.length + logged.length;
    this.#sink.evicted(carried, logged);
  }

  #nextStrange(): number | undefined {
    const { value, done } = this.#oldestStrange.next();
    if (done !== true) return value;
    this.#oldestStrange = this.#strange.values();
    return this.#oldestStrange.next().value;
  }
}

function tapLane({ taps }: Port, connection: number | undefined, index: number, beganAtMs: number): TapLane {
  const known = knownLane(taps, connection, index);
  if (known !== undefined) return known;
  const lane: TapLane = { ...newLane<Carried>(connection), beganAtMs, partner: undefined };
  lane.seen.add(index);
  const later = taps.findIndex((other) => other.beganAtMs > beganAtMs);
  taps.splice(later < 0 ? taps.length : later, 0, lane);
  return lane;
}

function originLane({ origins }: Port, event: OriginRequestEvent, names: JoinNames): OriginLane {
  const { connection, requestIndex: index } = event;
  const isAnothers = connection === undefined && isRefused(origins.at(-1)?.partner, event, names);
  const known = isAnothers ? undefined : knownLane(origins, connection, index);
  if (known !== undefined) return known;
  const lane: OriginLane = { ...newLane<OriginRequestEvent>(connection), partner: undefined };
  lane.seen.add(index);
  const isLater = (other: OriginLane): boolean => connection !== undefined && (other.connection ?? 0) > connection;
  const later = origins.findIndex(isLater);
  origins.splice(later < 0 ? origins.length : later, 0, lane);
  return lane;
}

/** The tap has something else at that index, or is through with the connection and has nothing. */
function isRefused(tap: TapLane | undefined, event: OriginRequestEvent, names: JoinNames): boolean {
  const carried = tap?.waiting.get(event.requestIndex);
  return carried === undefined ? tap?.isClosed === true : !names.fits(carried, event);
}

function newLane<Item>(connection: number | undefined): Lane<Item> {
  return { connection, waiting: new Map(), seen: new SeenIndices(), isClosed: false };
}

function knownLane<Known extends Lane<unknown>>(
  lanes: readonly Known[],
  connection: number | undefined,
  index: number,
): Known | undefined {
  const last = connection === undefined ? lanes.at(-1) : lanes.findLast((lane) => lane.connection === connection);
  if (last === undefined || (connection === undefined && index < last.seen.highest)) return undefined;
  // A server that was started again counts its connections from 1 again.
  return last.seen.add(index) ? last : undefined;
}

/** Indices from 1 on, mostly in order: a connection may carry a million of them. */
class SeenIndices {
  highest = 0;
  #through = 0;
  readonly #beyond = new Set<number>();

  /** False when it was there already. */
  add(index: number): boolean {
    if (index <= this.#through || this.#beyond.has(index)) return false;
    this.#beyond.add(index);
    this.highest = Math.max(this.highest, index);
    while (this.#beyond.delete(this.#through + 1)) this.#through += 1;
    return true;
  }
}

/** Lanes that have no partner, in their order, as far as nothing speaks against it: those that have one now. */
function bind({ taps, origins }: Port, names: JoinNames): readonly TapLane[] {
  const bound: TapLane[] = [];
  for (const tap of taps) {
    if (tap.partner !== undefined) continue;
    const partner = origins.find((origin) => origin.partner === undefined && agree(tap, origin, names));
    if (partner === undefined) continue;
    tap.partner = partner;
    partner.partner = tap;
    bound.push(tap);
  }
  return bound;
}

/** At least one index that both have, and none that speaks against it. */
function agree(tap: TapLane, origin: OriginLane, names: JoinNames): boolean {
  let common = 0;
  for (const [index, carried] of tap.waiting) {
    const logged = origin.waiting.get(index);
    if (logged === undefined) continue;
    if (!names.fits(carried, logged)) return false;
    common += 1;
  }
  return common > 0;
}

/** Both sides have something at that index, and neither lane found a partner by it. */
function isLeft({ taps, origins }: Port, index: number): boolean {
  const isLone = (lane: TapLane | OriginLane): boolean => lane.partner === undefined && lane.waiting.has(index);
  return taps.some(isLone) && origins.some(isLone);
}

function carriedOf(event: TransferEvent): Carried {
  const { kind, status, termination, upstreamAddress, startedAtMs, totalMs } = event;
  const { responseHeadBytes, interimHeadBytes, framingBytes, contentBytes, deliveredBytes } = event;
  return {
    kind,
    ...(status === undefined ? {} : { status }),
    termination,
    ...(upstreamAddress === undefined ? {} : { upstreamAddress }),
    startedAtMs,
    totalMs,
    responseHeadBytes,
    interimHeadBytes,
    framingBytes,
    contentBytes,
    deliveredBytes,
    name: nameOf(event.url),
  };
}
