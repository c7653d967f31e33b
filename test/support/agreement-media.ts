// Finished streams whose octets are known, for the estimators: transport stream, byte ranges, separate audio, AES-128.
// Made once by FFmpeg from one small encoding and kept in the system's temporary folder; it serves nothing.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/process.ts';

export const AGREEMENT_STREAMS = ['ts', 'ranges', 'audio', 'aes'] as const;
export type AgreementStream = (typeof AGREEMENT_STREAMS)[number];

const SECONDS = 6;
const SEGMENT_SECONDS = 1;
const LIMITS = { timeoutMs: 30_000, maxBytes: 65_536 };
const KEY = 'hls-swarm-secret';
const QUIET = ['-hide_banner', '-nostdin', '-loglevel', 'error'];
const ENCODE = [
  ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${SECONDS}`],
  ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-keyint_min', '25'],
  ...['-sc_threshold', '0', '-b:v', '300000', '-c:a', 'aac', '-b:a', '64000'],
];
const HLS = ['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_list_size', '0', '-hls_playlist_type', 'vod'];

const ARGUMENTS: Readonly<Record<AgreementStream, readonly string[]>> = {
  ts: ['-hls_segment_filename', 'seg%d.ts', 'stream.m3u8'],
  ranges: ['-hls_flags', 'single_file', 'stream.m3u8'],
  audio: [
    ...['-map', '0:v', '-map', '1:a', '-var_stream_map', 'v:0,agroup:sound a:0,agroup:sound,default:yes'],
    ...['-master_pl_name', 'stream.m3u8', '-hls_segment_filename', 'part%v-%d.ts', 'list%v.m3u8'],
  ],
  aes: ['-hls_key_info_file', 'key.info', '-hls_segment_filename', 'seg%d.ts', 'stream.m3u8'],
};

/** Every file by its path on a server; the entry is `/stream.m3u8`. */
export async function agreementMedia(stream: AgreementStream): Promise<ReadonlyMap<string, Buffer>> {
  const args = [...QUIET, ...ENCODE, ...HLS, ...ARGUMENTS[stream]];
  const hash = createHash('sha256').update(args.join('\n')).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `hls-swarm-test-agreement-${stream}-${hash}`);
  if (!(await readdir(folder).catch((): string[] => [])).includes('stream.m3u8')) await make(args, folder);
  const names = await readdir(folder);
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, Buffer]> => [`/${name}`, await readFile(join(folder, name))]),
    ),
  );
}

/** Beside, then moved: two tests that make the same at once must not see half of it. */
async function make(args: readonly string[], folder: string): Promise<void> {
  const beside = await mkdtemp(`${folder}-part-`);
  try {
    await writeFile(join(beside, 'key.bin'), KEY);
    await writeFile(join(beside, 'key.info'), `key.bin\n${join(beside, 'key.bin')}\n`);
    const placed = args.map((arg) =>
      /\.(ts|m3u8|info)$/.test(arg) && arg !== 'stream.m3u8' ? join(beside, arg) : arg,
    );
    const last = placed.at(-1) === 'stream.m3u8' ? [...placed.slice(0, -1), join(beside, 'stream.m3u8')] : placed;
    const run = await runProgram('ffmpeg', last, LIMITS);
    if (run.code !== 0) throw new Error(`no test media: ${run.failure ?? run.stderr.trim().split('\n').at(-1)}`);
    await rename(beside, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}
