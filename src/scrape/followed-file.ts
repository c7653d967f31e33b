// One open file that somebody else writes: what was appended since the last look, also after it was cut to nothing.
// It knows no name but its own, does not watch, and leaves it to its owner to notice that the name means another file now.
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { KIB } from '../units.ts';
import { type LineTaker, LogLines } from './log-lines.ts';

const READ_BYTES: number = 64 * KIB;
const LF = 0x0a;

export class FollowedFile {
  /** Device and inode: two names of one file have the same. */
  readonly id: string;
  /** 0 where the system does not tell when a file was made. */
  readonly bornAtNs: bigint;
  readonly #file: FileHandle;
  readonly #lines: LogLines;
  readonly #buffer: Buffer = Buffer.allocUnsafe(READ_BYTES);
  #position: number;

  /** `from` its end: only what is written from now on, whole lines. @throws the system's error, or Error when it is no regular file */
  static async open(path: string, from: 'start' | 'end', taker: LineTaker): Promise<FollowedFile> {
    const file = await open(path, 'r');
    try {
      const facts = await file.stat({ bigint: true });
      if (!facts.isFile()) throw new Error('it is no regular file');
      const position = from === 'end' ? Number(facts.size) : 0;
      const isInsideLine = position > 0 && (await octetBefore(file, position)) !== LF;
      return new FollowedFile(file, facts, position, new LogLines(taker, isInsideLine));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private constructor(file: FileHandle, facts: BigIntStats, position: number, lines: LogLines) {
    this.#file = file;
    this.id = fileId(facts);
    this.bornAtNs = facts.birthtimeNs;
    this.#position = position;
    this.#lines = lines;
  }

  /** Reads up to the present end; resolves to the number of octets. @throws the system's error; the next call goes on there */
  async read(): Promise<number> {
    const { size } = await this.#file.stat();
    // copytruncate: the same file begins anew. What came between our last look and the cut is in the copy only.
    if (size < this.#position) {
      this.#position = 0;
      this.#lines.restart();
    }
    const before = this.#position;
    while (this.#position < size) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, READ_BYTES, this.#position);
      if (bytesRead === 0) break;
      this.#position += bytesRead;
      this.#lines.add(this.#buffer.subarray(0, bytesRead));
    }
    return this.#position - before;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

export function fileId({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

async function octetBefore(file: FileHandle, position: number): Promise<number | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, position - 1);
  return bytesRead === 1 ? buffer[0] : undefined;
}
