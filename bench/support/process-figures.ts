// What a process uses, as Linux counts it: CPU of all its threads, and its resident memory.
// It samples nothing by itself and knows no process of ours.
import { readdirSync, readFileSync } from 'node:fs';
import { KIB } from '../../src/units.ts';

const NS_PER_SECOND = 1e9;
const RESIDENT = { now: 'VmRSS', peak: 'VmHWM' } as const;

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

/** Bytes that are resident, now or at most (since the process started, or since somebody set that back). */
export function residentBytes(pid: number, when: 'now' | 'peak'): number {
  const name = RESIDENT[when];
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${name}`);
  return Number(kib) * KIB;
}
