// Reading playlists: own examples of what RFC 8216bis allows, and properties of what players ask for.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type MediaPlaylist, type MultivariantPlaylist, readPlaylist } from '../../src/hls/playlist.ts';

const BASE = 'http://cdn.example/live/tv/index.m3u8?token=1';

function media(...lines: string[]): MediaPlaylist {
  const playlist = readPlaylist(['#EXTM3U', ...lines].join('\n'), BASE);
  if (playlist?.kind !== 'media') assert.fail('no media playlist');
  return playlist;
}

function multivariant(...lines: string[]): MultivariantPlaylist {
  const playlist = readPlaylist(['#EXTM3U', ...lines].join('\r\n'), BASE);
  if (playlist?.kind !== 'multivariant') assert.fail('no multivariant playlist');
  return playlist;
}

describe('a text that is no playlist', () => {
  it('is one that does not begin with #EXTM3U', () => {
    for (const text of ['', '<html></html>', '# comment\n#EXTM3U\n', ' #EXTM3U', '#EXTM3U8\n', 'EXTM3U', '\n#EXTM3U']) {
      assert.equal(readPlaylist(text, BASE), undefined, JSON.stringify(text));
    }
  });

  it('is not one with a byte order mark, or with nothing after the first line', () => {
    assert.equal(readPlaylist('\uFEFF#EXTM3U\r\n', BASE)?.kind, 'media');
    assert.equal(readPlaylist('#EXTM3U', BASE)?.kind, 'media');
  });

  it('never throws, whatever it is and whatever the base is', () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom(
            'EXTINF',
            'EXT-X-KEY',
            'EXT-X-MAP',
            'EXT-X-PART',
            'EXT-X-BYTERANGE',
            'EXT-X-DEFINE',
            'EXT-X-MEDIA',
            'EXT-X-STREAM-INF',
            'EXT-X-SKIP',
          ),
          fc.string(),
        )
        .map(([tag, value]) => `#${tag}:URI="${value}",${value}`),
    );
    fc.assert(
      fc.property(fc.array(line), fc.string(), (lines, base) => {
        assert.notEqual(readPlaylist(['#EXTM3U', ...lines].join('\n'), base), undefined);
      }),
    );
  });
});

describe('a live media playlist', () => {
  it('says where the stream stands', () => {
    const playlist = media(
      '#EXT-X-VERSION:3',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:84',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXTINF:2.000000,',
      'seg00084.ts',
      '#EXT-X-DISCONTINUITY',
      '#EXTINF:1.96,title, with a comma',
      'seg00085.ts?x=1',
      '#EXTINF:2',
      '',
      '#a comment',
      '#EXT-X-UNKNOWN:URI="other.ts"',
      '/root/seg00086.ts',
      '#EXTINF:2,',
      'https://other.example:8443/a/../b/seg 87.ts',
    );
    assert.deepEqual(playlist, {
      kind: 'media',
      url: BASE,
      targetDurationSeconds: 2,
      mediaSequence: 84,
      discontinuitySequence: 3,
      endlist: false,
      segments: [
        { url: 'http://cdn.example/live/tv/seg00084.ts', durationSeconds: 2, mediaSequence: 84, discontinuity: false },
        {
          url: 'http://cdn.example/live/tv/seg00085.ts?x=1',
          durationSeconds: 1.96,
          mediaSequence: 85,
          discontinuity: true,
        },
        { url: 'http://cdn.example/root/seg00086.ts', durationSeconds: 2, mediaSequence: 86, discontinuity: false },
        {
          url: 'https://other.example:8443/b/seg%2087.ts',
          durationSeconds: 2,
          mediaSequence: 87,
          discontinuity: false,
        },
      ],
      maps: [],
      keys: [],
      encryption: [],
      parts: [],
      hints: [],
      listedSeconds: 7.96,
    });
  });

  it('reads CRLF, LF and white space at line ends alike', () => {
    const lines = ['#EXT-X-TARGETDURATION:6', '#EXTINF:6,', 'a.ts', '#EXT-X-ENDLIST'];
    const text = ['#EXTM3U', ...lines].join('\r\n');
    assert.deepEqual(readPlaylist(text, BASE), media(...lines.map((line) => `${line} \t`)));
    assert.equal(media(...lines).endlist, true);
  });
});

