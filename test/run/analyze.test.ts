// `analyze` over small logs written here: each reason for a difference, whose log it is, times, sizes, other people's events.
// Whole logs of real FFmpeg processes are in analyze-captures.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { renderAnalysis } from '../../src/report/analysis.ts';
import { analyze } from '../../src/run/analyze.ts';
import { commonSequence } from '../../src/run/analyze-order.ts';
import { life, parsed, RUN, sample, segment, segmentUrl, transfersIn } from '../stats/ledger-traffic.ts';
import {
  analysisOf,
  BASE,
  differencesOf,
  type Files,
  HEALTHY,
  HEALTHY_ROWS,
  type Line,
  media,
  PLAYLIST,
  row,
  START,
  said,
} from '../support/analysis.ts';
import { writtenLine } from '../support/journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'hls-swarm-analyze-'));
after(() => rmSync(folder, { recursive: true }));

async function* nothing(): AsyncIterable<Buffer> {}

test('a log that tells all and a truth with paths only agree, and the page says so', async () => {
  const analysis = await analysisOf({ log: HEALTHY, rows: HEALTHY_ROWS });
  assert.deepEqual(analysis.differences, []);
  const { matched, startErrorMs } = analysis.agreement.segment;
  assert.deepEqual([matched, startErrorMs.n, Math.round((startErrorMs.bias ?? 0) * 10)], [2, 2, -5]);
  assert.match(renderAnalysis(analysis, 80), /Every count equals the truth\./);
  for (const line of renderAnalysis(analysis, 80).split('\n')) assert.ok(line.length < 80, line);
});

test('requests within a tunnel are invisible to whoever saw only the CONNECT', async () => {
  const secure = HEALTHY.map(({ at, text }) => ({
    at,
    text: text.replace('[http @', '[https @').replaceAll('http://', 'https://'),
  }));
  const rows = [{ method: 'CONNECT', url: 'origin.example:443', tStart: START, status: 200 }];
  const analysis = await analysisOf({ log: secure, rows });
  assert.equal(analysis.truth?.tunnels, 1);
  assert.deepEqual(differencesOf(analysis), [
    'requests.segment 2 tunnelled',
    'requests.playlist 1 tunnelled',
    'opens.segment 2 tunnelled',
    'opens.playlist 1 tunnelled',
  ]);
});

test("stamps in another zone's local time are put on the truth's clock by whole quarters of an hour", async () => {
  const stamped = HEALTHY.map(({ at, text }) => {
    const local = new Date((START + at + 5.75 * 3600) * 1000).toISOString().replace('T', ' ').slice(0, 23);
    return { at, text: `${local} ${text}` };
  });
  const rows = HEALTHY_ROWS.map((item) => JSON.stringify(item)).join('\n');
  const own = mkdtempSync(join(folder, 'stamps-'));
  writeFileSync(join(own, 'a.log'), stamped.map(({ text }) => `${text}\n`).join(''));
  writeFileSync(join(own, 't.jsonl'), rows);
  const analysis = await analyze({ stderr: join(own, 'a.log'), truth: join(own, 't.jsonl') }, nothing());
  assert.equal(analysis.timeSource, 'stamps');
  assert.deepEqual([analysis.agreement.segment.matched, analysis.agreement.segment.startErrorMs.n], [2, 2]);
});

test('a size listing gives the bytes of what was looked up, also from a folder below', async () => {
  const sizes = JSON.stringify([
    { name: 'a1.ts', type: 'file', size: 700 },
    { name: 'a2.ts', type: 'file', size: 800 },
  ]);
  const log = [...HEALTHY, ...media(4, '/live/a3.ts')];
  const analysis = await analysisOf({
    log,
    rows: [...HEALTHY_ROWS, row(4, '/live/a3.ts')],
    files: { 'sizes.json': sizes },
  });
  assert.equal(analysis.parser.segmentBytes, 1500);
  assert.equal(analysis.agreement.estimators.find(({ name }) => name === 'lookup')?.bytes, 1500);
});

test('without a truth the account stands alone', async () => {
  const analysis = await analysisOf({ log: HEALTHY });
  assert.deepEqual(analysis.parser.requests, { segment: 2, playlist: 1, init: 0, key: 0, other: 0 });
  assert.deepEqual([analysis.truth, analysis.differences], [undefined, []]);
  const { matched, unavailable } = analysis.agreement.segment;
  assert.deepEqual([matched, unavailable], [undefined, 'no reference: nothing was tapped']);
});

