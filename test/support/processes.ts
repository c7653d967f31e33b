// What tests of programs share: where the fakes are, whether a process still lives, waiting for a condition with a deadline.
// It starts and ends nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The path of a fake program in test/fixtures/bin. */
export function fakeProgram(name: string): string {
  return fileURLToPath(new URL(`../fixtures/bin/${name}`, import.meta.url));
}

/** true while the process exists and is more than a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return process.platform !== 'linux';
  }
}

/** Looks every few milliseconds until `condition` holds; fails with `what` after `deadlineMs`. */
export async function until(condition: () => boolean, what: string, deadlineMs = 5_000): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  while (!condition()) {
    assert.ok(performance.now() < endsAt, `waited ${deadlineMs} ms for: ${what}`);
    await pause(5);
  }
}
