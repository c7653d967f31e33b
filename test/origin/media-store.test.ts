// The live folder in memory: versions, order, removal.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MediaStore } from '../../src/origin/media-store.ts';
import { until } from '../support/processes.ts';
import { PLAYLIST, startFixture } from './fixture.ts';

test('a file is read once per version and shared: every answer holds the same memory', async () => {
  await using origin = await startFixture();
  const first = origin.store.get('stream.m3u8');
  assert.ok(first !== undefined);
  assert.equal(origin.store.get('stream.m3u8')?.content, first.content);
  await origin.publish('stream.m3u8', Buffer.from('#EXTM3U\n'));
  const second = origin.store.get('stream.m3u8');
  assert.equal(second?.content.toString(), '#EXTM3U\n');
  assert.notEqual(second?.etag, first.etag);
  assert.deepEqual(first.content, PLAYLIST, 'an answer under way keeps the version it began with');
});

test('a new version of the same length has another tag', async () => {
  await using origin = await startFixture();
  const before = origin.store.get('stream.m3u8')?.etag;
  await origin.publish('stream.m3u8', Buffer.from(PLAYLIST.toString().replace('seg00001', 'seg00002')));
  assert.notEqual(origin.store.get('stream.m3u8')?.etag, before);
});

test('files that are still being written, or are no media, are not served', async () => {
  await using origin = await startFixture();
  await writeFile(join(origin.folder, 'seg00003.ts.tmp'), 'half');
  await writeFile(join(origin.folder, 'notes.txt'), 'no media');
  await origin.publish('seg00004.ts', Buffer.from('whole'));
  assert.deepEqual(
    origin.store.list().map(({ name }) => name),
    ['seg00001.ts', 'seg00002.ts', 'seg00004.ts', 'stream.m3u8'],
  );
});

test('an initialization section, which FFmpeg writes in place, is there whole once it is written', async () => {
  await using origin = await startFixture();
  const file = await open(join(origin.folder, 'init.mp4'), 'w');
  await file.write(Buffer.from('first half, '));
  await until(() => origin.store.get('init.mp4')?.content.length === 12, 'what there is of it');
  await file.write(Buffer.from('second half'));
  await file.close();
  await until(() => origin.store.get('init.mp4')?.content.toString() === 'first half, second half', 'all of it');
  assert.equal(origin.store.get('init.mp4')?.mediaType, 'video/mp4');
});

test('a playlist of our own making stands among the files, and only media can be put there', async () => {
  await using origin = await startFixture();
  origin.store.put('all.m3u8', Buffer.from('#EXTM3U\n'), 1_000);
  origin.store.put('notes.txt', Buffer.from('no media'), 1_000);
  const { isPlaylist, modifiedWallMs, mediaType } = origin.store.get('all.m3u8') ?? {};
  assert.deepEqual([isPlaylist, modifiedWallMs, mediaType], [true, 1_000, 'application/vnd.apple.mpegurl']);
  assert.deepEqual(
    origin.store.list().map(({ name }) => name),
    ['all.m3u8', 'seg00001.ts', 'seg00002.ts', 'stream.m3u8'],
  );
});

test('a file that FFmpeg removed is forgotten', async () => {
  await using origin = await startFixture();
  await rm(join(origin.folder, 'seg00002.ts'));
  await until(() => origin.store.get('seg00002.ts') === undefined, 'seg00002.ts forgotten');
});

test('a folder with the name of a segment is no file to serve', async () => {
  await using origin = await startFixture();
  await mkdir(join(origin.folder, 'folder.ts'));
  await origin.publish('seg00003.ts', Buffer.from('whole'));
  assert.equal(origin.store.get('folder.ts'), undefined);
});

test('a file that is gone before it could be read is forgotten', async (context) => {
  await using origin = await startFixture();
  const reading = context.mock.method(fs, 'readFileSync', () => {
    throw Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' });
  });
  syncBuiltinESMExports();
  await writeFile(join(origin.folder, 'half'), 'new');
  await rename(join(origin.folder, 'half'), join(origin.folder, 'seg00002.ts'));
  await until(() => reading.mock.callCount() > 0, 'the new version read');
  reading.mock.restore();
  syncBuiltinESMExports();
  assert.equal(origin.store.get('seg00002.ts'), undefined);
});

test('a file that cannot be read is told with its path and the reason, once the folder is watched', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-store-'));
  const failures: string[] = [];
  const store = new MediaStore(
    folder,
    () => {},
    (reason) => failures.push(reason),
  );
  context.after(async () => {
    store.close();
    await rm(folder, { recursive: true });
  });
  await symlink('loop.ts', join(folder, 'loop.ts'));
  await until(() => failures.length > 0, 'the failure');
  assert.match(failures[0] ?? '', /loop\.ts cannot be read: ELOOP/);
});
