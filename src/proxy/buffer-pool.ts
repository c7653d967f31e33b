// Read buffers that sockets lend from and give back to when the kernel has taken the octets.
// It never blocks and never refuses: beyond its bound, buffers are simply not kept.
import { MAX_POOLED_BUFFERS, READ_BUFFER_BYTES } from './limits.ts';

export class BufferPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  }

  give(buffer: Buffer): void {
    if (this.#free.length < MAX_POOLED_BUFFERS) this.#free.push(buffer);
  }
}
