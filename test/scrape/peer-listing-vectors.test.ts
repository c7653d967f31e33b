// What go-ffmpeg-hls-swarm reads from listings of sizes, keeps of them and looks up in them, held against ours: the scraper
// fetches each vector's answers, and what it emits goes into the table. The original's own table is held to the same vectors.
// Where we differ on purpose is in ../support/peer-differences.ts; a vector that is neither equal nor listed fails.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Event, ListingEvent } from '../../src/events.ts';
import { Fetcher } from '../../src/fetch.ts';
import { silentLog } from '../../src/log.ts';
import { Schedule } from '../../src/scrape/adaptive-interval.ts';
import { createSegmentSizesScraper, keepNewest, mediaNumber } from '../../src/scrape/segment-sizes.ts';
import { ListingTable } from '../../src/stats/listing-table.ts';
import { OriginalListingTable } from '../../src/stats/original-listing-table.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { isUndisputed, seriesOf } from '../support/peer-listings.ts';
import { holds } from '../support/peer-vectors.ts';
import { FakeTime } from './fake-time.ts';

interface PeerAnswer {
  readonly status: number;
  readonly body: string;
}

const BASE = 'http://origin.example/live/';

holds('segment_scraper', {
  segment_number: ({ input, expected, truth }) => {
    // A query is part of a URL; names in a listing have none.
    const name = input.split('?')[0] ?? '';
    assert.equal(mediaNumber(name) ?? null, truth === undefined ? expected : truth);
  },

  lookup: ({ input, expected }) => {
    const ours = new ListingTable(BASE, 300);
    const original = new OriginalListingTable(300);
    update([ours, original], input.cache);
    for (const [index, name] of input.ask.entries()) {
      assert.equal(sizeIn(ours, name) ?? null, expected[index], name);
      assert.equal(original.find(BASE + name) ?? null, expected[index], name);
    }
  },

  evict: (vector) => {
    const { input, expected } = vector;
    const names: readonly string[] = [...new Set<string>(input.names)];
    const entries = names.map((name) => ({ name, sizeBytes: 1 }));
    const kept = keepNewest(entries, input.window).entries.map(({ name }) => name);
    const isOurs = differenceOf('segment_scraper', vector, 'window') !== undefined;
    assert.deepEqual(kept, isOurs ? newestOfEachSeries(names, input.window) : expected.kept);
    const original = new OriginalListingTable(input.window);
    update([original], Object.fromEntries(names.map((name) => [name, 1])));
    assert.deepEqual(
      names.filter((name) => original.find(BASE + name) !== undefined),
      expected.kept,
    );
  },

  cycles: ({ input, expected }) => {
    const ours = new ListingTable(BASE, input.window);
    const original = new OriginalListingTable(input.window);
    const nameOf = (number: number): string => `seg${String(number).padStart(5, '0')}.ts`;
    for (let cycle = 0; cycle < input.cycles; cycle += 1) {
      const first = cycle * input.names_per_cycle;
      const names = Array.from({ length: input.names_per_cycle }, (_, index) => nameOf(first + index));
      update([ours, original], Object.fromEntries([...names, input.playlist].map((name) => [name, 1])));
      assert.ok(ours.size <= expected.numbered_max + 1, `${ours.size}`);
    }
    const last = input.cycles * input.names_per_cycle;
    const kept = Array.from({ length: last }, (_, number) => nameOf(number)).filter(
      (name) => sizeIn(ours, name) !== undefined,
    );
    assert.deepEqual(kept, expected.final_numbered);
    assert.ok(kept.every((name) => original.find(BASE + name) === 1));
  },

  scrape: async (vector) => {
    const { input, expected, truth } = vector;
    const table = new ListingTable(BASE, input.window);
    const listings = await scraped(input.responses, input.window);
    for (const listing of listings) table.update(listing);
    const isOurs = (figure: string): boolean => differenceOf('segment_scraper', vector, figure) !== undefined;
    const wanted = isOurs('entries')
      ? { error: false, cache: undisputedSizes(input.responses.at(-1)?.body) }
      : { error: false, ...expected };
    assert.equal(listings.at(-1)?.ok, !wanted.error);
    for (const [name, size] of Object.entries(truth?.lookup_after ?? {})) assert.equal(sizeIn(table, name), size, name);
    if (isOurs('window')) return;
    for (const [name, size] of Object.entries(wanted.cache ?? {})) assert.equal(sizeIn(table, name), size, name);
    if (wanted.cache !== undefined) assert.equal(table.size, Object.keys(wanted.cache).length);
    else if (wanted.cache_size !== undefined) assert.equal(table.size, wanted.cache_size);
  },

  // Jitter can be switched off, stays within its width and never makes a delay negative.
  defaults: async ({ input, expected }) => {
    for (const draw of [0, 0.25, 0.999]) {
      const delay = await firstDelay(input.interval_ms, input.jitter_ms, draw);
      const [low, high] = expected.next_interval_range_ms;
      assert.ok(delay !== undefined && delay >= Math.max(0, low) && delay <= high, `${delay}`);
      if (input.jitter_ms === 0) assert.equal(delay, input.interval_ms);
    }
  },
});

