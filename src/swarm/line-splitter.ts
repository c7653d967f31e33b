// Cuts a stream of octets into lines at LF, at CRs, and at CRs with an LF behind them, whatever the chunking: FFmpeg ends its
// status text with a CR, its request fields with CR LF, and a pipe in text mode makes CR CR LF of that.
// It knows nothing of what a line says, reads no clock and keeps at most one unfinished line.
import { KIB } from '../units.ts';

/** FFmpeg's own limit for a URL, the longest thing that its lines hold. */
const LONGEST_URL_BYTES: number = 4 * KIB;
/** What is longer is cut, and counted. */
const MAX_LINE_BYTES: number = 2 * LONGEST_URL_BYTES;

const NOTHING = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;

export interface LineSplitterOptions {
  /** A finished line without its break; `atMs` = arrival of the chunk that held the line's last octet. */
  readonly onLine: (text: string, atMs: number) => void;
  readonly maxLineBytes?: number;
}

/** Totals since the splitter was made. */
export interface LineCounters {
  readonly lines: number;
  /** Lines longer than the limit, and how many octets they lost. */
  readonly overlongLines: number;
  readonly cutBytes: number;
}

export class LineSplitter {
  readonly #onLine: (text: string, atMs: number) => void;
  readonly #maxLineBytes: number;
  readonly #counters = { lines: 0, overlongLines: 0, cutBytes: 0 };
  /** The unfinished line's octets, copied: a pipe's buffer is not ours to keep. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;
  #excessBytes = 0;
  #lastOctetAtMs = 0;
  #isAfterCr = false;

  constructor(options: LineSplitterOptions) {
    this.#onLine = options.onLine;
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
  }

  get counters(): LineCounters {
    return this.#counters;
  }

  /** Takes the octets that arrived at `atMs`. */
  push(chunk: Buffer, atMs: number): void {
    let start = 0;
    for (let position = 0; position < chunk.length; position += 1) {
      const octet = chunk[position];
      if (octet !== LF && octet !== CR) continue;
      const isSameBreak = this.#isAfterCr && position === start && this.#isEmpty();
      if (!isSameBreak) this.#finish(chunk, start, position, atMs);
      this.#isAfterCr = octet === CR;
      start = position + 1;
    }
    if (start < chunk.length) this.#hold(chunk, start, atMs);
  }

  /** The stream ended: what is held is the last line. */
  end(): void {
    if (!this.#isEmpty()) this.#emitHeld(this.#lastOctetAtMs);
  }

  #isEmpty(): boolean {
    return this.#heldBytes === 0 && this.#excessBytes === 0;
  }

  #hold(chunk: Buffer, start: number, atMs: number): void {
    this.#take(chunk, start, chunk.length);
    this.#lastOctetAtMs = atMs;
    this.#isAfterCr = false;
  }

  #finish(chunk: Buffer, start: number, end: number, atMs: number): void {
    const isHere = end > start;
    const completedAtMs = isHere || this.#isEmpty() ? atMs : this.#lastOctetAtMs;
    if (this.#isEmpty() && end - start <= this.#maxLineBytes) {
      this.#emit(chunk, start, end, completedAtMs);
      return;
    }
    this.#take(chunk, start, end);
    this.#emitHeld(completedAtMs);
  }

  /** Copies what still fits and counts the rest. */
  #take(chunk: Buffer, start: number, end: number): void {
    const taken = Math.min(end - start, this.#maxLineBytes - this.#heldBytes);
    const neededBytes = this.#heldBytes + taken;
    if (neededBytes > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxLineBytes, Math.max(neededBytes, 2 * this.#held.length)));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes, start, start + taken);
    this.#heldBytes = neededBytes;
    this.#excessBytes += end - start - taken;
  }

  #emitHeld(atMs: number): void {
    if (this.#excessBytes > 0) {
      this.#counters.overlongLines += 1;
      this.#counters.cutBytes += this.#excessBytes;
    }
    const held = this.#held;
    const heldBytes = this.#heldBytes;
    this.#held = NOTHING;
    this.#heldBytes = 0;
    this.#excessBytes = 0;
    this.#emit(held, 0, heldBytes, atMs);
  }

  /** Tens of thousands of lines a second: a view of each would be as dear as its text. */
  #emit(octets: Buffer, start: number, end: number, atMs: number): void {
    this.#counters.lines += 1;
    this.#onLine(octets.toString('utf8', start, end), atMs);
  }
}
