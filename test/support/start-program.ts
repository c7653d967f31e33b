// What every way to start programs must do alike, as tests: by a fork of this process (process.ts) and by the launcher's.
// It knows neither of the two; what only one of them does is tested with it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProgramOptions, StartProgram } from '../../src/process.ts';
import { fakeProgram, isAlive, until } from './processes.ts';

export const SILENT: ProgramOptions = { stdio: { stdout: 'ignore', stderr: 'ignore' } };

/** Descriptors of the child's that are pipes. */
type Pipe = 1 | 2 | 3;

export interface StarterFacts {
  /** Those that hold `head` up when they are full. */
  readonly blockingPipes: readonly Pipe[];
  /** Longest that an ending may take which a pipe holds up for 2 s. */
  readonly drainedWithinMs: number;
}

export function startsAndStopsPrograms(start: StartProgram, { blockingPipes, drainedWithinMs }: StarterFacts): void {
  describe('how a program ended', () => {
    test('the exit code is told, or the signal and no code', async () => {
      assert.deepEqual(await start('sh', ['-c', 'exit 7'], SILENT).exited, { code: 7 });
      assert.deepEqual(await start('sh', ['-c', 'kill -KILL $$'], SILENT).exited, { signal: 'SIGKILL' });
    });

    test('a missing path, a folder and a file without the executable bit never start and are named', async () => {
      for (const [path, problem] of [
        ['/no/such/ffmpeg', 'does not exist'],
        ['/', 'is not a file'],
        [fakeProgram('not-executable'), 'is not executable'],
      ] as const) {
        const program = start(path, [], SILENT);
        assert.equal(program.pid, undefined);
        assert.deepEqual(await program.exited, { failure: `${path} ${problem}` });
        assert.deepEqual(await program.stop(), { failure: `${path} ${problem}` });
      }
    });

    test('an argument list that the system refuses is a failure, not an exception', async () => {
      const exit = await start('true', ['x'.repeat(3_000_000)], SILENT).exited;
      assert.match(exit.failure ?? '', /^true could not be started: .*E2BIG/);
    });
  });

  describe('pipes', () => {
    test('tails are not lost: a megabyte written right before the exit arrives whole on every pipe (defect O4)', async () => {
      const received: Record<Pipe, number> = { 1: 0, 2: 0, 3: 0 };
      const count = (pipe: Pipe) => (chunk: Buffer) => {
        received[pipe] += chunk.length;
      };
      const command = `for fd in ${blockingPipes.join(' ')}; do head -c 1000000 /dev/zero >&$fd; done`;
      await start('sh', ['-c', command], {
        stdio: { stdout: 'pipe', stderr: 'pipe', fd3: 'pipe' },
        onStdout: count(1),
        onStderr: count(2),
        onFd3: count(3),
      }).exited;
      for (const pipe of [1, 2, 3] as const)
        assert.equal(received[pipe], blockingPipes.includes(pipe) ? 1_000_000 : 0, `descriptor ${pipe}`);
    });

    test('a descendant that left the group with a pipe in its hand delays the ending by 2 s at most', async () => {
      const pids: number[] = [];
      const startedAt = performance.now();
      const program = start('sh', ['-c', 'setsid sleep 30 & echo $!; sleep 0.2'], {
        stdio: { stdout: 'pipe', stderr: 'ignore' },
        onStdout: (chunk) => pids.push(Number(chunk.toString())),
      });
      assert.deepEqual(await program.exited, { code: 0 });
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs > 2_000 && tookMs < drainedWithinMs, `${tookMs} ms`);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    });
  });

  describe('stopping', () => {
    test('a program that ignores SIGTERM is killed with its whole group when the grace is over', async () => {
      let isReady = false;
      const program = start(fakeProgram('fake-ffmpeg'), ['ignores-term'], {
        stdio: { stdout: 'ignore', stderr: 'pipe' },
        onStderr: () => {
          isReady = true;
        },
      });
      await until(() => isReady, 'the fake to be ready');
      const startedAt = performance.now();
      assert.deepEqual(await program.stop({ graceMs: 700 }), { signal: 'SIGKILL' });
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs > 650 && tookMs < 1_500, `${tookMs} ms`);
    });

    test('a child that the program left behind in its group goes with it', async () => {
      let child = 0;
      const program = start('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], {
        stdio: { stdout: 'pipe', stderr: 'ignore' },
        onStdout: (chunk) => {
          child = Number(chunk.toString());
        },
      });
      await program.exited;
      assert.ok(child > 0);
      await until(() => !isAlive(child), 'the left child to be gone');
    });

    test('stopping twice, or what has ended, gives the same ending and signals nobody', async () => {
      const program = start('sh', ['-c', 'exit 3'], SILENT);
      await program.exited;
      program.kill();
      assert.deepEqual(await program.stop(), { code: 3 });
    });
  });
}
