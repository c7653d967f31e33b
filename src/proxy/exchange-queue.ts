// The transfers of one client connection that have not ended, in the order of their requests, and the client's stream of
// octets that answers them: which octet belongs to whom, and what the client's kernel has taken.
// It touches no socket and decides no code.
import type { ByteRange, Termination } from '../events.ts';
import type { TapContext } from './context.ts';
import type { DoorState } from './door-state.ts';
import { Exchange } from './exchange.ts';
import type { AnswerObserver } from './response-account.ts';
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
  readonly #exchanges: Exchange[] = [];
  /** When the last answer was complete and taken; monotonic ms. */
  lastSettledAtMs: number = Number.NEGATIVE_INFINITY;
  #requests = 0;
  /** Octets of answers handed to the client's socket, and those that its kernel has taken. */
  #givenBytes = 0;
  #takenBytes = 0;

  constructor(context: TapContext, door: DoorState, connection: number) {
    this.#context = context;
    this.#door = door;
    this.#connection = connection;
  }

  get requests(): number {
    return this.#requests;
  }

  get length(): number {
    return this.#exchanges.length;
  }

  /** Octets of requests that wait for their turn. */
  get waitingBytes(): number {
    return this.#exchanges.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
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
    const listedKind = 'origin' in route ? this.#door.listedKind(url, range) : undefined;
    const exchange = new Exchange(transfer, route, listedKind);
    this.#exchanges.push(exchange);
    this.#context.begin(transfer);
    this.#door.slots.add('openTransfers', 1);
    return exchange;
  }

  /** The next request that may be sent on: in order, and to another origin only when all before it has ended. */
  nextToSend(): Exchange | undefined {
    const position = this.#exchanges.findIndex(({ isSent }) => !isSent);
    const next = this.#exchanges[position];
    const mayGo = this.#exchanges
      .slice(0, Math.max(0, position))
      .every(({ origin }) => origin !== undefined && origin === next?.origin);
    return mayGo ? next : undefined;
  }

  /** The next octet of the client's stream is the first of an answer to this transfer (or of another interim one). */
  answering(transfer: Transfer): void {
    if (transfer.deliverFrom !== undefined) return;
    // Answers to pipelined requests can share a read: then what precedes this one has not been handed on yet.
    const position = this.#exchanges.findIndex((exchange) => exchange.transfer === transfer);
    const previous = this.#exchanges[position - 1]?.transfer;
    transfer.deliverFrom =
      previous?.deliverFrom === undefined ? this.#givenBytes : previous.deliverFrom + previous.responseBytes;
  }

  answered(transfer: Transfer, contentEncoding: string | undefined): void {
    this.#find(transfer)?.answered(contentEncoding);
  }

  content(transfer: Transfer, octets: Buffer, start: number, end: number): void {
    this.#context.meterKind(transfer.kindSlot, end - start);
    this.#door.slots.add('contentBytes', end - start);
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

  /** What is wholly received teaches the door, whether or not the client has taken it yet. */
  read(atMs: number): void {
    for (const exchange of this.#exchanges) if (exchange.transfer.isReceived) exchange.read(this.#door, atMs);
  }

  /** Ends, in order, what is asked, answered and with the client's kernel. */
  settle(): void {
    for (let [first] = this.#exchanges; first?.isAsked && this.#isTaken(first.transfer); [first] = this.#exchanges) {
      this.#exchanges.shift();
      this.#end(first, '--');
      this.lastSettledAtMs = this.#context.clock.nowMs();
    }
  }

  remove(transfer: Transfer, code: Termination): void {
    const position = this.#exchanges.findIndex((exchange) => exchange.transfer === transfer);
    const [exchange] = position < 0 ? [] : this.#exchanges.splice(position, 1);
    if (exchange !== undefined) this.#end(exchange, code);
  }

  /** Ends everything that `which` names a code for; the rest stays. */
  endAll(which: (exchange: Exchange, position: number) => Termination | undefined): void {
    for (const [position, exchange] of [...this.#exchanges].entries()) {
      const code = which(exchange, position);
      if (code !== undefined) this.remove(exchange.transfer, code);
    }
  }

  #find(transfer: Transfer): Exchange | undefined {
    return this.#exchanges.find((exchange) => exchange.transfer === transfer);
  }

  #isTaken(transfer: Transfer): boolean {
    return transfer.isReceived && (transfer.deliverFrom ?? 0) + transfer.responseBytes <= this.#takenBytes;
  }

  #end(exchange: Exchange, termination: Termination): void {
    const { transfer } = exchange;
    const given = transfer.deliverFrom === undefined ? 0 : this.#givenBytes - transfer.deliverFrom;
    this.#door.slots.add('openTransfers', -1);
    this.#context.end(transfer, {
      termination,
      atMs: this.#context.clock.nowMs(),
      kind: exchange.kind(),
      // A write in flight counts in full: for an abandoned transfer an upper bound of what the player read.
      deliveredBytes: Math.max(0, Math.min(given, transfer.responseBytes)),
      stopping: this.#door.isStopping(),
    });
  }
}
