// One connection to an origin on behalf of one client connection: dials, writes requests on, relays answers.
// It never retries, re-dials, follows or repairs; its client connection decides what a loss means to the client.

import type { Socket } from 'node:net';
import type { ConnectionEvent, Termination } from '../events.ts';
import { WORKER_SLOT } from '../meters.ts';
import { upstreamRecord } from './connection-record.ts';
import type { TapContext } from './context.ts';
import { Dial, type DialFailure } from './dial.ts';
import type { OriginSide } from './origin-side.ts';
import { RequestWriter } from './request-writer.ts';
import { type FramingProblem, ResponseAccount } from './response-account.ts';
import type { Target } from './target.ts';
import { resetOrigin } from './tls/reset.ts';
import { secureDial } from './tls/secure-dial.ts';
import type { Transfer } from './transfer.ts';
import type { Loss, UpstreamOwner } from './upstream-owner.ts';

export class Upstream implements OriginSide {
  readonly target: Target;
  readonly #context: TapContext;
  readonly #owner: UpstreamOwner;
  readonly #account: ResponseAccount;
  readonly #number: number;
  readonly #dial: Dial;
  readonly #requests: RequestWriter;
  #socket: Socket | undefined;
  #buffer: Buffer;
  /** The last pause that no client took octets after; only of TLS. */
  #pause: object | undefined;
  #pausedAtMs: number | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #failure: string | undefined;
  #hasClosed = false;

