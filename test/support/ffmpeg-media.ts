// Small real media for tests: an MPEG-TS VOD of short segments, made once by FFmpeg and kept in the system's temporary folder.
// It serves nothing; a live list is made from the same segments (scripted-answers.ts), their times are continuous.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/process.ts';

export interface Media {
  /** Holds `vod.m3u8` and `seg0.ts`, `seg1.ts`, ... */
  readonly folder: string;
  readonly segmentSeconds: number;
  readonly segments: readonly Buffer[];
  /** Every file by its path on a server: `/vod.m3u8`, `/seg0.ts`, ... */
  readonly files: ReadonlyMap<string, Buffer>;
}

interface MediaOptions {
  readonly segments?: number;
  readonly segmentSeconds?: number;
  /** Of the video. */
  readonly bitsPerSecond?: number;
  /** The plain picture has no more than 1.9 Mbit/s in it, whatever is asked; noise fills any rate. */
  readonly isNoisy?: boolean;
}

const DEFAULTS: Required<MediaOptions> = { segments: 5, segmentSeconds: 2, bitsPerSecond: 300_000, isNoisy: false };
const FRAMES_PER_SECOND = 25;
const NOISE = ',noise=alls=30:allf=t';
const LIMITS = { timeoutMs: 30_000, maxBytes: 65_536 };

/** @throws Error with FFmpeg's last line when it cannot */
export async function vodMedia(options: MediaOptions = {}): Promise<Media> {
  const asked = { ...DEFAULTS, ...options };
  const { segmentSeconds } = asked;
  const args = encodeArguments(asked);
  const hash = createHash('sha256').update(args.join('\n')).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `hls-swarm-test-media-${hash}`);
  const cached = await read(folder, segmentSeconds);
  if (cached !== undefined) return cached;
  await make(args, folder);
  const made = await read(folder, segmentSeconds);
  if (made === undefined) throw new Error(`${folder} has no vod.m3u8 after encoding`);
  return made;
}

function encodeArguments(options: Required<MediaOptions>): readonly string[] {
  const { segments, segmentSeconds, bitsPerSecond, isNoisy } = options;
  const seconds = segments * segmentSeconds;
  const gop = String(segmentSeconds * FRAMES_PER_SECOND);
  const rate = String(bitsPerSecond);
  const picture = `testsrc2=size=320x180:rate=${FRAMES_PER_SECOND}:duration=${seconds}${isNoisy ? NOISE : ''}`;
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ...['-f', 'lavfi', '-i', picture],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-b:v', rate, '-maxrate', rate, '-bufsize', rate],
    ...['-c:a', 'aac', '-b:a', '48000', '-f', 'hls', '-hls_time', String(segmentSeconds), '-hls_playlist_type', 'vod'],
    ...['-hls_segment_filename', 'seg%d.ts', 'vod.m3u8'],
  ];
}

/** In a folder beside, then renamed: of two test files that race, the second takes the first's. */
async function make(args: readonly string[], folder: string): Promise<void> {
  const beside = await mkdtemp(`${folder}-part-`);
  try {
    const inFolder = args.map((argument) => (/\.(ts|m3u8)$/.test(argument) ? join(beside, argument) : argument));
    const run = await runProgram('ffmpeg', inFolder, LIMITS);
    if (run.code !== 0) throw new Error(`no test media: ${run.failure ?? run.stderr.trim().split('\n').at(-1)}`);
    await rename(beside, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

async function read(folder: string, segmentSeconds: number): Promise<Media | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes('vod.m3u8')) return undefined;
  const contents = await Promise.all(
    names.map(async (name): Promise<[string, Buffer]> => [`/${name}`, await readFile(join(folder, name))]),
  );
  const files = new Map(contents);
  const segments: Buffer[] = [];
  for (let next = files.get('/seg0.ts'); next !== undefined; next = files.get(`/seg${segments.length}.ts`))
    segments.push(next);
  return { folder, segmentSeconds, segments, files };
}
