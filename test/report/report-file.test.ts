// --report: whole or not at all, readable, and never in place of a device.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writeReport } from '../../src/report/report-file.ts';
import { makeSnapshot } from '../support/snapshot.ts';

const SUMMARY = makeSnapshot().summary;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hls-swarm-report-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('the report file', () => {
  test('holds the summary, replaces an older one, and leaves no other file behind', async () => {
    const path = join(folder, 'r.json');
    await writeFile(path, 'older');
    await writeReport(path, SUMMARY);
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), JSON.parse(JSON.stringify(SUMMARY)));
    assert.equal((await stat(path)).mode & 0o777, 0o644);
    assert.deepEqual(await readdir(folder), ['r.json']);
  });

  test('is written through a symbolic link, which stays one', async () => {
    const target = join(folder, 'target.json');
    const link = join(folder, 'link.json');
    await writeFile(target, '');
    await symlink(target, link);
    await writeReport(link, SUMMARY);
    assert.equal(JSON.parse(await readFile(target, 'utf8')).schema, 'hls-swarm/summary@1');
    assert.ok(
      (await readdir(folder, { withFileTypes: true })).find(({ name }) => name === 'link.json')?.isSymbolicLink(),
    );
  });

  test('to a device goes into the device', async () => {
    await writeReport('/dev/null', SUMMARY);
    assert.ok((await stat('/dev/null')).isCharacterDevice());
    await assert.rejects(writeReport('/dev/full', SUMMARY), /--report: cannot write '\/dev\/full': .*ENOSPC/);
  });

  test('to a pipe is read whole from it; without a reader, or with one that stalls, it is refused in time', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    await assert.rejects(writeReport(path, SUMMARY), /--report: cannot write .*ENXIO.*; start the reader of the pipe/);
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await writeReport(path, SUMMARY);
    const { buffer, bytesRead } = await reader.read(Buffer.alloc(65_536));
    assert.deepEqual(JSON.parse(buffer.toString('utf8', 0, bytesRead)), JSON.parse(JSON.stringify(SUMMARY)));
    const startedAt = performance.now();
    const large = { ...SUMMARY, padding: 'x'.repeat(100_000) };
    await assert.rejects(writeReport(path, large), /--report: cannot write .*the reader of the pipe does not keep up/);
    assert.ok(performance.now() - startedAt < 2_000);
    await reader.close();
    await rm(path);
  });

  test('that cannot be written names path and reason, and nothing half-written stays', async () => {
    const inNowhere = join(folder, 'no', 'r.json');
    await assert.rejects(writeReport(inNowhere, SUMMARY), (error: Error) => {
      assert.ok(error.message.includes(inNowhere) && error.message.includes('ENOENT'));
      return true;
    });
    const isFolder = join(folder, 'folder');
    await mkdir(isFolder);
    await assert.rejects(writeReport(isFolder, SUMMARY), /--report: cannot write .*EISDIR/);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
});
