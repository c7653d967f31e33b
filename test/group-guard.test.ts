// A group of processes that is ended by its guard: when the guard's parent is killed, and only then.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GroupGuard } from '../src/group-guard.ts';
import { startProgram } from '../src/process.ts';
import { fakeProgram, isAlive, until } from './support/processes.ts';

test('kill -9 of the parent ends the whole guarded group, which nothing else would have done', async () => {
  await using parent = await parentOfGuard();
  const { guarded, member, other } = parent;
  assert.ok([guarded, member, other].every(isAlive));
  process.kill(parent.pid, 'SIGKILL');
  await until(() => ![guarded, member].some(isAlive), 'the group to be gone');
  assert.ok(isAlive(other), 'a process of another group');
});

for (const held of [0, 1]) {
  test(`each of the two shells ends the group alone, whichever thread of ours ends last (shell ${1 - held})`, async () => {
    await using parent = await parentOfGuard();
    const { guarded, member, shells } = parent;
    assert.equal(shells.length, 2);
    process.kill(shells[held] ?? 0, 'SIGSTOP');
    process.kill(parent.pid, 'SIGKILL');
    await until(() => ![guarded, member].some(isAlive), 'the group to be gone');
  });
}

test('the two shells are children of two threads: a child is told when the thread that forked it has ended', {
  skip: process.platform === 'linux' ? false : 'threads are looked up in /proc',
}, async () => {
  await using parent = await parentOfGuard();
  const threads = readdirSync(`/proc/${parent.pid}/task`);
  const parents = parent.shells.map((shell) =>
    threads.filter((thread) =>
      readFileSync(`/proc/${parent.pid}/task/${thread}/children`, 'latin1').split(' ').includes(String(shell)),
    ),
  );
  assert.deepEqual(
    parents.map(({ length }) => length),
    [1, 1],
  );
  assert.notEqual(parents[0]?.[0], parents[1]?.[0]);
});

test('a guard that is closed, or told to leave by somebody who stops all of us, leaves the group alone', async () => {
  const group = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const { pid = 0 } = group;
  try {
    const guards = [new GroupGuard(pid), new GroupGuard(pid)];
    guards[0]?.close();
    for (const shell of (await guards[1]?.pids) ?? []) process.kill(shell, 'SIGTERM');
    await Promise.all(guards.map(({ closed }) => closed));
    assert.ok(isAlive(pid));
    for (const guard of guards) assert.deepEqual((await guard.pids).filter(isAlive), []);
  } finally {
    group.kill('SIGKILL');
  }
});

interface ParentOfGuard extends AsyncDisposable {
  readonly pid: number;
  /** Of the guarded group: its first process, and another one. */
  readonly guarded: number;
  readonly member: number;
  /** Of no concern. */
  readonly other: number;
  readonly shells: readonly number[];
}

async function parentOfGuard(): Promise<ParentOfGuard> {
  let printed = '';
  const parent = startProgram(process.execPath, [fakeProgram('parent-of-guard.ts')], {
    stdio: { stdout: 'pipe', stderr: 'inherit' },
    onStdout: (chunk) => (printed += chunk.toString()),
  });
  await until(() => printed.split('\n').length > 4, 'the parent to say its pids');
  const [[guarded = 0] = [], [member = 0] = [], [other = 0] = [], shells = []] = printed
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  return {
    pid: parent.pid ?? 0,
    guarded,
    member,
    other,
    shells,
    [Symbol.asyncDispose]: async () => {
      parent.kill();
      await parent.exited;
      for (const pid of [guarded, member, other, ...shells]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    },
  };
}
