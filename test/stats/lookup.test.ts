// The lookup: sizes by URL and range with every miss explained. The original's way is in original-inference.test.ts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ByteRange, ListingEvent } from '../../src/events.ts';
import { ListingTable } from '../../src/stats/listing-table.ts';
import { Lookup, type LookupProcess } from '../../src/stats/lookup.ts';
import { OriginalListingTable } from '../../src/stats/original-listing-table.ts';
import { FigureBook } from '../../src/stats/process-figures.ts';
import { differenceOf } from '../support/peer-differences.ts';

const BASE = 'http://o:80/live/';

function listing(atMs: number, sizes: Readonly<Record<string, number>>): ListingEvent {
  const entries = Object.entries(sizes).map(([name, sizeBytes]) => ({ name, sizeBytes }));
  return { type: 'listing', atMs, url: 'http://o:80/files/json/', ok: true, entries };
}

const table = (sizes: Readonly<Record<string, number>>, window = 10): ListingTable => {
  const created = new ListingTable(BASE, window);
  created.update(listing(0, sizes));
  return created;
};

test('names map to URLs by their path under the stream, whatever the query; folders and escapes included', () => {
  const sizes = table({ 'seg1.ts': 100, '720p/seg1.ts': 700, 'a b%.ts': 5 });
  const bytes: [string, ByteRange | undefined, number][] = [
    ['seg1.ts', undefined, 100],
    ['seg1.ts?token=x/y', undefined, 100],
    ['720p/seg1.ts', undefined, 700],
    ['a%20b%25.ts', undefined, 5],
    ['seg1.ts', [10, 19], 10],
    ['seg1.ts', [90, 1_000], 10],
    ['seg1.ts', [40, null], 60],
    ['seg1.ts', [200, 300], 0],
  ];
  for (const [path, range, expected] of bytes)
    assert.deepEqual(sizes.find(BASE + path, range), { bytes: expected }, path);
});

test('every miss has its reason', () => {
  const sizes = table({ 'seg20.ts': 1, 'a/b.ts': 1 }, 2);
  sizes.update(listing(1, { 'seg38.ts': 1, 'seg41.ts': 1 }));
  const reasons: [string, string][] = [
    [`${BASE}seg20.ts`, 'evicted'],
    [`${BASE}seg42.ts`, 'notYetListed'],
    [`${BASE}seg40.ts`, 'neverListed'],
    [`${BASE}seg3.ts`, 'neverListed'],
    [`${BASE}other.ts`, 'neverListed'],
    [`${BASE}1080p/b.ts`, 'ambiguous'],
    ['http://cdn/live/x.ts', 'neverListed'],
  ];
  assert.deepEqual(sizes.find(`${BASE}seg41.ts`, undefined), { bytes: 1 });
  for (const [url, miss] of reasons) assert.deepEqual(sizes.find(url, undefined), { miss }, url);
  for (const url of [`${BASE}1080p/seg41.ts`, 'http://cdn/live/seg41.ts'])
    assert.deepEqual(sizes.find(url, undefined), { miss: 'ambiguous' }, 'the stream’s own folder has that name');
});

test('what the scraper’s window left out was evicted, not never listed', () => {
  const sizes = table({ 'seg40.ts': 1, 'seg41.ts': 1 });
  sizes.update({ ...listing(1, { 'seg41.ts': 1, 'seg42.ts': 1 }), oldestLeftOut: ['seg7.ts'] });
  assert.deepEqual(sizes.find(`${BASE}seg7.ts`, undefined), { miss: 'evicted' });
  assert.deepEqual(sizes.find(`${BASE}seg6.ts`, undefined), { miss: 'neverListed' });
});

test('the listing’s folder is learned from what is asked for; where its names fit two, no size is taken from it', () => {
  const [one, other] = ['http://o:80/live/v0/', 'http://o:80/live/v1/'];
  const sizes = table({ 'seg1.ts': 10, 'seg2.ts': 20 });
  assert.deepEqual(sizes.find(`${one}seg1.ts?tok=a`, undefined), { bytes: 10 });
  assert.equal(sizes.learnedFolder, one);
  assert.deepEqual(sizes.find(`${one}seg3.ts`, undefined), { miss: 'notYetListed' });
  sizes.asked(`${other}seg2.ts`);
  for (const folder of [one, other])
    assert.deepEqual(sizes.find(`${folder}seg2.ts`, undefined), { miss: 'ambiguous' }, folder);
  assert.equal(sizes.learnedFolder, undefined);
  sizes.update({ ...listing(1, { 'seg2.ts': 20 }), url: 'http://o:80/files/v0/json/' });
  assert.equal(sizes.learnedFolder, one, 'the listing’s own URL names one of the two');
  assert.deepEqual(sizes.find(`${other}seg2.ts`, undefined), { miss: 'ambiguous' });
  const named = table({ 'v0/seg1.ts': 10, 'v1/seg1.ts': 11 });
  assert.deepEqual(
    [one, other].map((folder) => named.find(`${folder}seg1.ts`, undefined)),
    [{ bytes: 10 }, { bytes: 11 }],
  );
});

