// A live HLS stream that FFmpeg writes into a folder, for an HTTP server that is not ours. It serves nothing itself.
// The encoder ends with `await using`, and with the test's process whatever happens.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startProgram } from '../../src/process.ts';

export interface LiveFolder {
  /** Holds `live.m3u8` and `seg00000.ts`, ... */
  readonly folder: string;
  [Symbol.asyncDispose](): Promise<void>;
}

interface LiveFolderOptions {
  /** Default 1. */
  readonly segmentSeconds?: number;
  /** Of the video; default 300,000. */
  readonly bitsPerSecond?: number;
}

const DEADLINE_MS = 15_000;
const POLL_MS = 50;
const FRAMES_PER_SECOND = 25;

/** Resolves when two segments are listed. */
export async function liveFolder(options: LiveFolderOptions = {}): Promise<LiveFolder> {
  const { segmentSeconds = 1, bitsPerSecond = 300_000 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-live-'));
  const encoder = startProgram('ffmpeg', encodeArguments(folder, segmentSeconds, bitsPerSecond), {
    stdio: { stdout: 'ignore', stderr: 'ignore' },
  });
  const stop = async (): Promise<void> => {
    await encoder.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const endsAt = performance.now() + DEADLINE_MS;
  for (;;) {
    const playlist = await readFile(join(folder, 'live.m3u8'), 'utf8').catch(() => '');
    if (playlist.split('#EXTINF').length > 2) return { folder, [Symbol.asyncDispose]: stop };
    if (performance.now() > endsAt) {
      await stop();
      throw new Error(`no live playlist within ${DEADLINE_MS} ms`);
    }
    await pause(POLL_MS);
  }
}

/** Old segments stay for a while after they left the list, as a client may still be on its way to them. */
function encodeArguments(folder: string, segmentSeconds: number, bitsPerSecond: number): readonly string[] {
  const gop = String(segmentSeconds * FRAMES_PER_SECOND);
  const rate = String(bitsPerSecond);
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-re'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${FRAMES_PER_SECOND}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-threads', '1'],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-b:v', rate, '-maxrate', rate, '-bufsize', rate],
    ...['-f', 'hls', '-hls_time', String(segmentSeconds), '-hls_list_size', '6', '-hls_delete_threshold', '20'],
    ...['-hls_flags', 'delete_segments+omit_endlist+temp_file', '-hls_segment_filename', join(folder, 'seg%05d.ts')],
    join(folder, 'live.m3u8'),
  ];
}
