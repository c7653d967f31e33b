// A client connection between its CONNECT and the end of its TLS handshake with the tap.
// It relays nothing and dials nothing: the origin is dialled when the first request inside has come.

import type { TLSSocket } from 'node:tls';
import type { ConnectionEvent } from '../../events.ts';
import { WORKER_SLOT } from '../../meters.ts';
import type { Handover } from '../client-side.ts';
import { idleRecord } from '../connection-record.ts';
import type { TapContext } from '../context.ts';
import type { DoorState } from '../door-state.ts';
import { PeerTimeout } from '../peer-timeout.ts';
import type { ClientHello } from '../target.ts';

export const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

export class Handshake {
  readonly #context: TapContext;
  readonly #door: DoorState;
  readonly #from: Handover;
  readonly #onSecured: (socket: TLSSocket, hello: ClientHello) => void;
  readonly #timeout: PeerTimeout;
  readonly #left = (): void => this.#end(this.#door.isStopping() ? 'stop' : 'client');
  #hasEnded = false;

  /** `onSecured` gets the connection as it is then; without it the connection has ended and its record is written. */
  constructor(
    context: TapContext,
    door: DoorState,
    from: Handover,
    onSecured: (socket: TLSSocket, hello: ClientHello) => void,
  ) {
    this.#context = context;
    this.#door = door;
    this.#from = from;
    this.#onSecured = onSecured;
    this.#timeout = new PeerTimeout(context.clock, context.limits.firstHeadMs, () =>
      this.#fail('it did not end its handshake in time'),
    );
    from.socket.on('close', this.#left);
    context.interception.contextFor(from.place.host).then(
      (certificate) => this.#begin(certificate),
      (error: Error) => this.#end('tap', `no certificate for ${from.place.host}: ${error.message}`),
    );
  }

  /** The run ends. */
  stop(): void {
    this.#end('stop');
  }

  #begin(certificate: Parameters<TapContext['interception']['accept']>[1]): void {
    if (this.#hasEnded) return;
    const { socket } = this.#from;
    socket.write(ESTABLISHED);
    // Until the first octet: TLS that is put on a socket never hears of an end that the socket has read before.
    socket.once('end', this.#left);
    socket.once('data', (octets: Buffer) => {
      socket.pause();
      socket.unshift(octets);
      if (!this.#hasEnded) this.#secure(certificate);
    });
    socket.resume();
  }

  #secure(certificate: Parameters<TapContext['interception']['accept']>[1]): void {
    const { socket } = this.#from;
    socket.removeListener('end', this.#left);
    const secured = this.#context.interception.accept(socket, certificate, {
      onSecured: (hello) => {
        if (this.#hasEnded) return;
        this.#letGo();
        this.#onSecured(secured, hello);
      },
      onFailure: (reason) => this.#fail(reason),
    });
  }

  #fail(reason: string): void {
    if (this.#door.isStopping()) this.#end('stop');
    else this.#end('client', `TLS handshake with the player: ${reason}`);
  }

  #letGo(): void {
    this.#hasEnded = true;
    this.#timeout.clear();
    this.#from.socket.removeListener('close', this.#left);
    this.#from.socket.removeListener('end', this.#left);
  }

  #end(closedBy: ConnectionEvent['closedBy'], failure?: string): void {
    if (this.#hasEnded) return;
    this.#letGo();
    const { socket, connection, openedAtMs } = this.#from;
    socket.destroy();
    this.#context.meter(WORKER_SLOT.openConnections, -1);
    this.#context.meter(WORKER_SLOT.idleConnections, 1);
    this.#context.emit(
      idleRecord({
        client: this.#door.client,
        process: this.#door.process(),
        connection,
        openedAtMs,
        closedAtMs: this.#context.clock.nowMs(),
        closedBy,
        requests: 0,
        tls: 'intercepted',
        ...(failure === undefined ? {} : { tlsFailedWith: 'client', failure }),
      }),
    );
  }
}