test('an encoder that begins again with low numbers is listed at once; the original dropped all its names', () => {
  const before = listing(0, { 'seg500.ts': 1, 'seg501.ts': 1 });
  const after = listing(1, { 'seg0.ts': 7, 'seg1.ts': 8 });
  const ours = new ListingTable(BASE, 300);
  const original = new OriginalListingTable(300);
  for (const event of [before, after]) {
    ours.update(event);
    original.update(event);
  }
  assert.deepEqual(ours.find(`${BASE}seg1.ts`, undefined), { bytes: 8 });
  assert.deepEqual(ours.find(`${BASE}seg501.ts`, undefined), { miss: 'notYetListed' });
  assert.equal(original.find(`${BASE}seg1.ts`), undefined);
});

test('the window keeps the newest numbers of each series, and memory does not grow with the stream', () => {
  const sizes = new ListingTable(BASE, 5);
  for (let newest = 10; newest < 2_000; newest += 1) {
    const names = [0, 1, 2].flatMap((back) => [`v0/seg${newest - back}.ts`, `v1/part-${newest - back}.m4s`]);
    sizes.update(listing(newest, Object.fromEntries(names.map((name) => [name, newest]))));
    assert.ok(sizes.size <= 10, `${sizes.size} names`);
  }
  assert.deepEqual(sizes.find(`${BASE}v1/part-1995.m4s`, undefined), { bytes: 1_997 });
});

test('a window counts segments: names that are milliseconds of the day are all there', () => {
  const stamp = (at: number): string => `seg_${1_795_251_457_000 + at * 1_000}.ts`;
  const listed = (from: number): ListingEvent =>
    listing(from, Object.fromEntries(Array.from({ length: 20 }, (_, at) => [stamp(from + at), from + at + 1])));
  const sizes = new ListingTable(BASE, 30);
  for (let from = 0; from < 40; from += 1) sizes.update(listed(from));
  assert.equal(sizes.size, 30);
  const found = Array.from({ length: 60 }, (_, at) => sizes.find(BASE + stamp(at), undefined));
  for (const [at, answer] of found.slice(29, 59).entries()) assert.deepEqual(answer, { bytes: at + 30 });
  assert.deepEqual(found[59], { miss: 'notYetListed' });
  assert.deepEqual(found[28], { miss: 'evicted' });
});

test('an encoder that began again beside the files it left is listed, whatever their numbers', () => {
  const sizes = new ListingTable(BASE, 5);
  const old = Array.from({ length: 8 }, (_, at) => ({ name: `seg${93 + at}.ts`, sizeBytes: 1, modifiedWallMs: at }));
  for (let newest = 0; newest < 9; newest += 1) {
    const fresh = Array.from({ length: newest + 1 }, (_, at) => ({
      name: `seg${at}.ts`,
      sizeBytes: 2,
      modifiedWallMs: 1_000 + at,
    }));
    sizes.update({ ...listing(newest, {}), entries: [...old, ...fresh] });
    assert.deepEqual(sizes.find(`${BASE}seg${newest}.ts`, undefined), { bytes: 2 });
    assert.deepEqual(sizes.find(`${BASE}seg${newest + 1}.ts`, undefined), { miss: 'notYetListed' });
  }
  assert.deepEqual(sizes.find(`${BASE}seg3.ts`, undefined), { miss: 'evicted' });
});

test('the table against a plain oracle: found exactly when listed among the newest of the window, by rank', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(numbers, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(1, 1_000),
      (listings, window, step) => {
        const sizes = new ListingTable(BASE, window);
        let listed: number[] = [];
        let lowest = Number.POSITIVE_INFINITY;
        for (const [atMs, set] of listings.entries()) {
          const top = Math.max(...set);
          const above = listed.filter((number) => number > top).length;
          const isBelow = above > 0 && (above >= set.length || top < lowest);
          if (isBelow) [listed, lowest] = [[], Number.POSITIVE_INFINITY];
          lowest = Math.min(lowest, ...set);
          listed = [...new Set([...listed, ...set])].sort((one, other) => other - one).slice(0, window);
          sizes.update(listing(atMs, Object.fromEntries(set.map((number) => [`seg${number * step}.ts`, number + 1]))));
        }
        for (let number = 0; number <= 60; number += 1) {
          const answer = sizes.find(`${BASE}seg${number * step}.ts`, undefined);
          assert.equal('bytes' in answer, listed.includes(number), `seg${number}`);
        }
      },
    ),
  );
});

