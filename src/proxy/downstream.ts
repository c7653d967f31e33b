// One client connection: sends requests on in order, hands answers back, and knows what each ending means.
// It answers nothing in an origin's name: when an origin fails, the client feels what it would have felt directly.
import type { ConnectionEvent, Termination } from '../events.ts';
import { DOOR_SLOT } from '../meters.ts';
import { ClientConnection, type ClientObserver } from './client-connection.ts';
import type { ClientSide } from './client-side.ts';
import type { TapContext } from './context.ts';
import type { DoorState } from './door-state.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeQueue, UNREAD } from './exchange-queue.ts';
import type { FaultInjection, FaultOwner } from './fault-injection.ts';
import { MAX_WAITING_BYTES } from './limits.ts';
import { errorAnswer, type LocalAnswer, localAnswer } from './local-answer.ts';
import type { StreamOwner, StreamTimeout } from './open-stream.ts';
import type { OriginSide } from './origin-side.ts';
import { OriginSides } from './origin-sides.ts';
import { type IntakeOwner, RequestIntake } from './request-intake.ts';
import type { Place } from './target.ts';
import { leavingCode, queuedCode } from './termination.ts';
import type { Transfer } from './transfer.ts';
import type { Loss, UpstreamOwner } from './upstream-owner.ts';

export class Downstream implements IntakeOwner, UpstreamOwner, StreamOwner, FaultOwner, ClientObserver {
  readonly client: number;
  readonly door: DoorState;
  readonly exchanges: ExchangeQueue;
  readonly #context: TapContext;
  readonly #connection: ClientConnection;
  readonly #intake: RequestIntake;
  readonly #origins: OriginSides;
  /** Of the transfer that was sent last. */
  #fault: FaultInjection | undefined;
  /** The client will ask for nothing more, and waits for the answers due. */
  #hasFinished = false;
  /** Where a CONNECT, just read, points. */
  #place: Place | undefined;

