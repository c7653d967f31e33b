// The multivariant playlist from the segments of a folder, without FFmpeg.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlaylist } from '../../src/hls/playlist.ts';
import type { MediaFile } from '../../src/origin/media-store.ts';
import { multivariantPlaylist } from '../../src/origin/multivariant.ts';
import { PROFILES } from '../../src/origin/profiles.ts';

const URL_OF_IT = 'http://127.0.0.1/live/stream.m3u8';
const LOOP = [300_001, 250_000, 270_000, 260_000];

function file(name: string, bytes: number): MediaFile {
  const isPlaylist = name.endsWith('.m3u8');
  return { name, content: Buffer.alloc(bytes), mediaType: 'video/mp2t', etag: '"1"', modifiedWallMs: 0, isPlaylist };
}

/** Those of one rendition, from number `first` on. */
function segments(name: string, sizes: readonly number[], first = 0): readonly MediaFile[] {
  const numbered = sizes.map((bytes, index) => file(`${name}-${String(first + index).padStart(5, '0')}.ts`, bytes));
  return [...numbered, file(`${name}.m3u8`, 999_999)];
}

test('declares the largest segment, the mean of a loop, the codecs, the size and the frame rate of each rendition', () => {
  const halves = LOOP.map((bytes) => (bytes - 1) / 2);
  const files = [
    ...segments('360p', halves),
    ...segments('480p', LOOP),
    ...segments('720p', [...LOOP, ...LOOP], 99_996),
  ];
  const text = multivariantPlaylist(PROFILES.abr, files) ?? '';
  assert.ok(text.startsWith('#EXTM3U\n'));
  assert.match(
    text,
    /BANDWIDTH=1200004,AVERAGE-BANDWIDTH=1080001,CODECS="avc1\.42c01f,mp4a\.40\.2",.*FRAME-RATE=25\.000\n/,
  );
  const playlist = readPlaylist(text, URL_OF_IT);
  assert.ok(playlist?.kind === 'multivariant');
  assert.deepEqual(
    playlist.variants.map(({ url, resolution, codecs, bandwidthBitsPerSecond }) => ({
      url: url.replace(/^.*\//, ''),
      resolution,
      codecs,
      bandwidthBitsPerSecond,
    })),
    [
      { url: '720p.m3u8', resolution: '1280x720', codecs: 'avc1.42c01f,mp4a.40.2', bandwidthBitsPerSecond: 1_200_004 },
      { url: '480p.m3u8', resolution: '854x480', codecs: 'avc1.42c01e,mp4a.40.2', bandwidthBitsPerSecond: 1_200_004 },
      { url: '360p.m3u8', resolution: '640x360', codecs: 'avc1.42c01e,mp4a.40.2', bandwidthBitsPerSecond: 600_000 },
    ],
  );
});

test('is not there before a whole loop of each rendition is, as its largest segment may still come', () => {
  const files = [...segments('360p', LOOP), ...segments('480p', LOOP)];
  assert.equal(multivariantPlaylist(PROFILES.abr, files), undefined);
  assert.equal(multivariantPlaylist(PROFILES.abr, [...files, ...segments('720p', LOOP.slice(1))]), undefined);
  assert.ok(multivariantPlaylist(PROFILES.abr, [...files, ...segments('720p', LOOP)]) !== undefined);
});
