// The modelled player against hand-computed timelines and a step-by-step simulation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PlaylistEvent, SegmentListedEvent } from '../../src/events.ts';
import { MAX_TRACKS, PlaybackModel } from '../../src/stats/playback.ts';
import { MAX_EDGES, MAX_LISTED_SEGMENTS, MediaTimeline } from '../../src/stats/playback-timeline.ts';
import { transfer } from './pairing-traffic.ts';

const PLAYLIST = 'http://origin/live/stream.m3u8';

const segmentUrl = (sequence: number, playlistUrl = PLAYLIST): string => `${playlistUrl}-${sequence}.ts`;

function listed(mediaSequence: number, durationSeconds = 2, playlistUrl = PLAYLIST): SegmentListedEvent {
  const url = segmentUrl(mediaSequence, playlistUrl);
  return { type: 'segment-listed', atMs: 0, url, playlistUrl, mediaSequence, durationSeconds };
}

function playlist(mediaSequence: number, segmentCount: number, endlist = false): PlaylistEvent {
  return {
    type: 'playlist',
    client: 1,
    process: 1,
    atMs: 0,
    url: PLAYLIST,
    mediaSequence,
    segmentCount,
    targetDurationSeconds: 2,
    listedSeconds: segmentCount * 2,
    endlist,
  };
}

/** A timeline of 2 s segments 0 .. 99. */
function timelineOf(count = 100): MediaTimeline {
  const timeline = new MediaTimeline();
  for (let sequence = 0; sequence < count; sequence += 1) timeline.listed(listed(sequence));
  return timeline;
}

function complete(model: PlaybackModel, sequence: number, atMs: number, playlistUrl = PLAYLIST): void {
  model.segment(transfer({ url: segmentUrl(sequence, playlistUrl), startedAtMs: atMs - 10, totalMs: 10 }));
}

test('startup is the time from the start of the process to its first complete segment', () => {
  const model = new PlaybackModel(1000, timelineOf());
  const before = model.read(1500);
  assert.equal(before.startupMs, undefined);
  assert.equal(before.isStalled, false);
  complete(model, 0, 1740);
  assert.equal(model.read(1800).startupMs, 740);
  assert.equal(model.read(1800).bufferMs, 1940);
});

test('a player whose segments come in time never stalls', () => {
  const model = new PlaybackModel(0, timelineOf());
  for (let sequence = 0; sequence < 50; sequence += 1) complete(model, sequence, 100 + sequence * 1990);
  const read = model.read(100 + 50 * 1990);
  assert.deepEqual([read.stallCount, read.stallMs, read.isStalled, read.segments], [0, 0, false, 50]);
});

test('a stall begins when all media is played, shows while it lasts, and ends with the next segment', () => {
  const model = new PlaybackModel(0, timelineOf());
  complete(model, 0, 1000);
  assert.equal(model.read(3000).isStalled, false);
  const during = model.read(4500);
  assert.deepEqual([during.isStalled, during.stalledSinceMs, during.stallCount, during.stallMs], [true, 3000, 1, 1500]);
  assert.equal(during.bufferMs, 0);
  complete(model, 1, 5000);
  const after = model.read(6000);
  assert.deepEqual([after.isStalled, after.stallCount, after.stallMs, after.bufferMs], [false, 1, 2000, 1000]);
  assert.equal(after.playMs, 5000);
});

test('a VOD client that asks at the pace of playing lacks nothing; a segment that takes longer than it plays is a stall', () => {
  const model = new PlaybackModel(0, timelineOf());
  model.playlist(playlist(0, 100, true));
  // FFmpeg -re asks when the segment before is played: each is here some milliseconds after its second has begun.
  for (let sequence = 0; sequence < 20; sequence += 1)
    complete(model, sequence, 100 + sequence * 2000 + (sequence % 7));
  const paced = model.read(100 + 20 * 2000);
  assert.deepEqual([paced.stallCount, paced.stallMs, paced.isStalled], [0, 0, false]);
  complete(model, 20, 100 + 20 * 2000 + 2500);
  const late = model.read(100 + 20 * 2000 + 2600);
  assert.deepEqual([late.stallCount, late.stallMs], [1, 500]);
});

