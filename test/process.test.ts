// Programs that behave and programs that do not: endings, tails of pipes, groups, and the death of the parent.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { findProgram, runProgram, startProgram, withoutProxyVariables } from '../src/process.ts';
import { fakeProgram, isAlive, until } from './support/processes.ts';
import { sandbox } from './support/program.ts';
import { requirement } from './support/require.ts';
import { SILENT, startsAndStopsPrograms } from './support/start-program.ts';

const limits = { timeoutMs: 5_000, maxBytes: 10_000 };

startsAndStopsPrograms(startProgram, { blockingPipes: [1, 2, 3], drainedWithinMs: 3_000 });

describe('finding a program', () => {
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
    assert.deepEqual(await startProgram(path, ['--version'], { ...SILENT, cwd: '/' }).exited, { code: 0 });
  });
});

describe('pipes', () => {
  test('a pipe that nobody reads does not hold the program up', async () => {
    const exit = await startProgram('sh', ['-c', 'head -c 1000000 /dev/zero >&2'], {
      stdio: { stdout: 'ignore', stderr: 'pipe' },
    }).exited;
    assert.deepEqual(exit, { code: 0 });
  });
});

describe('stopping', () => {
  test('a well-behaved program leaves at SIGTERM', async () => {
    let isReady = false;
    const program = startProgram(fakeProgram('fake-ffmpeg'), ['plays'], {
      stdio: { ...SILENT.stdio, fd3: 'pipe' },
      onFd3: () => {
        isReady = true;
      },
    });
    await until(() => isReady, 'the fake to play');
    const startedAt = performance.now();
    assert.deepEqual(await program.stop(), { code: 255 });
    assert.ok(performance.now() - startedAt < 450, 'before the second SIGTERM');
  });

  const orphaned = async (env: NodeJS.ProcessEnv): Promise<void> => {
    let printed = '';
    const parent = startProgram(process.execPath, [fakeProgram('parent.ts')], {
      stdio: { stdout: 'pipe', stderr: 'inherit' },
      env,
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
  };

  test('kill -9 of the parent leaves no child behind', { skip: requirement('setpriv') }, async () => {
    await orphaned(process.env);
  });

  test('a parent that is killed before the kernel was told leaves none behind either', {
    skip: requirement('setpriv'),
  }, async () => {
    await using box = await sandbox();
    const real = findProgram('setpriv', process.env['PATH']);
    assert.ok('path' in real);
    const isAsked = 'case "$*" in *--version) ;; *) while kill -0 "$PPID" 2>&-; do sleep 0.01; done ;; esac';
    await writeFile(box.file('setpriv'), `#!/bin/sh\n${isAsked}\nexec '${real.path}' "$@"\n`, { mode: 0o755 });
    await orphaned({ ...process.env, PATH: `${box.folder}:${process.env['PATH']}` });
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
