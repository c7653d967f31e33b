// One connection to an origin on behalf of one client connection: dials, writes requests on, relays answers.
// It never retries, re-dials, follows or repairs; its client connection decides what a loss means to the client.
import type { Socket } from 'node:net';
import type { ConnectionEvent, Termination } from '../events.ts';
import { upstreamRecord } from './connection-record.ts';
import type { TapContext } from './context.ts';
import { Dial, type DialFailure } from './dial.ts';
import { MAX_WAITING_BYTES } from './limits.ts';
import { ResponseAccount } from './response-account.ts';
import type { Target } from './target.ts';
import type { Transfer } from './transfer.ts';
import type { Loss, UpstreamOwner } from './upstream-owner.ts';

interface Unsent {
  readonly transfer: Transfer;
  readonly octets: Buffer;
  readonly isHead: boolean;
}

export class Upstream {
  readonly target: Target;
  readonly #context: TapContext;
  readonly #owner: UpstreamOwner;
  readonly #account: ResponseAccount;
  readonly #number: number;
  readonly #dial: Dial;
  #unsent: Unsent[] = [];
  #socket: Socket | undefined;
  #local: { upstreamLocalPort?: number; upstreamAddress?: string } = {};
  #buffer: Buffer;
  #requests = 0;
  #writtenBytes = 0;
  #opaqueSentBytes = 0;
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
    this.#buffer = context.pool.take();
    context.meter('upstreamConnections', 1);
    context.meter('openUpstreamConnections', 1);
    this.#dial = new Dial({
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
  send(transfer: Transfer, octets: Buffer): boolean {
    if (this.#socket !== undefined) return this.#writeHead(this.#socket, transfer, octets, this.#context.clock.nowMs());
    if (this.#unsent.length === 0)
      transfer.enter(this.target.isAddress ? 'connect' : 'dns', this.#dial.marks.beganAtMs);
    return this.#keep({ transfer, octets, isHead: true });
  }

  /** Writes octets of a request body on, with the same answer; after a loss they go nowhere. */
  sendBody(transfer: Transfer, octets: Buffer): boolean {
    if (this.#hasClosed) return true;
    if (this.#socket !== undefined) return this.#writeBody(this.#socket, transfer, octets);
    return this.#keep({ transfer, octets: Buffer.from(octets), isHead: false });
  }

  /** The origin switched protocols. */
  get isOpaque(): boolean {
    return this.#account.isOpaque;
  }

  /** Relays octets of a switched protocol unseen, with the same answer. */
  sendOpaque(octets: Buffer): boolean {
    this.#opaqueSentBytes += octets.length;
    this.#context.meter('opaqueBytes', octets.length);
    return this.#socket?.write(Buffer.from(octets)) ?? true;
  }

  /** Ends the connection from our side: the client left, or the run ends. No callback follows. */
  destroy(closedBy: ConnectionEvent['closedBy'], how: 'fin' | 'reset' = 'fin'): void {
    if (this.#hasClosed) return;
    if (how === 'reset') this.#socket?.resetAndDestroy();
    this.#close(closedBy);
  }

  #keep(unsent: Unsent): boolean {
    this.#unsent.push(unsent);
    return this.#unsent.reduce((sum, { octets }) => sum + octets.length, 0) < MAX_WAITING_BYTES;
  }

  #onConnected(socket: Socket): void {
    this.#socket = socket;
    const { localPort, remoteAddress, remoteFamily, remotePort } = socket;
    this.#local = {
      ...(localPort === undefined ? {} : { upstreamLocalPort: localPort }),
      upstreamAddress: `${remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`,
    };
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.#onReset(error.message));
    socket.on('close', () => this.#onReset('closed'));
    socket.on('drain', () => this.#owner.drained());
    const waiting = this.#unsent;
    this.#unsent = [];
    this.#markResolved(waiting[0]?.transfer);
    const connectedAtMs = this.#dial.marks.connectedAtMs ?? this.#context.clock.nowMs();
    for (const { transfer, octets, isHead } of waiting) {
      if (isHead) this.#writeHead(socket, transfer, octets, connectedAtMs);
      else this.#writeBody(socket, transfer, octets);
    }
    this.#owner.drained();
  }

  #markResolved(transfer: Transfer | undefined): void {
    const { resolvedAtMs } = this.#dial.marks;
    if (resolvedAtMs !== undefined) transfer?.enter('connect', resolvedAtMs);
  }

  #onDialFailure(failure: DialFailure): void {
    this.#failure = failure.reason;
    this.#markResolved(this.#unsent[0]?.transfer);
    this.#lose('reset', failure.code);
  }

  #writeHead(socket: Socket, transfer: Transfer, octets: Buffer, atMs: number): boolean {
    this.#endGrace();
    this.#requests += 1;
    transfer.enter('send', atMs);
    transfer.upstream = {
      upstreamConnection: this.#number,
      upstreamRequestIndex: this.#requests,
      ...this.#local,
    };
    transfer.requestHeadBytes = octets.length;
    this.#context.meter('requestHeadBytes', octets.length);
    this.#account.expect(transfer);
    const isDrained = this.#write(socket, octets);
    const written = (): void => {
      if (transfer.phase === 'send' && !transfer.hasEnded) transfer.enter('wait', this.#context.clock.nowMs());
    };
    // The kernel took it at once, as nearly always; else an empty write behind it says when.
    if (socket.writableLength === 0) written();
    else socket.write('', written);
    return isDrained;
  }

  #writeBody(socket: Socket, transfer: Transfer, octets: Buffer): boolean {
    transfer.requestBodyBytes += octets.length;
    this.#context.meter('requestBodyBytes', octets.length);
    // A copy: the view belongs to the client's read and the kernel may not take it at once.
    return this.#write(socket, Buffer.from(octets));
  }

  #write(socket: Socket, octets: Buffer): boolean {
    this.#writtenBytes += octets.length;
    this.#context.meter('writtenBytes', octets.length);
    return socket.write(octets);
  }

  /** Careful, the hot path: once per read, on up to 64 KiB. Returns false to stop reading. */
  #onRead(bytes: number): boolean {
    if (this.#hasClosed) return false;
    const buffer = this.#buffer;
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
      // Octets that do not frame are neither relayed nor guessed at; both sides are reset.
      this.#failure = problem.text;
      this.#lose('reset', problem.phase === 'head' ? 'PH' : 'PD');
      return false;
    }
    const octets = bytes === buffer.length ? buffer : buffer.subarray(0, bytes);
    const isTaken = this.#owner.relay(octets, () => this.#resume(buffer));
    if (!isTaken) {
      this.#buffer = this.#context.pool.take();
      this.#pausedAtMs = atMs;
    }
    this.#owner.afterRead(atMs);
    if (isTaken) this.#awaitClose();
    return isTaken && !this.#hasClosed;
  }

