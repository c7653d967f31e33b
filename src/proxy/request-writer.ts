// What one origin connection is sent: requests that wait for the dial, then heads and bodies as they come, counted.
// It dials nothing, reads nothing and closes nothing.

import type { Socket } from 'node:net';
import { WORKER_SLOT } from '../meters.ts';
import type { TapContext } from './context.ts';
import { MAX_WAITING_BYTES } from './limits.ts';
import type { LocalEnd } from './local-end.ts';
import type { ResponseAccount } from './response-account.ts';
import type { Transfer } from './transfer.ts';

interface Unsent {
  readonly transfer: Transfer;
  /** A head, latin1, or octets of a body. */
  readonly octets: string | Buffer;
}

export class RequestWriter {
  requests = 0;
  writtenBytes = 0;
  opaqueSentBytes = 0;
  readonly #context: TapContext;
  readonly #account: ResponseAccount;
  /** Of the connection, in records. */
  readonly #number: number;
  #socket: Socket | undefined;
  #local: LocalEnd = {};
  #unsent: Unsent[] = [];

  constructor(context: TapContext, account: ResponseAccount, number: number) {
    this.#context = context;
    this.#account = account;
    this.#number = number;
  }

  /** Transfers whose heads wait for the dial. */
  get waiting(): readonly Transfer[] {
    return this.#unsent.filter(({ octets }) => typeof octets === 'string').map(({ transfer }) => transfer);
  }

  /** The connection stands since `readyAtMs`: what waited goes. */
  open(socket: Socket, local: LocalEnd, readyAtMs: number): void {
    this.#socket = socket;
    this.#local = local;
    const waiting = this.#unsent;
    this.#unsent = [];
    for (const { transfer, octets } of waiting) {
      if (typeof octets === 'string') this.#writeHead(socket, transfer, octets, readyAtMs);
      else this.#writeBody(socket, transfer, octets);
    }
  }

  /** Writes a head on, or keeps it for the dial. False when octets should not come faster. */
  head(transfer: Transfer, head: string): boolean {
    if (this.#socket === undefined) return this.#keep({ transfer, octets: head });
    return this.#writeHead(this.#socket, transfer, head, this.#context.clock.nowMs());
  }

  /** Writes octets of a body on, or keeps them for the dial, with the same answer. */
  body(transfer: Transfer, octets: Buffer): boolean {
    if (this.#socket === undefined) return this.#keep({ transfer, octets: Buffer.from(octets) });
    return this.#writeBody(this.#socket, transfer, octets);
  }

  /** Writes octets of a switched protocol on unseen, with the same answer. */
  opaque(octets: Buffer): boolean {
    this.opaqueSentBytes += octets.length;
    this.#context.meter(WORKER_SLOT.opaqueBytes, octets.length);
    return this.#socket?.write(Buffer.from(octets)) ?? true;
  }

  #keep(unsent: Unsent): boolean {
    this.#unsent.push(unsent);
    return this.#unsent.reduce((sum, { octets }) => sum + octets.length, 0) < MAX_WAITING_BYTES;
  }

  #writeHead(socket: Socket, transfer: Transfer, head: string, atMs: number): boolean {
    this.requests += 1;
    transfer.enter('send', atMs);
    transfer.upstream = { local: this.#local, upstreamConnection: this.#number, upstreamRequestIndex: this.requests };
    transfer.requestHeadBytes = head.length;
    this.#context.meter(WORKER_SLOT.requestHeadBytes, head.length);
    this.#account.expect(transfer);
    this.#count(head.length);
    const isDrained = socket.write(head, 'latin1');
    // The kernel took it at once, as nearly always; else an empty write behind it says when.
    if (socket.writableLength === 0) this.#written(transfer);
    else socket.write('', () => this.#written(transfer));
    return isDrained;
  }

  #written(transfer: Transfer): void {
    if (transfer.phase === 'send' && !transfer.hasEnded) transfer.enter('wait', this.#context.clock.nowMs());
  }

  #writeBody(socket: Socket, transfer: Transfer, octets: Buffer): boolean {
    transfer.requestBodyBytes += octets.length;
    this.#context.meter(WORKER_SLOT.requestBodyBytes, octets.length);
    this.#count(octets.length);
    // A copy: the view belongs to the client's read and the kernel may not take it at once.
    return socket.write(Buffer.from(octets));
  }

  #count(bytes: number): void {
    this.writtenBytes += bytes;
    this.#context.meter(WORKER_SLOT.writtenBytes, bytes);
  }
}
