// The temporary folder of a live stream: in memory where there is a memory file system. It does not fill or empty it.
import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createTemporaryFolder, MEMORY_FOLDER, sweepTemporaryFolders } from '../temporary-folder.ts';

/** Other programs use it too. Containers often have 64 MiB in all. */
const HEADROOM_RATIO = 2;

/** A new one, after what killed processes left is gone. `bytes`: what the stream will keep there. */
export async function createWorkFolder(nowWallMs: number, bytes: number): Promise<string> {
  sweepTemporaryFolders('origin', nowWallMs, [MEMORY_FOLDER, tmpdir()]);
  return createTemporaryFolder('origin', hasRoom(MEMORY_FOLDER, bytes * HEADROOM_RATIO) ? MEMORY_FOLDER : tmpdir());
}

function hasRoom(folder: string, bytes: number): boolean {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= bytes;
  } catch {
    return false;
  }
}