  constructor(context: TapContext, door: DoorState, side: ClientSide) {
    this.#context = context;
    this.door = door;
    this.#connection = new ClientConnection(context, side, this);
    this.client = door.client;
    this.exchanges = new ExchangeQueue(context, door, this.#connection.number, this);
    this.#intake = new RequestIntake(context, this.exchanges, this, side.earlier?.secured);
    this.#origins = new OriginSides(context, this);
  }

  get connection(): number {
    return this.#connection.number;
  }

  process(): number {
    return this.door.process();
  }

  /** The run ends: every open transfer gets a `K` ending. */
  stop(): void {
    this.#leave('K', 'fin');
  }

  // What the intake of requests says.

  get isClosing(): boolean {
    return this.#connection.isClosing;
  }

  asked(): void {
    this.#connection.asked();
    this.#advance();
  }

  askedWholly({ transfer }: Exchange): void {
    if (transfer.isReceived) this.#settle();
  }

  full(): void {
    this.#connection.reading.pause();
  }

  connecting(place: Place): void {
    this.#place = place;
  }

  unreadable(text: string): void {
    const isAlone = this.exchanges.length === 0;
    const { transfer } = this.exchanges.begin(UNREAD);
    this.exchanges.remove(transfer, 'PR');
    if (isAlone) this.#answer({ status: 400, text });
    else this.#abort('PR');
  }

  // What upstreams say.

  relay(octets: Buffer, taken: () => void): boolean {
    return this.#fault === undefined ? this.pass(octets, taken) : this.#fault.relay(octets, taken, this);
  }

  pass(octets: Buffer, taken: () => void): boolean {
    const givenBytes = this.exchanges.give(octets.length);
    if (this.#connection.isGone) return true;
    if (this.#connection.write(octets)) {
      this.exchanges.taken(givenBytes);
      return true;
    }
    this.#connection.whenTaken((isSure) => {
      if (isSure) this.exchanges.taken(givenBytes);
      taken();
      if (!this.#connection.hasClosed) this.#settle();
    });
    return false;
  }

  afterRead(atMs: number): void {
    this.door.slots.set(DOOR_SLOT.lastByteAtMs, atMs);
    this.exchanges.read(atMs);
    this.#settle();
  }

  drained(): void {
    this.#connection.reading.resume();
  }

  lost(upstream: OriginSide, loss: Loss): void {
    this.#origins.forget(upstream);
    const isPipelined = (loss.due[0]?.start.startedAtMs ?? Number.POSITIVE_INFINITY) < this.exchanges.lastSettledAtMs;
    if (loss.code === undefined) {
      // An idle loss of one of several, or while a request to another origin waits, is only forgotten.
      if (!this.#origins.isEmpty || this.exchanges.isAnswerDue) {
        // It may have been the one whose full side held the client back.
        this.#connection.reading.resume();
        return;
      }
    } else {
      const { code } = loss;
      loss.due.forEach((transfer, position) => {
        this.exchanges.remove(transfer, position === 0 ? code : transfer.phase === 'queue' ? 'SQ' : 'SH');
      });
    }
    const { answersErrors } = this.#context.behaviour;
    const answer = answersErrors ? errorAnswer(loss, upstream.target.origin, this.exchanges) : undefined;
    // Before a response head the client must not see an octet of ours; mid-body it sees the end that the origin made.
    // A reset throws away what our kernel still holds for the client: never over answers that were complete before.
    if (answer !== undefined) this.#answer(answer);
    else if (loss.code === undefined || (loss.how === 'fin' && (loss.code !== 'SH' || isPipelined)))
      this.#closeAfterFlush();
    else this.#abort(loss.code);
  }

  /**
   * A stream's timer is up. Reset, never FIN: a body without a length would pass for complete. What waits behind it was
   * not answered; what stands before it is held up by the same client.
   */
  expired(stream: Transfer, code: StreamTimeout): void {
    const behind = code === 'cD' ? 'CQ' : 'SH';
    this.#abortAll(({ transfer }) => {
      if (transfer === stream) return code;
      if (transfer.isReceived) return 'cD';
      return transfer.phase === 'queue' ? queuedCode(behind) : behind;
    });
  }

  // What faults say.

  proceed(): void {
    this.#settle();
  }

  answer(transfer: Transfer, octets: Buffer, closes: boolean): void {
    transfer.enter('deliver', this.#context.clock.nowMs());
    this.exchanges.remove(transfer, 'LR');
    this.#connection.write(octets);
    if (closes) this.#closeAfterFlush('answer');
    else this.#settle();
  }

  fail(transfer: Transfer, code: 'SH' | 'SD', how: Loss['how']): void {
    this.exchanges.remove(transfer, code);
    if (how === 'fin') this.#closeAfterFlush();
    else this.#abort(code);
  }

  // The client's side.

  read(octets: Buffer): void {
    const tunnel = this.#origins.opaque;
    if (tunnel !== undefined) {
      if (!tunnel.sendOpaque(octets)) this.#connection.reading.pause();
      return;
    }
    const taken = this.#intake.read(octets);
    if (this.#place !== undefined) this.#connection.handOver(this.#place, octets.subarray(taken));
  }

  /** With `--half-close` a FIN ends the requests; without, or where there is nothing to wait for, the client left. */
  finished(): void {
    if (this.#connection.hasClosed) return;
    const isOpaque = this.#origins.opaque !== undefined;
    if (!this.#context.behaviour.halfCloses || !this.exchanges.isWhollyAsked || isOpaque) {
      this.left('fin');
      return;
    }
    this.#hasFinished = true;
    this.#connection.reading.finish();
    this.#intake.endUnread('CR');
    this.#settle();
  }

  left(how: 'fin' | 'reset'): void {
    this.#leave(this.door.isStopping() ? 'K' : 'C', how);
  }

  silent(): void {
    this.#intake.endUnread('cR');
    this.#abort('cR');
  }

  #leave(cause: 'C' | 'K', how: 'fin' | 'reset'): void {
    if (this.#connection.hasClosed) return;
    const closedBy = cause === 'K' ? 'stop' : 'client';
    this.#origins.destroy(closedBy, how);
    if (cause === 'C') this.#intake.endUnread('CR');
    this.exchanges.endAll(({ transfer: { phase } }, position) => leavingCode(cause, phase, position));
    this.#close(closedBy);
  }

  /** Everything ends with one code and both sides are reset: not an octet of ours is left for the client to read. */
  #abort(code: Termination): void {
    this.#abortAll(({ transfer: { phase } }) => (phase === 'queue' ? queuedCode(code) : code));
  }

  #abortAll(codeOf: (exchange: Exchange) => Termination): void {
    if (this.#connection.hasClosed) return;
    this.#origins.destroy('tap', 'reset');
    this.exchanges.endAll(codeOf);
    this.#connection.reset();
    this.#close('tap');
  }

  /** What was relayed reaches the client, then the connection closes as the origin closed its side. */
  #closeAfterFlush(close: 'flush' | 'answer' = 'flush'): void {
    this.#connection.isClosing = true;
    this.#fault?.flush(this);
    this.#origins.destroy(this.#hasFinished ? 'client' : 'tap');
    this.#intake.dropRest();
    this.exchanges.endAll(({ transfer }) => (transfer.isReceived ? undefined : 'SQ'));
    this.exchanges.settle();
    if (close === 'answer') this.#connection.closeAfterAnswer();
    else this.#connection.closeAfterFlush();
  }

  #close(closedBy: ConnectionEvent['closedBy']): void {
    this.#connection.close();
    const { client, exchanges } = this;
    if (!this.#origins.hasDialled)
      this.#connection.recordIdle({ client, process: this.process(), requests: exchanges.requests }, closedBy);
    // Not before: what it held goes back to where reads land, and the socket may have been writing from it.
    this.#fault?.end();
  }

  // The way of a request.

  #advance(): void {
    for (let next = this.exchanges.nextToSend(); next !== undefined; next = this.exchanges.nextToSend()) {
      const { route } = next;
      this.#fault = next.fault;
      if (this.#fault?.holdsBack(this) === true) break;
      if (!('origin' in route)) {
        this.exchanges.remove(next.transfer, 'LR');
        this.#answer(route);
        return;
      }
      const upstream = this.#origins.to(route);
      if (upstream === undefined) {
        this.#abort('PC');
        return;
      }
      if (!next.send(upstream)) this.#connection.reading.pause();
    }
    this.#connection.reading.unanswered(this.exchanges.length);
    if (this.exchanges.waitingBytes > MAX_WAITING_BYTES) this.#abort('PR');
  }

  #answer(answer: LocalAnswer): void {
    this.#connection.write(localAnswer(answer));
    this.#closeAfterFlush('answer');
  }

  /** What is complete and with the client ends; then the next request may go. */
  #settle(): void {
    this.exchanges.settle();
    if (this.#hasFinished && this.exchanges.length === 0) this.#closeAfterFlush();
    if (!this.#connection.isClosing) this.#advance();
  }
}
