// Opens one connection to an origin: resolves in getaddrinfo order, tries the next address when one refuses, speaks TLS with it
// when asked to, marks each step.
// It never retries an address, races families or caches names: a player that dialled directly would not either.
import { lookup } from 'node:dns';
import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { tlsProblem } from '../trust.ts';
import { type LocalEnd, localEnd } from './local-end.ts';
import { PeerTimeout } from './peer-timeout.ts';
import { connectSecured, type SecureDial, type Transport, transportOf } from './tls/origin-handshake.ts';

export interface DialMarks {
  readonly beganAtMs: number;
  /** Absent for an address literal. */
  resolvedAtMs?: number;
  connectedAtMs?: number;
  /** Absent without TLS. */
  securedAtMs?: number;
}

/** What went wrong, as a termination code's cause: resolve, refuse, time out, TLS, or this machine's own limits. */
export type DialFailure = { readonly code: 'XD' | 'SC' | 'sC' | 'XT' | 'RC'; readonly reason: string };

/** What a dial has to say of its TLS. */
export interface DialTls {
  /** Octets that the socket beneath has read: the handshake's and the encryption's own among them. */
  readonly readBytes: number;
  /** Undefined before the handshake ended. */
  readonly isResumed: boolean | undefined;
  readonly hasFailed: boolean;
}

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly isAddress: boolean;
}

export interface DialRequest extends DialTarget {
  /** For all of it: name, connection, TLS. */
  readonly timeoutMs: number;
  /** Absent = in the clear. */
  readonly secure?: SecureDial;
  readonly onread: OnReadOpts;
  readonly clock: Clock;
  onConnected(socket: Socket): void;
  onFailure(failure: DialFailure): void;
}

/** This machine ran out of something; the origin is not to blame. */
const LOCAL_CODES = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/** One dial; `cancel` ends it in any state without a callback. */
export class Dial {
  readonly marks: DialMarks;
  /** Empty until the connection stands; with TLS, the one beneath. */
  local: LocalEnd = {};
  readonly #request: DialRequest;
  readonly #timeout: PeerTimeout;
  #socket: Socket | undefined;
  #transport: Transport | undefined;
  #isResumed: boolean | undefined;
  #hasTlsFailed = false;
  #settled = false;

  constructor(request: DialRequest) {
    this.#request = request;
    this.marks = { beganAtMs: request.clock.nowMs() };
    this.#timeout = new PeerTimeout(request.clock, request.timeoutMs, () =>
      this.#fail({ code: 'sC', reason: `no ${this.#awaited} within ${request.timeoutMs} ms` }),
    );
    if (request.isAddress) this.#try([request.host]);
    else lookup(request.host, { all: true, order: 'verbatim' }, (error, addresses) => this.#resolved(error, addresses));
  }

  /** Undefined without TLS. */
  get tls(): DialTls | undefined {
    if (this.#request.secure === undefined) return undefined;
    return { readBytes: this.#transport?.bytesRead ?? 0, isResumed: this.#isResumed, hasFailed: this.#hasTlsFailed };
  }

  cancel(): void {
    this.#settle();
    this.#socket?.destroy();
  }

  get #awaited(): string {
    return this.marks.connectedAtMs === undefined ? 'connection' : 'end of the TLS handshake';
  }

  #resolved(error: NodeJS.ErrnoException | null, addresses: readonly { address: string }[]): void {
    if (this.#settled) return;
    this.marks.resolvedAtMs = this.#request.clock.nowMs();
    if (error !== null || addresses.length === 0)
      this.#fail({ code: 'XD', reason: `${this.#request.host}: ${error?.code ?? 'no address'}` });
    else this.#try(addresses.map(({ address }) => address));
  }

  #try(addresses: readonly string[]): void {
    const [address, ...others] = addresses;
    if (address === undefined) return;
    const socket = this.#connect(address);
    this.#socket = socket;
    const failed = (error: NodeJS.ErrnoException): void => {
      if (this.#settled) return;
      const isLocal = LOCAL_CODES.has(error.code ?? '');
      if (this.marks.connectedAtMs !== undefined) this.#fail({ code: 'XT', reason: tlsProblem(error) });
      else if (others.length > 0 && !isLocal) this.#try(others);
      else this.#fail({ code: isLocal ? 'RC' : error.code === 'ETIMEDOUT' ? 'sC' : 'SC', reason: error.message });
    };
    const succeed = (): void => {
      if (this.#settled) return;
      this.#settle();
      socket.removeListener('error', failed);
      this.#request.onConnected(socket);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      if (this.#settled) return;
      this.marks.connectedAtMs = this.#request.clock.nowMs();
      this.local = localEnd(socket, address, this.#request.port);
      if (this.#request.secure === undefined) succeed();
      else this.#secure(socket as TLSSocket, succeed);
    });
  }

  #connect(host: string): Socket {
    const { port, onread, secure } = this.#request;
    const options = { host, port, onread, noDelay: true, autoSelectFamily: false, allowHalfOpen: true };
    return secure === undefined ? connect(options) : connectSecured(options, secure, this.#request.host);
  }

  #secure(socket: TLSSocket, succeed: () => void): void {
    // The option is not passed on to the connection beneath.
    socket.setNoDelay(true);
    this.#transport = transportOf(socket);
    socket.once('secureConnect', () => {
      this.marks.securedAtMs = this.#request.clock.nowMs();
      this.#isResumed = socket.isSessionReused();
      succeed();
    });
  }

  #fail(failure: DialFailure): void {
    if (this.#settled) return;
    this.#settle();
    this.#hasTlsFailed = failure.code === 'XT';
    // A refused socket may still raise: nobody listens any more, so an empty listener stays.
    this.#socket?.on('error', () => {});
    this.#socket?.destroy();
    this.#request.onFailure(failure);
  }

  #settle(): void {
    this.#settled = true;
    this.#timeout.clear();
    if (this.marks.connectedAtMs === undefined) this.#socket?.on('error', () => {});
  }
}