test('a list that has ended and is complete is no stall, one that is incomplete is', () => {
  for (const [newest, isStalled] of [
    [2, false],
    [1, true],
  ] as const) {
    const model = new PlaybackModel(0, timelineOf());
    model.playlist(playlist(0, 3, true));
    for (let sequence = 0; sequence <= newest; sequence += 1) complete(model, sequence, 100);
    assert.equal(model.read(60_000).isStalled, isStalled);
  }
});

test('after the end of the process nothing stalls any more', () => {
  const model = new PlaybackModel(0, timelineOf());
  complete(model, 0, 1000);
  model.end(2500);
  model.end(9000);
  assert.deepEqual(model.read(60_000), model.read(2500));
  assert.equal(model.read(60_000).stallMs, 0);
});

test('renditions and variants do not add up: the playlist with most media counts', () => {
  const timeline = timelineOf();
  const audio = 'http://origin/live/audio.m3u8';
  for (let sequence = 0; sequence < 10; sequence += 1) timeline.listed(listed(sequence, 2, audio));
  const model = new PlaybackModel(0, timeline);
  complete(model, 0, 1000);
  complete(model, 0, 1000, audio);
  complete(model, 1, 1100, audio);
  complete(model, 1, 1200);
  assert.equal(model.read(1200).bufferMs, 3800);
  assert.equal(model.read(1200).segments, 4);
});

test('the same segment again adds no media, a sequence that went back does', () => {
  const model = new PlaybackModel(0, timelineOf());
  complete(model, 7, 1000);
  complete(model, 7, 1100);
  assert.equal(model.read(1000).bufferMs, 2000);
  complete(model, 0, 1200);
  assert.equal(model.read(1000).bufferMs, 4000);
});

test('behind live is media time between the newest listed and the newest complete segment', () => {
  const timeline = timelineOf(10);
  timeline.listed(listed(10, 1.5));
  const model = new PlaybackModel(0, timeline);
  assert.equal(model.read(0).behindLiveMs, undefined);
  model.playlist(playlist(3, 8));
  complete(model, 7, 100);
  assert.equal(model.read(100).behindLiveMs, 2000 + 2000 + 1500);
  complete(model, 10, 200);
  assert.equal(model.read(200).behindLiveMs, 0);
  model.playlist(playlist(0, 3));
  assert.equal(model.read(200).behindLiveMs, undefined, 'the encoder began again: nothing to compare');
  model.playlist(playlist(3, 8, true));
  assert.equal(model.read(200).behindLiveMs, undefined, 'an ended list has no live edge');
});

test('two segments under way at once may end in either order: the newer one stays the newest', () => {
  const model = new PlaybackModel(0, timelineOf());
  model.playlist(playlist(0, 3));
  for (const sequence of [0, 2, 1]) complete(model, sequence, 100);
  assert.deepEqual([model.read(100).behindLiveMs, model.read(100).bufferMs], [0, 6000]);
  model.playlist(playlist(0, 3, true));
  assert.equal(model.read(60_000).isStalled, false, 'all of the list is here');
});

test('the live edge is the newest that any client was told of: one that reads no more falls behind', () => {
  const timeline = timelineOf(60);
  const [still, other] = [new PlaybackModel(0, timeline), new PlaybackModel(0, timeline)];
  for (const model of [still, other]) {
    model.playlist(playlist(0, 3));
    complete(model, 2, 100);
  }
  other.playlist(playlist(10, 3));
  assert.deepEqual([still.read(200).behindLiveMs, other.read(200).behindLiveMs], [20_000, 20_000]);
  complete(other, 12, 300);
  assert.deepEqual([still.read(300).behindLiveMs, other.read(300).behindLiveMs], [20_000, 0]);
  other.playlist(playlist(9, 3));
  assert.equal(still.read(300).behindLiveMs, 20_000, 'an older copy of the list moves no edge back');
  other.playlist(playlist(0, 3));
  assert.deepEqual(
    [still.read(400).behindLiveMs, other.read(400).behindLiveMs],
    [0, undefined],
    'the encoder began again',
  );
});

