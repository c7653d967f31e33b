// The transfers of one client connection that have not ended, in the order of their requests, and the client's stream of
// octets that answers them: which octet belongs to whom, and what the client's kernel has taken.
// It touches no socket and decides no code.
import type { ByteRange, Termination } from '../events.ts';
import { DOOR_SLOT } from '../meters.ts';
import type { TapContext } from './context.ts';
import type { DoorState } from './door-state.ts';
import { Exchange } from './exchange.ts';
import { FaultInjection } from './fault-injection.ts';
import { takeFirst } from './http1/take-first.ts';
import type { StreamOwner } from './open-stream.ts';
import type { AnswerObserver } from './response-account.ts';
import { StreamRecognition } from './stream-recognition.ts';
import type { Refusal, Target } from './target.ts';
import { Transfer } from './transfer.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly range: ByteRange | undefined;
  readonly route: Target | Refusal;
}

/** A request whose head never became whole has no URL of its own. */
export const UNREAD: Asked = {
  method: '-',
  url: '-',
  range: undefined,
  route: { status: 400, text: 'the request could not be read' },
};

export class ExchangeQueue implements AnswerObserver {
  readonly #context: TapContext;
  readonly #door: DoorState;
  readonly #connection: number;
  readonly #owner: StreamOwner;
  readonly #exchanges: Exchange[] = [];
  /** How many from the first on were sent: those behind them wait. */
  #sent = 0;
  /** When the last answer was complete and taken; monotonic ms. */
  lastSettledAtMs: number = Number.NEGATIVE_INFINITY;
  #requests = 0;
  /** Octets of answers handed to the client's socket, and those that its kernel has taken. */
  #givenBytes = 0;
  #takenBytes = 0;

  constructor(context: TapContext, door: DoorState, connection: number, owner: StreamOwner) {
    this.#context = context;
    this.#door = door;
    this.#connection = connection;
    this.#owner = owner;
  }

  get requests(): number {
    return this.#requests;
  }

  get length(): number {
    return this.#exchanges.length;
  }

