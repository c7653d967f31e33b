// Whether a client's socket is read: paused while the origin's side is full or answers are due without end, and looked after meanwhile.
// It reads nothing itself.
import type { Socket } from 'node:net';
import { MAX_UNANSWERED, PAUSED_CHECK_MS } from './limits.ts';

export class ClientReading {
  readonly #socket: Socket;
  readonly #accepted: Socket;
  #timer: NodeJS.Timeout | undefined;
  #hasFinished = false;
  #isAhead = false;

  /** `accepted` is what carries `socket`: itself, or the connection beneath its TLS. */
  constructor(socket: Socket, accepted: Socket) {
    this.#socket = socket;
    this.#accepted = accepted;
  }

  /** A paused socket tells nothing, not even that its peer is gone: an empty write now and then finds that out. */
  pause(): void {
    this.#socket.pause();
    this.#timer ??= setInterval(() => this.#accepted.write(''), PAUSED_CHECK_MS);
  }

  /** So many of its requests were not answered: too many, and it is not read until half of them are. */
  unanswered(count: number): void {
    if (count >= MAX_UNANSWERED) {
      this.#isAhead = true;
      this.pause();
    } else if (this.#isAhead && count <= MAX_UNANSWERED / 2) {
      this.#isAhead = false;
      this.resume();
    }
  }

  /** It has said its last: there is nothing more to read, and only a write can still tell that it is gone. */
  finish(): void {
    this.#hasFinished = true;
    this.pause();
  }

  resume(): void {
    if (this.#hasFinished || this.#isAhead) return;
    this.end();
    this.#socket.resume();
  }

  /** Nobody has to be looked after any more. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