test('edges of more playlists than are kept apart are those of each client', () => {
  const timeline = timelineOf();
  for (let place = 0; place < MAX_EDGES; place += 1) timeline.edgeAt(`http://origin/${place}.m3u8`, 5, false);
  const model = new PlaybackModel(0, timeline);
  model.playlist(playlist(0, 3));
  complete(model, 1, 100);
  assert.equal(model.read(200).behindLiveMs, 2_000);
  assert.equal(timeline.newestListed(PLAYLIST), undefined);
});

test('a segment that no playlist told of counts as one target duration and is counted', () => {
  const model = new PlaybackModel(0, new MediaTimeline());
  model.playlist(playlist(0, 5));
  complete(model, 0, 1000);
  assert.equal(model.read(1000).unlistedSegments, 1);
  const listedModel = new PlaybackModel(0, timelineOf());
  listedModel.playlist(playlist(0, 5));
  complete(listedModel, 0, 1000);
  listedModel.segment(transfer({ url: 'http://origin/else.ts', startedAtMs: 1000, totalMs: 0 }));
  assert.equal(listedModel.read(1000).bufferMs, 4000);
});

test('tracks and listed segments are bounded, and what is beyond is counted', () => {
  const model = new PlaybackModel(0, new MediaTimeline());
  for (let place = 0; place < MAX_TRACKS + 5; place += 1) {
    model.playlist({ ...playlist(0, 1), url: `http://origin/${place}.m3u8` });
  }
  assert.equal(model.read(0).ignored, 5);
  const timeline = timelineOf(MAX_LISTED_SEGMENTS + 3);
  assert.equal(timeline.forgotten, 3);
  assert.equal(timeline.find(segmentUrl(2), undefined), undefined);
  assert.equal(timeline.durationSeconds(PLAYLIST, 2), undefined);
  assert.equal(timeline.durationSeconds(PLAYLIST, 3), 2);
});

test('a name that an encoder uses again for another sequence belongs to the newer one', () => {
  const timeline = timelineOf(5);
  timeline.listed({ ...listed(0, 3), mediaSequence: 40 });
  assert.deepEqual(timeline.find(segmentUrl(0), undefined), {
    playlistUrl: PLAYLIST,
    mediaSequence: 40,
    durationSeconds: 3,
  });
  assert.equal(timeline.durationSeconds(PLAYLIST, 0), undefined);
});

test('stalls equal a simulation in steps of one millisecond, for any arrivals', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 0, max: 4000 }), (gapsMs, tailMs) => {
      const model = new PlaybackModel(0, timelineOf());
      const arrivals = new Set<number>();
      const atMs: number[] = [];
      let nowMs = 0;
      gapsMs.forEach((gapMs, sequence) => {
        nowMs += gapMs;
        complete(model, sequence, nowMs);
        atMs.push(nowMs);
        arrivals.add(nowMs);
      });
      const endMs = nowMs + tailMs;
      let [mediaMs, stallMs, stallCount, wasStalled] = [0, 0, 0, false];
      for (let t = atMs[0] ?? 0; t < endMs; t += 1) {
        if (arrivals.has(t)) mediaMs += 2000 * atMs.filter((arrival) => arrival === t).length;
        const isStalled = mediaMs === 0;
        if (isStalled) stallMs += 1;
        else mediaMs -= 1;
        if (isStalled && !wasStalled) stallCount += 1;
        wasStalled = isStalled;
      }
      const read = model.read(endMs);
      assert.deepEqual([read.stallMs, read.stallCount], [stallMs, stallCount]);
    }),
    { numRuns: 60 },
  );
});

test('segments of which no duration is known begin no play, so that no player has run out of media that nobody can count', () => {
  const model = new PlaybackModel(1000, new MediaTimeline());
  for (let sequence = 0; sequence < 5; sequence += 1) complete(model, sequence, 1500 + sequence * 2000);
  const { startupMs, playMs, isStalled, bufferMs, unlistedSegments } = model.read(30_000);
  assert.deepEqual([startupMs, playMs, isStalled, bufferMs, unlistedSegments], [500, 0, false, undefined, 5]);
});

test('an unlisted segment counts as one target duration of the only playlist that it can belong to', () => {
  const model = new PlaybackModel(0, new MediaTimeline());
  model.playlist(playlist(0, 3));
  complete(model, 0, 1000);
  assert.deepEqual([model.read(2000).bufferMs, model.read(4000).isStalled], [1000, true]);
});
