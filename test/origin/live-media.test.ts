// When a folder of media is a stream: one list, and several whose multivariant playlist comes last.
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import { type LiveMedia, openLiveMedia } from '../../src/origin/live-media.ts';
import { PROFILES, type ProfileName } from '../../src/origin/profiles.ts';
import { until } from '../support/processes.ts';

interface Watched extends LiveMedia {
  readonly told: () => number;
  /** Puts a file into place as FFmpeg does; resolves when the store has that version. */
  publish(name: string, content: string): Promise<void>;
}

async function watched(context: TestContext, profile: ProfileName): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-live-'));
  let told = 0;
  const live = openLiveMedia({
    profile: PROFILES[profile],
    folder,
    clock: clockFrom(clockOrigin()),
    onLive: () => {
      told += 1;
    },
    onFailure: (reason) => assert.fail(reason),
  });
  context.after(async () => {
    live.store.close();
    await rm(folder, { recursive: true });
  });
  const publish = async (name: string, content: string): Promise<void> => {
    await writeFile(join(folder, `${name}.tmp`), content);
    await rename(join(folder, `${name}.tmp`), join(folder, name));
    await until(() => live.store.get(name)?.content.toString() === content, name);
  };
  return { ...live, told: () => told, publish };
}

function list(prefix: string, segments: number): string {
  const lines = Array.from({ length: segments }, (_, index) => `#EXTINF:2.000000,\n${prefix}0000${index}.ts\n`);
  return `#EXTM3U\n${lines.join('')}`;
}

test('one list is live with three segments, not with two', async (context) => {
  const { isLive, told, publish } = await watched(context, 'default');
  await publish('stream.m3u8', list('seg', 2));
  assert.deepEqual([isLive(), told()], [false, 0]);
  await publish('stream.m3u8', list('seg', 3));
  assert.deepEqual([isLive(), told()], [true, 1]);
});

test('of several lists the multivariant playlist comes when each is long enough and a loop was measured, and stays', async (context) => {
  const { isLive, told, publish, store } = await watched(context, 'abr');
  const names = ['720p', '480p', '360p'];
  for (const number of [0, 1, 2, 3]) {
    for (const name of names) await publish(`${name}-0000${number}.ts`, 'segment');
  }
  await publish('720p.m3u8', list('720p-', 4));
  await publish('480p.m3u8', list('480p-', 4));
  await publish('360p.m3u8', list('360p-', 2));
  assert.deepEqual([isLive(), told(), store.get('stream.m3u8')], [false, 0, undefined]);
  await publish('360p.m3u8', list('360p-', 4));
  assert.deepEqual([isLive(), told()], [true, 1]);
  const first = store.get('stream.m3u8');
  assert.match(
    first?.content.toString() ?? '',
    /BANDWIDTH=28,.*\n720p\.m3u8\n[^\n]*\n480p\.m3u8\n[^\n]*\n360p\.m3u8\n$/,
  );
  await publish('720p.m3u8', list('720p-', 5));
  assert.equal(store.get('stream.m3u8'), first);
});
