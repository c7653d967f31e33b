// Cuts a stream of octets into lines at LF, CR LF and bare CR, whatever the chunking (FFmpeg ends its status text with CR).
// It knows nothing of what a line says, reads no clock and keeps at most one unfinished line.
import { KIB } from '../units.ts';

/** FFmpeg's own limit for a URL, the longest thing that its lines hold. */
const LONGEST_URL_BYTES: number = 4 * KIB;
/** What is longer is cut, and counted. */
const MAX_LINE_BYTES: number = 2 * LONGEST_URL_BYTES;

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
  /** Copies of the unfinished line's octets: a pipe's buffer is not ours to keep. */
  #held: Buffer[] = [];
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
      const closesCrLf = octet === LF && this.#isAfterCr && position === start && this.#isEmpty();
      if (!closesCrLf) this.#finish(chunk, start, position, atMs);
      this.#isAfterCr = octet === CR;
      start = position + 1;
    }
    if (start < chunk.length) this.#hold(chunk, start, atMs);
  }

  /** The stream ended: what is held is the last line. */
  end(): void {
    if (!this.#isEmpty()) this.#emit(Buffer.concat(this.#held), this.#lastOctetAtMs);
  }

  #isEmpty(): boolean {
    return this.#heldBytes === 0 && this.#excessBytes === 0;
  }

  #hold(chunk: Buffer, start: number, atMs: number): void {
    const taken = Math.min(chunk.length - start, this.#maxLineBytes - this.#heldBytes);
    if (taken > 0) this.#held.push(Buffer.from(chunk.subarray(start, start + taken)));
    this.#heldBytes += taken;
    this.#excessBytes += chunk.length - start - taken;
    this.#lastOctetAtMs = atMs;
    this.#isAfterCr = false;
  }

  #finish(chunk: Buffer, start: number, end: number, atMs: number): void {
    const isHere = end > start;
    const completedAtMs = isHere || this.#isEmpty() ? atMs : this.#lastOctetAtMs;
    const taken = Math.min(end - start, this.#maxLineBytes - this.#heldBytes);
    this.#excessBytes += end - start - taken;
    const rest = chunk.subarray(start, start + taken);
    this.#emit(this.#heldBytes === 0 ? rest : Buffer.concat([...this.#held, rest]), completedAtMs);
  }

  #emit(octets: Buffer, atMs: number): void {
    this.#counters.lines += 1;
    if (this.#excessBytes > 0) {
      this.#counters.overlongLines += 1;
      this.#counters.cutBytes += this.#excessBytes;
    }
    this.#held = [];
    this.#heldBytes = 0;
    this.#excessBytes = 0;
    this.#onLine(octets.toString('utf8'), atMs);
  }
}