describe('fMP4, keys and byte ranges', () => {
  it('lists initialization sections, with their ranges', () => {
    const playlist = media(
      '#EXT-X-MAP:URI="init.mp4"',
      '#EXTINF:4,',
      'a.m4s',
      '#EXT-X-MAP:URI="all.mp4",BYTERANGE="720@0"',
      '#EXTINF:4,',
      'b.m4s',
    );
    assert.deepEqual(playlist.maps, [
      { url: 'http://cdn.example/live/tv/init.mp4' },
      { url: 'http://cdn.example/live/tv/all.mp4', range: [0, 719] },
    ]);
  });

  it('takes the first of repeated attributes, and none from inside quotes', () => {
    const playlist = media('#EXT-X-MAP:NOTE="x,URI=no.mp4",URI="yes.mp4",URI="late.mp4"');
    assert.deepEqual(playlist.maps, [{ url: 'http://cdn.example/live/tv/yes.mp4' }]);
  });

  it('lists keys once, and each segment with the key that holds for it', () => {
    const playlist = media(
      '#EXTINF:4,',
      'clear.ts',
      '#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/k?a=1,2",IV=0x0',
      '#EXTINF:4,',
      'a.ts',
      '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://drm",KEYFORMAT="com.apple.streamingkeydelivery"',
      '#EXTINF:4,',
      'b.ts',
      '#EXT-X-KEY:METHOD=NONE',
      '#EXTINF:4,',
      'c.ts',
      '#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/k?a=1,2"',
      '#EXTINF:4,',
      'd.ts',
    );
    const key = 'https://keys.example/k?a=1,2';
    assert.deepEqual(playlist.keys, [key, 'skd://drm']);
    assert.deepEqual(playlist.encryption, ['AES-128', 'SAMPLE-AES (com.apple.streamingkeydelivery)']);
    assert.deepEqual(
      playlist.segments.map((segment) => segment.keyUrl),
      [undefined, key, key, undefined, key],
    );
  });

  it('takes a range without an offset to go on where the last range of the same URL ended', () => {
    const playlist = media(
      ...['#EXTINF:4,', '#EXT-X-BYTERANGE:100@50', 'a.ts'],
      ...['#EXTINF:4,', '#EXT-X-BYTERANGE:10', 'b.ts'],
      ...['#EXT-X-BYTERANGE:25', '#EXTINF:4,', 'a.ts'],
      ...['#EXTINF:4,', 'a.ts'],
    );
    assert.deepEqual(
      playlist.segments.map((segment) => segment.range),
      [[50, 149], [0, 9], [150, 174], undefined],
    );
  });

  it('covers a file without gap or overlap, whatever the lengths are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1 }), fc.nat(), (lengths, start) => {
        const lines = lengths.flatMap((length, index) => [
          '#EXTINF:2,',
          `#EXT-X-BYTERANGE:${length}${index === 0 ? `@${start}` : ''}`,
          'a.ts',
        ]);
        let next = start;
        for (const [index, { range }] of media(...lines).segments.entries()) {
          assert.deepEqual(range, [next, next + (lengths[index] ?? 0) - 1]);
          next = (range?.[1] ?? 0) + 1;
        }
      }),
    );
  });
});

