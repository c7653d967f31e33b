// One client connection: sends requests on in order, hands answers back, and knows what each ending means.
// It answers nothing in an origin's name: when an origin fails, the client feels what it would have felt directly.
import type { Socket } from 'node:net';
import type { ConnectionEvent, Termination } from '../events.ts';
import { tlsProblem } from '../trust.ts';
import { ClientReading } from './client-reading.ts';
import { type ClientSide, refusalOfOurs } from './client-side.ts';
import { idleRecord } from './connection-record.ts';
import type { TapContext } from './context.ts';
import type { DoorState } from './door-state.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeQueue, UNREAD } from './exchange-queue.ts';
import type { FaultInjection, FaultOwner } from './fault-injection.ts';
import { MAX_ORIGINS_PER_CONNECTION, MAX_WAITING_BYTES } from './limits.ts';
import { errorAnswer, type LocalAnswer, localAnswer } from './local-answer.ts';
import type { StreamOwner, StreamTimeout } from './open-stream.ts';
import type { OriginSide } from './origin-side.ts';
import { type IntakeOwner, RequestIntake } from './request-intake.ts';
import type { Place, Target } from './target.ts';
import { leavingCode, queuedCode } from './termination.ts';
import type { Transfer } from './transfer.ts';
import { Upstream } from './upstream.ts';
import type { Loss, UpstreamOwner } from './upstream-owner.ts';

export class Downstream implements IntakeOwner, UpstreamOwner, StreamOwner, FaultOwner {
  readonly client: number;
  readonly connection: number;
  readonly exchanges: ExchangeQueue;
  readonly #context: TapContext;
  readonly #door: DoorState;
  readonly #side: ClientSide;
  readonly #socket: Socket;
  readonly #reading: ClientReading;
  readonly #intake: RequestIntake;
  readonly #upstreams: OriginSide[] = [];
  readonly #openedAtMs: number;
  readonly #headTimer: NodeJS.Timeout;
  /** Of the transfer that was sent last. */
  #fault: FaultInjection | undefined;
  #hasDialled = false;
  #isClosing = false;
  #hasClosed = false;
  /** It will ask for nothing more, and waits for the answers due. */
  #hasFinished = false;
  /** Where a CONNECT, just read, points. */
  #place: Place | undefined;
  #error: string | undefined;

