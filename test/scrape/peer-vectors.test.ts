// The scrapers against the vectors of the peer; where we differ on purpose is in ../support/peer-differences.ts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Schedule } from '../../src/scrape/adaptive-interval.ts';
import { createNginxReader } from '../../src/scrape/nginx-exporter.ts';
import { createNodeReader } from '../../src/scrape/node-exporter.ts';
import { parsePrometheusText, type Sample } from '../../src/scrape/prometheus-text.ts';
import { keepNewest, mediaNumber, readListing } from '../../src/scrape/segment-sizes.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { FakeTime } from './fake-time.ts';

const CASES = new URL('../../../shared/peer/cases/', import.meta.url);
const skip = existsSync(CASES) ? false : 'the vectors in ../shared/peer are absent';

interface Vector<Input, Expected> {
  readonly id: string;
  readonly op: string;
  readonly input: Input;
  readonly expected: Expected;
  readonly truth?: unknown;
}

function vectors<Input, Expected>(component: string, op: string): readonly Vector<Input, Expected>[] {
  const { cases } = JSON.parse(readFileSync(new URL(`${component}.json`, CASES), 'utf8')) as {
    cases: readonly Vector<Input, Expected>[];
  };
  const chosen = cases.filter((vector) => vector.op === op && differenceOf(component, vector) === undefined);
  assert.ok(chosen.length > 0, op);
  return chosen;
}

test('media numbers are those of the vectors', { skip }, () => {
  for (const { id, input, expected, truth } of vectors<string, number | null>('segment_scraper', 'segment_number')) {
    // A query is part of a URL; names in a listing have none.
    const name = input.split('?')[0] ?? '';
    assert.equal(mediaNumber(name) ?? null, truth === undefined ? expected : truth, id);
  }
});

test('the window keeps and drops the names of the vectors', { skip }, () => {
  interface Input {
    readonly window: number;
    readonly names: readonly string[];
  }
  for (const vector of vectors<Input, { kept?: string[]; evicted?: string[] }>('segment_scraper', 'evict')) {
    const { id, input, expected } = vector;
    const names = [...new Set(input.names)];
    const kept = keepNewest(
      names.map((name) => ({ name, sizeBytes: 1 })),
      input.window,
    ).entries.map(({ name }) => name);
    for (const name of expected.kept ?? []) assert.ok(kept.includes(name), `${id} keeps ${name}`);
    const segments = (of: readonly string[]): string[] => of.filter((name) => mediaNumber(name) !== undefined);
    const byNumber = segments(names).sort((one, other) => (mediaNumber(other) ?? 0) - (mediaNumber(one) ?? 0));
    assert.deepEqual(segments(kept).sort(), byNumber.slice(0, input.window).sort(), `${id} by rank`);
    if (differenceOf('segment_scraper', vector, 'evicted') !== undefined) continue;
    for (const name of expected.evicted ?? []) assert.ok(!kept.includes(name), `${id} drops ${name}`);
  }
});

test('listings are read as in the vectors; an encoder restart keeps its new names', { skip }, () => {
  interface Input {
    readonly window: number;
    readonly responses: readonly { readonly body: string }[];
  }
  interface Expected {
    readonly error?: boolean;
    readonly cache?: Record<string, number>;
    readonly cache_size?: number;
  }
  for (const { id, input, expected, truth } of vectors<Input, Expected>('segment_scraper', 'scrape')) {
    const listing = readListing(input.responses.at(-1)?.body ?? '');
    assert.equal(!listing.ok, expected.error ?? false, id);
    const kept = listing.ok ? keepNewest(listing.entries, input.window).entries : [];
    const sizes = Object.fromEntries(kept.map(({ name, sizeBytes }) => [name, sizeBytes]));
    const wanted = truth as { lookup_after?: Record<string, number>; note?: string } | undefined;
    if (wanted?.note === 'a negative size should be refused') {
      assert.deepEqual(sizes, {}, id);
      continue;
    }
    for (const [name, size] of Object.entries(wanted?.lookup_after ?? {})) assert.equal(sizes[name], size, id);
    if (expected.cache !== undefined) assert.deepEqual(sizes, expected.cache, id);
    if (expected.cache_size !== undefined) assert.equal(kept.length, expected.cache_size, id);
  }
});

