// Whether what was asked to be written can be: a report, raw logs or a log that cannot be kept is better known before an hour of
// measuring than after it. It creates the folder of the raw logs and writes nothing.
import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Options } from '../config/options.ts';

/** Rejects with a sentence that names the option, quotes the path and says what would do. */
export async function checkOutputPlaces({
  report,
  html,
  logFile,
  stderrDir,
}: Pick<Options, 'report' | 'html' | 'logFile' | 'stderrDir'>): Promise<void> {
  if (report !== undefined) await told('--report', report, 'a file in a writable folder', checkNewFile(report));
  if (html !== undefined) await told('--html', html, 'a file in a writable folder', checkNewFile(html));
  if (logFile !== undefined) await told('--log-file', logFile, 'a file in a writable folder', checkLogFile(logFile));
  if (stderrDir !== undefined)
    await told('--stderr-dir', stderrDir, 'a writable folder, or a new one in such', checkFolder(stderrDir));
}

async function told(option: string, path: string, allowed: string, checked: Promise<void>): Promise<void> {
  try {
    await checked;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${option}: cannot write '${path}': ${message}; name ${allowed}`);
  }
}

async function checkNewFile(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK);
  await refuseFolder(path);
}

/** The log has tried to open it by now: what can be written is there. */
async function checkLogFile(path: string): Promise<void> {
  await refuseFolder(path);
  await access(path, constants.W_OK);
}

async function refuseFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new Error('it is a folder');
}

/** Not recursive, as whoever writes there does it: a mistyped path should fail. */
async function checkFolder(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) await mkdir(path);
  else if (!there.isDirectory()) throw new Error('it is no folder');
  await access(path, constants.W_OK | constants.X_OK);
}
