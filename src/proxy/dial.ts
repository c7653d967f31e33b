// Opens one connection to an origin: resolves in getaddrinfo order, tries the next address when one refuses, marks each step.
// It never retries an address, races families or caches names: a player that dialled directly would not either.
import { lookup } from 'node:dns';
import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';

export interface DialMarks {
  readonly beganAtMs: number;
  /** Absent for an address literal. */
  resolvedAtMs?: number;
  connectedAtMs?: number;
}

/** What went wrong, as a termination code's cause: resolve, refuse, time out, or this machine's own limits. */
export type DialFailure = { readonly code: 'XD' | 'SC' | 'sC' | 'RC'; readonly reason: string };

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly isAddress: boolean;
}

export interface DialRequest extends DialTarget {
  readonly timeoutMs: number;
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
  readonly #request: DialRequest;
  readonly #timer: NodeJS.Timeout;
  #socket: Socket | undefined;
  #settled = false;

  constructor(request: DialRequest) {
    this.#request = request;
    this.marks = { beganAtMs: request.clock.nowMs() };
    this.#timer = setTimeout(
      () => this.#fail({ code: 'sC', reason: `no connection within ${request.timeoutMs} ms` }),
      request.timeoutMs,
    );
    if (request.isAddress) this.#try([request.host]);
    else lookup(request.host, { all: true, order: 'verbatim' }, (error, addresses) => this.#resolved(error, addresses));
  }

  cancel(): void {
    this.#settle();
    this.#socket?.destroy();
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
    const { port, onread } = this.#request;
    const socket = connect({
      host: address,
      port,
      onread,
      noDelay: true,
      autoSelectFamily: false,
      allowHalfOpen: true,
    });
    this.#socket = socket;
    const failed = (error: NodeJS.ErrnoException): void => {
      if (this.#settled) return;
      const isLocal = LOCAL_CODES.has(error.code ?? '');
      if (others.length > 0 && !isLocal) this.#try(others);
      else this.#fail({ code: isLocal ? 'RC' : error.code === 'ETIMEDOUT' ? 'sC' : 'SC', reason: error.message });
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      if (this.#settled) return;
      this.marks.connectedAtMs = this.#request.clock.nowMs();
      this.#settle();
      socket.removeListener('error', failed);
      this.#request.onConnected(socket);
    });
  }

  #fail(failure: DialFailure): void {
    if (this.#settled) return;
    this.#settle();
    // A refused socket may still raise: nobody listens any more, so an empty listener stays.
    this.#socket?.on('error', () => {});
    this.#socket?.destroy();
    this.#request.onFailure(failure);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    if (this.marks.connectedAtMs === undefined) this.#socket?.on('error', () => {});
  }
}
