// Variants of several packagings behind one multivariant playlist: each choice plays its own to the end, and what FFmpeg fetches of
// the others at its start is seen, counted, and the same octets that the origin's log has.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rangedFiles } from '../support/agreement-runs.ts';
import {
  findingsOf,
  type LoggedAnswer,
  MATRIX_CLIENTS,
  openPlaces,
  playMatrix,
  type Scheme,
} from '../support/matrix.ts';
import { MATRIX_SEGMENTS, matrixMedia } from '../support/matrix-media.ts';
import { sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { redirect } from '../support/scripted-answers.ts';

const MULTIVARIANT = [
  '#EXTM3U',
  '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="one",DEFAULT=YES,URI="audio/list1.m3u8"',
  '#EXT-X-STREAM-INF:BANDWIDTH=116000,RESOLUTION=160x90,AUDIO="sound"',
  'audio/list0.m3u8',
  '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180',
  '/high/moved.m3u8?variant=1',
  '#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x90',
  'ranges/index.m3u8',
  '',
].join('\n');

/** By what the path of a segment begins with. */
const VARIANTS = ['/audio/seg0', '/high/seg', '/ranges/index.ts'];
const RENDITION = '/audio/seg1';
/** FFmpeg reads one for its probing and asks for the next one meanwhile; of fragmented MP4 it reads more. */
const MOST_OF_OTHERS = 2;

const CHOICES: readonly (readonly [scheme: Scheme, choice: string, played: readonly string[]])[] = [
  ['http', 'all', [...VARIANTS, RENDITION]],
  ['http', 'first', ['/audio/seg0', RENDITION]],
  ['http', 'highest', ['/high/seg']],
  ['http', '320x180', ['/high/seg']],
  ['https', 'lowest', ['/audio/seg0', RENDITION]],
  ['https', '2', ['/ranges/index.ts']],
  ['https', '300000', ['/high/seg']],
];

describe('variants', { skip: requirement('ffmpeg'), concurrency: 2 }, () => {
  for (const [scheme, choice, played] of CHOICES)
    test(`--variant ${choice} over ${scheme} plays ${played.length} of ${VARIANTS.length + 1} lists to the end`, async () => {
      const site = new Map([...(await matrixMedia()), ['/main.m3u8', Buffer.from(MULTIVARIANT)]]);
      await using box = await sandbox();
      const serve = rangedFiles(site);
      await using places = await openPlaces(scheme, () => (request) => {
        return request.target === '/high/moved.m3u8?variant=1' ? redirect('index.m3u8') : serve(request);
      });
      const url = places.own.origin.url('/main.m3u8');
      const { summary } = await playMatrix(url, places, ['--variant', choice], box);
      const segments = (begins: string): readonly LoggedAnswer[] =>
        places.own.log.filter(({ request }) => request.target.startsWith(begins));
      for (const begins of [...VARIANTS, RENDITION]) {
        const asked = segments(begins).length / MATRIX_CLIENTS;
        if (played.includes(begins)) assert.equal(asked, MATRIX_SEGMENTS + (begins === RENDITION ? 1 : 0), begins);
        else assert.ok(asked <= MOST_OF_OTHERS, `${asked} of ${begins}`);
      }
      const others = VARIANTS.filter((begins) => !played.includes(begins)).flatMap(segments);
      const unselected = others.reduce((sum, { bodyBytesSent }) => sum + bodyBytesSent, 0);
      assert.equal(summary.proxy?.unselectedVariantBytes, unselected);
      assert.deepEqual(findingsOf(summary), []);
    });
});
