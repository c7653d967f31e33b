// User and system CPU time of one process, from /proc/<pid>/stat (Linux).
// It does not watch anything: who wants a curve calls it again. Other systems get undefined, not 0.
import { readFileSync } from 'node:fs';

/** USER_HZ is 100 on every architecture that Node runs on; a tick is 10 ms, so short lives round to 0. */
const TICKS_PER_SECOND = 100;
/** Positions after the command's closing parenthesis (the command itself may hold blanks and parentheses). */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** Seconds of CPU that the process `pid` has used so far; undefined when it is gone or the system does not tell. */
export function processCpuSeconds(pid: number): number | undefined {
  try {
    // procfs answers from memory (about 20 us), so a synchronous read costs less than a round through the thread pool.
    return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The same from the text of /proc/<pid>/stat; undefined when it is something else. */
export function parseCpuSeconds(stat: string): number | undefined {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : undefined;
}
