// Folders of killed processes: swept by the next start, and only those.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdirSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTemporaryFolder, removeTemporaryFolder, sweepTemporaryFolders } from '../src/temporary-folder.ts';
import { until } from './support/processes.ts';

/** Above every pid_max. */
const NOBODY = 4_194_305;
const OLD = new Date('2020-01-01T00:00:00Z');

test('a folder is removed when its process is gone and it has been quiet, else not', async () => {
  const ours = await createTemporaryFolder('origin');
  const [abandoned = '', fresh = '', foreign = ''] = [
    `hls-swarm-origin-${NOBODY}-old`,
    `hls-swarm-origin-${NOBODY}-new`,
    'hls-swarm-origin-notes',
  ].map((name) => join(tmpdir(), name));
  for (const folder of [abandoned, fresh, foreign]) mkdirSync(folder, { recursive: true });
  for (const folder of [ours, abandoned, foreign]) utimesSync(folder, OLD, OLD);
  sweepTemporaryFolders('origin', Date.now());
  assert.deepEqual(
    [ours, abandoned, fresh, foreign].map((folder) => existsSync(folder)),
    [true, false, true, true],
  );
  removeTemporaryFolder(ours);
  for (const folder of [fresh, foreign]) rmSync(folder, { recursive: true });
});

test('a folder is removed though a program that is about to end still adds files to it', async () => {
  const folder = await createTemporaryFolder('origin');
  const adds = 'i=0; while :; do i=$((i+1)); : > "$0/$i"; done';
  const program = spawn('timeout', ['0.6', 'sh', '-c', adds, folder], { stdio: 'ignore' });
  const ended = once(program, 'exit');
  await until(() => readdirSync(folder).length > 0, 'its first file');
  removeTemporaryFolder(folder);
  assert.equal(existsSync(folder), false);
  await ended;
});

test('a removal that gives up without a word, as when a file is gone before its turn, is tried again', async (context) => {
  const folder = await createTemporaryFolder('origin');
  const { rmSync: remove } = fs;
  let calls = 0;
  const silent = context.mock.method(fs, 'rmSync', (...args: Parameters<typeof rmSync>) => {
    calls += 1;
    if (calls > 2) remove(...args);
  });
  syncBuiltinESMExports();
  try {
    removeTemporaryFolder(folder);
  } finally {
    silent.mock.restore();
    syncBuiltinESMExports();
  }
  assert.equal(existsSync(folder), false);
});
