// Writes the summary JSON of `--report` (and other files that are written once) so that a reader finds either the whole of it or nothing new.
// It does not change the summary: redaction and rounding, if any, happened before.
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Summary } from '../stats/summary.ts';
import { openOutput, outputProblem, READER_LIMIT_MS, stalledReader, writeSome } from './output-file.ts';

const MODE = 0o644;

/**
 * Rejects with a message that names the path. A device or a pipe (`/dev/stdout`) is written to, never replaced; a pipe's
 * reader that takes nothing for a second is not waited for.
 */
export async function writeReport(path: string, summary: Summary): Promise<void> {
  await writeWhole('--report', path, `${JSON.stringify(summary, null, 2)}\n`);
}

/** The same for any text; the message names the option. `mode`: of a file that is made. */
export async function writeWhole(option: string, path: string, text: string, mode: number = MODE): Promise<void> {
  try {
    // Through a symbolic link, or the rename would replace the link instead of what it points to.
    const target = await realpath(path).catch(() => path);
    const existing = await stat(target).catch(() => undefined);
    if (existing === undefined || existing.isFile()) await replaceFile(target, text, mode);
    else await writeInto(target, Buffer.from(text));
  } catch (error) {
    throw new Error(`${option}: cannot write '${path}': ${outputProblem(error)}`);
  }
}

async function writeInto(path: string, octets: Buffer): Promise<void> {
  const { file } = await openOutput(path, MODE);
  let isOverdue = false;
  const limit = setTimeout(() => {
    isOverdue = true;
  }, READER_LIMIT_MS);
  try {
    for (let bytes = 0; bytes < octets.length; ) {
      const taken = await writeSome(file, octets, bytes);
      if (taken > 0) limit.refresh();
      else if (isOverdue) throw stalledReader();
      bytes += taken;
    }
  } finally {
    clearTimeout(limit);
    await file.close();
  }
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  // In the same folder, because a rename is atomic only within one file system.
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, text, { mode, flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
