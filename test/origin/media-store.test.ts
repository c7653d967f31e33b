// The live folder in memory: versions, order, removal.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
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

test('a file that FFmpeg removed is forgotten', async () => {
  await using origin = await startFixture();
  await rm(join(origin.folder, 'seg00002.ts'));
  await until(() => origin.store.get('seg00002.ts') === undefined, 'seg00002.ts forgotten');
});
