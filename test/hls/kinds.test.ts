// Kinds: what playlists list comes first, and only from the same door; then content, media type, extension.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ContentFacts,
  kindByContent,
  LISTS_KEPT_PER_URL,
  MAX_CACHED_PLAYLISTS,
  MAX_CACHED_RESOURCES,
  MAX_PLAYLIST_URLS_PER_DOOR,
  PlaylistCache,
  PlaylistMemory,
} from '../../src/hls/kinds.ts';

const LIST = 'http://h/live/index.m3u8';

function liveList(first: number, count = 3): string {
  const segments = Array.from({ length: count }, (_, index) => `#EXTINF:2,\nseg${first + index}\n`);
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}\n${segments.join('')}`;
}

describe('what the playlists of a door list', () => {
  it('has the kind that they give it, whatever its name is', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    const lines = [
      '#EXTM3U',
      '#EXT-X-KEY:METHOD=AES-128,URI="k"',
      '#EXT-X-MAP:URI="i.ts"',
      '#EXT-X-PART:DURATION=1,URI="p"',
    ];
    memory.note(LIST, [...lines, '#EXTINF:2,', 's.php?n=1', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="q"'].join('\n'));
    const kinds = ['k', 'i.ts', 'p', 's.php?n=1', 'q', 's.php', 'index.m3u8'].map((name) =>
      memory.kindOf(`http://h/live/${name}`, undefined),
    );
    assert.deepEqual(kinds, ['key', 'init', 'part', 'segment', 'part', undefined, 'media-playlist']);
  });

  it('is told by URL and range, so that one file may hold the initialization section and segments', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    const text = '#EXTM3U\n#EXT-X-MAP:URI="all.mp4",BYTERANGE="100@0"\n#EXTINF:2,\n#EXT-X-BYTERANGE:900@100\nall.mp4\n';
    memory.note(LIST, text);
    assert.equal(memory.kindOf('http://h/live/all.mp4', [0, 99]), 'init');
    assert.equal(memory.kindOf('http://h/live/all.mp4', [100, 999]), 'segment');
    assert.equal(memory.kindOf('http://h/live/all.mp4', [500, 999]), undefined);
  });

  it('is a segment when it is listed as a part too', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    memory.note(LIST, '#EXTM3U\n#EXT-X-PART:DURATION=2,URI="a.mp4"\n#EXTINF:2,\na.mp4\n');
    assert.equal(memory.kindOf('http://h/live/a.mp4', undefined), 'segment');
  });

  it('keeps its kind when a player resumes it in the middle', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    memory.note(LIST, liveList(1));
    assert.equal(memory.kindOf('http://h/live/seg2', [4096, null]), 'segment');
  });

  it('of a multivariant playlist are media playlists and session keys, known before they are fetched', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    const lines = [
      '#EXTM3U',
      '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="audio"',
      '#EXT-X-STREAM-INF:BANDWIDTH=1',
      'video',
    ];
    memory.note('http://h/main', lines.join('\n'));
    const kinds = ['main', 'k', 'audio', 'video'].map((name) => memory.kindOf(`http://h/${name}`, undefined));
    assert.deepEqual(kinds, ['multivariant-playlist', 'key', 'media-playlist', 'media-playlist']);
  });

  it('is remembered for the last lists of a URL and forgotten after', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    for (let first = 0; first <= LISTS_KEPT_PER_URL; first += 1) memory.note(LIST, liveList(first, 1));
    const kinds = [0, 1, 2, 3].map((number) => memory.kindOf(`http://h/live/seg${number}`, undefined));
    assert.deepEqual(kinds, [undefined, 'segment', 'segment', 'segment']);
  });

  it('is not what another door listed', () => {
    const cache = new PlaylistCache();
    new PlaylistMemory(cache).note(LIST, liveList(1));
    assert.equal(new PlaylistMemory(cache).kindOf('http://h/live/seg1', undefined), undefined);
  });
});

describe('noting a playlist', () => {
  it('is new when its text is not the last one of that URL at that door', () => {
    const cache = new PlaylistCache();
    const memory = new PlaylistMemory(cache);
    const isNew = (text: string) => memory.note(LIST, text)?.isNew;
    assert.deepEqual(
      [isNew(liveList(1)), isNew(liveList(1)), isNew(liveList(2)), isNew(liveList(1))],
      [true, false, true, true],
    );
    assert.equal(new PlaylistMemory(cache).note(LIST, liveList(1))?.isNew, true);
  });

  it('takes reloads with delivery directives for reloads of the same playlist', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    assert.equal(memory.note(`${LIST}?t=1&_HLS_msn=5&_HLS_part=0`, liveList(1))?.isNew, true);
    assert.equal(memory.note(`${LIST}?t=1&_HLS_msn=6`, liveList(1))?.isNew, false);
    assert.equal(memory.kindOf(`${LIST}?t=1`, undefined), 'media-playlist');
    assert.equal(memory.kindOf(LIST, undefined), undefined);
  });

  it('reads the same text of the same URL once for all doors', () => {
    const cache = new PlaylistCache();
    const [first, second] = [new PlaylistMemory(cache), new PlaylistMemory(cache)].map((memory) =>
      memory.note(LIST, liveList(1)),
    );
    assert.equal(first?.playlist, second?.playlist);
    assert.notEqual(new PlaylistMemory(cache).note('http://other/index.m3u8', liveList(1))?.playlist, first?.playlist);
  });

  it('tells texts of one length apart, whoever reads which when', () => {
    const cache = new PlaylistCache();
    const doors = [new PlaylistMemory(cache), new PlaylistMemory(cache)];
    const sequences = [1, 2, 1, 2].flatMap((first) =>
      doors.map((door) => {
        const noted = door.note(LIST, liveList(first));
        assert.ok(noted?.playlist.kind === 'media' && noted.isNew);
        return noted.playlist.mediaSequence;
      }),
    );
    assert.equal(liveList(1).length, liveList(2).length);
    assert.deepEqual(sequences, [1, 1, 2, 2, 1, 1, 2, 2]);
  });

  it('leaves a text alone that is no playlist', () => {
    assert.equal(new PlaylistMemory(new PlaylistCache()).note(LIST, '<html>'), undefined);
  });
});

