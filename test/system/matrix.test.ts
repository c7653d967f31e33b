// The matrix: every shape that a stream can have, played to its end by real clients through the tap, over http and over https,
// and held against the origin's own log to the octet. One table, one runner.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FindingCode, Kind } from '../../src/events.ts';
import { rangedFiles } from '../support/agreement-runs.ts';
import {
  findingsOf,
  kindsOf,
  type LoggedOrigin,
  MATRIX_CLIENTS,
  openPlaces,
  type Places,
  playMatrix,
  SCHEMES,
  type Scheme,
} from '../support/matrix.ts';
import { MATRIX_SEGMENTS, matrixMedia, type Packaging, type Site } from '../support/matrix-media.ts';
import { sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { chunked, redirect, untilClose, withLength } from '../support/scripted-answers.ts';
import { type Action, fieldOf, type RecordedRequest, type Script } from '../support/scripted-origin.ts';

interface Row {
  readonly name: string;
  readonly packaging: Packaging;
  /** Default `index.m3u8` of the packaging. */
  readonly entry?: string;
  /** The URI of a segment, as the list has it. */
  readonly uri?: (uri: string, places: Places, index: number) => string | undefined;
  /** The whole list, after its URIs. */
  readonly list?: (text: string, site: Site) => string;
  /** In place of the file; undefined: the file. */
  readonly answer?: (request: RecordedRequest, places: Places, site: Site) => readonly Action[] | undefined;
  readonly options?: (scheme: Scheme) => readonly string[];
  /** What each client asks for. */
  readonly kinds: Partial<Record<Kind, number>>;
  readonly findings?: (scheme: Scheme) => readonly FindingCode[];
}

const KEY_LINE = '#EXT-X-KEY:METHOD=AES-128,URI="key.bin?half=2",IV=0x00000000000000000000000000000000';
const COOKIE = 'session=1; Path=/; HttpOnly';
const AUDIO_APART = { 'multivariant-playlist': 1, 'media-playlist': 2, segment: 2 * MATRIX_SEGMENTS + 1 };
const PLAIN = { 'media-playlist': 1, segment: MATRIX_SEGMENTS };

const ROWS: readonly Row[] = [
  {
    name: 'MPEG-TS by an absolute URI, one from the root, one with dots, one without a scheme',
    packaging: 'ts',
    uri: (uri, { own }, index) =>
      [own.origin.url(`/ts/${uri}`), `/ts/${uri}`, `../ts/./${uri}`, `//127.0.0.1:${own.origin.port}/ts/${uri}`][index],
    kinds: PLAIN,
  },
  { name: 'fragmented MP4', packaging: 'fmp4', kinds: { ...PLAIN, init: 1 } },
  { name: 'byte ranges of MPEG-TS', packaging: 'ranges', kinds: PLAIN },
  { name: 'byte ranges of fragmented MP4', packaging: 'fmp4-ranges', kinds: { ...PLAIN, init: 1 } },
  {
    name: 'AES-128 with a key for each half',
    packaging: 'aes',
    list: (text) => text.replace(/(#EXTINF[^\n]*\nseg2)/, `${KEY_LINE}\n$1`),
    kinds: { ...PLAIN, key: 2 },
  },
  {
    name: 'separate audio',
    packaging: 'audio',
    kinds: AUDIO_APART,
  },
  {
    name: 'separate audio in fragmented MP4',
    packaging: 'fmp4-audio',
    kinds: { ...AUDIO_APART, init: 2 },
  },
  {
    name: 'a discontinuity to another picture, back in time',
    packaging: 'ts',
    list: (text, site) => {
      const [other = ''] = /#EXTINF[\s\S]*/.exec(site.get('/high/index.m3u8')?.toString() ?? '') ?? [];
      return text.replace('#EXT-X-ENDLIST\n', `#EXT-X-DISCONTINUITY\n${other.replaceAll('seg', '../high/seg')}`);
    },
    kinds: { 'media-playlist': 1, segment: 2 * MATRIX_SEGMENTS },
  },
  {
    name: 'query strings',
    packaging: 'ts',
    entry: 'index.m3u8?token=a%2Fb%3D&list=.m3u8',
    uri: (uri, _, index) => `${uri}?token=a%2Fb%3D&n=${index}&at=/x.ts`,
    kinds: PLAIN,
  },
  {
    name: 'segments on another port and of the other scheme',
    packaging: 'ts',
    uri: (uri, { other, cross }, index) => (index % 2 === 0 ? other : cross).origin.url(`/ts/${uri}`),
    kinds: PLAIN,
  },
  {
    name: 'redirects: the playlist on the same host; segments there, to another port, to the other scheme, and twice',
    packaging: 'ts',
    entry: 'moved.m3u8',
    answer: ({ target }, { own, other, cross }) => redirectOf(target, own, other, cross),
    kinds: { ...PLAIN, redirect: 1 + MATRIX_SEGMENTS + 1 },
  },
  {
    name: 'a cookie of the multivariant playlist without which there is nothing else',
    packaging: 'audio',
    answer: ({ target, head }, _, site) => {
      const isEntry = target === '/audio/index.m3u8';
      if (isEntry) return withLength(site.get(target) ?? '', { fields: { 'Set-Cookie': COOKIE } });
      if (fieldOf(head, 'cookie') === 'session=1') return undefined;
      return withLength('no\n', { status: 403, reason: 'Forbidden' });
    },
    options: (scheme) => (scheme === 'http' ? ['--cookie', 'session=1'] : []),
    kinds: AUDIO_APART,
    findings: (scheme) => (scheme === 'http' ? ['cookie-path'] : []),
  },
  {
    name: 'content in chunks, and until the end of the connection',
    packaging: 'ts',
    answer: ({ target }, _, site) => {
      const content = site.get(target);
      if (content === undefined || target.endsWith('0.ts')) return undefined;
      return target.endsWith('3.ts') ? untilClose(content) : chunked([content.subarray(0, 999), content.subarray(999)]);
    },
    kinds: PLAIN,
  },
];

const media = requirement('ffmpeg') === false ? await matrixMedia() : new Map<string, Buffer>();

for (const scheme of SCHEMES) {
  describe(`over ${scheme}`, { skip: requirement('ffmpeg'), concurrency: 2 }, () => {
    for (const row of ROWS)
      test(row.name, async () => {
        await using box = await sandbox();
        await using places = await openPlaces(scheme, (all) => {
          const site = siteOf(row, all);
          const serve = rangedFiles(site);
          return (request) => row.answer?.(request, all, site) ?? serve(request);
        });
        const url = places.own.origin.url(`/${row.packaging}/${row.entry ?? 'index.m3u8'}`);
        const journal = await playMatrix(url, places, row.options?.(scheme) ?? [], box);
        for (const client of [1, 2])
          assert.deepEqual(kindsOf(journal.transfers.filter((own) => own.client === client)), row.kinds);
        const { agreement, proxy } = journal.summary;
        assert.deepEqual(findingsOf(journal.summary), row.findings?.(scheme) ?? []);
        assert.deepEqual([agreement.segment.precision, agreement.segment.recall], [1, 1]);
        assert.equal(proxy?.byKind.segment?.ok, MATRIX_CLIENTS * (row.kinds.segment ?? 0));
      });
  });
}

function siteOf({ packaging, uri, list }: Row, places: Places): Site {
  const path = `/${packaging}/index.m3u8`;
  let index = -1;
  const text = (media.get(path)?.toString() ?? '').replace(/^(?!#).+$/gm, (own) => {
    index += 1;
    return uri?.(own, places, index) ?? own;
  });
  return new Map([...media, [path, Buffer.from(list?.(text, media) ?? text)]]);
}

/** Of what is asked under its own name; the target of a redirect ends in `?moved`. */
function redirectOf(target: string, ...[own, other, cross]: readonly LoggedOrigin[]): ReturnType<Script> {
  const to = (place: LoggedOrigin | undefined, query = '?moved'): readonly Action[] =>
    redirect(`${place === own ? '' : (place?.origin.url('') ?? '')}${target.replace(/\?.*/, '')}${query}`);
  if (target === '/ts/moved.m3u8') return redirect('index.m3u8');
  if (target === '/ts/seg0.ts') return to(own);
  if (target === '/ts/seg1.ts') return to(other);
  if (target === '/ts/seg2.ts') return to(cross);
  if (target === '/ts/seg3.ts') return to(other, '?again');
  return target === '/ts/seg3.ts?again' ? to(cross) : undefined;
}