  /** Octets of requests that wait for their turn. */
  get waitingBytes(): number {
    let bytes = 0;
    for (let position = this.#sent; position < this.#exchanges.length; position += 1)
      bytes += this.#exchanges[position]?.waitingBytes ?? 0;
    return bytes;
  }

  /** Some answer is still to come (others may only wait for the client to take them). */
  get isAnswerDue(): boolean {
    return this.#exchanges.some(({ transfer }) => !transfer.isReceived);
  }

  begin({ method, url, range, route }: Asked): Exchange {
    this.#requests += 1;
    const transfer = new Transfer({
      client: this.#door.client,
      process: this.#door.process(),
      connection: this.#connection,
      requestIndex: this.#requests,
      method,
      url,
      range,
      startedAtMs: this.#context.clock.nowMs(),
      startedAtWallMs: this.#context.clock.wallMs(),
    });
    const exchange = this.#exchange(transfer, route);
    const fault = 'origin' in route ? this.#door.nextFault(url, range) : undefined;
    if (fault !== undefined) exchange.fault = new FaultInjection(fault, transfer, this.#context.clock);
    this.#exchanges.push(exchange);
    this.#context.begin(transfer);
    this.#door.slots.add(DOOR_SLOT.openTransfers, 1);
    return exchange;
  }

  /**
   * The next request that may be sent on: in order; to another origin, and with or after a fault, only when all before it
   * has ended.
   */
  nextToSend(): Exchange | undefined {
    while (this.#exchanges[this.#sent]?.isSent === true) this.#sent += 1;
    const next = this.#exchanges[this.#sent];
    // Looked up before the first, an array takes its slow way.
    const previous = this.#sent === 0 ? undefined : this.#exchanges[this.#sent - 1];
    if (next === undefined || previous === undefined) return next;
    // The same held for the previous one: one look back is a look at all.
    const mayGo = previous.origin !== undefined && previous.origin === next.origin;
    return mayGo && previous.fault === undefined && next.fault === undefined ? next : undefined;
  }

  /** The next octet of the client's stream is the first of an answer to this transfer (or of another interim one). */
  answering(transfer: Transfer): void {
    if (transfer.deliverFrom !== undefined) return;
    // Answers to pipelined requests can share a read: then what precedes this one has not been handed on yet.
    const position = this.#positionOf(transfer);
    const previous = position > 0 ? this.#exchanges[position - 1]?.transfer : undefined;
    const previousEnd = previous?.deliverFrom === undefined ? 0 : previous.deliverFrom + previous.responseBytes;
    transfer.deliverFrom = Math.max(this.#givenBytes, previousEnd);
  }

  answered(transfer: Transfer, contentEncoding: string | undefined): void {
    this.#find(transfer)?.answered(contentEncoding);
  }

  content(transfer: Transfer, octets: Buffer, start: number, end: number): void {
    this.#context.meterKind(transfer.kindSlot, end - start);
    this.#door.slots.add(DOOR_SLOT.contentBytes, end - start);
    this.#find(transfer)?.content(octets, start, end);
  }

  /** Octets go to the client's socket; returns the length of its stream with them. */
  give(bytes: number): number {
    this.#givenBytes += bytes;
    return this.#givenBytes;
  }

  /** The client's kernel has taken its stream up to here. */
  taken(upToBytes: number): void {
    this.#takenBytes = upToBytes;
  }

  /** There are requests, and no octet of them is still to come. */
  get isWhollyAsked(): boolean {
    return this.#exchanges.length > 0 && this.#exchanges.every(({ isAsked }) => isAsked);
  }

  /** All that comes before an answer to this transfer was handed to the client's socket, and not an octet of it. */
  isNextToGive({ deliverFrom }: Transfer): boolean {
    return deliverFrom === undefined || deliverFrom === this.#givenBytes;
  }

  /** What is wholly received teaches the door, whether or not the client has taken it yet. */
  read(atMs: number): void {
    for (const exchange of this.#exchanges) if (exchange.transfer.isReceived) exchange.read(this.#door, atMs);
  }

  /** Ends, in order, what is asked, answered and with the client's kernel. */
  settle(): void {
    for (;;) {
      const first = this.#exchanges[0];
      if (first === undefined || !first.isAsked || !this.#isTaken(first.transfer)) return;
      this.#removeAt(0);
      this.lastSettledAtMs = this.#end(first, '--');
      first.upstream?.completed(first.transfer);
    }
  }

  remove(transfer: Transfer, code: Termination): void {
    const exchange = this.#removeAt(this.#positionOf(transfer));
    if (exchange !== undefined) this.#end(exchange, code);
  }

  /** Ends everything that `which` names a code for; the rest stays. */
  endAll(which: (exchange: Exchange, position: number) => Termination | undefined): void {
    for (const [position, exchange] of [...this.#exchanges].entries()) {
      const code = which(exchange, position);
      if (code !== undefined) this.remove(exchange.transfer, code);
    }
  }

  #exchange(transfer: Transfer, route: Target | Refusal): Exchange {
    if (!('origin' in route)) return new Exchange(transfer, route, undefined, undefined);
    const { url, range } = transfer.start;
    const listedKind = this.#door.listedKind(url, range);
    if (listedKind !== undefined && listedKind !== 'stream')
      return new Exchange(transfer, route, listedKind, undefined);
    const isKnown = listedKind === 'stream' || this.#context.streams.isKnown(url);
    const recognition = new StreamRecognition(this.#context, transfer, this.#owner, isKnown);
    return new Exchange(transfer, route, undefined, recognition);
  }

  #find(transfer: Transfer): Exchange | undefined {
    const position = this.#positionOf(transfer);
    return position < 0 ? undefined : this.#exchanges[position];
  }

  /** -1 when it has ended. Nearly always it is the first. */
  #positionOf(transfer: Transfer): number {
    if (this.#exchanges[0]?.transfer === transfer) return 0;
    return this.#exchanges.findIndex((exchange) => exchange.transfer === transfer);
  }

  #removeAt(position: number): Exchange | undefined {
    if (position < 0) return undefined;
    if (position < this.#sent) this.#sent -= 1;
    return position === 0 ? takeFirst(this.#exchanges) : this.#exchanges.splice(position, 1)[0];
  }

  #isTaken(transfer: Transfer): boolean {
    return transfer.isReceived && (transfer.deliverFrom ?? 0) + transfer.responseBytes <= this.#takenBytes;
  }

  /** Returns when. */
  #end(exchange: Exchange, termination: Termination): number {
    const { transfer } = exchange;
    const atMs = this.#context.clock.nowMs();
    const given = transfer.deliverFrom === undefined ? 0 : this.#givenBytes - transfer.deliverFrom;
    this.#door.slots.add(DOOR_SLOT.openTransfers, -1);
    this.#context.end(transfer, {
      termination,
      atMs,
      kind: exchange.kind(),
      // A write in flight counts in full: for an abandoned transfer an upper bound of what the player read.
      deliveredBytes: Math.max(0, Math.min(given, transfer.responseBytes)),
      stopping: this.#door.isStopping(),
    });
    return atMs;
  }
}
