// A journal gives its run's numbers again; what is no journal is refused, and one that ends early is read as far as it goes.
// The journal of a real run is replayed in test/system/analyze.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Event, RunEvent } from '../../src/events.ts';
import { replay } from '../../src/run/replay.ts';
import { ledgerOptions } from '../../src/run/run-facts.ts';
import { Ledger } from '../../src/stats/ledger.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { life, listing, parsed, playlist, quiet, RUN, segment, transfersIn } from '../stats/ledger-traffic.ts';
import { writtenLine } from '../support/journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'hls-swarm-replay-'));
after(() => rmSync(folder, { recursive: true }));
const nothing = async function* (): AsyncIterable<Buffer> {};

const DOOR = 40_001;
const RUN_EVENT: RunEvent = {
  type: 'run',
  ...RUN,
  segmentCacheWindow: 2,
  statsDropThreshold: 0.5,
  doorPorts: [DOOR, 40_002],
};

function traffic(): Event[] {
  const events: Event[] = [
    RUN_EVENT,
    life(1, 0, 'start'),
    parsed(1, 90, { rule: 'tcp-start', address: '127.0.0.1', port: DOOR }),
    ...playlist(1, 100),
    listing(150, [1, 2, 3]),
    ...segment(1, 1, 200),
    ...segment(1, 2, 1_200, { status: 404, contentBytes: 9 }),
    ...segment(1, 3, 2_200),
    listing(2_500, [4, 5, 6]),
    ...segment(1, 4, 3_200),
    life(1, 4_000, 'stop'),
    life(1, 4_100, 'exit', { category: 'stopped' }),
  ];
  const samples = quiet(1_000, 8_000, transfersIn(events));
  return [...events, ...samples].sort((one, other) => ('atMs' in one && 'atMs' in other ? one.atMs - other.atMs : 0));
}

/** What the run itself would have said, and the journal that it would have written. */
function recorded(): { readonly summary: Summary; readonly lines: readonly string[] } {
  const ledger = new Ledger(ledgerOptions(RUN_EVENT));
  const events: Event[] = [...traffic(), { type: 'end', atMs: 8_200 }];
  for (const event of events) ledger.record(event);
  const { summary } = ledger.snapshot(8_200, 0);
  return { summary, lines: [...events.map(writtenLine), `${JSON.stringify({ type: 'summary', ...summary })}\n`] };
}

function write(name: string, text: string): { readonly option: string; readonly path: string } {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { option: 'JOURNAL', path };
}

test('the summary of a replay is that of the run, options and doors of the run included', async () => {
  const { summary, lines } = recorded();
  const replayed = await replay(write('whole.ndjson', lines.join('')), nothing());
  assert.deepEqual(replayed.snapshot.summary, summary);
  assert.deepEqual(replayed.recorded, JSON.parse(JSON.stringify(summary)));
  assert.equal(summary.instrument.bypassedRequests, 0);
  // With another window the listing would still know the first segment.
  assert.ok((summary.parser.lookup?.misses.evicted ?? 0) > 0);
});

test('a connection that went past the door of its client is a bypass in the replay too', async () => {
  const { lines } = recorded();
  const past = writtenLine(parsed(1, 300, { rule: 'tcp-start', address: '127.0.0.1', port: 80 }));
  const replayed = await replay(write('bypass.ndjson', [...lines.slice(0, -2), past].join('')), nothing());
  assert.equal(replayed.snapshot.summary.instrument.bypassedRequests, 1);
});

test('findings are found again, not counted twice', async () => {
  const { summary, lines } = recorded();
  const told = lines.toSpliced(
    3,
    0,
    writtenLine({ type: 'finding', atMs: 100, code: 'lookup-low', subject: 's', evidence: 'e' }),
  );
  const replayed = await replay(write('finding.ndjson', told.join('')), nothing());
  assert.deepEqual(replayed.snapshot.summary.findings, summary.findings);
});

test('a journal that was cut off within a line is replayed as far as it goes', async () => {
  const { lines } = recorded();
  const text = lines.slice(0, 8).join('');
  const replayed = await replay(write('cut.ndjson', text.slice(0, -20)), nothing());
  assert.equal(replayed.recorded, undefined);
  assert.equal(replayed.snapshot.summary.parser.requests?.playlist, 1);
});

const REFUSED: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
  'is empty': ['', /^JOURNAL: ".*" is no journal: its first line is not a "run" record/],
  'is no JSON': ['hello\n', /^JOURNAL: ".*" line 1: "hello" is not JSON; allowed: one JSON object per line$/],
  'is an array': ['[1]\n', /line 1: "\[1\]" is not a JSON object/],
  'is a truth file': [
    '{"url":"/a.ts","tStart":1}\n',
    /line 1: .* is no record of a journal; allowed "type": run, transfer,/,
  ],
  'does not begin with the run': ['{"type":"end","atMs":1}\n', /is no journal: its first line/],
  'has a record of a later release': [
    `${writtenLine(RUN_EVENT)}{"type":"weather"}\n`,
    /line 2: "{\\"type\\":\\"weather\\"}" is no record of a journal/,
  ],
  'is broken in the middle': [`${writtenLine(RUN_EVENT)}{"type":\n${writtenLine(RUN_EVENT)}`, /line 2: .* is not JSON/],
};
for (const [name, [text, message]] of Object.entries(REFUSED)) {
  test(`a file that ${name} is refused`, async () => {
    await assert.rejects(replay(write('refused.ndjson', text), nothing()), { name: 'CannotMeasure', message });
  });
}

test('a file that is not there, and a folder, are refused by name', async () => {
  const missing = replay({ option: 'JOURNAL', path: join(folder, 'none') }, nothing());
  await assert.rejects(missing, { name: 'CannotMeasure', message: /none" cannot be read: there is no such file$/ });
  const directory = replay({ option: 'JOURNAL', path: folder }, nothing());
  await assert.rejects(directory, { name: 'CannotMeasure', message: /cannot be read: it is a folder$/ });
});
