// Pipes with a name, for processes that are not parent and child: made many at a time in a temporary folder of their own, handed out
// one by one, and used again. A pipe takes what is written in pieces together; a socket keeps each piece for itself, and takes three
// times as long at both of its ends.
// It opens none of them and knows nothing of what goes through.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './process.ts';
import {
  createTemporaryFolder,
  MEMORY_FOLDER,
  type Purpose,
  removeTemporaryFolder,
  sweepTemporaryFolders,
} from './temporary-folder.ts';
import { KIB } from './units.ts';

const MKFIFO_LIMIT_MS = 5_000;
const MKFIFO_SAYS_BYTES: number = 4 * KIB;
const OWNER_ONLY = '600';
/** Of names that ran out. */
const MORE = 64;

/** @throws Error of one sentence where the system does not make them */
export async function makeNamedPipes(paths: readonly string[]): Promise<void> {
  const made = await runProgram('mkfifo', ['-m', OWNER_ONLY, ...paths], {
    timeoutMs: MKFIFO_LIMIT_MS,
    maxBytes: MKFIFO_SAYS_BYTES,
  });
  if (made.code === 0) return;
  throw new Error(made.failure ?? `mkfifo: ${made.stderr.trim() || made.signal || `exit code ${made.code}`}`);
}

/** A folder for named pipes, in memory where the file system can only be read; what killed processes have left is swept. */
export async function pipesFolder(purpose: Purpose, nowWallMs: number): Promise<string> {
  const parents = [tmpdir(), MEMORY_FOLDER];
  sweepTemporaryFolders(purpose, nowWallMs, parents);
  const [first = '', second = ''] = parents;
  return createTemporaryFolder(purpose, first).catch(() => createTemporaryFolder(purpose, second));
}

export class NamedPipes implements Disposable {
  readonly #folder: string;
  readonly #free: string[] = [];
  #made = 0;
  #making: Promise<void> | undefined;

  /** @throws Error of one sentence where the system does not give them */
  static async open(count: number, nowWallMs: number): Promise<NamedPipes> {
    const pipes = new NamedPipes(await pipesFolder('pipes', nowWallMs));
    try {
      await pipes.#make(count);
    } catch (error) {
      pipes[Symbol.dispose]();
      throw error;
    }
    return pipes;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Paths of pipes that nobody has open.
   * @throws Error of one sentence when there are none left and the system does not give more
   */
  async take(count: number): Promise<readonly string[]> {
    while (this.#free.length < count) {
      this.#making ??= this.#make(Math.max(count, MORE)).finally(() => (this.#making = undefined));
      await this.#making;
    }
    return this.#free.splice(-count, count);
  }

  /** Nobody has it open any more. */
  giveBack(path: string): void {
    this.#free.push(path);
  }

  /** Somebody may have it open for as long as they like: nobody else gets it. */
  drop(path: string): void {
    rmSync(path, { force: true });
  }

  [Symbol.dispose](): void {
    removeTemporaryFolder(this.#folder);
  }

  async #make(count: number): Promise<void> {
    const paths = Array.from({ length: count }, (_, index) => join(this.#folder, String(this.#made + index)));
    this.#made += count;
    await makeNamedPipes(paths);
    this.#free.push(...paths);
  }
}
