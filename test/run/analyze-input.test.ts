// What `analyze` takes and what it refuses: things that are no log, times of another log, and other people's events.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { renderAnalysis } from '../../src/report/analysis.ts';
import { analyze } from '../../src/run/analyze.ts';
import { isSameReading } from '../../src/run/analyze-journal.ts';
import {
  analysisOf,
  arrivalsOf,
  BASE,
  differencesOf,
  HEALTHY,
  HEALTHY_ROWS,
  type Line,
  media,
  PLAYLIST,
  START,
  said,
} from '../support/analysis.ts';

async function* piped(...octets: readonly Buffer[]): AsyncIterable<Buffer> {
  yield* octets;
}

const TEXT = HEALTHY.map(({ text }) => `${text}\n`).join('');
const NO_LOG: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  'a log that is compressed': [gzipSync(TEXT), /is no log of FFmpeg: it is compressed by gzip; decompress it first/],
  'UTF-16': [Buffer.from(`\ufeff${TEXT}`, 'utf16le'), /is no log of FFmpeg: it is UTF-16; FFmpeg writes UTF-8$/],
  'a truth file': [
    Buffer.from('{"url":"/a.ts","tStart":1}\n'),
    /is no log of FFmpeg: none of its lines is one that FFmpeg prints$/,
  ],
  'octets of nothing': [
    Buffer.from(Uint8Array.from({ length: 4096 }, (_, at) => (at * 131) % 251)),
    /is no log of FFmpeg: none/,
  ],
};
for (const [name, [octets, message]] of Object.entries(NO_LOG)) {
  test(`refused, because it is no log: ${name}`, async () => {
    await assert.rejects(analyze({ stderr: '-' }, piped(octets)), { name: 'CannotMeasure', message });
  });
}

test('a log that is empty, or has nothing that anyone counts, is what level error leaves of a healthy process', async () => {
  const reasons = [
    'requests.segment -2 noRequestLines',
    'requests.playlist -1 noRequestLines',
    'opens.segment -2 noOpenLines',
    'opens.playlist -1 noOpenLines',
    'httpErrors.404 -1 noErrorLines',
  ];
  const rows = HEALTHY_ROWS.map((item, at) => (at === 2 ? { ...item, status: 404 } : item));
  for (const log of [[], [said(0, '[h264 @ 0x1] [error] non-existing PPS 0 referenced')]]) {
    assert.deepEqual(differencesOf(await analysisOf({ log, rows })), reasons);
  }
});

const LONG: readonly Line[] = [
  ...HEALTHY,
  ...Array.from({ length: 12 }, (_, at) => media(4 + at, `/live/b${at}.ts`)).flat(),
];

test('arrivals of another log are not believed, those of a log that was cut off are', async () => {
  const cut = { log: LONG.slice(0, 30), files: { 'arrivals.jsonl': arrivalsOf(LONG) } };
  assert.equal((await analysisOf(cut)).timeSource, 'arrivals');
  const shorter = analysisOf({ log: LONG, files: { 'arrivals.jsonl': arrivalsOf(LONG.slice(0, 30)) } });
  await assert.rejects(shorter, {
    name: 'CannotMeasure',
    message: /is not of that log: it ends at octet \d+, the log at \d+;/,
  });
  const shifted = arrivalsOf([said(0, 'the first line of another log'), ...LONG]);
  const other = analysisOf({ log: LONG, files: { 'arrivals.jsonl': shifted } });
  await assert.rejects(other, { name: 'CannotMeasure', message: /and [0-9] of \d+ chunks end where a line does;/ });
});

test('--log-process is refused where nothing has a process', async () => {
  const message = /is a truth file, in which nothing has a process; --log-process 2 goes with a journal$/;
  const told = analysisOf({ log: HEALTHY, rows: HEALTHY_ROWS, options: { logProcess: 2 } });
  await assert.rejects(told, { name: 'CannotMeasure', message });
});

test('two readings without a line are no sign that two logs are one', () => {
  assert.equal(isSameReading([], []), false);
});

const urls = [PLAYLIST, '/live/a1.ts', '/live/a2.ts'].map((path) => `${BASE}${path}`);
const events = (...lines: readonly object[]): { 'events.jsonl': string } => ({
  'events.jsonl': lines.map((line) => JSON.stringify(line)).join('\n'),
});

const STATED: Readonly<Record<string, readonly [readonly object[], readonly string[]]>> = {
  'all requests, and no openings': [
    urls.map((url) => ({ rule: 'request', url })),
    ['opens.segment -2 notStated', 'opens.playlist -1 notStated'],
  ],
  'the first requests only': [
    urls.slice(0, 2).map((url) => ({ rule: 'request', url })),
    ['requests.segment -1 unexplained', 'opens.segment -2 notStated', 'opens.playlist -1 notStated'],
  ],
  'wrong kinds of their own': [
    urls.map((url) => ({ rule: 'request', url, kind: 'segment' })),
    [
      'requests.segment 1 unexplained',
      'requests.playlist -1 unexplained',
      'opens.segment -2 notStated',
      'opens.playlist -1 notStated',
    ],
  ],
  'announcements of all segments': [
    urls.slice(1).map((url) => ({ rule: 'hls-request', url })),
    [
      'requests.segment -2 notStated',
      'requests.playlist -1 notStated',
      'opens.segment -2 notStated',
      'opens.playlist -1 notStated',
    ],
  ],
  'announcements of some': [
    urls.slice(1, 2).map((url) => ({ rule: 'hls-request', url })),
    [
      'requests.segment -1 notStated',
      'requests.segment -1 unexplained',
      'requests.playlist -1 notStated',
      'opens.segment -2 notStated',
      'opens.playlist -1 notStated',
    ],
  ],
  'one opening of three': [
    urls.slice(0, 1).map((url) => ({ rule: 'open', url })),
    ['requests.segment -2 notStated', 'requests.playlist -1 notStated', 'opens.segment -2 unexplained'],
  ],
};
for (const [name, [stated, expected]] of Object.entries(STATED)) {
  test(`nothing that a log leaves out excuses events that state ${name}`, async () => {
    const at = [0, 0.1, 2];
    const timed = stated.map((event, index) => ({
      ...event,
      t: START + (at[index + urls.length - stated.length] ?? 0),
    }));
    for (const lines of name.includes('first') || name.includes('some') || name.includes('one')
      ? [stated]
      : [stated, timed]) {
      const analysis = await analysisOf({ rows: HEALTHY_ROWS, files: events(...lines) });
      assert.deepEqual(differencesOf(analysis), expected);
      const praise = /or differs from it for the reasons below/;
      if (analysis.unexplained > 0) assert.doesNotMatch(renderAnalysis(analysis, 80), praise);
    }
  });
}

test('announcements without times are brought together with segments by their order', async () => {
  const analysis = await analysisOf({
    rows: HEALTHY_ROWS,
    files: events(...urls.slice(1).map((url) => ({ rule: 'hls-request', url }))),
  });
  assert.deepEqual([analysis.timeSource, analysis.agreement.segment.matched], ['order', 2]);
});

test('events of a parser that sees no openings have dead connections by the truth', async () => {
  const twice = [...urls, urls[2] ?? ''].map((url) => ({ rule: 'request', url }));
  const rows = HEALTHY_ROWS.map((item) => ({ ...item, reqOnConn: 1 }));
  const analysis = await analysisOf({ rows, files: events(...twice) });
  assert.deepEqual(differencesOf(analysis).slice(0, 1), ['requests.segment 1 deadConnection']);
});