test("another parser's events are scored by their own kinds and bytes, ours beside them", async () => {
  const events = [
    { rule: 'request', t: START, url: `${BASE}${PLAYLIST}`, kind: 'playlist' },
    { rule: 'request', t: START + 0.1, url: `${BASE}/live/a1.ts`, kind: 'segment', range: 'bytes=0-' },
    { rule: 'http-error', t: START + 0.2, status: 404 },
    { rule: 'segment-bytes', bytes: 900 },
    { rule: 'request', t: START + 9, url: `${BASE}/live/never.ts`, kind: 'segment' },
    { rule: 'request', t: START + 12, url: `${BASE}/live/stream.m3u8`, kind: 'playlist' },
  ];
  const text = events.map((event) => JSON.stringify(event)).join('\n');
  const analysis = await analysisOf({ log: HEALTHY, rows: HEALTHY_ROWS, files: { 'events.jsonl': text } });
  assert.equal(analysis.candidate, 'events');
  assert.deepEqual(analysis.parser.requests, { segment: 2, playlist: 2, init: 0, key: 0, other: 0 });
  const { matched, missed, spurious, precision, recall } = analysis.agreement.segment;
  assert.deepEqual([matched, missed, spurious, precision, recall], [1, 1, 1, 0.5, 0.5]);
  assert.deepEqual(analysis.agreement.estimators[0], {
    name: 'events',
    status: 'ok',
    reference: 'content of segments',
    bytes: 900,
    referenceBytes: 2000,
    errorRatio: -0.55,
  });
  assert.deepEqual([analysis.ours?.candidate, analysis.ours?.agreement.segment.matched], ['parser', 2]);
  assert.match(renderAnalysis(analysis, 80), /The same by our own parser/);
});

test("a journal's own parsed records can be handed in as events", async () => {
  const records = [parsed(1, 100, { rule: 'tcp-start', address: '127.0.0.1', port: 1 }), ...segment(1, 1, 200)]
    .filter(({ type }) => type === 'parsed')
    .map(writtenLine);
  const rows = [{ url: segmentUrl(1), tStart: START, kind: 'segment', status: 200 }];
  const analysis = await analysisOf({ rows, files: { 'events.jsonl': records.join('') } });
  assert.deepEqual([analysis.agreement.segment.matched, analysis.timeSource], [1, 'order']);
});

