// A client connection whose octets pass unseen to an origin and back, from its CONNECT to its end (`--tls tunnel`).
// It reads nothing of them: they are counted as opaque, apart from all exact figures. No transfer is made of them.

import type { Socket } from 'node:net';
import type { ConnectionEvent } from '../../events.ts';
import { DOOR_SLOT, WORKER_SLOT } from '../../meters.ts';
import type { Handover } from '../client-side.ts';
import { tunnelRecord } from '../connection-record.ts';
import type { TapContext } from '../context.ts';
import { Dial } from '../dial.ts';
import type { DoorState } from '../door-state.ts';
import { diverted } from '../target.ts';
import { ESTABLISHED } from './handshake.ts';

export class Tunnel {
  readonly #context: TapContext;
  readonly #door: DoorState;
  readonly #from: Handover;
  readonly #number: number;
  readonly #dial: Dial;
  #origin: Socket | undefined;
  #buffer: Buffer;
  #opaqueReadBytes = 0;
  #opaqueSentBytes = 0;
  /** Who ended its direction first. */
  #closedBy: ConnectionEvent['closedBy'] | undefined;
  #hasEnded = false;

  constructor(context: TapContext, door: DoorState, from: Handover) {
    this.#context = context;
    this.#door = door;
    this.#from = from;
    this.#number = context.nextUpstream();
    this.#buffer = context.pool.landing;
    context.meter(WORKER_SLOT.upstreamConnections, 1);
    context.meter(WORKER_SLOT.openUpstreamConnections, 1);
    const { socket } = from;
    const place = diverted(from.place, context.behaviour.resolve);
    this.#dial = new Dial({
      host: place.host,
      port: place.port,
      isAddress: place.isAddress,
      timeoutMs: context.dialTimeoutMs,
      clock: context.clock,
      onread: { buffer: () => this.#buffer, callback: (bytes) => this.#onRead(bytes) },
      onConnected: (origin) => this.#onConnected(origin),
      onFailure: ({ reason }) => this.#reset('origin', reason),
    });
    socket.on('data', (octets: Buffer) => this.#onData(octets));
    socket.on('end', () => this.#onClientEnd());
    socket.on('error', (error) => this.#reset(this.#leaver(), error.message));
    socket.on('close', () => this.#onClosed());
    socket.resume();
  }

  /** The run ends. */
  stop(): void {
    this.#end('stop');
  }

  #onConnected(origin: Socket): void {
    this.#origin = origin;
    const { socket } = this.#from;
    socket.write(ESTABLISHED);
    origin.on('drain', () => socket.resume());
    origin.on('end', () => {
      this.#closedBy ??= 'origin';
      socket.end();
    });
    origin.on('error', (error) => this.#reset('origin', error.message));
    origin.on('close', () => this.#onClosed());
    socket.resume();
  }

  /** A client may speak before the tunnel stands: then its octets wait where they are, and the next ones in the kernel. */
  #onData(octets: Buffer): void {
    const { socket } = this.#from;
    if (this.#origin === undefined) {
      socket.pause();
      socket.unshift(octets);
      return;
    }
    this.#opaqueSentBytes += octets.length;
    this.#context.meter(WORKER_SLOT.opaqueBytes, octets.length);
    if (!this.#origin.write(octets)) socket.pause();
  }

  /** Careful, the hot path: once per read. Returns false to stop reading. */
  #onRead(bytes: number): boolean {
    if (this.#hasEnded) return false;
    const { pool } = this.#context;
    const buffer = pool.own(this.#buffer, bytes);
    this.#buffer = buffer;
    const { socket } = this.#from;
    this.#opaqueReadBytes += bytes;
    this.#context.meter(WORKER_SLOT.opaqueBytes, bytes);
    this.#context.meter(WORKER_SLOT.readBytes, bytes);
    this.#door.slots.set(DOOR_SLOT.lastByteAtMs, this.#context.clock.nowMs());
    socket.write(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
    if (socket.writableLength === 0) {
      this.#buffer = pool.rest(buffer);
      return true;
    }
    this.#buffer = pool.spare();
    socket.write('', () => {
      pool.give(buffer);
      if (!this.#hasEnded) this.#origin?.resume();
    });
    return false;
  }

  #onClientEnd(): void {
    this.#closedBy ??= this.#leaver();
    if (this.#origin === undefined) this.#end(this.#closedBy);
    else this.#origin.end();
  }

  /** Both directions ended, each passed on as it came. */
  #onClosed(): void {
    const isClosed = this.#from.socket.closed && this.#origin?.closed !== false;
    if (isClosed) this.#end(this.#closedBy ?? this.#leaver());
  }

  #leaver(): 'stop' | 'client' {
    return this.#door.isStopping() ? 'stop' : 'client';
  }

  /** One side is gone without a word: the other feels the same. */
  #reset(closedBy: ConnectionEvent['closedBy'], failure: string): void {
    if (this.#hasEnded) return;
    this.#from.socket.resetAndDestroy();
    this.#origin?.resetAndDestroy();
    this.#end(closedBy, closedBy === 'origin' ? failure : undefined);
  }

  #end(closedBy: ConnectionEvent['closedBy'], failure?: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#dial.cancel();
    this.#from.socket.destroy();
    this.#origin?.destroy();
    this.#context.pool.give(this.#buffer);
    this.#context.meter(WORKER_SLOT.openConnections, -1);
    this.#context.meter(WORKER_SLOT.openUpstreamConnections, -1);
    this.#context.emit(
      tunnelRecord({
        client: this.#door.client,
        process: this.#door.process(),
        connection: this.#from.connection,
        openedAtMs: this.#dial.marks.beganAtMs,
        closedAtMs: this.#context.clock.nowMs(),
        closedBy,
        requests: 0,
        number: this.#number,
        origin: this.#from.place.origin,
        local: this.#dial.local,
        dial: this.#dial.marks,
        opaqueReadBytes: this.#opaqueReadBytes,
        opaqueSentBytes: this.#opaqueSentBytes,
        failure,
      }),
    );
  }
}
