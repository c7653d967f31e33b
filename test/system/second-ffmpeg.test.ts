// What differs between releases of FFmpeg, with the one that HLS_SWARM_SECOND_FFMPEG names. What does not differ is in the other
// system tests: they all run with it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { probeCapabilities } from '../../src/swarm/capabilities.ts';
import { rangedFiles } from '../support/agreement-runs.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { findingsOf, MATRIX_CLIENTS, openPlaces, playMatrix, playRecorded } from '../support/matrix.ts';
import { matrixMedia } from '../support/matrix-media.ts';
import { sandbox } from '../support/program.ts';
import { live, withLength } from '../support/scripted-answers.ts';
import { TESTED_FFMPEG, withoutSecondFfmpeg } from '../support/second-ffmpeg.ts';

/** The first SIGTERM, the second after 0.5 s, and what the last writes take: SIGKILL comes after 3 s. */
const HEARD_MS = 2_000;

describe('another FFmpeg than the one on the PATH', { skip: withoutSecondFfmpeg, concurrency: 2 }, () => {
  test('is another release, and takes the same clients', async () => {
    const [first, second] = await Promise.all([probeCapabilities('ffmpeg'), probeCapabilities(TESTED_FFMPEG)]);
    assert.ok(first.ok && second.ok, JSON.stringify([first, second]));
    assert.notDeepEqual(second.capabilities.release, first.capabilities.release);
  });

  test('a live client hears the second SIGTERM where it does not hear the first, and is never killed', async () => {
    const { segments } = await vodMedia({ segments: 8, segmentSeconds: 1 });
    const advance = ({ elapsedMs }: { readonly elapsedMs: number }): number => Math.floor(elapsedMs / 1_000);
    await using box = await sandbox();
    await using places = await openPlaces('http', () => live({ segments, seconds: 1, window: 3, advance }));
    const { journal } = await playRecorded(places.own.origin.url('/live.m3u8'), ['--duration', '2s'], box);
    const lives = journal.events.filter((event) => event.type === 'client');
    for (const client of [1, 2]) {
      const [stop, exit] = ['stop', 'exit'].map((name) =>
        lives.find((one) => one.client === client && one.event === name),
      );
      assert.ok(stop !== undefined && exit !== undefined);
      assert.deepEqual([exit.category, exit.signal], ['stopped', undefined]);
      assert.ok(exit.atMs - stop.atMs < HEARD_MS, `${exit.atMs - stop.atMs} ms`);
    }
  });

  test('--seg-retry: a segment that is not there is given up, and the client plays on to the end', async () => {
    const media = await matrixMedia();
    const serve = rangedFiles(media);
    await using box = await sandbox();
    await using places = await openPlaces('http', () => (request) => {
      const isGone = request.target === '/ts/seg1.ts';
      return isGone ? withLength('gone\n', { status: 404, reason: 'Not Found' }) : serve(request);
    });
    const url = places.own.origin.url('/ts/index.m3u8');
    const { summary } = await playMatrix(url, places, ['--seg-retry', '2'], box);
    assert.deepEqual(findingsOf(summary), ['segment-missing']);
    const asked = places.own.log.map(({ request }) => request.target);
    assert.equal(asked.filter((target) => target === '/ts/seg3.ts').length, MATRIX_CLIENTS);
    assert.ok(asked.filter((target) => target === '/ts/seg1.ts').length > MATRIX_CLIENTS);
  });
});