  constructor(context: TapContext, owner: UpstreamOwner, target: Target) {
    this.#context = context;
    this.#owner = owner;
    this.target = target;
    this.#account = new ResponseAccount(context, owner.exchanges);
    this.#number = context.nextUpstream();
    this.#requests = new RequestWriter(context, this.#account, this.#number);
    this.#buffer = context.pool.landing;
    context.meter(WORKER_SLOT.upstreamConnections, 1);
    context.meter(WORKER_SLOT.openUpstreamConnections, 1);
    const secure = secureDial(target, context.behaviour.tls, owner.door);
    this.#dial = new Dial({
      ...(secure === undefined ? {} : { secure }),
      host: target.host,
      port: target.port,
      isAddress: target.isAddress,
      timeoutMs: context.dialTimeoutMs,
      clock: context.clock,
      onread: { buffer: () => this.#buffer, callback: (bytes) => this.#onRead(bytes) },
      onConnected: (socket) => this.#onConnected(socket),
      onFailure: (failure) => this.#onDialFailure(failure),
    });
  }

  /**
   * Writes a request head on; while the dial is under way it waits, and the first one's phases are the dial's. False when
   * octets should not come faster: `drained` follows.
   */
  send(transfer: Transfer, head: string): boolean {
    this.#endGrace();
    if (this.#socket === undefined && this.#requests.waiting.length === 0)
      transfer.enter(this.target.isAddress ? 'connect' : 'dns', this.#dial.marks.beganAtMs);
    return this.#requests.head(transfer, head);
  }

  /** Writes octets of a request body on, with the same answer; after a loss they go nowhere. */
  sendBody(transfer: Transfer, octets: Buffer): boolean {
    return this.#hasClosed || this.#requests.body(transfer, octets);
  }

  /** It stays its client's: there is nothing to give back. */
  completed(): void {}

  /** The last answer promised that the origin closes. */
  get closePromised(): boolean {
    return this.#account.closePromised;
  }

  /** Between two answers, and as sound as it was before the first: another client's request may follow. */
  get isReusable(): boolean {
    const socket = this.#socket;
    if (socket === undefined || this.#hasClosed || this.closePromised || this.isOpaque) return false;
    const isQuiet = this.#account.due.length === 0 && this.#account.excessBytes === 0;
    return isQuiet && socket.writableLength === 0 && !socket.readableEnded;
  }

  /** The origin switched protocols. */
  get isOpaque(): boolean {
    return this.#account.isOpaque;
  }

  /** Relays octets of a switched protocol unseen, with the same answer. */
  sendOpaque(octets: Buffer): boolean {
    return this.#requests.opaque(octets);
  }

  /** Ends the connection from our side: the client left, or the run ends. No callback follows. */
  destroy(closedBy: ConnectionEvent['closedBy'], how: 'fin' | 'reset' = 'fin'): void {
    if (this.#hasClosed) return;
    this.#markDialled();
    if (how === 'reset' && this.#socket !== undefined) resetOrigin(this.#socket);
    this.#close(closedBy);
  }

  #onConnected(socket: Socket): void {
    this.#socket = socket;
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.#onReset(error.message));
    socket.on('close', () => this.#onReset('closed'));
    socket.on('drain', () => this.#owner.drained());
    this.#markDialled();
    const { connectedAtMs, securedAtMs = connectedAtMs } = this.#dial.marks;
    this.#requests.open(socket, this.#dial.local, securedAtMs ?? this.#context.clock.nowMs());
    this.#owner.drained();
  }

  /** The steps of the dial so far are the phases of the transfer that it was made for. */
  #markDialled(): void {
    const [transfer] = this.#requests.waiting;
    const { resolvedAtMs, connectedAtMs } = this.#dial.marks;
    if (resolvedAtMs !== undefined) transfer?.enter('connect', resolvedAtMs);
    if (transfer === undefined || connectedAtMs === undefined || this.target.hello === undefined) return;
    transfer.enter('tls', connectedAtMs);
    transfer.upstream = { local: this.#dial.local, upstreamConnection: this.#number };
  }

  #onDialFailure(failure: DialFailure): void {
    this.#failure = failure.reason;
    // A name that did not resolve left nothing to connect to: that phase was never reached.
    if (failure.code !== 'XD') this.#markDialled();
    this.#lose('reset', failure.code);
  }

  /** Careful, the hot path: once per read, on up to 384 KiB. Returns false to stop reading. */
  #onRead(bytes: number): boolean {
    if (this.#hasClosed) return false;
    const { pool } = this.#context;
    const buffer = pool.own(this.#buffer, bytes);
    this.#buffer = buffer;
    const atMs = this.#context.clock.nowMs();
    const isUnasked = this.#account.due.length === 0 && this.#owner.exchanges.isAnswerDue;
    this.#account.read(buffer, bytes, atMs);
    if (isUnasked) {
      // Another origin's answer is under way: these octets would land in the middle of it.
      this.#lose('fin', undefined, 'tap');
      return false;
    }
    const problem = this.#account.framingProblem;
    if (problem !== undefined) {
      this.#refuse(problem, buffer.subarray(0, bytes), atMs);
      return false;
    }
    const octets = bytes === buffer.length ? buffer : buffer.subarray(0, bytes);
    const isTaken = this.#owner.relay(octets, () => this.#resume(buffer));
    if (!isTaken) {
      this.#buffer = pool.spare();
      this.#paused(atMs);
    }
    this.#owner.afterRead(atMs);
    if (!isTaken || this.#hasClosed) return false;
    if (this.#account.due.length === 0) this.#buffer = pool.rest(buffer);
    this.#awaitClose();
    return true;
  }

  /** TLS says of every write that it was taken, but later in the loop's turn: what waits no longer is nobody's doing. */
  #paused(atMs: number): void {
    if (this.target.hello === undefined) {
      this.#noteBlocked(atMs);
      return;
    }
    const pause = {};
    this.#pause = pause;
    setImmediate(() => {
      if (this.#pause === pause && this.#pausedAtMs === undefined) this.#noteBlocked(this.#context.clock.nowMs());
    });
  }

  #noteBlocked(atMs: number): void {
    this.#pausedAtMs = atMs;
    this.#account.due[0]?.paused(atMs);
  }

  /** Octets that do not frame are neither relayed nor guessed at; answers that were complete before them are the client's. */
  #refuse({ phase, text }: FramingProblem, octets: Buffer, atMs: number): void {
    this.#failure = text;
    const wholeBytes = octets.length - this.#account.bytesSinceComplete;
    if (wholeBytes > 0) {
      this.#owner.relay(Buffer.from(octets.subarray(0, wholeBytes)), () => undefined);
      this.#owner.afterRead(atMs);
    }
    if (this.#socket !== undefined) resetOrigin(this.#socket);
    this.#lose(wholeBytes > 0 ? 'fin' : 'reset', phase === 'head' ? 'PH' : 'PD');
  }

  #resume(buffer: Buffer): void {
    this.#pause = undefined;
    this.#context.pool.give(buffer);
    if (this.#hasClosed) return;
    this.#endPause();
    this.#awaitClose();
    this.#socket?.resume();
  }

  /** An origin that promised to close after its last answer and does not: then it is as if it had, a while later. */
  #awaitClose(): void {
    if (this.#hasClosed || !this.#account.closePromised || this.#account.due.length > 0) return;
    this.#closeTimer ??= setTimeout(() => this.#lose('fin', undefined, 'tap'), this.#context.limits.closeGraceMs);
  }

  #endGrace(): void {
    clearTimeout(this.#closeTimer);
    this.#closeTimer = undefined;
  }

  #endPause(): void {
    if (this.#pausedAtMs !== undefined) this.#account.due[0]?.blocked(this.#pausedAtMs, this.#context.clock.nowMs());
    this.#pausedAtMs = undefined;
  }

  #onEnd(): void {
    if (this.#hasClosed) return;
    const atMs = this.#context.clock.nowMs();
    const where = this.#account.end(atMs);
    if (where === 'idle' || where === 'closed') {
      this.#owner.afterRead(atMs);
      this.#lose('fin');
    } else this.#lose('fin', where === 'in-body' ? 'SD' : 'SH');
  }

  #onReset(reason: string): void {
    if (this.#hasClosed) return;
    this.#failure = reason;
    const phase = this.#account.due[0]?.phase;
    if (phase === undefined) this.#lose('reset');
    else this.#lose('reset', phase === 'receive' ? 'SD' : 'SH');
  }

  #lose(how: Loss['how'], code?: Termination, closedBy: ConnectionEvent['closedBy'] = 'origin'): void {
    if (this.#hasClosed) return;
    const [first] = this.#account.due;
    if (first !== undefined && code === 'SH')
      first.isStale = this.#requests.requests > 1 && !this.#account.hasPartialHead && first.responseBytes === 0;
    const due = [...this.#account.due, ...this.#requests.waiting];
    this.#close(closedBy);
    this.#owner.lost(this, {
      how,
      atMs: this.#context.clock.nowMs(),
      due,
      ...(code === undefined ? {} : { code }),
      ...(this.#failure === undefined ? {} : { reason: this.#failure }),
    });
  }

  #close(closedBy: ConnectionEvent['closedBy']): void {
    this.#hasClosed = true;
    this.#endGrace();
    this.#dial.cancel();
    this.#socket?.destroy();
    this.#account.abandon();
    this.#endPause();
    this.#context.meter(WORKER_SLOT.openUpstreamConnections, -1);
    this.#giveBack(this.#buffer);
    this.#context.emit(this.#record(closedBy));
  }

  /** Node goes on decrypting into it until the loop's turn ends: freed before that, it is a buffer without an end. */
  #giveBack(buffer: Buffer): void {
    if (this.target.hello === undefined) this.#context.pool.give(buffer);
    else setImmediate(() => this.#context.pool.give(buffer));
  }

  #record(closedBy: ConnectionEvent['closedBy']): ConnectionEvent {
    return upstreamRecord({
      client: this.#owner.client,
      process: this.#owner.process(),
      connection: this.#owner.connection,
      openedAtMs: this.#dial.marks.beganAtMs,
      closedAtMs: this.#context.clock.nowMs(),
      closedBy,
      requests: this.#requests.requests,
      number: this.#number,
      origin: this.target.origin,
      local: this.#dial.local,
      dial: this.#dial.marks,
      tls: this.#dial.tls,
      account: this.#account,
      writtenBytes: this.#requests.writtenBytes,
      opaqueSentBytes: this.#requests.opaqueSentBytes,
      failure: this.#failure,
    });
  }
}
