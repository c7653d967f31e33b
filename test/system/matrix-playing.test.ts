// How long and how often a stream is played: one with an end at the pace of a player, once or again and again; a live one from
// its edge to its end. What the origin was asked for is the judge, over http and over https.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TransferEvent } from '../../src/events.ts';
import { rangedFiles } from '../support/agreement-runs.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import type { ReadJournal } from '../support/journal.ts';
import {
  assertJoined,
  findingsOf,
  kindsOf,
  MATRIX_CLIENTS,
  openPlaces,
  type Places,
  playRecorded,
} from '../support/matrix.ts';
import { MATRIX_SEGMENTS, matrixMedia } from '../support/matrix-media.ts';
import { sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { live } from '../support/scripted-answers.ts';
import { fieldOf } from '../support/scripted-origin.ts';

const skip = requirement('ffmpeg');
const SEGMENT_MS = 1_000;
/** FFmpeg's own choice: the third from the end. */
const LIVE_EDGE = -3;
const LIVE = { segments: 8, segmentSeconds: 1, window: 5 };

describe('a stream with an end', { skip, concurrency: 2 }, () => {
  test('is played in real time, once, its playlist asked for once; then the run is over', async () => {
    await using box = await sandbox();
    await using places = await openPlaces('https', site);
    const { journal, ended } = await playRecorded(places.own.origin.url('/ts/index.m3u8'), [], box);
    const { run, clients } = journal.summary;
    assert.deepEqual(clients.exits, { success: MATRIX_CLIENTS, error: 0, signal: 0, stopped: 0, playlistLost: 0 });
    assert.ok(run.durationSeconds > MATRIX_SEGMENTS - 1, `over after ${run.durationSeconds} s`);
    assert.deepEqual(kindsOf(journal.transfers), {
      'media-playlist': MATRIX_CLIENTS,
      segment: MATRIX_CLIENTS * MATRIX_SEGMENTS,
    });
    assert.deepEqual(findingsOf(journal.summary), []);
    assert.match(ended.stdout, /summary of the run/);
    assertJoined(journal, places);
  });

  test('--loop: it is played again until --duration is over, its playlist asked for once each time', async () => {
    await using box = await sandbox();
    await using places = await openPlaces('http', site);
    const options = ['--loop', '--duration', `${2 * MATRIX_SEGMENTS}s`];
    const { journal } = await playRecorded(places.own.origin.url('/ts/index.m3u8'), options, box);
    const { clients } = journal.summary;
    const { success, stopped } = clients.exits;
    assert.ok(success >= MATRIX_CLIENTS && clients.starts > MATRIX_CLIENTS, JSON.stringify(clients));
    assert.deepEqual([success + stopped, clients.restarts], [clients.starts, 0]);
    // A process that was started as the run ended may not have come to ask.
    const asked = Map.groupBy(journal.transfers.filter(isPlaylist), ({ client, process }) => `${client}/${process}`);
    assert.deepEqual(
      [...asked.values()].map(({ length }) => length),
      Array(asked.size).fill(1),
    );
    assert.ok(asked.size >= success && asked.size <= clients.starts, `${asked.size} asked, ${clients.starts} started`);
    assert.deepEqual(findingsOf(journal.summary), []);
  });
});

describe('a live stream that comes to its end', { skip, concurrency: 2 }, () => {
  for (const [scheme, index] of [
    ['https', undefined],
    ['http', undefined],
    ['http', -2],
    ['https', 1],
  ] as const)
    test(`over ${scheme} from ${index ?? "FFmpeg's own index"}: each client plays to the end and is finished`, async () => {
      const { segments } = await vodMedia(LIVE);
      await using box = await sandbox();
      await using places = await openPlaces(scheme, (all) => liveToItsEnd(segments, all));
      const options = index === undefined ? [] : ['--live-start-index', String(index)];
      const { journal } = await playRecorded(places.own.origin.url('/live.m3u8'), options, box);
      const { clients } = journal.summary;
      assert.deepEqual(clients.exits, { success: MATRIX_CLIENTS, error: 0, signal: 0, stopped: 0, playlistLost: 0 });
      assert.deepEqual(findingsOf(journal.summary), []);
      for (const client of [1, 2]) assertPlayedFrom(journal, client, index ?? LIVE_EDGE);
      assertJoined(journal, places);
    });
});

/** It moves on with time, but does not end before every client has begun: slow machines start late. */
function liveToItsEnd(segments: readonly Buffer[], { own }: Places): ReturnType<typeof live> {
  const { window, segmentSeconds: seconds } = LIVE;
  const last = segments.length - window;
  const advance = ({ elapsedMs }: { readonly elapsedMs: number }): number => {
    const clients = new Set(own.log.map(({ request }) => fieldOf(request.head, 'user-agent')));
    const moved = Math.floor(elapsedMs / SEGMENT_MS);
    return clients.size < MATRIX_CLIENTS ? Math.min(moved, last - 1) : moved;
  };
  return live({ segments, seconds, window, advance, isEnded: true });
}

/** From the segment that this index means in the first list that the client saw, one after another to the last. */
function assertPlayedFrom({ events, transfers }: ReadJournal, client: number, index: number): void {
  const lists = events.filter((event) => event.type === 'playlist').filter((event) => event.client === client);
  const [first] = lists;
  const last = lists.at(-1);
  assert.ok(first !== undefined && last?.endlist === true);
  const asked = transfers.filter((own) => own.client === client).sort((a, b) => a.startedAtMs - b.startedAtMs);
  const begin = first.mediaSequence + index + (index < 0 ? first.segmentCount : 0);
  const expected = Array.from({ length: LIVE.segments - begin }, (_, at) => `/seg${begin + at}.ts`);
  assert.deepEqual(asked.filter(({ kind }) => kind === 'segment').map(pathOf), expected);
  const reloads = asked.filter(({ kind, startedAtMs }) => kind === 'media-playlist' && startedAtMs > last.atMs);
  assert.deepEqual(reloads, [], 'a list with an end was asked for again');
}

function pathOf({ url }: TransferEvent): string {
  return new URL(url).pathname;
}

function isPlaylist({ kind }: TransferEvent): boolean {
  return kind === 'media-playlist';
}

const media = skip === false ? await matrixMedia() : new Map<string, Buffer>();

function site(): ReturnType<typeof rangedFiles> {
  return rangedFiles(media);
}
