// Live streams over https for FFmpeg: AES-128 transport streams and fragmented MP4, every kind of URI that a playlist can hold,
// mixed with http. Made once per process by FFmpeg in a folder of its own, kept in memory.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/process.ts';
import { responseHead } from './scripted-answers.ts';
import { fieldOf, type Script, send } from './scripted-origin.ts';

export const SEGMENTS = 6;
const WINDOW = 3;
const LIMITS = { timeoutMs: 30_000, maxBytes: 65_536 };
const KEY = Buffer.from('0123456789abcdef');

/** By path: `/live/seg0.ts`, `/live/init.mp4`, `/keys/1.key`, ... */
export type Files = ReadonlyMap<string, Buffer>;

export async function encryptedStream(): Promise<Files> {
  const made = await encode(['-hls_key_info_file', 'key.info', '-hls_segment_filename', 'seg%d.ts']);
  return new Map([...made, ['/keys/1.key', KEY]]);
}

export async function fragmentedStream(): Promise<Files> {
  return encode([
    ...['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_filename', 'seg%d.m4s'],
  ]);
}

export interface LiveList {
  readonly header: readonly string[];
  /** The URI of each segment, as the list has it. */
  readonly uris: readonly string[];
}

/** Serves files, and at `/live/index.m3u8` a live list that moves on with each reload and ends. */
export function liveScript(files: Files, list: () => LiveList): Script {
  let reloads = 0;
  return ({ target, head }) => {
    const path = target.split('?', 1)[0] ?? '';
    if (path === '/live/index.m3u8') {
      const text = playlist(list(), Math.min(reloads, SEGMENTS - WINDOW));
      reloads += 1;
      return [send(responseHead({ fields: fieldsOf('application/vnd.apple.mpegurl', text.length) }) + text)];
    }
    const content = files.get(path);
    if (content === undefined) return [send(responseHead({ status: 404, fields: { 'Content-Length': '0' } }))];
    const isRange = fieldOf(head, 'range') === 'bytes=0-';
    const range = { 'Content-Range': `bytes 0-${content.length - 1}/${content.length}` };
    const fields = { ...fieldsOf('video/mp4', content.length), ...(isRange ? range : {}) };
    const answer = responseHead({ status: isRange ? 206 : 200, fields });
    return [send(Buffer.concat([Buffer.from(answer), content]))];
  };
}

function fieldsOf(mediaType: string, length: number): Record<string, string> {
  return { 'Content-Type': mediaType, 'Content-Length': String(length) };
}

function playlist({ header, uris }: LiveList, first: number): string {
  const last = first + WINDOW;
  return [
    ...['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:1', `#EXT-X-MEDIA-SEQUENCE:${first}`, ...header],
    ...uris.slice(first, last).flatMap((uri) => ['#EXTINF:1.000000,', uri]),
    ...(last >= uris.length ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n');
}

async function encode(options: readonly string[]): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-tls-media-'));
  try {
    await writeFile(join(folder, 'k'), KEY);
    await writeFile(join(folder, 'key.info'), `1.key\n${join(folder, 'k')}\n`);
    const placed = options.map((word) => (/^(seg|key\.info)/.test(word) ? join(folder, word) : word));
    const run = await runProgram(
      'ffmpeg',
      [
        ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
        ...['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=25:duration=${SEGMENTS}`],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-sc_threshold', '0'],
        ...['-f', 'hls', '-hls_time', '1', '-hls_playlist_type', 'vod', ...placed, join(folder, 'index.m3u8')],
      ],
      LIMITS,
    );
    if (run.code !== 0) throw new Error(`no test media: ${run.failure ?? run.stderr}`);
    const names = (await readdir(folder)).filter((name) => /\.(ts|m4s|mp4)$/.test(name));
    const contents = names.map(
      async (name): Promise<[string, Buffer]> => [`/live/${name}`, await readFile(join(folder, name))],
    );
    return new Map(await Promise.all(contents));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
