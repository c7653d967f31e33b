// The original's inference, kept with its errors: what it made of a log, and that it ends with the process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedEvent, ParsedFact } from '../../src/events.ts';
import { newOriginalProcess, OriginalInference } from '../../src/stats/original-inference.ts';

const SIZES = { 'seg1.ts': 10, 'seg2.ts': 20, 'seg3.ts': 40 };

function infer(facts: readonly (readonly [atMs: number, fact: ParsedFact])[]): OriginalInference {
  const original = new OriginalInference(300);
  const entries = Object.entries(SIZES).map(([name, sizeBytes]) => ({ name, sizeBytes }));
  original.listing({ type: 'listing', atMs: 0, url: 'http://o/files/json/', ok: true, entries });
  const process = newOriginalProcess();
  for (const [atMs, fact] of facts)
    original.record({ type: 'parsed', client: 1, process: 1, atMs, ...fact } as ParsedEvent, process);
  return original;
}

const asked = (url: string, playlist = 0): ParsedFact => ({ rule: 'hls-request', url, offset: 0, playlist });
const opened = (url: string, context = 'http'): ParsedFact => ({ rule: 'open', url, context, isNewConnection: false });

test('the next segment of any playlist completes the one before, by the last part of its name; the last one is lost', () => {
  const original = infer([
    [0, asked('http://o/v0/seg1.ts')],
    [44, asked('http://o/v1/seg1.ts', 1)],
    [2_000, asked('http://o/v0/seg2.ts')],
  ]);
  assert.deepEqual(original.readLookup(), { attempts: 2, successes: 2, bytes: 20 });
  assert.equal(original.read(2_000).segmentMs.n, 2);
});

test('three lines about one segment are one segment, and the last of them starts its time', () => {
  const original = infer([
    [0, asked('http://o/seg1.ts')],
    [1, opened('http://o/seg1.ts')],
    [2, { rule: 'request', method: 'GET', url: '/seg1.ts' }],
    [12, opened('http://o/seg2.ts')],
    [12, opened('https://o/seg3.ts', 'https')],
  ]);
  const { segments, segmentMs } = original.read(12);
  assert.equal(segments, 1);
  assert.ok(Math.abs((segmentMs.max ?? 0) - 10) < 0.2, `${segmentMs.max}`);
});

test('failed attempts count in full, names with a query are never found', () => {
  const original = infer([
    [0, asked('http://o/seg1.ts?token=1')],
    [10, { rule: 'http-error', status: 404, text: 'Not Found' }],
    [20, asked('http://o/seg2.ts')],
    [30, asked('http://o/seg3.ts')],
  ]);
  assert.deepEqual(original.readLookup(), { attempts: 2, successes: 1, bytes: 20 });
});

test('a playlist takes from its opening on a new connection to its first tag; kept connections are not seen', () => {
  const original = infer([
    [0, opened('http://o/a.m3u8', 'hls')],
    [3, { rule: 'format-probed', format: 'hls' }],
    [2_000, opened('http://o/a.m3u8')],
    [2_001, { rule: 'tag-skipped', tag: '#EXT-X-VERSION:3' }],
  ]);
  const { playlists, playlistMs } = original.read(3_000);
  assert.deepEqual([playlists, playlistMs.n], [1, 1]);
});
