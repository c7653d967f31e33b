// A live HLS stream of about the asked rate in a folder, for nginx: half a minute is encoded once and copied round and round, so
// that the stream costs next to no CPU beside what is measured. It serves nothing itself and ends with `await using`.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startProgram } from '../../src/process.ts';
import { type Media, vodMedia } from '../../test/support/ffmpeg-media.ts';

const SEGMENT_SECONDS = 2;
const SEGMENTS = 15;
const DEADLINE_MS = 20_000;
const POLL_MS = 50;
/** Above this the plain picture would not fill the rate. */
const PLAIN_BITS_PER_SECOND = 1_500_000;
/** What the picture leaves of a stream, measured from 200 kbit/s to 4 Mbit/s: sound, and the container's 188-byte packets. */
const SOUND_BITS_PER_SECOND = 78_000;
const CONTAINER_FACTOR = 1.037;
/** A stream further from the asked rate than this would measure something else. */
const RATE_TOLERANCE = 0.05;

export interface LoopedFolder {
  /** Holds `live.m3u8` and `seg00000.ts`, ... */
  readonly folder: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Resolves when three segments are listed.
 * @throws Error when what was encoded has not the asked rate
 */
export async function loopedFolder(bitsPerSecond: number): Promise<LoopedFolder> {
  const isNoisy = bitsPerSecond > PLAIN_BITS_PER_SECOND;
  const media = await vodMedia({
    segments: SEGMENTS,
    segmentSeconds: SEGMENT_SECONDS,
    bitsPerSecond: Math.max(1, Math.round((bitsPerSecond - SOUND_BITS_PER_SECOND) / CONTAINER_FACTOR)),
    isNoisy,
  });
  requireRate(media, bitsPerSecond);
  const root = await mkdtemp(join(tmpdir(), 'hls-swarm-looped-'));
  const folder = join(root, 'live');
  await mkdir(folder);
  // One file: FFmpeg goes round in a file, and stands still at the end of a playlist.
  const loop = join(root, 'loop.ts');
  await writeFile(loop, Buffer.concat(media.segments));
  const program = startProgram('ffmpeg', copyArguments(loop, folder), {
    stdio: { stdout: 'ignore', stderr: 'ignore' },
  });
  const stop = async (): Promise<void> => {
    await program.stop();
    await rm(root, { recursive: true, force: true });
  };
  const endsAtMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const playlist = await readFile(join(folder, 'live.m3u8'), 'utf8').catch(() => '');
    if (playlist.split('#EXTINF').length > 3) return { folder, [Symbol.asyncDispose]: stop };
    if (performance.now() > endsAtMs) {
      await stop();
      throw new Error(`no live playlist within ${DEADLINE_MS} ms`);
    }
    await pause(POLL_MS);
  }
}

function requireRate({ segments, segmentSeconds }: Media, bitsPerSecond: number): void {
  const bytes = segments.reduce((sum, { length }) => sum + length, 0);
  const made = (bytes * 8) / (segments.length * segmentSeconds);
  if (Math.abs(made / bitsPerSecond - 1) <= RATE_TOLERANCE) return;
  throw new Error(`the stream was encoded at ${made.toFixed(0)} bits per second instead of ${bitsPerSecond}`);
}

/** Old segments stay for a while after they left the list, as a client may still be on its way to them. */
function copyArguments(input: string, folder: string): readonly string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', input, '-c', 'copy'],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_list_size', '6', '-hls_delete_threshold', '20'],
    ...['-hls_flags', 'delete_segments+omit_endlist+temp_file', '-hls_segment_filename', join(folder, 'seg%05d.ts')],
    join(folder, 'live.m3u8'),
  ];
}
