// Files that the user names for our output, pipes and devices included: opened and written to without ever waiting in the kernel.
// A blocked open or write would hold a thread of the pool, which the end of the process waits for. It keeps no queue.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { MS_PER_SECOND } from '../units.ts';

/** How long the end of a run waits for the reader of a pipe. */
export const READER_LIMIT_MS: number = MS_PER_SECOND;
/** Between two attempts on a full pipe. It holds 64 KiB, so a reader can have 13 MB/s. */
const RETRY_MS = 5;

const { O_WRONLY, O_CREAT, O_EXCL, O_NONBLOCK } = constants;

/** The content of a file that was there stays. Rejects with the system's error; ENXIO: a pipe that nobody reads. */
export async function openOutput(path: string, mode: number): Promise<{ file: FileHandle; isCreated: boolean }> {
  const flags = O_WRONLY | O_CREAT | O_NONBLOCK;
  try {
    return { file: await open(path, flags | O_EXCL, mode), isCreated: true };
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return { file: await open(path, flags, mode), isCreated: false };
  }
}

/**
 * Writes octets from `offset` on; how many were taken. Waits a little and says 0 when a pipe is full.
 * Rejects with the system's error.
 */
export async function writeSome(file: FileHandle, octets: Buffer, offset: number): Promise<number> {
  try {
    return (await file.write(octets, offset)).bytesWritten;
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error;
    await pause(RETRY_MS);
    return 0;
  }
}

/** The reader of a pipe took nothing, or not enough, for as long as we wait. */
export function stalledReader(): Error {
  return new Error(`the reader of the pipe does not keep up (we wait ${READER_LIMIT_MS} ms for it)`);
}

/** Why, and what to do about it. */
export function outputProblem(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const advice = codeOf(error) === 'ENXIO' ? 'start the reader of the pipe first' : 'name a file in a writable folder';
  return `${reason}; ${advice}`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
