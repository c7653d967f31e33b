// What a process has used so far, as Linux counts it: CPU of all its threads in nanoseconds, and its largest resident memory.
// It samples nothing by itself and knows no process of ours.
import { readdirSync, readFileSync } from 'node:fs';

const NS_PER_SECOND = 1e9;
const BYTES_PER_KIB = 1024;

export interface CpuSeconds {
  readonly all: number;
  /** Of the first thread. */
  readonly main: number;
}

/** Seconds on a CPU, user and system, over the threads that live: threads that come and go are not in it. */
export function cpuSeconds(pid: number): CpuSeconds {
  const threads = readdirSync(`/proc/${pid}/task`).map((task) => ({
    isMain: Number(task) === pid,
    seconds: Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]) / NS_PER_SECOND,
  }));
  return {
    all: threads.reduce((sum, { seconds }) => sum + seconds, 0),
    main: threads.find(({ isMain }) => isMain)?.seconds ?? Number.NaN,
  };
}

/** Bytes: the high-water mark of what was resident since the process started. */
export function peakResidentBytes(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no VmHWM`);
  return Number(kib) * BYTES_PER_KIB;
}
