// What clients say, stamped when it arrives and read a little later, that of many clients in one go: reading one chunk touches some
// forty functions and all that is known of its client, and the next client's FFmpeg has thrown both out of the processor's cache
// before the next chunk comes. Of few clients it is read at once.
// It knows nothing of lines, and loses and reorders nothing: whoever is about to tell of a client, or to take stock, has what waits
// read first.
import type { Clock } from '../clock.ts';
import { KIB } from '../units.ts';
import { FEW_CLIENTS, ReadingPause } from './reading-pause.ts';

/** A tenth of the tick: with 1,000 clients 160 chunks. */
const DELAY_MS = 100;
/** What is read in one go holds this thread up, a few milliseconds at most. */
const MAX_CHUNKS = 256;
const WAITING_BYTES: number = 256 * KIB;

export interface ChunkReader {
  /** Takes octets that arrived at `atMs`; they are its own during the call only. */
  push(chunk: Buffer, atMs: number): void;
}

interface Waiting {
  readonly reader: ChunkReader;
  readonly chunk: Buffer;
  readonly atMs: number;
}

export class Arrivals {
  readonly #clock: Clock;
  /** Where chunks wait, copied: a pipe's buffer is not ours to keep. Absent: none wait. */
  readonly #store: Buffer | undefined;
  readonly #pause: ReadingPause;
  #storedBytes = 0;
  #waiting: Waiting[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, clients: number) {
    this.#clock = clock;
    this.#pause = new ReadingPause(clock, clients);
    this.#store = clients > FEW_CLIENTS ? Buffer.allocUnsafeSlow(WAITING_BYTES) : undefined;
  }

  /** `chunk` is the caller's again when this returns. */
  take(reader: ChunkReader, chunk: Buffer): void {
    const atMs = this.#clock.nowMs();
    if (this.#store === undefined || chunk.length > WAITING_BYTES) {
      this.read();
      reader.push(chunk, atMs);
      return;
    }
    if (this.#storedBytes + chunk.length > WAITING_BYTES || this.#waiting.length >= MAX_CHUNKS) this.read();
    const end = this.#storedBytes + chunk.length;
    const copy = this.#store.subarray(this.#storedBytes, end);
    chunk.copy(copy);
    this.#storedBytes = end;
    this.#waiting.push({ reader, chunk: copy, atMs });
    this.#timer ??= setTimeout(() => this.read(), DELAY_MS);
    this.#pause.note();
  }

  /** Reads all that waits, in the order in which it arrived; also when what is read leads here again. */
  read(): void {
    if (this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let next = this.#waiting[this.#next]; next !== undefined; next = this.#waiting[this.#next]) {
      this.#next += 1;
      next.reader.push(next.chunk, next.atMs);
    }
    this.#waiting = [];
    this.#next = 0;
    this.#storedBytes = 0;
  }
}
