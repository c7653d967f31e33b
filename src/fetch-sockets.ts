// The sockets under one origin's connection of ours, and the octets that went over them. It opens and closes none.
import type { Socket } from 'node:net';

/** Octets of our own, both ways, and what of them came back. */
export interface OwnBytes {
  readonly ownBytes: number;
  readonly ownReceivedBytes: number;
}

export class FetchSockets {
  readonly #open = new Set<Socket>();
  #closed: OwnBytes = { ownBytes: 0, ownReceivedBytes: 0 };

  track(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#closed = sumOf(this.#closed, bytesOf(socket));
    });
  }

  /** The last one that was opened and is still open. */
  get newest(): Socket | undefined {
    return [...this.#open].at(-1);
  }

  /** Of all so far. */
  bytes(): OwnBytes {
    return [...this.#open].map(bytesOf).reduce(sumOf, this.#closed);
  }

  /** Of all since `bytes()` was `before`. */
  since(before: OwnBytes): OwnBytes {
    const { ownBytes, ownReceivedBytes } = this.bytes();
    return {
      ownBytes: ownBytes - before.ownBytes,
      ownReceivedBytes: ownReceivedBytes - before.ownReceivedBytes,
    };
  }
}

export function sumOf(one: OwnBytes, other: OwnBytes): OwnBytes {
  return {
    ownBytes: one.ownBytes + other.ownBytes,
    ownReceivedBytes: one.ownReceivedBytes + other.ownReceivedBytes,
  };
}

function bytesOf({ bytesRead, bytesWritten }: Socket): OwnBytes {
  return { ownBytes: bytesRead + bytesWritten, ownReceivedBytes: bytesRead };
}
