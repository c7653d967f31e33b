// The loop and its remux, faster than live: seamless where it wraps, cached, and of the size that the profile promises.
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureLoop } from '../../src/origin/loop.ts';
import {
  codecsOf,
  folderBytes,
  PROFILES,
  type ProfileName,
  type Rendition,
  remuxArguments,
  renditionNames,
} from '../../src/origin/profiles.ts';
import { startProgram } from '../../src/process.ts';
import { requirement } from '../support/require.ts';

const skip = requirement('ffmpeg');
const CACHE = join(tmpdir(), 'hls-swarm-test-cache', 'hls-swarm');
const LOOPS = 2;
const { signal } = new AbortController();

async function run(args: readonly string[], cwd: string): Promise<string> {
  let said = '';
  const program = startProgram('ffmpeg', args, {
    stdio: { stdout: 'ignore', stderr: 'pipe' },
    cwd,
    onStderr: (chunk) => {
      said += chunk.toString();
    },
  });
  assert.deepEqual(await program.exited, { code: 0 }, said);
  return said;
}

/** Not paced and not cut: `LOOPS` rounds in one list that ends. */
function unpaced(args: readonly string[]): readonly string[] {
  return args.flatMap((argument, index) => {
    if (argument === '-re') return [];
    if (args[index - 1] === '-stream_loop') return [String(LOOPS - 1)];
    return args[index - 1] === '-hls_list_size' ? ['0'] : [argument];
  });
}

/** On the wire, of each rendition. */
const promised: readonly [ProfileName, readonly number[]][] = [
  ['low-bitrate', [500_000]],
  ['low-latency', [2_050_000]],
  ['stress', [5_500_000]],
  ['abr', [2_280_000, 1_150_000, 670_000]],
  ['fmp4', [2_050_000]],
];
for (const [name, rates] of promised) {
  test(`${name} wraps without a seam and a player has nothing to complain about`, { skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-loop-'));
    const profile = PROFILES[name];
    const { segmentSeconds, loopSeconds, renditions } = profile;
    const options = { profile: name, ffmpegPath: 'ffmpeg', workFolder: folder, cacheFolder: CACHE, signal };
    const loopFile = await ensureLoop(options);
    assert.equal(await run(unpaced(remuxArguments(profile, loopFile)), folder), '', 'the remux is quiet');
    const files = await readFolder(folder);
    const sizes = [...files].filter(([file]) => /\.(ts|m4s)$/.test(file)).map(([, content]) => content.length);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes / LOOPS < folderBytes(profile), 'the live folder is as large as was asked for');
    for (const [index, rendition] of renditions.entries()) {
      const { playlist, segmentPrefix } = renditionNames(profile, rendition);
      const list = files.get(playlist)?.toString() ?? '';
      const durations = [...list.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));
      assert.deepEqual(durations, Array<number>((loopSeconds * LOOPS) / segmentSeconds).fill(segmentSeconds), playlist);
      await appendFile(join(folder, playlist), '#EXT-X-ENDLIST\n');
      const play = ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-i', playlist, '-f', 'null', '-'];
      assert.equal(await run(play, folder), '', `${playlist} decoded in silence`);
      const segments = [...files].filter(([file]) => file.startsWith(segmentPrefix) && !file.endsWith('.m3u8'));
      const media = segments.reduce((sum, [, content]) => sum + content.length, 0);
      const rate = (media * 8) / (loopSeconds * LOOPS);
      assert.ok(Math.abs(rate / (rates[index] ?? 0) - 1) < 0.05, `${playlist}: ${rate} bit/s`);
      assert.match(sequenceParameters(files, segments[0]?.[0] ?? ''), new RegExp(`^${avc(rendition)}`));
    }
    await rm(folder, { recursive: true });
  });
}

async function readFolder(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = (await readdir(folder)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as [string, Buffer])),
  );
}

/** What CODECS says of the picture. */
function avc(rendition: Rendition): string {
  return /^avc1\.(\w+),mp4a\.40\.2$/.exec(codecsOf(rendition))?.[1] ?? '';
}

/** In hex, from the profile on: behind the start code in MPEG-TS, in the decoder configuration of MP4. */
function sequenceParameters(files: ReadonlyMap<string, Buffer>, segment: string): string {
  const isFragmented = segment.endsWith('.m4s');
  const content = files.get(isFragmented ? 'init.mp4' : segment);
  const [mark, gap] = isFragmented ? ['avcC', 5] : [Buffer.from([0, 0, 1, 0x67]), 4];
  const start = (content?.indexOf(mark) ?? -1) + gap;
  return content?.toString('hex', start, start + 3) ?? '';
}

test('a loop is encoded once and then found', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-loop-'));
  const cacheFolder = join(folder, 'cache');
  const options = { profile: 'low-bitrate', ffmpegPath: 'ffmpeg', workFolder: folder, cacheFolder, signal } as const;
  const [first, before] = [await ensureLoop(options), await readdir(cacheFolder)];
  const again = await ensureLoop({ ...options, ffmpegPath: '/bin/false' });
  assert.equal(again, first);
  assert.match(before.join(), /^loop-low-bitrate-[0-9a-f]{12}\.ts$/);
  assert.deepEqual(await readdir(folder), ['cache']);
  await rm(folder, { recursive: true });
});
