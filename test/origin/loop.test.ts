// The loop and its remux, faster than live: seamless where it wraps, cached, and of the size that the profile promises.
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureLoop } from '../../src/origin/loop.ts';
import { PLAYLIST_NAME, PROFILES, type ProfileName, remuxArguments } from '../../src/origin/profiles.ts';
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

const promised: readonly [ProfileName, number][] = [
  ['low-bitrate', 500_000],
  ['low-latency', 2_050_000],
];
for (const [profile, bitsPerSecond] of promised) {
  test(`${profile} wraps without a seam and a player has nothing to complain about`, { skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-loop-'));
    const { segmentSeconds } = PROFILES[profile];
    const loopFile = await ensureLoop({
      profile,
      ffmpegPath: 'ffmpeg',
      workFolder: folder,
      cacheFolder: CACHE,
      signal,
    });
    assert.equal(await run(unpaced(remuxArguments(PROFILES[profile], loopFile)), folder), '', 'the remux is quiet');
    const list = await readFile(join(folder, PLAYLIST_NAME), 'utf8');
    const durations = [...list.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));
    assert.deepEqual(durations, Array<number>((24 * LOOPS) / segmentSeconds).fill(segmentSeconds));
    await appendFile(join(folder, PLAYLIST_NAME), '#EXT-X-ENDLIST\n');
    const play = ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-i', PLAYLIST_NAME, '-f', 'null', '-'];
    assert.equal(await run(play, folder), '', 'decoded in silence');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
    const rate = (sizes.reduce((sum, size) => sum + size, 0) * 8) / (24 * LOOPS);
    assert.ok(Math.abs(rate / bitsPerSecond - 1) < 0.05, `${rate} bit/s`);
    await rm(folder, { recursive: true });
  });
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
