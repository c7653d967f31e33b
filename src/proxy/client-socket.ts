// A client's socket whose octets land in a buffer that all of a worker's share: no allocation and no stream per read.
// It is made of an accepted one, which Node gives no such buffer; until somebody reads it directly it is a stream like any.
// It interprets nothing.
import { Socket, type SocketConstructorOpts } from 'node:net';

/** What Node passes from a listener's connection to the socket around it, and its documentation does not name. */
interface Handled {
  _handle: object | null;
}

export class ClientSocket extends Socket {
  #reader: ((octets: Buffer) => void) | undefined;

  /** Takes the connection over; `accepted` is left without one. `landing` is free again when a reader returns. */
  constructor(accepted: Socket, landing: Buffer) {
    const options = {
      handle: (accepted as Socket & Handled)._handle,
      allowHalfOpen: true,
      onread: { buffer: landing, callback: (bytes: number) => this.#landed(landing.subarray(0, bytes)) },
    };
    super(options as SocketConstructorOpts);
    (accepted as Socket & Handled)._handle = null;
    accepted.destroy();
  }

  /** Each read goes to `reader`, which copies what it keeps; without one, reads are the stream's again. */
  readDirectly(reader: ((octets: Buffer) => void) | undefined): void {
    this.#reader = reader;
  }

  /** False stops reading: the stream asks for more when it has room. */
  #landed(octets: Buffer): boolean {
    if (this.#reader === undefined) return this.push(Buffer.from(octets));
    this.#reader(octets);
    return true;
  }
}
