// One client's listener: the door is the client's identity. It accepts connections and ends them when the run ends.
// It reads no request itself; loopback only, so that nobody else can come in.
import { createServer, type Server, type Socket } from 'node:net';
import type { DoorSlots } from '../meters.ts';
import type { ClientSide, Handover } from './client-side.ts';
import { ClientSocket } from './client-socket.ts';
import type { TapContext } from './context.ts';
import { DoorState } from './door-state.ts';
import { Downstream } from './downstream.ts';
import { Handshake } from './tls/handshake.ts';
import { Tunnel } from './tls/tunnel.ts';

const LOOPBACK = '127.0.0.1';
/** A player opens a handful of connections; a burst beyond this waits in its own SYN queue. */
const BACKLOG = 128;

/** Whoever has a client connection in hand. */
interface Holder {
  /** The run ends. */
  stop(): void;
}

export class Door {
  readonly #context: TapContext;
  readonly #state: DoorState;
  readonly #holders: Map<Socket, Holder> = new Map();
  readonly #server: Server;

  constructor(context: TapContext, client: number, slots: DoorSlots) {
    this.#context = context;
    this.#state = new DoorState(context, client, slots);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (accepted) => {
      const socket = new ClientSocket(accepted, context.pool.landing);
      this.#hold({ socket, accepted: socket, onConnect: (handover) => this.#connect(handover) });
      socket.once('close', () => this.#holders.delete(socket));
    });
  }

  /** Listens on loopback, on a port of the system's choice; resolves to that port. */
  async open(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: LOOPBACK, port: 0, backlog: BACKLOG }, resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('a door has no port');
    return address.port;
  }

  /** Stops listening and ends what is open; every transfer gets its ending first. */
  close(): void {
    this.#server.close();
    for (const holder of this.#holders.values()) holder.stop();
  }

  #hold(side: ClientSide): void {
    this.#holders.set(side.accepted, new Downstream(this.#context, this.#state, side));
  }

  /** A CONNECT: its octets go through unseen, or its TLS ends here and requests are read inside. */
  #connect(from: Handover): void {
    const { socket: accepted, connection, openedAtMs, place } = from;
    if (this.#context.behaviour.tls.mode === 'tunnel') {
      this.#holders.set(accepted, new Tunnel(this.#context, this.#state, from));
      return;
    }
    const handshake = new Handshake(this.#context, this.#state, from, (socket, hello) => {
      const earlier = { connection, openedAtMs, secured: { place, hello } };
      this.#hold({ socket, accepted, earlier, onConnect: (again) => this.#connect(again) });
    });
    this.#holders.set(accepted, handshake);
  }
}
