// What ending so many FFmpegs costs the system by itself: they are loaded, wait for an input that never comes, and are killed at
// once. No hls-swarm is near; it is the least that any parent of them can reach. It judges nothing and leaves nothing behind.
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
/** `$1` of them play `$2` by `$3`. */
const START = 'i=0; while [ $i -lt $1 ]; do "$3" -nostdin -loglevel quiet -i "$2" -f null - & i=$((i+1)); done; wait';

/** Milliseconds from the signal to the death of the last one. */
export async function killAlone(count: number, ffmpeg = 'ffmpeg'): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-waiting-'));
  const input = join(folder, 'input');
  execFileSync('mkfifo', [input]);
  const parent = startProgram('sh', ['-c', START, 'sh', String(count), input, ffmpeg], {
    stdio: { stdout: 'ignore', stderr: 'ignore' },
  });
  try {
    const pids = await loaded(input, count);
    const askedAtMs = performance.now();
    if (parent.pid !== undefined) signalGroup(parent.pid, 'SIGKILL');
    await untilAllDied(pids, LOADING_LIMIT_MS);
    return performance.now() - askedAtMs;
  } finally {
    await parent.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when every one of `pids` has died, or after `limitMs`. To look at all again and again would take their time. */
export async function untilAllDied(pids: readonly number[], limitMs: number): Promise<void> {
  const sinceMs = performance.now();
  for (const pid of pids) while (!hasDied(pid) && performance.now() - sinceMs < limitMs) await pause(GONE_LOOK_MS);
}

/** The pids of all, the shell's too, once none of them has anything left to do. */
async function loaded(input: string, count: number): Promise<readonly number[]> {
  const sinceMs = performance.now();
  let usedSeconds = Number.NaN;
  while (performance.now() - sinceMs < LOADING_LIMIT_MS) {
    await pause(LOOK_MS);
    const pids = pidsNaming(input);
    const nowSeconds = pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
    if (pids.length > count && nowSeconds === usedSeconds) return pids;
    usedSeconds = nowSeconds;
  }
  throw new Error(`${count} FFmpegs were not loaded within ${LOADING_LIMIT_MS} ms`);
}
