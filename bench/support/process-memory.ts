// What Linux and a soaked program's own threads say of its memory and descriptors. Reads only; judges nothing.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { residentBytes } from './process-figures.ts';

export interface MemorySample {
  readonly atMs: number;
  readonly rssBytes: number;
  /** Since `resetPeak`. */
  readonly peakBytes: number;
  readonly descriptors: number;
  /** By thread, the main thread first, as they last told (heap-report.ts). */
  readonly heapBytes: readonly number[];
  /** Sum over threads. */
  readonly arrayBufferBytes: number;
  /** Timers that are set, summed over threads. */
  readonly timers: number;
}

interface HeapFile {
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly timers: number;
}

/** Written to clear_refs: the peak begins again at what is resident. */
const RESET_PEAK = '5';

export function sampleMemory(pid: number, folder: string): MemorySample {
  const heaps = readdirSync(folder)
    .filter((name) => name.startsWith(`heap-${pid}-`))
    .sort()
    .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as HeapFile);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    atMs: performance.now(),
    rssBytes: residentBytes(pid, 'now'),
    peakBytes: residentBytes(pid, 'peak'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    heapBytes: heaps.map(({ heapUsed }) => heapUsed),
    arrayBufferBytes: sum(heaps.map(({ arrayBuffers }) => arrayBuffers)),
    timers: sum(heaps.map(({ timers }) => timers)),
  };
}

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
}
