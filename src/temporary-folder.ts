// Folders for what must be a file for a while: named by purpose and process, gone at the end of whoever made them.
// A process that was killed outright removes nothing; the next one with the same purpose sweeps up.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MS_PER_SECOND, SECONDS_PER_MINUTE } from './units.ts';

export type Purpose = 'origin' | 'gates' | 'pipes';

/** Linux has it. */
export const MEMORY_FOLDER = '/dev/shm';
/** Each wait is longer by the first: 1.6 s in all. A killed program's own program may take that long to die on a full machine. */
const REMOVAL_RETRIES = 12;
const REMOVAL_RETRY_MS = 20;
/** One that is in use changes, or is made and removed within seconds; what has been quiet for that long is nobody's. */
const ABANDONED_AFTER_MS = SECONDS_PER_MINUTE * MS_PER_SECOND;

/** A new folder that only its owner may enter; its name carries our process id. */
export async function createTemporaryFolder(purpose: Purpose, parent: string = tmpdir()): Promise<string> {
  return mkdtemp(join(parent, `hls-swarm-${purpose}-${process.pid}-`));
}

/**
 * Tried again for a moment, as what is just being killed may still add files; most are gone at the first try. Blocks meanwhile: it is
 * for the end of a process.
 * @throws Error of the file system when it cannot be removed, or is filled for longer than that
 */
export function removeTemporaryFolder(folder: string): void {
  for (let attempt = 1; !isRemoved(folder, attempt > REMOVAL_RETRIES); attempt += 1) {
    const bell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    Atomics.wait(bell, 0, 0, attempt * REMOVAL_RETRY_MS);
  }
}

function isRemoved(folder: string, isLastAttempt: boolean): boolean {
  try {
    // It has retries of its own, and makes none for what is being filled.
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (isLastAttempt || (error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
  // It also takes a file that was gone before its turn for the folder that it was to remove, and leaves the rest without a word.
  if (!existsSync(folder)) return true;
  if (isLastAttempt) throw new Error(`${folder} cannot be removed`);
  return false;
}

/** Removes what killed processes left. Needs both signs, as a process id of another container means nothing here. */
export function sweepTemporaryFolders(
  purpose: Purpose,
  nowWallMs: number,
  parents: readonly string[] = [tmpdir()],
): void {
  const named = new RegExp(`^hls-swarm-${purpose}-(\\d+)-`);
  for (const parent of parents) {
    for (const folder of entriesOf(parent)) {
      const [, pid] = named.exec(folder) ?? [];
      if (pid === undefined || isAlive(Number(pid))) continue;
      const path = join(parent, folder);
      const modifiedWallMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowWallMs;
      if (nowWallMs - modifiedWallMs > ABANDONED_AFTER_MS) removeQuietly(path);
    }
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Another user's folder is another user's business. */
function removeQuietly(folder: string): void {
  try {
    removeTemporaryFolder(folder);
  } catch {
    return;
  }
}