describe('a low-latency playlist', () => {
  it('lists parts and hints besides segments', () => {
    const playlist = media(
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0',
      '#EXT-X-PART-INF:PART-TARGET=0.33334',
      '#EXT-X-MEDIA-SEQUENCE:266',
      '#EXT-X-PART:DURATION=0.33334,URI="f.266.0.mp4",INDEPENDENT=YES',
      '#EXTINF:4.00008,',
      'f.266.mp4',
      '#EXT-X-PART:DURATION=0.5,URI="f.267.mp4",BYTERANGE="1000@0"',
      '#EXT-X-PART:DURATION=0.5,URI="f.267.mp4",BYTERANGE="500"',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="f.267.mp4",BYTERANGE-START=1500',
      '#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="next-init.mp4"',
      '#EXT-X-RENDITION-REPORT:URI="../1M/index.m3u8",LAST-MSN=267,LAST-PART=1',
    );
    const url = (name: string) => `http://cdn.example/live/tv/${name}`;
    assert.deepEqual(playlist.parts, [
      { url: url('f.266.0.mp4'), durationSeconds: 0.33334 },
      { url: url('f.267.mp4'), range: [0, 999], durationSeconds: 0.5 },
      { url: url('f.267.mp4'), range: [1000, 1499], durationSeconds: 0.5 },
    ]);
    assert.deepEqual(playlist.hints, [
      { url: url('f.267.mp4'), range: [1500, null], type: 'PART' },
      { url: url('next-init.mp4'), type: 'MAP' },
    ]);
    assert.equal(playlist.segments.length, 1);
  });

  it('numbers the segments of a delta update after the skipped ones', () => {
    const playlist = media('#EXT-X-MEDIA-SEQUENCE:100', '#EXT-X-SKIP:SKIPPED-SEGMENTS=7', '#EXTINF:4,', 'x.mp4');
    assert.deepEqual([playlist.mediaSequence, playlist.segments[0]?.mediaSequence], [100, 107]);
  });
});

describe('variables', () => {
  it('defined by name and value are replaced in URIs and quoted values below, once', () => {
    const playlist = media(
      '#EXT-X-DEFINE:NAME="host",VALUE="http://a.example/{$x}"',
      '#EXT-X-DEFINE:NAME="x",VALUE="never"',
      '#EXT-X-MAP:URI="{$host}/init.mp4"',
      '#EXTINF:4,',
      '{$x}/seg.ts?{$unknown}',
    );
    assert.equal(playlist.maps[0]?.url, 'http://a.example/%7B$x%7D/init.mp4');
    assert.equal(playlist.segments[0]?.url, 'http://cdn.example/live/tv/never/seg.ts?{$unknown}');
  });

  it('from a query or another playlist stay as written', () => {
    const playlist = media(
      '#EXT-X-DEFINE:QUERYPARAM="token"',
      '#EXT-X-DEFINE:IMPORT="other"',
      '#EXTINF:4,',
      'a.ts?t={$token}',
    );
    assert.equal(playlist.segments[0]?.url, 'http://cdn.example/live/tv/a.ts?t={$token}');
  });
});

describe('a multivariant playlist', () => {
  it('lists variants, renditions and session keys, but no I-frame streams', () => {
    const playlist = multivariant(
      '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k.key"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English, main",URI="audio/en.m3u8"',
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC",INSTREAM-ID="CC1"',
      '#EXT-X-STREAM-INF:BANDWIDTH=2128000,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=1280x720,AUDIO="aac"',
      '#a comment between',
      '720p/index.m3u8',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=86000,URI="iframes.m3u8"',
      '#EXT-X-STREAM-INF:CODECS="mp4a.40.2"',
      '../audio/index.m3u8',
      'not/listed.m3u8',
    );
    assert.deepEqual(playlist, {
      kind: 'multivariant',
      url: BASE,
      variants: [
        {
          url: 'http://cdn.example/live/tv/720p/index.m3u8',
          bandwidthBitsPerSecond: 2_128_000,
          resolution: '1280x720',
          codecs: 'avc1.640020,mp4a.40.2',
          audioGroup: 'aac',
        },
        { url: 'http://cdn.example/live/audio/index.m3u8', codecs: 'mp4a.40.2' },
      ],
      renditions: [
        { url: 'http://cdn.example/live/tv/audio/en.m3u8', type: 'AUDIO', groupId: 'aac' },
        { type: 'CLOSED-CAPTIONS', groupId: 'cc' },
      ],
      sessionKeys: ['http://cdn.example/live/tv/k.key'],
    });
  });
});