  constructor(context: TapContext, door: DoorState, side: ClientSide) {
    const { socket, accepted, earlier } = side;
    this.#context = context;
    this.#door = door;
    this.#side = side;
    this.#socket = socket;
    this.#reading = new ClientReading(socket, accepted);
    this.client = door.client;
    this.connection = earlier?.connection ?? context.nextConnection();
    this.exchanges = new ExchangeQueue(context, door, this.connection, this);
    this.#intake = new RequestIntake(context, this.exchanges, this, earlier?.secured);
    this.#openedAtMs = earlier?.openedAtMs ?? context.clock.nowMs();
    this.#headTimer = setTimeout(() => this.#onHeadTimeout(), context.limits.firstHeadMs);
    if (earlier === undefined) {
      context.meter('connections', 1);
      context.meter('openConnections', 1);
    }
    socket.on('data', (octets: Buffer) => this.#onData(octets));
    socket.on('end', () => this.#onFin());
    socket.on('error', (error) => {
      this.#error = tlsProblem(error);
      this.#onLeft('reset');
    });
    socket.on('close', () => this.#onLeft('fin'));
  }

  process(): number {
    return this.#door.process();
  }

  get sessions(): DoorState {
    return this.#door;
  }

  /** The run ends: every open transfer gets a `K` ending. */
  stop(): void {
    this.#leave('K', 'fin');
  }

  // What the intake of requests says.

  get isClosing(): boolean {
    return this.#isClosing;
  }

  asked(): void {
    clearTimeout(this.#headTimer);
    this.#advance();
  }

  askedWholly({ transfer }: Exchange): void {
    if (transfer.isReceived) this.#settle();
  }

  full(): void {
    this.#reading.pause();
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
    if (this.#socket.destroyed) return true;
    this.#socket.write(octets);
    if (this.#socket.writableLength === 0) {
      this.exchanges.taken(givenBytes);
      return true;
    }
    // An empty write behind the octets: its callback says that the kernel took them, without one callback per chunk.
    this.#socket.write('', (error) => {
      if (error === null || error === undefined) this.exchanges.taken(givenBytes);
      taken();
      if (!this.#hasClosed) this.#settle();
    });
    return false;
  }

  afterRead(atMs: number): void {
    this.#door.slots.set('lastByteAtMs', atMs);
    this.exchanges.read(atMs);
    this.#settle();
  }

  drained(): void {
    this.#reading.resume();
  }

  lost(upstream: OriginSide, loss: Loss): void {
    this.#upstreams.splice(this.#upstreams.indexOf(upstream), 1);
    const isPipelined = (loss.due[0]?.start.startedAtMs ?? Number.POSITIVE_INFINITY) < this.exchanges.lastSettledAtMs;
    if (loss.code === undefined) {
      // An idle loss of one of several, or while a request to another origin waits, is only forgotten.
      if (this.#upstreams.length > 0 || this.exchanges.isAnswerDue) {
        // It may have been the one whose full side held the client back.
        this.#reading.resume();
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
    this.#socket.write(octets);
    if (closes) this.#closeAfterFlush();
    else this.#settle();
  }

  fail(transfer: Transfer, code: 'SH' | 'SD', how: Loss['how']): void {
    this.exchanges.remove(transfer, code);
    if (how === 'fin') this.#closeAfterFlush();
    else this.#abort(code);
  }

  // The client's side.

  #onData(octets: Buffer): void {
    if (this.#isClosing) return;
    const tunnel = this.#upstreams.find(({ isOpaque }) => isOpaque);
    if (tunnel !== undefined) {
      if (!tunnel.sendOpaque(octets)) this.#reading.pause();
      return;
    }
    const taken = this.#intake.read(octets);
    if (this.#place !== undefined) this.#handOver(this.#place, octets.subarray(taken));
  }

  #handOver(place: Place, rest: Buffer): void {
    this.#hasClosed = true;
    this.#isClosing = true;
    clearTimeout(this.#headTimer);
    this.#socket.removeAllListeners('data');
    // Paused first: what is put back into a flowing stream without listeners is lost.
    this.#socket.pause();
    if (rest.length > 0) this.#socket.unshift(rest);
    const { connection } = this;
    this.#side.onConnect({ socket: this.#socket, connection, openedAtMs: this.#openedAtMs, place });
  }

  /** With `--half-close` a FIN ends the requests; without, or where there is nothing to wait for, the client left. */
  #onFin(): void {
    if (this.#hasClosed) return;
    const isOpaque = this.#upstreams.some((upstream) => upstream.isOpaque);
    if (!this.#context.behaviour.halfCloses || !this.exchanges.isWhollyAsked || isOpaque) {
      this.#onLeft('fin');
      return;
    }
    this.#hasFinished = true;
    this.#reading.finish();
    this.#intake.endUnread('CR');
    this.#settle();
  }

  #onLeft(how: 'fin' | 'reset'): void {
    this.#leave(this.#door.isStopping() ? 'K' : 'C', how);
  }

  #onHeadTimeout(): void {
    this.#intake.endUnread('cR');
    this.#abort('cR');
  }

  #leave(cause: 'C' | 'K', how: 'fin' | 'reset'): void {
    if (this.#hasClosed) return;
    const closedBy = cause === 'K' ? 'stop' : 'client';
    for (const upstream of this.#upstreams) upstream.destroy(closedBy, how);
    if (cause === 'C') this.#intake.endUnread('CR');
    this.exchanges.endAll(({ transfer: { phase } }, position) => leavingCode(cause, phase, position));
    this.#close(closedBy);
  }

  /** Everything ends with one code and both sides are reset: not an octet of ours is left for the client to read. */
  #abort(code: Termination): void {
    this.#abortAll(({ transfer: { phase } }) => (phase === 'queue' ? queuedCode(code) : code));
  }

  #abortAll(codeOf: (exchange: Exchange) => Termination): void {
    if (this.#hasClosed) return;
    for (const upstream of this.#upstreams) upstream.destroy('tap', 'reset');
    this.exchanges.endAll(codeOf);
    this.#side.accepted.resetAndDestroy();
    this.#close('tap');
  }

  /** What was relayed reaches the client, then the connection closes as the origin closed its side. */
  #closeAfterFlush(): void {
    this.#isClosing = true;
    this.#fault?.flush(this);
    for (const upstream of this.#upstreams) upstream.destroy(this.#hasFinished ? 'client' : 'tap');
    this.#upstreams.length = 0;
    this.#intake.dropRest();
    this.exchanges.endAll(({ transfer }) => (transfer.isReceived ? undefined : 'SQ'));
    this.exchanges.settle();
    this.#socket.destroySoon();
  }

  #close(closedBy: ConnectionEvent['closedBy']): void {
    this.#hasClosed = true;
    this.#isClosing = true;
    this.#upstreams.length = 0;
    clearTimeout(this.#headTimer);
    this.#reading.end();
    this.#context.meter('openConnections', -1);
    if (!this.#hasDialled) this.#recordIdle(closedBy);
    // A carrier that was reset takes its TLS with it when it has closed; destroying that sooner crashes Node.
    if (!this.#side.accepted.destroyed) this.#socket.destroy();
    // Not before: what it held goes back to where reads land, and the socket may have been writing from it.
    this.#fault?.end();
  }

  /** A connection that never had a request to dial for is counted, and never dialled. */
  #recordIdle(closedBy: ConnectionEvent['closedBy']): void {
    this.#context.meter('idleConnections', 1);
    this.#context.emit(
      idleRecord({
        client: this.client,
        process: this.process(),
        connection: this.connection,
        openedAtMs: this.#openedAtMs,
        closedAtMs: this.#context.clock.nowMs(),
        closedBy,
        requests: this.exchanges.requests,
        ...refusalOfOurs(this.#side, closedBy, this.exchanges.requests, this.#error),
      }),
    );
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
      const upstream = this.#upstreamTo(route);
      if (upstream === undefined) {
        this.#abort('PC');
        return;
      }
      if (!next.send(upstream)) this.#reading.pause();
    }
    this.#checkWaiting();
  }

  #upstreamTo(target: Target): OriginSide | undefined {
    const known = this.#upstreams.find((upstream) => upstream.target.origin === target.origin);
    if (known !== undefined || this.#upstreams.length >= MAX_ORIGINS_PER_CONNECTION) return known;
    const upstream = this.#context.shared?.sideFor(this, target) ?? new Upstream(this.#context, this, target);
    this.#hasDialled = true;
    this.#upstreams.push(upstream);
    return upstream;
  }

  #checkWaiting(): void {
    if (this.exchanges.waitingBytes > MAX_WAITING_BYTES) this.#abort('PR');
  }

  #answer(answer: LocalAnswer): void {
    this.#socket.write(localAnswer(answer));
    this.#closeAfterFlush();
  }

  /** What is complete and with the client ends; then the next request may go. */
  #settle(): void {
    this.exchanges.settle();
    if (this.#hasFinished && this.exchanges.length === 0) this.#closeAfterFlush();
    if (!this.#isClosing) this.#advance();
  }
}