interface Attempts {
  readonly lookup: Lookup;
  readonly process: LookupProcess;
  readonly found: number[];
  ask(url: string, atMs: number, playlist?: number): void;
}

function attempts(): Attempts {
  const found: number[] = [];
  const lookup = new Lookup({ streamUrl: `${BASE}a.m3u8`, window: 10, onBytes: (bytes) => found.push(bytes) });
  const process = lookup.newProcess(undefined);
  const ask = (path: string, atMs: number, playlist = 0): void => {
    lookup.requested(process, { playlist, url: BASE + path, offset: 0, atMs });
  };
  return { lookup, process, found, ask };
}

test('where no listing was ever tried only the last attempts wait for one; a listing that failed is one that was tried', () => {
  const untried = attempts();
  for (let number = 0; number < 5_000; number += 1) untried.ask(`seg${number}.ts`, number);
  assert.equal(untried.lookup.read().open, 1_000);
  const tried = attempts();
  tried.lookup.listing({ type: 'listing', atMs: 0, url: '', ok: false });
  for (let number = 0; number < 5_000; number += 1) tried.ask(`seg${number}.ts`, number);
  assert.equal(tried.lookup.read().open, 4_998);
});

test('what the log took back is no attempt: neither pending, nor complete with the requests that follow', () => {
  const { lookup, process, found, ask } = attempts();
  lookup.listing(listing(0, { 'seg1.ts': 10, 'begin.bin': 1_000, 'seg2.ts': 20 }));
  ask('seg1.ts', 1);
  const { attempt } = lookup.requested(process, { playlist: 0, url: `${BASE}begin.bin`, offset: 0, atMs: 2 });
  assert.equal(lookup.read().pending, 2);
  lookup.withdraw(process, 0, attempt);
  lookup.withdraw(process, 0, attempt);
  assert.equal(lookup.read().pending, 1);
  ask('seg2.ts', 3);
  ask('seg3.ts', 4);
  lookup.ended(process, false);
  assert.deepEqual(found, [10, 20]);
});

test('a miss stays open until a listing newer than the request, then counts once', () => {
  const { lookup, ask, found } = attempts();
  lookup.listing(listing(1_000, { 'seg1.ts': 10 }));
  ask('seg2.ts', 1_500);
  ask('seg3.ts', 1_501);
  assert.equal(lookup.read().open, 0, 'the next segment may be asked for ahead');
  ask('seg4.ts', 2_500);
  assert.equal(lookup.read().open, 1);
  lookup.listing(listing(1_400, { 'seg1.ts': 10 }));
  assert.equal(lookup.read().open, 1, 'that listing was made before the request');
  lookup.listing(listing(2_000, { 'seg2.ts': 20 }));
  assert.deepEqual(found, [20], 'added when found');
  ask('seg5.ts', 3_000);
  lookup.listing(listing(3_100, { 'seg2.ts': 20 }));
  lookup.listing(listing(3_200, { 'seg3.ts': 30 }));
  const { attempts: made, successes, open, misses } = lookup.read();
  assert.deepEqual({ made, successes, open }, { made: 2, successes: 1, open: 0 });
  assert.deepEqual(misses, { neverListed: 0, evicted: 0, notYetListed: 1, ambiguous: 0 });
});

test('renditions complete their own segments only', () => {
  const { lookup, process, ask, found } = attempts();
  lookup.listing(listing(0, { 'v0/seg1.ts': 1, 'v0/seg2.ts': 2, 'v0/seg3.ts': 4, 'v1/seg1.ts': 10, 'v1/seg2.ts': 20 }));
  ask('v0/seg1.ts', 1, 0);
  ask('v1/seg1.ts', 2, 1);
  ask('v0/seg2.ts', 3, 0);
  assert.deepEqual(found, []);
  ask('v0/seg3.ts', 4, 0);
  assert.deepEqual(found, [1]);
  lookup.ended(process, false);
  assert.deepEqual(
    [...found].sort((a, b) => a - b),
    [1, 2, 4, 10],
    'what was pending at the end was read',
  );
});

