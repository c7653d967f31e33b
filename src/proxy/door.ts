// One client's listener: the door is the client's identity. It accepts connections and ends them when the run ends.
// It reads no request itself; loopback only, so that nobody else can come in.
import { createServer, type Server } from 'node:net';
import type { DoorSlots } from '../meters.ts';
import type { TapContext } from './context.ts';
import { DoorState } from './door-state.ts';
import { Downstream } from './downstream.ts';

const LOOPBACK = '127.0.0.1';
/** A player opens a handful of connections; a burst beyond this waits in its own SYN queue. */
const BACKLOG = 128;

export class Door {
  readonly #connections: Set<Downstream> = new Set();
  readonly #server: Server;

  constructor(context: TapContext, client: number, slots: DoorSlots) {
    const state = new DoorState(context, client, slots);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new Downstream(context, state, socket);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
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
    for (const connection of this.#connections) connection.stop();
  }
}
