// The report on demand: where it goes with and without --report, that it is the summary of now, and when there is none.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeReportNow } from '../../src/run/report-now.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { makeSnapshot } from '../support/snapshot.ts';

const { summary } = makeSnapshot();

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const [folder, before] = [await mkdtemp(join(tmpdir(), 'report-now-')), process.cwd()];
  process.chdir(folder);
  try {
    await use(folder);
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true });
  }
}

test('it goes where --report says, again and again, and else to a file with the name of the run', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'r.json');
    for (const tick of [1, 2]) {
      assert.equal(await writeReportNow(path, { ...summary, tick }), path);
      assert.equal((JSON.parse(await readFile(path, 'utf8')) as Summary).tick, tick);
    }
    const own = 'hls-swarm-20261121-093000-7f3a.json';
    assert.equal(await writeReportNow(undefined, summary), own);
    assert.deepEqual(JSON.parse(await readFile(join(folder, own), 'utf8')), JSON.parse(JSON.stringify(summary)));
  });
});

test('the reader of a device or a pipe gets the one report of the end, and this one has a file of its own', async () => {
  await inFolder(async () => {
    assert.equal(await writeReportNow('/dev/null', summary), 'hls-swarm-20261121-093000-7f3a.json');
  });
});

test('before anything is measured, and where it cannot be written, it is a sentence', async () => {
  await assert.rejects(writeReportNow('r.json', undefined), /^Error: nothing has been measured yet$/);
  await assert.rejects(
    writeReportNow('/no-such-folder/r.json', summary),
    /--report: cannot write '\/no-such-folder\/r.json'/,
  );
});