test('jitter of the vectors: it can be switched off, stays within its width and never makes a delay negative', {
  skip,
}, async () => {
  interface Input {
    readonly interval_ms: number;
    readonly jitter_ms: number;
  }
  for (const { id, input, expected } of vectors<Input, { next_interval_range_ms: [number, number] }>(
    'segment_scraper',
    'defaults',
  )) {
    for (const draw of [0, 0.25, 0.999]) {
      const delays: number[] = [];
      const time = new FakeTime();
      const schedule = new Schedule({
        intervalMs: () => input.interval_ms,
        jitterMs: () => input.jitter_ms,
        random: () => draw,
        nowMs: () => time.clock.nowMs(),
        task: async () => {},
        timers: { set: (_callback, delayMs) => delays.push(delayMs), clear: () => {} },
      });
      schedule.start();
      await time.advance(0);
      const [low, high] = expected.next_interval_range_ms;
      const [delay] = delays;
      assert.ok(delay !== undefined && delay >= Math.max(0, low) && delay <= high, `${id}: ${delay}`);
      if (input.jitter_ms === 0) assert.equal(delay, input.interval_ms, id);
    }
  }
});

interface HostInput {
  readonly node?: readonly (string | null)[];
  readonly nginx?: readonly (string | null)[];
  readonly gap_s?: number;
}

function samples(text: string): readonly Sample[] {
  const exposition = parsePrometheusText(text);
  return exposition.ok ? exposition.samples : [];
}

test('node_exporter: memory and octets of the vectors, CPU from deltas where the peer takes the mean since boot', {
  skip,
}, () => {
  for (const { id, input, expected, truth } of vectors<HostInput, Record<string, number>>('origin_scraper', 'node')) {
    const read = createNodeReader('origin.example');
    const readings = (input.node ?? []).flatMap((text) => (text === null ? [] : [read(samples(text))]));
    const [before, last] = [readings.at(-2), readings.at(-1)];
    if (expected['mem_total'] !== undefined) assert.equal(last?.memoryTotalBytes, expected['mem_total'], id);
    if (expected['mem_used'] !== undefined) assert.equal(last?.memoryUsedBytes, expected['mem_used'], id);
    if (readings.length < 2) continue;
    const wanted: Record<string, unknown> = { ...expected, ...(truth as object | undefined) };
    const rates = {
      net_in_rate:
        ((last?.networkReceivedBytesTotal ?? 0) - (before?.networkReceivedBytesTotal ?? 0)) / (input.gap_s ?? 0),
      net_out_rate: ((last?.networkSentBytesTotal ?? 0) - (before?.networkSentBytesTotal ?? 0)) / (input.gap_s ?? 0),
    };
    for (const [name, rate] of Object.entries(rates)) {
      assert.ok(rate >= 0, id);
      if (wanted[name] !== undefined) assert.equal(rate, wanted[name], `${id} ${name}`);
    }
    if (wanted['cpu_percent'] !== undefined) assert.equal((last?.cpuRatio ?? 0) * 100, wanted['cpu_percent'], id);
  }
});

test('nginx exporter: connections and requests of the vectors', { skip }, () => {
  for (const { id, input, expected } of vectors<HostInput, Record<string, number>>('origin_scraper', 'nginx')) {
    const read = createNginxReader();
    const readings = (input.nginx ?? []).flatMap((text) => (text === null ? [] : [read(samples(text))]));
    if (expected['connections'] !== undefined)
      assert.equal(readings.at(-1)?.connectionsActive, expected['connections'], id);
    if (readings.length > 1 && expected['req_rate'] !== undefined) {
      const requests = (readings.at(-1)?.requestsTotal ?? 0) - (readings.at(-2)?.requestsTotal ?? 0);
      assert.equal(requests / (input.gap_s ?? Number.NaN), expected['req_rate'], id);
    }
  }
});

test('texts of the failure vectors never throw', { skip }, () => {
  for (const { input } of vectors<HostInput, unknown>('origin_scraper', 'failure')) {
    for (const text of input.node ?? []) createNodeReader('o')(samples(text ?? ''));
  }
});
