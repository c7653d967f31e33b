// What a worker packs is what the main thread unpacks: every record, every field, in order, over any number of batches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { INJECTED, KINDS, TERMINATIONS, type TransferEvent } from '../../src/events.ts';
import type { TapRecord } from '../../src/proxy/context.ts';
import { BATCH_RECORDS, MAX_KNOWN_TEXTS } from '../../src/proxy/limits.ts';
import { CACHES, INTEGRITIES } from '../../src/proxy/record-batch.ts';
import { RecordReader } from '../../src/proxy/record-reader.ts';
import { RecordWriter } from '../../src/proxy/record-writer.ts';

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const ms = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0);
const text = fc.string({ maxLength: 12, unit: 'binary' });
const PHASE = ['queueMs', 'dnsMs', 'connectMs', 'tlsMs', 'sendMs', 'waitMs', 'headersMs', 'receiveMs', 'deliverMs'];

const always = {
  type: fc.constant('transfer' as const),
  client: count,
  process: count,
  connection: count,
  requestIndex: count,
  method: text,
  url: text,
  kind: fc.constantFrom(...KINDS),
  cache: fc.constantFrom(...CACHES),
  startedAtWallMs: ms,
  startedAtMs: ms,
  requestHeadBytes: count,
  requestBodyBytes: count,
  responseHeadBytes: count,
  interimHeadBytes: count,
  framingBytes: count,
  contentBytes: count,
  deliveredBytes: count,
  phases: fc.dictionary(fc.constantFrom(...PHASE), ms),
  totalMs: ms,
  clientBlockedMs: ms,
  longestGapMs: ms,
  early: fc.boolean(),
  stale: fc.boolean(),
  injected: fc.constantFrom(null, ...INJECTED),
  termination: fc.constantFrom(...TERMINATIONS),
  integrity: fc.constantFrom(...INTEGRITIES),
  stopping: fc.boolean(),
};
const sometimes = {
  upstreamConnection: count,
  upstreamRequestIndex: count,
  upstreamLocalPort: count,
  upstreamAddress: text,
  upstreamReused: fc.boolean(),
  range: fc.tuple(count, fc.option(count)),
  status: count,
  mediaType: text,
  ageSeconds: count,
  location: text,
  declaredContentLength: count,
  recordedFields: fc.array(fc.tuple(text, text), { maxLength: 2 }),
  transportStream: fc.record({ packets: count, syncLosses: count, continuityErrors: count }),
};

const transfer = fc.record(
  { ...always, ...sometimes },
  { requiredKeys: Object.keys(always) as (keyof typeof always)[] },
);
const other = fc.record({
  type: fc.constant('segment-listed' as const),
  atMs: ms,
  url: text,
  playlistUrl: text,
  mediaSequence: count,
  durationSeconds: ms,
});
const record = fc.oneof({ arbitrary: transfer, weight: 4 }, other) as fc.Arbitrary<TapRecord>;

/** Dictionaries of fast-check may lack a prototype; a record has one. */
const plain = (records: readonly TapRecord[]): unknown =>
  records.map((one) => (one.type === 'transfer' ? { ...one, phases: { ...one.phases } } : { ...one }));

test('every record comes out as it went in, in order, batch after batch, and buffers are used again', () => {
  const batches = fc.array(fc.array(record, { maxLength: 8 }), { maxLength: 6 });
  fc.assert(
    fc.property(batches, (groups) => {
      const writer = new RecordWriter();
      const reader = new RecordReader();
      for (const group of groups) {
        for (const one of group) writer.add(one);
        assert.equal(writer.length, group.length);
        const batch = writer.take();
        assert.deepEqual(plain(reader.read(batch)), plain(group));
        writer.giveBack(batch.numbers);
      }
    }),
  );
});

test('records that are dropped take no text with them that a later record needs', () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  for (const isDropped of [false, true, false, true, true, false]) {
    writer.add(named('http://origin/a.ts'));
    writer.add(named(`http://origin/${isDropped}.ts`));
    if (isDropped) assert.equal(writer.drop(), 2);
    else assert.deepEqual(urls(reader.read(writer.take())), ['http://origin/a.ts', 'http://origin/false.ts']);
  }
});

test('texts that never repeat do not pile up: both sides begin anew together', () => {
  const writer = new RecordWriter();
  const reader = new RecordReader();
  let forgotten = 0;
  for (let first = 0; first < 3 * MAX_KNOWN_TEXTS; first += BATCH_RECORDS) {
    const wanted = Array.from({ length: BATCH_RECORDS }, (_, position) => `http://origin/${first + position}.ts`);
    for (const url of wanted) writer.add(named(url));
    assert.ok(writer.isFull);
    const batch = writer.take();
    if (batch.forgetsTexts) forgotten += 1;
    assert.deepEqual(urls(reader.read(batch)), wanted);
  }
  assert.ok(forgotten >= 3, `began anew ${forgotten} times`);
});

function named(url: string): TransferEvent {
  const [sample] = fc.sample(transfer, { numRuns: 1, seed: 7 });
  return { ...(sample as TransferEvent), url };
}

function urls(records: readonly TapRecord[]): string[] {
  return records.map((one) => ('url' in one ? one.url : ''));
}
