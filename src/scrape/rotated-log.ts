// The files behind one name: the one that has it now, and those that had it and may still be written, whatever they are called now.
// Also one that had the name only between two looks. It understands no line and does not watch.
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { secondsToMs } from '../units.ts';
import { FollowedFile, fileId } from './followed-file.ts';
import type { LineTaker } from './log-lines.ts';

/** A server may hold lines back in a buffer; as long as MEASURING section 9 waits. */
export const FLUSH_LIMIT_MS: number = secondsToMs(12);
/** A file that was moved away is written until the server opens the new one; then it is quiet. */
const RETIRED_QUIET_MS: number = FLUSH_LIMIT_MS;
/** More rotations within that time than this are no rotations. */
const MAX_RETIRED = 4;
/** Between a rename and the new file there is none by the name, and a server that was not told writes on in the old one. A name
 *  that nobody has while nothing is written is gone. */
const NAMELESS_QUIET_MS: number = secondsToMs(3);
/** What a rotation makes of a file is no log any more. */
const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|Z)$/;

interface Retired {
  readonly file: FollowedFile;
  quietSinceMs: number;
}

export class RotatedLog {
  readonly #path: string;
  readonly #taker: LineTaker;
  readonly #nowMs: () => number;
  #current: FollowedFile | undefined;
  /** The file at hand had the name, or grew. */
  #aliveAtMs = 0;
  #retired: Retired[] = [];

  constructor(path: string, taker: LineTaker, nowMs: () => number) {
    this.#path = path;
    this.#taker = taker;
    this.#nowMs = nowMs;
  }

  /** Goes to the end of the file that has the name. @throws the system's error, or Error when it is no regular file */
  async open(): Promise<void> {
    this.#current = await FollowedFile.open(this.#path, 'end', this.#taker);
  }

  /** What was appended since the last look, older files first. @throws the system's error when no file has the name or it cannot be read */
  async read(): Promise<void> {
    const problem = await this.#follow().then(
      () => undefined,
      (error: unknown) => error,
    );
    // Older files first: a port's requests should come in their order.
    for (const retired of this.#retired) {
      // What a file that was moved away no longer gives is missing in the join, and said there.
      const octets = await retired.file.read().catch(() => 0);
      if (octets > 0) retired.quietSinceMs = this.#nowMs();
    }
    await this.#closeQuiet();
    const octets = (await this.#current?.read()) ?? 0;
    if (problem === undefined || octets > 0) this.#aliveAtMs = this.#nowMs();
    const isBetween = this.#current !== undefined && this.#nowMs() - this.#aliveAtMs <= NAMELESS_QUIET_MS;
    if (problem !== undefined && !(isAbsent(problem) && isBetween)) throw problem;
  }

  async close(): Promise<void> {
    const files = [this.#current, ...this.#retired.map(({ file }) => file)];
    this.#current = undefined;
    this.#retired = [];
    await Promise.allSettled(files.map((file) => file?.close()));
  }

  /** The name may mean another file by now: then that one too, from its beginning. */
  async #follow(): Promise<void> {
    const named = fileId(await stat(this.#path, { bigint: true }));
    const before = this.#current;
    if (named === before?.id) return;
    const back = this.#retired.findIndex(({ file }) => file.id === named);
    const next =
      back < 0 ? await FollowedFile.open(this.#path, 'start', this.#taker) : this.#retired.splice(back, 1)[0]?.file;
    this.#current = next;
    if (before === undefined || next === undefined) return;
    const between = await this.#openBetween(before, next);
    const retiredNow = [before, ...between].map((file) => ({ file, quietSinceMs: this.#nowMs() }));
    this.#retired.push(...retiredNow);
  }

  /** Files that had the name after `before` and have none of ours: rotated twice between two looks. Oldest first. */
  async #openBetween(before: FollowedFile, next: FollowedFile): Promise<readonly FollowedFile[]> {
    const folder = dirname(this.#path);
    const known = new Set([before.id, next.id, ...this.#retired.map(({ file }) => file.id)]);
    const names = await readdir(folder).catch((): readonly string[] => []);
    const found: FollowedFile[] = [];
    for (const name of names) {
      if (!name.startsWith(basename(this.#path)) || COMPRESSED.test(name)) continue;
      const facts = await stat(join(folder, name), { bigint: true }).catch(() => undefined);
      // Where the system does not tell when a file was made it is 0, and none is taken for one of these.
      const isBetween =
        facts !== undefined && facts.birthtimeNs > before.bornAtNs && facts.birthtimeNs <= next.bornAtNs;
      if (!isBetween || known.has(fileId(facts))) continue;
      const file = await FollowedFile.open(join(folder, name), 'start', this.#taker).catch(() => undefined);
      if (file !== undefined) found.push(file);
    }
    return found.sort((one, other) => Number(one.bornAtNs - other.bornAtNs)).slice(-MAX_RETIRED);
  }

  async #closeQuiet(): Promise<void> {
    const quiet = (retired: Retired, at: number): boolean =>
      this.#nowMs() - retired.quietSinceMs > RETIRED_QUIET_MS || at < this.#retired.length - MAX_RETIRED;
    const over = this.#retired.filter(quiet);
    this.#retired = this.#retired.filter((retired) => !over.includes(retired));
    await Promise.allSettled(over.map(({ file }) => file.close()));
  }
}

/** No file has the name. */
export function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
