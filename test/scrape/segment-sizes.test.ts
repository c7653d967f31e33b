// The listing of segment sizes: reading, the window of the newest numbers, events of good and bad fetches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event, ListingEvent } from '../../src/events.ts';
import { Fetcher } from '../../src/fetch.ts';
import { silentLog } from '../../src/log.ts';
import {
  createSegmentSizesScraper,
  keepNewest,
  type ListingEntry,
  listingCapMs,
  mediaNumber,
  readListing,
} from '../../src/scrape/segment-sizes.ts';
import { serve } from './answers.ts';
import { FakeTime } from './fake-time.ts';

const entry = (name: string, modifiedWallMs?: number): ListingEntry => ({
  name,
  sizeBytes: 100,
  ...(modifiedWallMs === undefined ? {} : { modifiedWallMs }),
});
const names = (entries: readonly ListingEntry[]): string[] => entries.map(({ name }) => name);
const numbered = (from: number, to: number, prefix = 'seg'): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${String(from + index).padStart(5, '0')}.ts`);

test('a listing gives files with sizes and times; folders are named and left out', () => {
  const listing = readListing(
    JSON.stringify([
      { name: '720p', type: 'directory', mtime: 'Thu, 29 Jan 2026 22:11:08 GMT' },
      { name: 'seg00017.ts', type: 'file', mtime: 'Thu, 29 Jan 2026 22:11:08 GMT', size: 1_281_032 },
      { name: 'a b.m4s', type: 'file', size: 0, mtime: 'yesterday' },
    ]),
  );
  assert.deepEqual(listing, {
    ok: true,
    entries: [
      { name: 'seg00017.ts', sizeBytes: 1_281_032, modifiedWallMs: Date.UTC(2026, 0, 29, 22, 11, 8) },
      { name: 'a b.m4s', sizeBytes: 0 },
    ],
    folders: ['720p'],
    refused: 0,
  });
});

test('entries without a name or with an impossible size are refused one by one', () => {
  const listing = readListing(
    '[{"name":"","size":1},{"name":"a","size":-1},{"name":"b","size":1.5},{"name":"c","size":"9"},{"name":"d"},null,7,{"name":"ok","size":3}]',
  );
  assert.ok(listing.ok);
  assert.deepEqual([names(listing.entries), listing.refused], [['ok'], 7]);
});

test('what is no listing is refused with a reason', () => {
  for (const text of ['', '<html>', '{"name":"a"}', '"seg"', 'null', '{"invalid json"}']) {
    assert.match(
      readListing(text).ok ? '' : (readListing(text) as { reason: string }).reason,
      /^the listing is not/,
      text,
    );
  }
});

test('the media number is the run of digits before the extension', () => {
  assert.deepEqual(
    [
      'seg00017.ts',
      '0.ts',
      'v1/seg_5.m4s',
      'seg1.TS',
      'seg.ts',
      'index1.m3u8',
      'seg12',
      'seg9007199254740993.ts',
      '日本語.ts',
    ].map(mediaNumber),
    [17, 0, 5, 1, undefined, undefined, undefined, undefined, undefined],
  );
});

test('each series keeps its own window; playlists and init sections stay', () => {
  const listed = ['stream.m3u8', 'init.mp4', ...numbered(1, 8), ...numbered(100, 104, '720p/seg')];
  const kept = names(
    keepNewest(
      listed.map((name) => entry(name)),
      3,
    ).entries,
  );
  assert.deepEqual(kept, ['stream.m3u8', 'init.mp4', ...numbered(6, 8), ...numbered(102, 104, '720p/seg')]);
});

test('segments named by the time of day keep a whole window, and the oldest of the rest is told', () => {
  const stamps = Array.from({ length: 20 }, (_, at) => entry(`seg_${1_795_251_457_000 + at * 1_000}.ts`));
  assert.equal(keepNewest(stamps, 20).entries.length, 20);
  const { entries, oldestLeftOut } = keepNewest(stamps, 5);
  assert.deepEqual(names(entries), names(stamps.slice(15)));
  assert.deepEqual(oldestLeftOut, ['seg_1795251457000.ts']);
});

test('an encoder that began again at 0 beside its old files keeps its new segments', () => {
  const listed = [
    ...numbered(90, 100).map((name, index) => entry(name, index)),
    ...numbered(0, 6).map((name, index) => entry(name, 1000 + index)),
  ];
  assert.deepEqual(names(keepNewest(listed, 5).entries), [...numbered(96, 100), ...numbered(2, 6)]);
});

test('the window bounds what is kept and never loses the newest', () => {
  const listing = fc.uniqueArray(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(listing, fc.integer({ min: 1, max: 50 }), fc.boolean(), (numbers, window, hasTimes) => {
      const entries = numbers.map((number, index) => entry(`seg${number}.ts`, hasTimes ? index : undefined));
      const { entries: kept, oldestLeftOut } = keepNewest(entries, window);
      assert.equal(oldestLeftOut.length, kept.length < entries.length ? 1 : 0);
      assert.ok(kept.length >= Math.min(window, entries.length), 'a window counts segments, not numbers');
      assert.ok(kept.length <= 2 * window);
      assert.ok(names(kept).includes(`seg${hasTimes ? numbers.at(-1) : Math.max(...numbers)}.ts`));
    }),
  );
});

test('a hostile name of a mebibyte is read in linear time', () => {
  const started = process.cpuUsage().user;
  for (const name of ['1'.repeat(1_000_000), `${'1.'.repeat(500_000)}-`, `${'a'.repeat(1_000_000)}.ts!`]) {
    mediaNumber(name);
    keepNewest([entry(name)], 5);
  }
  assert.ok(process.cpuUsage().user - started < 1_000_000);
});

test('listings come twice as often as the cached segments last, at least every 2 s', () => {
  assert.equal(listingCapMs(undefined, 2), 2000);
  assert.equal(listingCapMs(3, undefined), 2000);
  assert.equal(listingCapMs(300, 2), 2000);
  assert.equal(listingCapMs(3, 1), 1500);
  assert.equal(listingCapMs(2, 0.5), 500);
});

test('what a listing caches and a playlist tells bounds the time to the next listing', async (context) => {
  const listed = ['a1.ts', 'a2.ts', 'a3.ts', 'a4.ts', 'logo1.png'].map((name) => ({ name, type: 'file', size: 1 }));
  const url = await serve(context, (_request, response) => response.end(JSON.stringify(listed)));
  const time = new FakeTime();
  const fetcher = new Fetcher({ version: '1.0.0' });
  context.after(() => fetcher.close());
  const atMs: number[] = [];
  const emit = (event: Event): void => void (event.type === 'listing' && atMs.push(event.atMs));
  const deps = { clock: time.clock, timers: time.timers, fetcher, emit, log: silentLog, random: () => 0.5 };
  const needs: { window?: number; targetDurationSeconds?: number } = {};
  const scraper = createSegmentSizesScraper(deps, { url, jitterMs: 0, needs: () => needs });
  context.after(() => scraper.stop());
  const next = async (): Promise<number | undefined> => {
    const count = atMs.length;
    const endsAt = performance.now() + 5_000;
    while (atMs.length === count) {
      assert.ok(performance.now() < endsAt, 'no listing came');
      await time.advance(time.armed > 0 ? 50 : 0);
    }
    return atMs.at(-1);
  };
  scraper.setActiveClients(8);
  scraper.start();
  assert.deepEqual([await next(), await next()], [0, 2000]);
  Object.assign(needs, { targetDurationSeconds: 0.75 });
  scraper.setActiveClients(8);
  assert.deepEqual([await next(), await next()], [3500, 5000], 'half of four segments');
  Object.assign(needs, { window: 2 });
  assert.deepEqual([await next(), await next(), await next()], [6500, 7250, 8000], 'half of the two that are kept');
});

test('each fetch is an event; a failure has no entries and says why; a huge listing is refused whole', async (context) => {
  let answer: { status: number; body: string } = { status: 200, body: '[{"name":"seg1.ts","type":"file","size":5}]' };
  const url = await serve(context, (_request, response) => response.writeHead(answer.status).end(answer.body));
  const time = new FakeTime();
  const fetcher = new Fetcher({ version: '1.0.0' });
  context.after(() => fetcher.close());
  const events: ListingEvent[] = [];
  const emit = (event: Event): void => {
    if (event.type === 'listing') events.push(event);
  };
  const deps = { clock: time.clock, timers: time.timers, fetcher, emit, log: silentLog, random: () => 0.5 };
  const scraper = createSegmentSizesScraper(deps, { url, jitterMs: 0, needs: () => ({ window: 10 }) });
  await scraper.scrapeNow();
  answer = { status: 503, body: '' };
  await scraper.scrapeNow();
  answer = { status: 200, body: `[${' '.repeat(2_100_000)}]` };
  await scraper.scrapeNow();
  answer = { status: 200, body: '[]' };
  await scraper.scrapeNow();
  await scraper.stop();
  assert.deepEqual(
    events.map(({ ok, reason, entries }) => ({ ok, reason, entries })),
    [
      { ok: true, reason: undefined, entries: [{ name: 'seg1.ts', sizeBytes: 5 }] },
      { ok: false, reason: 'status 503 instead of 200', entries: undefined },
      { ok: false, reason: 'the answer is larger than the limit of 2097152 bytes', entries: undefined },
      { ok: true, reason: undefined, entries: [] },
    ],
  );
  assert.ok(events.every(({ ownBytes }) => (ownBytes ?? 0) > 0));
});