function update(tables: readonly { update: ListingTable['update'] }[], sizes: Readonly<Record<string, number>>): void {
  const entries = Object.entries(sizes).map(([name, sizeBytes]) => ({ name, sizeBytes }));
  for (const table of tables) table.update({ type: 'listing', atMs: 0, url: BASE, ok: true, entries });
}

function sizeIn(table: ListingTable, name: string): number | undefined {
  const answer = table.find(BASE + encodeURIComponent(name), undefined);
  return 'bytes' in answer ? answer.bytes : undefined;
}

/** The window by rank: as many of the highest numbers of each series, and every name without a number. */
function newestOfEachSeries(names: readonly string[], window: number): readonly string[] {
  return names.filter((name) => {
    const number = mediaNumber(name);
    if (number === undefined) return true;
    const siblings = names.filter((other) => mediaNumber(other) !== undefined && seriesOf(other) === seriesOf(name));
    return siblings.filter((other) => (mediaNumber(other) ?? 0) > number).length < window;
  });
}

/** The entries of a listing that any reader takes as they are; a name that comes again has its last size. */
function undisputedSizes(body = '[]'): Readonly<Record<string, number>> {
  const items = JSON.parse(body) as readonly unknown[];
  return Object.fromEntries(items.filter(isUndisputed).map(({ name, size }) => [name, size]));
}

/** What the scraper emits for these answers, one after another. */
async function scraped(answers: readonly PeerAnswer[], window: number): Promise<readonly ListingEvent[]> {
  const [...left] = answers;
  const server = createServer((_request, response) => {
    const { status = 200, body = '' } = left.shift() ?? {};
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const time = new FakeTime();
  const fetcher = new Fetcher({ version: '1.0.0' });
  const listings: ListingEvent[] = [];
  const emit = (event: Event): void => {
    if (event.type === 'listing') listings.push(event);
  };
  const scraper = createSegmentSizesScraper(
    { clock: time.clock, timers: time.timers, fetcher, emit, log: silentLog, random: () => 0.5 },
    { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, jitterMs: 0, needs: () => ({ window }) },
  );
  for (const _answer of answers) await scraper.scrapeNow();
  await scraper.stop();
  await fetcher.close();
  server.closeAllConnections();
  server.close();
  return listings;
}

async function firstDelay(intervalMs: number, jitterMs: number, draw: number): Promise<number | undefined> {
  const delays: number[] = [];
  const time = new FakeTime();
  const schedule = new Schedule({
    intervalMs: () => intervalMs,
    jitterMs: () => jitterMs,
    random: () => draw,
    nowMs: () => time.clock.nowMs(),
    task: async () => {},
    timers: { set: (_callback, delayMs) => delays.push(delayMs), clear: () => {} },
  });
  schedule.start();
  await time.advance(0);
  return delays[0];
}