test('what a stopped process was reading is neither bytes nor a miss: a run of under a second shows no bytes for nothing', () => {
  const { lookup, process, ask, found } = attempts();
  lookup.listing(listing(0, { 'seg1.ts': 1, 'seg2.ts': 2 }));
  ask('seg1.ts', 1);
  assert.equal(lookup.read().pending, 1);
  lookup.ended(process, true);
  lookup.finish();
  const { attempts: made, bytes, pending, unread, misses } = lookup.read();
  assert.deepEqual({ made, bytes, pending, unread }, { made: 0, bytes: 0, pending: 0, unread: 1 });
  assert.deepEqual([found, Object.values(misses)], [[], [0, 0, 0, 0]]);
});

test('a failed attempt is no segment', () => {
  const { lookup, process } = attempts();
  lookup.listing(listing(0, { 'seg1.ts': 1, 'seg2.ts': 2 }));
  const ask = (url: string, atMs: number) =>
    lookup.requested(process, { playlist: 0, url: BASE + url, offset: 0, atMs }).attempt;
  ask('seg1.ts', 1).failed = true;
  ask('seg2.ts', 2);
  lookup.ended(process, false);
  assert.equal(lookup.read().bytes, 2);
});

interface EvictCase {
  readonly id: string;
  readonly op: string;
  readonly input: { readonly window: number; readonly names: readonly string[] };
  readonly expected: { readonly kept?: readonly string[]; readonly evicted?: readonly string[] };
}
const VECTORS = new URL('../../../shared/peer/cases/segment_scraper.json', import.meta.url);

test('both tables keep and evict what the peer does in its own eviction cases', {
  skip: existsSync(VECTORS) ? false : 'the vectors are only in ../shared, which is absent',
}, () => {
  const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { readonly cases: readonly EvictCase[] };
  const evictions = cases.filter(({ op }) => op === 'evict');
  assert.ok(evictions.length > 0);
  for (const vector of evictions) {
    const { id, input, expected } = vector;
    const event = listing(0, Object.fromEntries(input.names.map((name) => [name, 1])));
    const ours = new ListingTable(BASE, input.window);
    const original = new OriginalListingTable(input.window);
    for (const sizes of [ours, original]) sizes.update(event);
    // Held against an oracle above: the window counts segments.
    const byRank = differenceOf('segment_scraper', vector, 'window') !== undefined;
    const check = (names: readonly string[], isKept: boolean): void => {
      for (const name of names) {
        if (isKept || !byRank) assert.equal('bytes' in ours.find(BASE + name, undefined), isKept, `${id} ${name}`);
        assert.equal(original.find(BASE + name) !== undefined, isKept, `${id} ${name}, original`);
      }
    };
    check(expected.kept ?? [], true);
    check(expected.evicted ?? [], false);
  }
});

test('what only waits for a listing is no failure, and what it brings belongs to the first seconds of its process', () => {
  const figures = new FigureBook();
  figures.started(1, 1, 0);
  const lookup = new Lookup({ streamUrl: `${BASE}a.m3u8`, window: 10, onBytes: () => {} });
  const process = lookup.newProcess(figures.at(1, 1));
  lookup.listing(listing(1, { 'seg0.ts': 5 }));
  for (const number of [1, 2, 3])
    lookup.requested(process, { playlist: 0, url: `${BASE}seg${number}.ts`, offset: 0, atMs: number * 1_000 });
  const { attempts: decided, open, youngBytes } = lookup.read();
  assert.deepEqual({ decided, open, youngBytes }, { decided: 0, open: 1, youngBytes: 0 });
  lookup.listing(listing(20_000, { 'seg1.ts': 10 }));
  const after = lookup.read();
  assert.deepEqual([after.attempts, after.successes, after.open, after.youngBytes], [1, 1, 0, 10]);
});

test('a body that ended early counts as far as the log says it came', () => {
  const { lookup, process, ask, found } = attempts();
  lookup.listing(listing(0, { 'seg1.ts': 62_040, 'seg2.ts': 500, 'seg3.ts': 62_040 }));
  lookup.endedPrematurely(process, { atMs: 5, atByte: 100, expectedBytes: 500 });
  ask('seg1.ts', 10);
  lookup.endedPrematurely(process, { atMs: 11, atByte: 31_020, expectedBytes: 62_040 });
  lookup.endedPrematurely(process, { atMs: 12, atByte: 700, expectedBytes: 777 });
  ask('seg2.ts', 20);
  ask('seg3.ts', 30);
  lookup.ended(process, false);
  assert.deepEqual(found, [31_020, 500, 62_040], 'a playlist’s early end, and one before the request, are not theirs');
});
