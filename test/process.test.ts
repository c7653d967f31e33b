// Programs that behave and programs that do not: endings, tails of pipes, groups, and the death of the parent.
import assert from 'node:assert/strict';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { findProgram, runProgram, startProgram, withoutProxyVariables } from '../src/process.ts';
import { fakeProgram, isAlive, until } from './support/processes.ts';
import { requirement } from './support/require.ts';

const silent = { stdout: 'ignore', stderr: 'ignore' } as const;
const limits = { timeoutMs: 5_000, maxBytes: 10_000 };

describe('how a program ended', () => {
  test('the exit code is told', async () => {
    assert.deepEqual(await startProgram('sh', ['-c', 'exit 7'], { stdio: silent }).exited, { code: 7 });
  });

  test('the signal is told, and no code', async () => {
    assert.deepEqual(await startProgram('sh', ['-c', 'kill -KILL $$'], { stdio: silent }).exited, {
      signal: 'SIGKILL',
    });
  });

  test('a missing path, a folder and a file without the executable bit never start and are named', async () => {
    for (const [path, problem] of [
      ['/no/such/ffmpeg', 'does not exist'],
      ['/', 'is not a file'],
      [fakeProgram('not-executable'), 'is not executable'],
    ] as const) {
      const program = startProgram(path, [], { stdio: silent });
      assert.equal(program.pid, undefined);
      assert.deepEqual(await program.exited, { failure: `${path} ${problem}` });
      assert.deepEqual(await program.stop(), { failure: `${path} ${problem}` });
    }
  });

  test('a name that is nowhere in PATH says where it was looked for', () => {
    assert.deepEqual(findProgram('no-such-program', '/bin:/usr/bin'), {
      failure: 'no-such-program was not found in PATH (/bin:/usr/bin)',
    });
  });

  test('a relative path is found from our folder, also when the program runs in another', async () => {
    const path = relative(process.cwd(), process.execPath);
    assert.deepEqual(findProgram(path, undefined), { path: process.execPath });
    const fromPath = findProgram('node', relative(process.cwd(), dirname(process.execPath)));
    assert.deepEqual(fromPath, { path: join(dirname(process.execPath), 'node') });
    assert.deepEqual(await startProgram(path, ['--version'], { stdio: silent, cwd: '/' }).exited, { code: 0 });
  });

  test('an argument list that the system refuses is a failure, not an exception', async () => {
    const exit = await startProgram('true', ['x'.repeat(3_000_000)], { stdio: silent }).exited;
    assert.match(exit.failure ?? '', /^true could not be started: .*E2BIG/);
  });
});

describe('pipes', () => {
  test('tails are not lost: a megabyte written right before the exit arrives whole on every pipe (defect O4)', async () => {
    const received = [0, 0, 0];
    const count = (pipe: number) => (chunk: Buffer) => {
      received[pipe] = (received[pipe] ?? 0) + chunk.length;
    };
    const program = startProgram('sh', ['-c', 'for fd in 1 2 3; do head -c 1000000 /dev/zero >&$fd; done'], {
      stdio: { stdout: 'pipe', stderr: 'pipe', fd3: 'pipe' },
      onStdout: count(0),
      onStderr: count(1),
      onFd3: count(2),
    });
    await program.exited;
    assert.deepEqual(received, [1_000_000, 1_000_000, 1_000_000]);
  });

  test('a pipe that nobody reads does not hold the program up', async () => {
    const exit = await startProgram('sh', ['-c', 'head -c 1000000 /dev/zero >&2'], {
      stdio: { stdout: 'ignore', stderr: 'pipe' },
    }).exited;
    assert.deepEqual(exit, { code: 0 });
  });

  test('a descendant that left the group with a pipe in its hand delays the ending by 2 s at most', async () => {
    const pids: number[] = [];
    const startedAt = performance.now();
    const program = startProgram('sh', ['-c', 'setsid sleep 30 & echo $!; sleep 0.2'], {
      stdio: { stdout: 'pipe', stderr: 'ignore' },
      onStdout: (chunk) => pids.push(Number(chunk.toString())),
    });
    assert.deepEqual(await program.exited, { code: 0 });
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs > 2_000 && tookMs < 3_000, `${tookMs} ms`);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  });
});

