// The temporary folder of a live stream: in memory where there is a memory file system, gone at the end.
// It cannot remove the folder of a process that was killed outright; the next start does that.
import { accessSync, constants, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIB, MS_PER_SECOND, SECONDS_PER_MINUTE } from '../units.ts';

const MEMORY_FOLDER = '/dev/shm';
/** Twice what a stream keeps there: the encoded loop and some 20 segments. Containers often have 64 MiB in all. */
const NEEDED_BYTES = 32 * MIB;
const REMOVAL_RETRIES = 4;
const REMOVAL_RETRY_MS = 20;
const NAME = /^hls-swarm-origin-(\d+)-/;
/** A live folder changes with every segment; one that has been quiet for that long is nobody's. */
const ABANDONED_AFTER_MS = SECONDS_PER_MINUTE * MS_PER_SECOND;

/** A new folder whose name carries our process id. */
export async function createWorkFolder(): Promise<string> {
  return mkdtemp(join(hasRoom(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), `hls-swarm-origin-${process.pid}-`));
}

/** Tried again for a moment, as an FFmpeg that is just being killed may still add a file. */
export function removeWorkFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: REMOVAL_RETRIES, retryDelay: REMOVAL_RETRY_MS });
}

/** Removes what killed processes left. Needs both signs, as a process id of another container means nothing here. */
export function sweepWorkFolders(nowWallMs: number): void {
  for (const parent of [MEMORY_FOLDER, tmpdir()]) {
    for (const folder of entriesOf(parent)) {
      const [, pid] = NAME.exec(folder) ?? [];
      if (pid === undefined || isAlive(Number(pid))) continue;
      const path = join(parent, folder);
      const modifiedWallMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowWallMs;
      if (nowWallMs - modifiedWallMs > ABANDONED_AFTER_MS) removeQuietly(path);
    }
  }
}

function hasRoom(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= NEEDED_BYTES;
  } catch {
    return false;
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
    removeWorkFolder(folder);
  } catch {
    return;
  }
}
