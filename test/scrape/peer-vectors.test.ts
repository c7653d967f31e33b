// The scrapers against the vectors of the peer; where we differ on purpose is in ../support/peer-differences.ts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createNginxReader } from '../../src/scrape/nginx-exporter.ts';
import { createNodeReader } from '../../src/scrape/node-exporter.ts';
import { parsePrometheusText, type Sample } from '../../src/scrape/prometheus-text.ts';
import { differenceOf } from '../support/peer-differences.ts';

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
  return cases.filter((vector) => vector.op === op && differenceOf(component, vector) === undefined);
}

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