describe('stopping', () => {
  test('a well-behaved program leaves at SIGTERM', async () => {
    let isReady = false;
    const program = startProgram(fakeProgram('fake-ffmpeg'), ['plays'], {
      stdio: { ...silent, fd3: 'pipe' },
      onFd3: () => {
        isReady = true;
      },
    });
    await until(() => isReady, 'the fake to play');
    const startedAt = performance.now();
    assert.deepEqual(await program.stop(), { code: 255 });
    assert.ok(performance.now() - startedAt < 450, 'before the second SIGTERM');
  });

  test('a program that ignores SIGTERM is killed with its whole group when the grace is over', async () => {
    let isReady = false;
    const program = startProgram(fakeProgram('fake-ffmpeg'), ['ignores-term'], {
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
    const program = startProgram('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], {
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
    const program = startProgram('sh', ['-c', 'exit 3'], { stdio: silent });
    await program.exited;
    program.kill();
    assert.deepEqual(await program.stop(), { code: 3 });
  });

  test('kill -9 of the parent leaves no child behind', { skip: requirement('setpriv') }, async () => {
    let printed = '';
    const parent = startProgram(process.execPath, [fakeProgram('parent.ts')], {
      stdio: { stdout: 'pipe', stderr: 'inherit' },
      onStdout: (chunk) => {
        printed += chunk.toString();
      },
    });
    await until(() => printed.endsWith('\n'), 'the parent to say its pids');
    const children = printed.trim().split(' ').map(Number);
    assert.equal(children.length, 2);
    assert.ok(children.every(isAlive));
    process.kill(parent.pid ?? 0, 'SIGKILL');
    await parent.exited;
    await until(() => !children.some(isAlive), 'the children to be gone');
  });

  test('a worker thread may not start programs: the death signal follows the thread', async () => {
    const source = `import(${JSON.stringify(new URL('../src/process.ts', import.meta.url).href)})
      .then(({ startProgram }) => startProgram('true', [], { stdio: { stdout: 'ignore', stderr: 'ignore' } }))`;
    const worker = new Worker(source, { eval: true });
    const message = await new Promise<string>((resolve) =>
      worker.once('error', (error: unknown) => resolve(String(error))),
    );
    assert.match(message, /from the main thread only/);
  });
});

describe('short runs', () => {
  test('output and exit code come back', async () => {
    const output = await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 2'], limits);
    assert.deepEqual(output, { code: 2, stdout: 'out\n', stderr: 'err\n', timedOut: false, overflowed: false });
  });

  test('a program that hangs is killed at the limit', async () => {
    const output = await runProgram(fakeProgram('hanging'), [], { ...limits, timeoutMs: 100 });
    assert.equal(output.timedOut, true);
    assert.equal(output.signal, 'SIGKILL');
  });

  test('a program that prints without end is killed, and what fits is kept', async () => {
    const output = await runProgram('yes', [], { ...limits, maxBytes: 10 });
    assert.equal(output.overflowed, true);
    assert.equal(output.stdout, 'y\ny\ny\ny\ny\n');
  });
});

test('proxy variables are taken out in every spelling, the rest stays', () => {
  const env = {
    http_proxy: 'a',
    HTTPS_PROXY: 'b',
    All_Proxy: 'c',
    no_proxy: 'd',
    NO_PROXY: 'e',
    PATH: '/bin',
    http_proxy_x: 'f',
  };
  assert.deepEqual(withoutProxyVariables(env), { PATH: '/bin', http_proxy_x: 'f' });
});
