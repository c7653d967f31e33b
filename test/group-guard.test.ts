// A group of processes that is ended by its guard: when the guard's parent is killed, and only then.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { GroupGuard } from '../src/group-guard.ts';
import { startProgram } from '../src/process.ts';
import { fakeProgram, isAlive, until } from './support/processes.ts';

test('kill -9 of the parent ends the whole guarded group, which nothing else would have done', async () => {
  let printed = '';
  const parent = startProgram(process.execPath, [fakeProgram('parent-of-guard.ts')], {
    stdio: { stdout: 'pipe', stderr: 'inherit' },
    onStdout: (chunk) => (printed += chunk.toString()),
  });
  await until(() => printed.split('\n').length > 3, 'the parent to say its pids');
  const [guarded = 0, member = 0, other = 0] = printed.trim().split('\n').map(Number);
  try {
    assert.ok([guarded, member, other].every(isAlive));
    process.kill(parent.pid ?? 0, 'SIGKILL');
    await parent.exited;
    await until(() => ![guarded, member].some(isAlive), 'the group to be gone');
    assert.ok(isAlive(other), 'a process of another group');
  } finally {
    for (const pid of [guarded, member, other]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
});

test('a guard that is closed, or told to leave by somebody who stops all of us, leaves the group alone', async () => {
  const group = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const { pid = 0 } = group;
  try {
    const guards = [new GroupGuard(pid), new GroupGuard(pid)];
    guards[0]?.close();
    process.kill(guards[1]?.pid ?? 0, 'SIGTERM');
    await Promise.all(guards.map(({ closed }) => closed));
    assert.ok(isAlive(pid));
  } finally {
    group.kill('SIGKILL');
  }
});
