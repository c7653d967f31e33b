// What ending so many FFmpegs costs the system by itself, with no hls-swarm near: they wait for an input that never comes, which is the
// least that any parent of them can reach, or they play a stream from its origin. It judges nothing and leaves nothing behind.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startProgram } from '../../src/process.ts';
import { signalGroup } from '../../src/process-group.ts';
import { pidsNaming } from '../../test/support/program.ts';
import { cpuSecondsOf, hasDied } from './swarm-run.ts';

const LOOK_MS = 500;
/** Each look takes its time from those that die. */
const GONE_LOOK_MS = 20;
const LOADING_LIMIT_MS = 180_000;
/** `$1` times, with a pause of `$2` seconds after each, the command that follows. */
const START =
  'n=$1; pause=$2; shift 2; i=0; while [ $i -lt $n ]; do "$@" & i=$((i+1)); [ $pause = 0 ] || sleep $pause; done; wait';
/** Starts some 25 in a second, which play meanwhile. */
const PLAYING_PAUSE_SECONDS = 0.03;
const QUIET = ['-nostdin', '-loglevel', 'quiet'];

/** Milliseconds from the signal to the death of the last one. */
export async function killWaiting(count: number, ffmpeg = 'ffmpeg'): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-waiting-'));
  const input = join(folder, 'input');
  execFileSync('mkfifo', [input]);
  try {
    const command = [ffmpeg, ...QUIET, '-i', input, '-f', 'null', '-'];
    return await killOnce(count, 0, command, () => loaded(input, count));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same of as many that have played `url` for `settleMs`, at the priority of our clients. */
export function killPlaying(url: string, count: number, settleMs: number, ffmpeg = 'ffmpeg'): Promise<number> {
  const command = ['nice', '-n', '19', ffmpeg, ...QUIET, '-re', '-i', url, '-c', 'copy', '-f', 'null', '-'];
  return killOnce(count, PLAYING_PAUSE_SECONDS, command, async () => {
    const pids = await present(url, count);
    await pause(settleMs);
    return pids;
  });
}

async function killOnce(
  count: number,
  pauseSeconds: number,
  command: readonly string[],
  ready: () => Promise<readonly number[]>,
): Promise<number> {
  const parent = startProgram('sh', ['-c', START, 'sh', String(count), String(pauseSeconds), ...command], {
    stdio: { stdout: 'ignore', stderr: 'ignore' },
  });
  try {
    const pids = await ready();
    const askedAtMs = performance.now();
    if (parent.pid !== undefined) signalGroup(parent.pid, 'SIGKILL');
    await untilAllDied(pids, LOADING_LIMIT_MS);
    return performance.now() - askedAtMs;
  } finally {
    await parent.stop();
  }
}

/** Resolves when every one of `pids` has died, or after `limitMs`. To look at all again and again would take their time. */
export async function untilAllDied(pids: readonly number[], limitMs: number): Promise<void> {
  const sinceMs = performance.now();
  for (const pid of pids) while (!hasDied(pid) && performance.now() - sinceMs < limitMs) await pause(GONE_LOOK_MS);
}

/** The pids of all, the shell's too, once none of them has anything left to do. */
function loaded(input: string, count: number): Promise<readonly number[]> {
  let usedSeconds = Number.NaN;
  return present(input, count, (pids) => {
    const nowSeconds = pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
    const isIdle = nowSeconds === usedSeconds;
    usedSeconds = nowSeconds;
    return isIdle;
  });
}

/** The pids of all, the shell's too, once they are there and `isReady` says so of them. */
async function present(
  input: string,
  count: number,
  isReady: (pids: readonly number[]) => boolean = () => true,
): Promise<readonly number[]> {
  const sinceMs = performance.now();
  while (performance.now() - sinceMs < LOADING_LIMIT_MS) {
    await pause(LOOK_MS);
    const pids = pidsNaming(input);
    if (isReady(pids) && pids.length > count) return pids;
  }
  throw new Error(`${count} FFmpegs were not loaded within ${LOADING_LIMIT_MS} ms`);
}
