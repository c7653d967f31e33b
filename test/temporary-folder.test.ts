// Folders of killed processes: swept by the next start, and only those.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTemporaryFolder, removeTemporaryFolder, sweepTemporaryFolders } from '../src/temporary-folder.ts';

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
