// Lines that wait to be written, in batches of a size that is worth a write: kept as text, made octets of once per batch, which is a
// third of what it costs line by line. It writes nothing and bounds nothing; its owner counts.

export class LineBatches {
  readonly #batchBytes: number;
  /** The last one takes what comes until it is full. */
  #batches: { readonly lines: string[]; bytes: number }[] = [];
  #lines = 0;

  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes;
  }

  /** How many lines wait. */
  get lines(): number {
    return this.#lines;
  }

  /** `bytes`: of the line as UTF-8, with its break. */
  add(line: string, bytes: number): void {
    const last = this.#batches.at(-1);
    this.#lines += 1;
    if (last === undefined || last.bytes >= this.#batchBytes) this.#batches.push({ lines: [line], bytes });
    else {
      last.lines.push(line);
      last.bytes += bytes;
    }
  }

  /** Before all that wait. */
  addFirst(line: string, bytes: number): void {
    this.#lines += 1;
    this.#batches.unshift({ lines: [line], bytes });
  }

  /** The oldest batch; none when nothing waits. */
  take(): readonly string[] {
    const lines = this.#batches.shift()?.lines ?? [];
    this.#lines -= lines.length;
    return lines;
  }

  clear(): void {
    this.#batches = [];
    this.#lines = 0;
  }
}
