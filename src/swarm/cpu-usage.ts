// User and system CPU time of one process, and whether it sleeps, from /proc/<pid>/stat (Linux).
// It does not watch anything: who wants a curve calls it again. Other systems get undefined, not 0.
import { closeSync, openSync, readSync } from 'node:fs';
import { KIB } from '../units.ts';

/** USER_HZ is 100 on every architecture that Node runs on; a tick is 10 ms, so short lives round to 0. */
const TICKS_PER_SECOND = 100;
/** Positions after the command's closing parenthesis (the command itself may hold blanks and parentheses). */
const STATE = 0;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** Seconds of CPU that the process `pid` has used so far; undefined when it is gone or the system does not tell. */
export function processCpuSeconds(pid: number): number | undefined {
  return parseCpuSeconds(statOf(pid));
}

/** The same of a process that waits for something; undefined also while it runs. */
export function sleepingCpuSeconds(pid: number): number | undefined {
  const stat = statOf(pid);
  return fieldsOf(stat)[STATE] === 'S' ? parseCpuSeconds(stat) : undefined;
}

/** The same from the text of /proc/<pid>/stat; undefined when it is something else. */
export function parseCpuSeconds(stat: string): number | undefined {
  const fields = fieldsOf(stat);
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : undefined;
}

/** One line of some 300 octets. */
const answer = Buffer.allocUnsafeSlow(4 * KIB);

function statOf(pid: number): string {
  let file: number | undefined;
  try {
    // procfs answers from memory (about 15 us), so a synchronous read costs less than a round through the thread pool.
    file = openSync(`/proc/${pid}/stat`, 'r');
    return answer.toString('latin1', 0, readSync(file, answer));
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function fieldsOf(stat: string): readonly string[] {
  return stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
}
