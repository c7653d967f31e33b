// What playlists promise, in figures.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPlaylist } from '../../src/hls/playlist.ts';
import { declaredBitsPerSecond, describeStream, type StreamDescription } from '../../src/hls/stream-description.ts';

const BASE = 'http://cdn.example/live/index.m3u8';

function described(media: readonly string[], multivariant?: readonly string[]): StreamDescription {
  const playlist = readPlaylist(['#EXTM3U', ...media].join('\n'), BASE);
  const above = multivariant === undefined ? undefined : readPlaylist(['#EXTM3U', ...multivariant].join('\n'), BASE);
  assert.ok(playlist?.kind === 'media' && above?.kind !== 'media');
  return describeStream(playlist, above);
}

const SEGMENTS = ['#EXT-X-TARGETDURATION:4', '#EXTINF:4,', 'a.ts', '#EXTINF:2,', 'b.ts', '#EXTINF:3,', 'c.ts'];

describe('a media playlist', () => {
  test('is told by its durations, its window and its end', () => {
    const { segments, windowSeconds, segmentSeconds, isLive, packaging, encryption } = described(SEGMENTS);
    assert.deepEqual([segments, windowSeconds, isLive, packaging, encryption], [3, 9, true, 'MPEG-TS', []]);
    assert.deepEqual(segmentSeconds, { min: 2, mean: 3, max: 4 });
    assert.equal(described([...SEGMENTS, '#EXT-X-ENDLIST']).isLive, false);
  });

  test('without segments has no durations', () => {
    assert.equal(described(['#EXT-X-TARGETDURATION:4']).segmentSeconds, undefined);
  });

  test('packaging follows from a map, else from the name', () => {
    const packagingOf = (...lines: string[]): string => described(lines).packaging;
    assert.equal(packagingOf('#EXT-X-MAP:URI="init.mp4"', '#EXTINF:2,', 'a'), 'fMP4');
    assert.equal(packagingOf('#EXTINF:2,', 'a.aac?x=1.ts'), 'packed audio');
    assert.equal(packagingOf('#EXTINF:2,', 'a.php'), 'unknown');
  });

  test('ranges, discontinuities, parts and encryption are seen', () => {
    const description = described([
      ...['#EXT-X-KEY:METHOD=AES-128,URI="k"', '#EXT-X-BYTERANGE:10@0', '#EXTINF:2,', 'a.ts'],
      ...['#EXT-X-DISCONTINUITY', '#EXTINF:2,', 'b.ts', '#EXT-X-PART:DURATION=0.5,URI="p.ts"'],
    ]);
    const { hasByteRanges, hasDiscontinuities, hasParts, encryption } = description;
    assert.deepEqual([hasByteRanges, hasDiscontinuities, hasParts, encryption], [true, true, true, ['AES-128']]);
  });
});

describe('variants', () => {
  const streams = [
    ...['#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,RESOLUTION=1280x720', 'high.m3u8'],
    ...['#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=640x360', 'low.m3u8'],
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="a.m3u8"',
    '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="y",INSTREAM-ID="CC1"',
  ];

  test('declare what a choice of them will take, on average where they say so', () => {
    const description = described(SEGMENTS, streams);
    assert.equal(description.renditions, 1);
    assert.deepEqual(
      (['all', 'first', 'highest', 'lowest', '1', '640x360', '7'] as const).map((choice) =>
        declaredBitsPerSecond(description, choice),
      ),
      [2_000_000, 1_500_000, 1_500_000, 500_000, 500_000, 500_000, undefined],
    );
  });

  test('that declare nothing, or not all, are not guessed', () => {
    assert.equal(declaredBitsPerSecond(described(SEGMENTS), 'all'), undefined);
    const half = described(SEGMENTS, [...streams, '#EXT-X-STREAM-INF:PROGRAM-ID=1', 'x.m3u8']);
    assert.equal(declaredBitsPerSecond(half, 'all'), undefined);
  });
});