  #resume(buffer: Buffer): void {
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
      first.isStale = this.#requests > 1 && !this.#account.hasPartialHead && first.responseBytes === 0;
    const due = [...this.#account.due, ...this.#unsent.filter(({ isHead }) => isHead).map(({ transfer }) => transfer)];
    this.#close(closedBy);
    this.#owner.lost(this, { how, atMs: this.#context.clock.nowMs(), due, ...(code === undefined ? {} : { code }) });
  }

  #close(closedBy: ConnectionEvent['closedBy']): void {
    this.#hasClosed = true;
    this.#endGrace();
    this.#dial.cancel();
    this.#socket?.destroy();
    this.#account.abandon();
    this.#endPause();
    this.#context.meter('openUpstreamConnections', -1);
    this.#context.pool.give(this.#buffer);
    this.#context.emit(this.#record(closedBy));
  }

  #record(closedBy: ConnectionEvent['closedBy']): ConnectionEvent {
    return upstreamRecord({
      client: this.#owner.client,
      process: this.#owner.process(),
      connection: this.#owner.connection,
      openedAtMs: this.#dial.marks.beganAtMs,
      closedAtMs: this.#context.clock.nowMs(),
      closedBy,
      requests: this.#requests,
      number: this.#number,
      origin: this.target.origin,
      local: this.#local,
      dial: this.#dial.marks,
      account: this.#account,
      writtenBytes: this.#writtenBytes,
      opaqueSentBytes: this.#opaqueSentBytes,
      failure: this.#failure,
    });
  }
}