const REFUSED: Readonly<Record<string, readonly [Files, RegExp]>> = {
  'a truth that is no JSON': [{ 'truth.jsonl': 'GET /a.ts\n' }, /^--truth: ".*" line 1: "GET \/a.ts" is not JSON/],
  'a truth row without a URL': [
    { 'truth.jsonl': '{"tStart":1}' },
    /line 1: .* is no request: "url" is missing; allowed:/,
  ],
  'a truth row without a time': [
    { 'truth.jsonl': '{"url":"/a.ts","tStart":"now"}' },
    /is no request: "tStart" is no time; allowed:/,
  ],
  'a truth row with a strange status': [
    { 'truth.jsonl': '{"url":"/a.ts","tStart":1,"status":"ok"}' },
    /"status" is no number; allowed:/,
  ],
  'a truth of several clients': [
    { 'truth.jsonl': '{"url":"/a.ts","tStart":1,"client":"1"}\n{"url":"/a.ts","tStart":1,"client":"2"}' },
    /has the requests of 2 clients; say whose log it is with --log-client, one of: 1, 2$/,
  ],
  'a listing that is none': [{ 'sizes.json': '{}' }, /^--sizes: ".*" is no listing: the listing is not a JSON array/],
  'an event without a rule': [{ 'events.jsonl': '{"url":"/a"}' }, /^--events: ".*" line 1: .* has no "rule"; allowed:/],
  'an event of an unknown rule': [
    { 'events.jsonl': '{"rule":"guess"}' },
    /is no event; allowed: \{"rule": one of request,/,
  ],
  'an event of an unknown kind': [
    { 'events.jsonl': '{"rule":"request","url":"/a","kind":"video"}' },
    /has an unknown kind; allowed: segment, playlist, init, key, other$/,
  ],
  'events with two clocks': [
    { 'events.jsonl': '{"rule":"open","url":"/a","t":1}\n{"rule":"open","url":"/a","atMs":1}' },
    /has both "t" and "atMs"; allowed: one of the two/,
  ],
  'no events at all': [{ 'events.jsonl': '' }, /has no events$/],
};
for (const [name, [files, message]] of Object.entries(REFUSED)) {
  test(`refused with a sentence: ${name}`, async () => {
    await assert.rejects(analysisOf({ log: HEALTHY, files }), { name: 'CannotMeasure', message });
  });
}

test('a log that is not there is refused', async () => {
  const missing = analyze({ stderr: join(folder, 'none.log') }, nothing());
  await assert.rejects(missing, { name: 'CannotMeasure', message: /none.log" cannot be read: there is no such file$/ });
});

const DOORS = [40_001, 40_002];

/** Two clients of a run; the second was started twice. */
function journal(): string {
  const second = segment(2, 7, 200);
  const again = segment(2, 8, 3_200).map((event) => ({ ...event, process: 2 }));
  const events = [
    { type: 'run' as const, ...RUN, clients: 2, doorPorts: DOORS },
    ...segment(1, 1, 100),
    ...second,
    ...again,
    life(2, 4_000, 'exit', { category: 'success' }),
  ];
  return [...events, sample(4_500, transfersIn(events))].map(writtenLine).join('');
}

/** What client 2 would have logged in a process of its own. */
function logOf(number: number, port: number): Line[] {
  const url = segmentUrl(number);
  return [
    said(0, `[tcp @ 0x1] [verbose] Starting connection attempt to 127.0.0.1 port ${port}`),
    said(0, `[hls @ 0x1] [verbose] HLS request for url '${url}', offset 0, playlist 0`),
    said(0, `[hls @ 0x1] [info] Opening '${url}' for reading`),
    said(0, `[http @ 0x1] [debug] request: GET ${url} HTTP/1.1\n`),
  ];
}

test('a journal knows the client of a log by its door; of several processes one must be said', async () => {
  const files = { 'truth.jsonl': journal() };
  const own = await analysisOf({ log: logOf(1, 40_001), files });
  assert.deepEqual([own.truth?.client, own.truth?.process, own.truth?.requests.segment], [1, 1, 1]);
  assert.equal(own.segmentTimes?.receiveMs.n, 1, 'what its segment took stands beside what the log makes of it');
  const unsaid = analysisOf({ log: logOf(8, 40_002), files });
  await assert.rejects(unsaid, {
    name: 'CannotMeasure',
    message: /2 processes of client 2; say .* --log-process, one of: 1, 2$/,
  });
  const second = await analysisOf({ log: logOf(8, 40_002), files, options: { logProcess: 2 } });
  assert.deepEqual([second.truth?.client, second.truth?.process, second.truth?.requests.segment], [2, 2, 1]);
});

test('a journal of several clients and a log without a door need to be told', async () => {
  const files = { 'truth.jsonl': journal() };
  const [, ...doorless] = logOf(1, 1);
  const message = /has 2 clients, and the log names no door of theirs; say .* --log-client, 1 to 2$/;
  await assert.rejects(analysisOf({ log: doorless, files }), { name: 'CannotMeasure', message });
  const told = await analysisOf({ log: doorless, files, options: { logClient: 1 } });
  assert.equal(told.truth?.client, 1);
  const none = analysisOf({ log: doorless, files, options: { logClient: 9 } });
  await assert.rejects(none, { name: 'CannotMeasure', message: /has 2 clients; --log-client 9 is none of them$/ });
});

test('the common sequence is as long as can be, in order, and pairs only equals', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 24 });
  fc.assert(
    fc.property(words, words, (left, right) => {
      const partners = commonSequence(left, right);
      const pairs = [...partners].flatMap((partner, at) => (partner < 0 ? [] : [[at, partner] as const]));
      for (const [at, partner] of pairs) assert.equal(left[at], right[partner]);
      const taken = pairs.map(([, partner]) => partner);
      assert.deepEqual(
        taken,
        [...new Set(taken)].sort((one, other) => one - other),
      );
      assert.equal(pairs.length, longest(left, right));
    }),
  );
});

test('two long texts that have little in common still find what is but once in each', () => {
  const left = Array.from({ length: 9_000 }, (_, at) => `item ${at}`);
  const right = left.filter((_, at) => at % 3 > 0);
  const partners = commonSequence(left, right);
  assert.equal([...partners].filter((partner, at) => partner >= 0 && right[partner] === left[at]).length, right.length);
});

function longest(left: readonly string[], right: readonly string[]): number {
  const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  left.forEach((one, i) => {
    right.forEach((other, j) => {
      const best = Math.max(table[i]?.[j + 1] ?? 0, table[i + 1]?.[j] ?? 0);
      (table[i + 1] as number[])[j + 1] = one === other ? (table[i]?.[j] ?? 0) + 1 : best;
    });
  });
  return table[left.length]?.[right.length] ?? 0;
}
