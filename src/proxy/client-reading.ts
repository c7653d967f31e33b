// Whether a client's socket is read: paused while the origin's side is full, and looked after meanwhile.
// It reads nothing itself.
import type { Socket } from 'node:net';
import { PAUSED_CHECK_MS } from './limits.ts';

export class ClientReading {
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** A paused socket tells nothing, not even that its peer is gone: an empty write now and then finds that out. */
  pause(): void {
    this.#socket.pause();
    this.#timer ??= setInterval(() => this.#socket.write(''), PAUSED_CHECK_MS);
  }

  resume(): void {
    this.end();
    this.#socket.resume();
  }

  /** Nobody has to be looked after any more. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
