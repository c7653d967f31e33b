// One small picture and sound in every packaging that a playlist knows, for the matrix: four segments of a second each.
// Encoded once by FFmpeg, repackaged without encoding, kept in the system's temporary folder. It serves nothing.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/process.ts';

export const MATRIX_SEGMENTS = 4;
export const MATRIX_PACKAGINGS = ['ts', 'high', 'fmp4', 'ranges', 'fmp4-ranges', 'aes', 'audio', 'fmp4-audio'] as const;
export type Packaging = (typeof MATRIX_PACKAGINGS)[number];

/** By path, as in `/ts/index.m3u8`. */
export type Site = ReadonlyMap<string, Buffer>;

const LIMITS = { timeoutMs: 30_000, maxBytes: 65_536 };
const KEY = 'hls-swarm-matrix';
const QUIET = ['-hide_banner', '-nostdin', '-loglevel', 'error'];
const HLS = ['-c', 'copy', '-f', 'hls', '-hls_time', '1', '-hls_list_size', '0', '-hls_playlist_type', 'vod'];
const FMP4 = ['-hls_segment_type', 'fmp4'];
const NUMBERED = ['-hls_segment_filename', 'seg%d.ts'];
const AUDIO_APART = [
  ...['-map', '0:v', '-map', '0:a', '-var_stream_map', 'v:0,agroup:sound a:0,agroup:sound,default:yes'],
  ...['-master_pl_name', 'index.m3u8'],
];

/** What FFmpeg is told after its input; names of files stand without their folder. */
const ARGUMENTS: Readonly<Record<Packaging, readonly string[]>> = {
  ts: [...HLS, ...NUMBERED, 'index.m3u8'],
  high: [...HLS, ...NUMBERED, 'index.m3u8'],
  fmp4: [...HLS, ...FMP4, '-hls_segment_filename', 'seg%d.m4s', 'index.m3u8'],
  ranges: [...HLS, '-hls_flags', 'single_file', 'index.m3u8'],
  'fmp4-ranges': [...HLS, ...FMP4, '-hls_flags', 'single_file', 'index.m3u8'],
  aes: [...HLS, '-hls_key_info_file', 'key.info', ...NUMBERED, 'index.m3u8'],
  audio: [...HLS, ...AUDIO_APART, '-hls_segment_filename', 'seg%v-%d.ts', 'list%v.m3u8'],
  'fmp4-audio': [...HLS, ...FMP4, ...AUDIO_APART, '-hls_segment_filename', 'seg%v-%d.m4s', 'list%v.m3u8'],
};

/** All packagings as one site, each in a folder of its name; the entry is `index.m3u8`. */
export async function matrixMedia(): Promise<Site> {
  const encodings = { small: encodeArguments('160x90', 64_000), large: encodeArguments('320x180', 200_000) };
  const hash = createHash('sha256').update(JSON.stringify({ encodings, ARGUMENTS })).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `hls-swarm-test-matrix-${hash}`);
  if ((await readdir(folder).catch((): string[] => [])).length === 0) await make(encodings, folder);
  const read = MATRIX_PACKAGINGS.map(async (packaging): Promise<[string, Buffer][]> => {
    const names = await readdir(join(folder, packaging));
    const contents = names.map((name) => readFile(join(folder, packaging, name)));
    return (await Promise.all(contents)).map((content, at) => [`/${packaging}/${names[at]}`, content]);
  });
  return new Map((await Promise.all(read)).flat());
}

function encodeArguments(size: string, bitsPerSecond: number): readonly string[] {
  const rate = String(bitsPerSecond);
  return [
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${MATRIX_SEGMENTS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${MATRIX_SEGMENTS}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-keyint_min', '25'],
    ...[
      '-sc_threshold',
      '0',
      '-bf',
      '0',
      '-b:v',
      rate,
      '-maxrate',
      rate,
      '-bufsize',
      rate,
      '-c:a',
      'aac',
      '-b:a',
      '32000',
    ],
  ];
}

/** Beside, then moved: two tests that make the same at once must not see half of it. */
async function make(
  { small, large }: Readonly<Record<'small' | 'large', readonly string[]>>,
  folder: string,
): Promise<void> {
  const beside = await mkdtemp(`${folder}-part-`);
  try {
    const sources = { small: join(beside, 'small.mp4'), large: join(beside, 'large.mp4') };
    await Promise.all([ffmpeg([...small, sources.small]), ffmpeg([...large, sources.large])]);
    const packed = MATRIX_PACKAGINGS.map((packaging) =>
      pack(packaging, packaging === 'high' ? sources.large : sources.small, join(beside, packaging)),
    );
    await Promise.all(packed);
    await rename(beside, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

async function pack(packaging: Packaging, source: string, folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'key.bin'), KEY);
  await writeFile(join(folder, 'key.info'), `key.bin\n${join(folder, 'key.bin')}\n`);
  const args = ARGUMENTS[packaging];
  // The multivariant playlist's name is one beside the lists', not a path.
  const placed = args.map((word, at) =>
    /\.(?:ts|m4s|m3u8|info)$/.test(word) && args[at - 1] !== '-master_pl_name' ? join(folder, word) : word,
  );
  await ffmpeg(['-i', source, ...placed]);
  await rm(join(folder, 'key.info'));
  if (packaging !== 'aes') await rm(join(folder, 'key.bin'));
}

async function ffmpeg(args: readonly string[]): Promise<void> {
  const run = await runProgram('ffmpeg', [...QUIET, ...args], LIMITS);
  if (run.code !== 0) throw new Error(`no test media: ${run.failure ?? run.stderr.trim().split('\n').at(-1)}`);
}
