// The socket of one client connection: read, paused and looked after, written to, and closed in one of three ways.
// It reads no request and knows no transfer; who holds it says what a leave means and what is written.

import type { Socket } from 'node:net';
import type { ConnectionEvent } from '../events.ts';
import { WORKER_SLOT } from '../meters.ts';
import { tlsProblem } from '../trust.ts';
import { ClientReading } from './client-reading.ts';
import { type ClientSide, refusalOfOurs } from './client-side.ts';
import { ClientSocket } from './client-socket.ts';
import { idleRecord } from './connection-record.ts';
import type { TapContext } from './context.ts';
import { PeerTimeout } from './peer-timeout.ts';
import type { Place } from './target.ts';

export interface ClientObserver {
  /** Not after the connection began to close. */
  read(octets: Buffer): void;
  /** The client will send nothing more; it may still read. */
  finished(): void;
  left(how: 'fin' | 'reset'): void;
  /** No first request within its time. */
  silent(): void;
}

export class ClientConnection {
  /** Unique in the run; the same before and after its TLS. */
  readonly number: number;
  /** Nothing more is read; what was relayed may still be on its way. */
  isClosing = false;
  hasClosed = false;
  readonly reading: ClientReading;
  readonly #context: TapContext;
  readonly #side: ClientSide;
  readonly #socket: Socket;
  readonly #openedAtMs: number;
  readonly #headTimeout: PeerTimeout;
  #lingerTimer: NodeJS.Timeout | undefined;
  #error: string | undefined;

  constructor(context: TapContext, side: ClientSide, observer: ClientObserver) {
    const { socket, accepted, earlier } = side;
    this.#context = context;
    this.#side = side;
    this.#socket = socket;
    this.reading = new ClientReading(socket, accepted);
    this.number = earlier?.connection ?? context.nextConnection();
    this.#openedAtMs = earlier?.openedAtMs ?? context.clock.nowMs();
    this.#headTimeout = new PeerTimeout(context.clock, context.limits.firstHeadMs, () => observer.silent());
    if (earlier === undefined) {
      context.meter(WORKER_SLOT.connections, 1);
      context.meter(WORKER_SLOT.openConnections, 1);
    }
    const read = (octets: Buffer): void => {
      if (!this.isClosing) observer.read(octets);
    };
    if (socket instanceof ClientSocket) socket.readDirectly(read);
    else socket.on('data', read);
    socket.on('end', () => observer.finished());
    socket.on('error', (error) => {
      this.#error = tlsProblem(error);
      observer.left('reset');
    });
    socket.on('close', () => observer.left('fin'));
  }

  /** A whole request head came. */
  asked(): void {
    this.#headTimeout.clear();
  }

  get isGone(): boolean {
    return this.#socket.destroyed;
  }

  /** False when the kernel did not take all at once: `whenTaken` says when it did. */
  write(octets: Buffer): boolean {
    this.#socket.write(octets);
    return this.#socket.writableLength === 0;
  }

  /** An empty write behind the octets: its callback says that the kernel took them, without one callback per chunk. */
  whenTaken(taken: (isSure: boolean) => void): void {
    this.#socket.write('', (error) => taken(error === null || error === undefined));
  }

  /** Lets go of it after a CONNECT; `rest` came behind that. */
  handOver(place: Place, rest: Buffer): void {
    const socket = this.#side.accepted;
    this.hasClosed = true;
    this.isClosing = true;
    this.#headTimeout.clear();
    socket.readDirectly(undefined);
    // Paused first: what is put back into a flowing stream without listeners is lost.
    socket.pause();
    if (rest.length > 0) socket.unshift(Buffer.from(rest));
    this.#side.onConnect({ socket, connection: this.number, openedAtMs: this.#openedAtMs, place });
  }

  /**
   * Closes once the client has what was written and has heard the end of it: what it still sends is dropped, for a while.
   * A socket that is closed over octets that nobody read resets its peer, which may lose the answer.
   */
  closeAfterAnswer(): void {
    this.isClosing = true;
    if (this.#socket.readableEnded) {
      this.#socket.destroySoon();
      return;
    }
    this.reading.unanswered(0);
    this.reading.resume();
    this.#socket.end();
    this.#lingerTimer = setTimeout(() => this.#socket.destroy(), this.#context.limits.closeGraceMs);
  }

  /** Closes once the client has what was written. */
  closeAfterFlush(): void {
    this.isClosing = true;
    this.#socket.destroySoon();
  }

  /** The client is to feel a reset when the connection closes: not an octet of ours is left for it to read. */
  reset(): void {
    this.#side.accepted.resetAndDestroy();
  }

  close(): void {
    this.hasClosed = true;
    this.isClosing = true;
    this.#headTimeout.clear();
    clearTimeout(this.#lingerTimer);
    this.reading.end();
    this.#context.meter(WORKER_SLOT.openConnections, -1);
    // A carrier that was reset takes its TLS with it when it has closed; destroying that sooner crashes Node.
    if (!this.#side.accepted.destroyed) this.#socket.destroy();
  }

  /** The record of a connection that never dialled; without a request it is counted as idle. */
  recordIdle(
    of: Pick<ConnectionEvent, 'client' | 'process' | 'requests'>,
    closedBy: ConnectionEvent['closedBy'],
  ): void {
    if (of.requests === 0) this.#context.meter(WORKER_SLOT.idleConnections, 1);
    this.#context.emit(
      idleRecord({
        ...of,
        connection: this.number,
        openedAtMs: this.#openedAtMs,
        closedAtMs: this.#context.clock.nowMs(),
        closedBy,
        ...refusalOfOurs(this.#side, closedBy, of.requests, this.#error),
      }),
    );
  }
}
