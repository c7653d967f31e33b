// Name lookups must not queue behind one another, or their wait is recorded as the resolver's: the program's thread pool.
// Half of a pool's threads may look names up at once, so their number says how many lookups go side by side. One that is never
// answered must not keep the program either.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { runProgram } from '../../src/process.ts';
import { hlsSwarm, sandbox, startHlsSwarm } from '../support/program.ts';

const skip = existsSync('/proc/self/task') ? false : 'needs /proc to count threads';

/** Threads of libuv's pool in a process; it starts all of them when it is first used. */
function poolThreads(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).filter(
    (task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim() === 'libuv-worker',
  ).length;
}

for (const { asked, threads } of [{ threads: 128 }, { asked: '6', threads: 6 }]) {
  test(`the pool has ${threads} threads when the user asks for ${asked ?? 'nothing'}`, { skip }, async () => {
    await using box = await sandbox();
    const args = ['proxy', '--json', '--metrics', '127.0.0.1:0'];
    await using program = startHlsSwarm(args, { ...box.env, UV_THREADPOOL_SIZE: asked });
    const port = await program.until(() => /"http:\/\/127\.0\.0\.1:(\d+)"/.exec(program.stdout)?.[1], 'its door');
    const player = connect(Number(port), '127.0.0.1').on('error', () => {});
    player.write('GET http://localhost:9/ HTTP/1.1\r\nHost: localhost:9\r\n\r\n');
    await program.until(() => poolThreads(program.pid) > 0, 'a lookup');
    await program.until(() => poolThreads(program.pid) >= threads, `${threads} threads`, 5_000);
    assert.equal(poolThreads(program.pid), threads);
    player.destroy();
  });
}

test('a thread of the pool that is held up does not hold up the exit', async () => {
  await using box = await sandbox();
  const [fifo, preload] = [box.file('never-written'), box.file('preload.cjs')];
  await runProgram('mkfifo', [fifo], { timeoutMs: 5_000, maxBytes: 1_000 });
  await writeFile(preload, `require('node:fs').open(${JSON.stringify(fifo)}, 'r', () => {});\n`);
  const ended = await hlsSwarm(['--version'], { ...box.env, NODE_OPTIONS: `--require ${preload}` });
  assert.deepEqual([ended.code, ended.stderr], [0, '']);
});