describe('limits', () => {
  it('of the cache: the longest unused playlist goes, and is counted', () => {
    const cache = new PlaylistCache();
    const first = cache.read(LIST, liveList(0));
    for (let number = 1; number <= MAX_CACHED_PLAYLISTS; number += 1) {
      cache.read(LIST, liveList(number));
      assert.equal(cache.read(LIST, liveList(0)), first);
    }
    assert.equal(cache.evicted, 1);
  });

  it('of the cache: many listed resources push others out, one list alone stays', () => {
    const cache = new PlaylistCache();
    cache.read(LIST, liveList(0));
    const long = cache.read(LIST, liveList(1, MAX_CACHED_RESOURCES + 1));
    assert.equal(cache.evicted, 1);
    assert.equal(cache.read(LIST, liveList(1, MAX_CACHED_RESOURCES + 1)), long);
  });

  it('of a door: the playlist URL unseen for longest is forgotten', () => {
    const memory = new PlaylistMemory(new PlaylistCache());
    const note = (number: number) => memory.note(`http://h/${number}/a.m3u8`, liveList(1));
    for (let number = 0; number < MAX_PLAYLIST_URLS_PER_DOOR; number += 1) note(number);
    note(0);
    note(MAX_PLAYLIST_URLS_PER_DOOR);
    const kinds = [0, 1, 2].map((number) => memory.kindOf(`http://h/${number}/seg1`, undefined));
    assert.deepEqual(kinds, ['segment', undefined, 'segment']);
  });
});

describe('what no playlist lists', () => {
  const packets = Buffer.alloc(3 * 188, 0);
  for (const at of [0, 188, 376]) packets[at] = 0x47;
  const ok = { method: 'GET', status: 200, declaredContentLength: 1_000_000 };
  const playlist = (text: string) => ({ ...ok, url: 'http://h/x', firstOctets: Buffer.from(text) });
  const cases: readonly (readonly [string, ContentFacts, string])[] = [
    ['text that begins with #EXTM3U', playlist('#EXTM3U\n#EXTINF:2,\na.ts'), 'media-playlist'],
    ['the same after a byte order mark', playlist('\uFEFF#EXTM3U\r\n'), 'media-playlist'],
    ['a media sequence is no rendition', playlist('#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1\n'), 'media-playlist'],
    ['variants', playlist('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8'), 'multivariant-playlist'],
    [
      'a playlist by name and media type against its content',
      { ...playlist('#EXTM3U\n'), mediaType: 'video/mp2t' },
      'media-playlist',
    ],
    [
      'a media type with parameters',
      { ...ok, url: 'http://h/x', mediaType: 'application/x-mpegurl' },
      'media-playlist',
    ],
    ['MPEG-TS by media type, length known', { ...ok, url: 'http://h/x', mediaType: 'video/mp2t' }, 'segment'],
    ['an extension', { ...ok, url: 'http://h/a/x.M4S?y=.key', mediaType: 'application/octet-stream' }, 'segment'],
    ['a key by extension', { ...ok, url: 'http://h/x.key' }, 'key'],
    ['MPEG-TS by its packets, length known', { ...ok, url: 'http://h/x', firstOctets: packets }, 'segment'],
    ['too little to be MPEG-TS', { ...ok, url: 'http://h/x', firstOctets: packets.subarray(0, 376) }, 'other'],
    ['MPEG-TS without a length', { url: 'http://h/x', method: 'GET', status: 200, mediaType: 'video/mp2t' }, 'stream'],
    ['MPEG-TS in chunks', { url: 'http://h/x.ts', method: 'GET', status: 200, firstOctets: packets }, 'stream'],
    ['HEAD of a stream', { url: 'http://h/x.ts', method: 'HEAD', status: 200, mediaType: 'video/mp2t' }, 'segment'],
    [
      'an error that answers for a segment',
      { url: 'http://h/x.ts', method: 'GET', status: 404, mediaType: 'video/mp2t' },
      'segment',
    ],
    ['an error page', { url: 'http://h/x', method: 'GET', status: 404, mediaType: 'audio/mpegurl' }, 'other'],
    ['no answer', { url: 'http://h/x.m3u8', method: 'GET' }, 'media-playlist'],
    ['HTML', { ...ok, url: 'http://h/', mediaType: 'text/html' }, 'other'],
  ];
  for (const [name, facts, kind] of cases) {
    it(`is known by its response: ${name}`, () => {
      assert.equal(kindByContent(facts), kind);
    });
  }
});
