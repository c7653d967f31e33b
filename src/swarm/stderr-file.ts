// Keeps a process's stderr as it came, for `--stderr-dir`: one file per FFmpeg process, octet for octet.
// It never holds the client up: what the disk does not take in time is dropped, counted, and said once.
import { createWriteStream, existsSync, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { MIB } from '../units.ts';

/** A slow disk may keep this much of each client in our memory. */
const WAITING_LIMIT_BYTES: number = MIB;

export class StderrFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #stream: WriteStream | undefined;
  #droppedBytes = 0;
  #failure: string | undefined;

  constructor(folder: string, client: number, process: number, log: Log) {
    this.#path = join(folder, `client-${String(client).padStart(4, '0')}-process-${process}.log`);
    this.#log = log;
    this.#stream = this.#open(folder);
    this.#stream?.on('error', (error) => this.#fail(error.message));
  }

  write(chunk: Buffer): void {
    if (this.#failure !== undefined || this.#stream === undefined) return;
    if (this.#stream.writableLength > WAITING_LIMIT_BYTES) this.#droppedBytes += chunk.length;
    // The pipe's buffer is not ours to keep.
    else this.#stream.write(Buffer.from(chunk));
  }

  /** Resolves when the last octet is written, or when it is known that it cannot be. */
  async end(): Promise<void> {
    const stream = this.#stream;
    if (this.#droppedBytes > 0)
      this.#log.warn({ file: this.#path, droppedBytes: this.#droppedBytes }, 'stderr_file_incomplete');
    if (stream === undefined || stream.destroyed) return;
    await new Promise<void>((resolve) => stream.once('close', () => resolve()).end());
  }

  #open(folder: string): WriteStream | undefined {
    try {
      // Not recursive: a mistyped path should fail, and Node's recursive mkdir never returns for some (/proc/x).
      if (!existsSync(folder)) mkdirSync(folder);
      return createWriteStream(this.#path, { mode: 0o600 });
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#log.warn({ file: this.#path, reason }, 'stderr_file_failed');
  }
}
