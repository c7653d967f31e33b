// The encoded loop behind the live stream: made once per profile, kept in the user's cache folder, the only file that stays.
// It does not stream; a failed or interrupted encoding leaves nothing in the cache.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MS_PER_SECOND, msToSeconds } from '../units.ts';
import { startFfmpeg } from './ffmpeg.ts';
import { encodeArguments, PROFILES, type ProfileName } from './profiles.ts';

/** One to two seconds on two cores; a machine that needs this long cannot run a swarm either. */
const ENCODE_LIMIT_MS = 60 * MS_PER_SECOND;
const HASH_DIGITS = 12;

interface LoopOptions {
  readonly profile: ProfileName;
  readonly ffmpegPath: string;
  /** Where a half-made loop may live and vanish. */
  readonly workFolder: string;
  readonly cacheFolder?: string;
  /** Ends the encoding. */
  readonly signal: AbortSignal;
}

/** `$XDG_CACHE_HOME/hls-swarm`, or `~/.cache/hls-swarm`. */
function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'hls-swarm');
}

/**
 * The path of the profile's loop, encoded first when it is not in the cache under this command line's hash.
 * @throws Error of one sentence: FFmpeg missing or failing, cache folder not writable
 */
export async function ensureLoop(options: LoopOptions): Promise<string> {
  const folder = options.cacheFolder ?? cacheFolder();
  const { packaging } = PROFILES[options.profile];
  const hash = createHash('sha256')
    .update(JSON.stringify(encodeArguments(PROFILES[options.profile], '')))
    .digest('hex')
    .slice(0, HASH_DIGITS);
  const file = join(folder, `loop-${options.profile}-${hash}.${packaging === 'fmp4' ? 'mp4' : 'ts'}`);
  if (await isThere(file)) return file;
  const encoded = join(options.workFolder, 'loop.part');
  await encode(options, encoded);
  await publish(encoded, folder, file);
  return file;
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    (status) => status.isFile() && status.size > 0,
    () => false,
  );
}

async function encode({ profile, ffmpegPath, workFolder, signal }: LoopOptions, file: string): Promise<void> {
  const limit = AbortSignal.timeout(ENCODE_LIMIT_MS);
  const run = startFfmpeg({
    ffmpegPath,
    arguments: encodeArguments(PROFILES[profile], file),
    folder: workFolder,
    signal: AbortSignal.any([signal, limit]),
  });
  const { code, failure } = await run.exited;
  signal.throwIfAborted();
  if (failure !== undefined) throw new Error(`The embedded origin needs FFmpeg: ${failure}.`);
  if (limit.aborted)
    throw new Error(`Encoding profile '${profile}' took longer than ${msToSeconds(ENCODE_LIMIT_MS)} s.`);
  if (code !== 0) throw new Error(`Encoding profile '${profile}' with ${ffmpegPath} failed: ${await run.reason}`);
  if (!(await isThere(file)))
    throw new Error(`${ffmpegPath} ended well and encoded nothing for profile '${profile}': is it FFmpeg?`);
}

/** By a copy beside the target and a rename: the work folder may be another file system, and two runs may race. */
async function publish(encoded: string, folder: string, file: string): Promise<void> {
  const beside = `${file}.${process.pid}.part`;
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(encoded, beside);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    const { message } = error as Error;
    throw new Error(
      `The encoded loop could not be kept in ${folder} (${message}): set XDG_CACHE_HOME to another folder.`,
    );
  } finally {
    await rm(encoded, { force: true });
  }
}
