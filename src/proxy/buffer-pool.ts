// Where reads from origins land. A connection whose answer is under way has a buffer of its own until the kernel has taken
// the octets; of resting connections a few keep theirs, all others share one, so that thousands cost nothing.
// It never blocks and never refuses: beyond its bounds buffers are smaller, and what is not kept is freed at once.
import {
  LANDING_BUFFER_BYTES,
  LARGE_BUFFER_BYTES,
  MAX_FREE_BUFFERS,
  MAX_LARGE_BUFFERS,
  MAX_RESTING_BUFFERS,
  MEDIUM_BUFFER_BYTES,
} from './limits.ts';

export class BufferPool {
  /** Shared by resting connections: whoever reads into it copies before anybody else can. */
  readonly landing: Buffer = Buffer.allocUnsafeSlow(LANDING_BUFFER_BYTES);
  readonly #free: Buffer[] = [];
  #large = 0;
  #lent = 0;

  /** A buffer of one's own. */
  take(): Buffer {
    this.#lent += 1;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#large >= MAX_LARGE_BUFFERS) return Buffer.allocUnsafeSlow(MEDIUM_BUFFER_BYTES);
    this.#large += 1;
    return Buffer.allocUnsafeSlow(LARGE_BUFFER_BYTES);
  }

  /** What landed in the shared buffer gets one of its own before anything else can land there. */
  own(buffer: Buffer, bytes: number): Buffer {
    if (buffer !== this.landing) return buffer;
    const own = this.take();
    this.landing.copy(own, 0, 0, bytes);
    return own;
  }

  /** For the next read of a connection whose own buffer is with a slow client: another one, while there are plenty. */
  spare(): Buffer {
    return this.#lent < MAX_LARGE_BUFFERS ? this.take() : this.landing;
  }

  /** For the next read of a connection from which nothing is due: its own while few rest, else the shared one. */
  rest(buffer: Buffer): Buffer {
    if (buffer === this.landing || this.#lent <= MAX_RESTING_BUFFERS) return buffer;
    this.give(buffer);
    return this.landing;
  }

  /** Takes back what `take` lent, perhaps for good: nobody may read into it any more, nor write from it. */
  give(buffer: Buffer): void {
    if (buffer === this.landing) return;
    this.#lent -= 1;
    const isLarge = buffer.length === LARGE_BUFFER_BYTES;
    if (isLarge && this.#free.length < MAX_FREE_BUFFERS) {
      this.#free.push(buffer);
      return;
    }
    if (isLarge) this.#large -= 1;
    // A worker without traffic collects no garbage: its memory would stay.
    (buffer.buffer as ArrayBuffer).transfer(0);
  }
}
