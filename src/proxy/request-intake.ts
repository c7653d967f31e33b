// What one client connection asks for: requests read, routed and put into its queue, in order.
// It opens no connection and ends none; the client connection sends on what is queued and knows what each ending means.

import type { ByteRange } from '../events.ts';
import { parseRange } from '../hls/resource.ts';
import { WORKER_SLOT } from '../meters.ts';
import type { TapContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { type ExchangeQueue, UNREAD } from './exchange-queue.ts';
import { type Field, fieldValue } from './http1/fields.ts';
import { type RequestHead, retargetRequestHead, rewriteRequestHead } from './http1/head.ts';
import { type RequestObserver, RequestReader } from './http1/request-reader.ts';
import { promisesClose } from './response-facts.ts';
import { diverted, type Place, type Refusal, readConnect, readTarget, type Secured } from './target.ts';

/** The client connection behind the requests. */
export interface IntakeOwner {
  /** Nothing more is taken. */
  readonly isClosing: boolean;
  /** A request was queued, or octets of one that waits came in. */
  asked(): void;
  /** The whole request is here, body and all. */
  askedWholly(exchange: Exchange): void;
  /** The origin's side is full: octets should not come faster. */
  full(): void;
  /** The first request was a CONNECT: the octets that follow are another protocol's. */
  connecting(place: Place): void;
  /** What came is no request; `text` says why. */
  unreadable(text: string): void;
}

/** Fields that speak to a proxy, not to an origin. */
const PROXY_FIELDS = ['Proxy-Connection', 'Proxy-Authorization'];

/** What the fields of a request say to us. A player's requests share their fields, and so this. */
interface Told {
  readonly range: ByteRange | undefined;
  readonly speaksToProxy: boolean;
}

const known: WeakMap<readonly Field[], Told> = new WeakMap();

export class RequestIntake implements RequestObserver {
  readonly #context: TapContext;
  readonly #exchanges: ExchangeQueue;
  readonly #owner: IntakeOwner;
  readonly #secured: Secured | undefined;
  readonly #reader: RequestReader = new RequestReader(this);
  /** The request whose body is being read. */
  #current: Exchange | undefined;
  /** Octets of a head are here, the whole is not. */
  #isReadingHead = false;

  /** `secured` on a connection on which TLS is spoken. */
  constructor(context: TapContext, exchanges: ExchangeQueue, owner: IntakeOwner, secured: Secured | undefined) {
    this.#context = context;
    this.#exchanges = exchanges;
    this.#owner = owner;
    this.#secured = secured;
  }

  /** How many octets were requests'; the rest, after a CONNECT, is not. */
  read(octets: Buffer): number {
    return this.#reader.read(octets);
  }

  /** Ends a request whose head never became whole, if there is one. */
  endUnread(code: 'CR' | 'cR'): void {
    if (this.#isReadingHead) this.#exchanges.remove(this.#exchanges.begin(UNREAD).transfer, code);
    this.#isReadingHead = false;
  }

  /** What the client still sends of a request that was answered early goes nowhere. */
  dropRest(): void {
    if (this.#current !== undefined) this.#current.isAsked = true;
  }

  firstOctet(): void {
    this.#isReadingHead = !this.#owner.isClosing;
  }

  head(head: RequestHead): void {
    // An earlier request in the same read may have ended the connection.
    if (this.#owner.isClosing) return;
    this.#isReadingHead = false;
    const isFirst = this.#exchanges.requests === 0 && this.#secured === undefined;
    const place = head.method === 'CONNECT' && isFirst ? this.#unlessOwn(readConnect(head.target)) : undefined;
    if (place !== undefined && 'origin' in place) {
      this.#owner.connecting(place);
      return;
    }
    const route = place ?? this.#unlessOwn(this.#divert(readTarget(head.method, head.target, this.#secured)));
    const told = toldBy(head.fields);
    const exchange = this.#exchanges.begin({
      method: head.method,
      url: 'origin' in route ? route.url : head.target,
      range: told.range,
      route,
    });
    if ('origin' in route) {
      exchange.wait(
        told.speaksToProxy ? this.#withoutProxyFields(head, route.path) : retargetRequestHead(head, route.path),
      );
      if (exchange.fault !== undefined)
        exchange.fault.closes = promisesClose(head.version, fieldValue(head.fields, 'connection'));
    }
    this.#current = exchange;
    this.#owner.asked();
  }

  body(octets: Buffer): void {
    const exchange = this.#current;
    if (exchange === undefined || this.#owner.isClosing) return;
    if (exchange.upstream === undefined) {
      exchange.wait(Buffer.from(octets));
      this.#owner.asked();
    } else if (!exchange.upstream.sendBody(exchange.transfer, octets)) this.#owner.full();
  }

  complete(): void {
    const exchange = this.#current;
    this.#current = undefined;
    if (exchange === undefined) return;
    exchange.isAsked = true;
    this.#owner.askedWholly(exchange);
  }

  problem(text: string): void {
    if (this.#owner.isClosing) return;
    this.#isReadingHead = false;
    this.#owner.unreadable(text);
  }

  #withoutProxyFields(head: RequestHead, target: string): string {
    const { text, removed } = rewriteRequestHead(head, target, PROXY_FIELDS);
    this.#context.meter(WORKER_SLOT.removedFields, removed);
    return text;
  }

  #divert<Read extends Place>(read: Read | Refusal): Read | Refusal {
    return 'origin' in read ? diverted(read, this.#context.behaviour.resolve) : read;
  }

  #unlessOwn<Read extends Place>(read: Read | Refusal): Read | Refusal {
    if ('origin' in read && this.#context.isOwnListener(read))
      return { status: 508, text: `${read.origin} is a listener of hls-swarm itself` };
    return read;
  }
}

function toldBy(fields: readonly Field[]): Told {
  const before = known.get(fields);
  if (before !== undefined) return before;
  const told = {
    range: parseRange(fieldValue(fields, 'range')),
    speaksToProxy: PROXY_FIELDS.some((name) => fieldValue(fields, name) !== undefined),
  };
  known.set(fields, told);
  return told;
}
