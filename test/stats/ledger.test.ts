// The ledger as a whole: events in, snapshots out; the founding defects of the original cannot come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Event, KINDS, type TransferEvent } from '../../src/events.ts';
import { ESTIMATOR_FACTS } from '../../src/stats/estimator-facts.ts';
import { proxyOf } from '../support/tapped.ts';
import {
  aTransfer,
  BYTES,
  life,
  listing,
  liveRun,
  openLedger,
  PLAYLIST,
  parsed,
  play,
  playlist,
  quiet,
  RUN,
  range,
  sample,
  segment,
  segmentBytes,
  segmentUrl,
  transfersIn,
} from './ledger-traffic.ts';

test('a request that a late thread of the tap saw long after its line still belongs to it', () => {
  const pairsAfter = (tapLoopDelayMaxMs: number) => {
    const events = [life(1, 0, 'start'), ...segment(1, 1, 3_000, { startedAtMs: 4_500 })];
    const transfers = transfersIn(events);
    const samples = [1_000, 2_000, 3_500, 5_000].map((atMs) => sample(atMs, transfers));
    const later = quiet(6_000, 12_000, transfers);
    const ledger = play([...samples.slice(0, 3), ...events, sample(5_000, transfers, { tapLoopDelayMaxMs }), ...later]);
    ledger.finish(12_000);
    const { matched, missed, spurious, lateLines } = ledger.snapshot(12_000, 0).summary.agreement.segment;
    return { matched, missed, spurious, lateLines };
  };
  assert.deepEqual(pairsAfter(1_500), { matched: 1, missed: 0, spurious: 0, lateLines: 1 });
  assert.deepEqual(pairsAfter(100), { matched: 0, missed: 1, spurious: 1, lateLines: 0 });
});

test('a live run of two clients: every account, agreement and verdict', () => {
  const events = liveRun(11);
  const ledger = play(events);
  ledger.finish(12_000);
  const { summary, clients } = ledger.snapshot(12_000, RUN.startedAtWallMs + 12_000);
  const content = transfersIn(events).filter(({ kind }) => kind === 'segment');
  const contentBytes = content.reduce((sum, transfer) => sum + transfer.contentBytes, 0);

  assert.equal(summary.proxy?.byKind.segment?.contentBytes, contentBytes);
  assert.equal(summary.proxy?.throughput?.totalBytes, contentBytes);
  assert.deepEqual(summary.parser.requests, { segment: 12, playlist: 12, init: 0, key: 0, other: 0 });
  // The last two segments of each client were under way as far as the log tells.
  const unreadBytes = 2 * (segmentBytes(9) + segmentBytes(11));
  assert.equal(summary.parser.segmentBytes, contentBytes - unreadBytes);
  assert.deepEqual(summary.parser.lookup, {
    attempts: 8,
    successes: 8,
    misses: { neverListed: 0, evicted: 0, notYetListed: 0, ambiguous: 0 },
    unread: 4,
  });
  for (const group of ['segment', 'playlist'] as const) {
    const { precision, recall, matched, pending } = summary.agreement[group];
    assert.deepEqual({ precision, recall, matched, pending }, { precision: 1, recall: 1, matched: 12, pending: 0 });
  }
  assert.ok(Math.abs((summary.agreement.segment.startErrorMs.bias ?? 0) + 0.3) < 1e-6);
  const lookup = summary.agreement.estimators.find(({ name }) => name === 'lookup');
  assert.deepEqual(lookup, {
    name: 'lookup',
    status: 'ok',
    reason: '4 segments left out: their processes were stopped while reading them',
    reference: 'content of 2xx segments of the run, without those whose lookup is not decided',
    bytes: contentBytes - unreadBytes,
    referenceBytes: contentBytes - unreadBytes,
    errorRatio: 0,
    coverage: 1,
    ...ESTIMATOR_FACTS.lookup,
  });
  assert.deepEqual(summary.clients.exits, { success: 0, error: 0, signal: 0, stopped: 2, playlistLost: 0 });
  assert.equal(summary.instrument.verdict, 'valid', summary.instrument.reasons.join('; '));
  assert.deepEqual(summary.findings, []);
  assert.deepEqual(
    clients.map(({ client, state, segments }) => ({ client, state, segments })),
    [1, 2].map((client) => ({ client, state: 'stopped', segments: 6 })),
  );
});

test('doors that wait for their first player have one beginning: that of its first request, for rates as for the duration', () => {
  const transfers = [60_000, 65_000].map((startedAtMs) =>
    aTransfer({ process: 0, startedAtMs, totalMs: 4_000, contentBytes: 500_000 }),
  );
  const ledger = play([...quiet(0, 69_000), ...transfers, sample(70_000, transfers)]);
  ledger.finish(70_000);
  const { summary, elapsedSeconds } = ledger.snapshot(70_000, 0);
  const { throughput, allBytesThroughput } = summary.proxy ?? {};
  assert.equal(elapsedSeconds, 10);
  assert.equal(throughput?.bytesPerSecondOverall, 100_000);
  assert.equal(allBytesThroughput?.bytesPerSecondOverall, (1_000_000 + 2 * 240) / 10);
});

test('numbers vanish when a second reader polls', () => {
  const ledger = openLedger();
  for (const event of liveRun(7)) {
    ledger.record(event);
    if (event.type !== 'sample') continue;
    const first = ledger.snapshot(event.atMs, event.wallMs);
    for (let reader = 0; reader < 3; reader += 1) {
      assert.deepEqual(ledger.snapshot(event.atMs, event.wallMs), first);
    }
  }
  const polled = ledger.snapshot(9_000, 0);
  assert.deepEqual(play(liveRun(7)).snapshot(9_000, 0), polled, 'a run that nobody polled reads the same');
});

test('a replayed journal (events as JSON lines, without batches) gives the same summary', () => {
  const events = liveRun(7);
  const replayed = events.map((event) => JSON.parse(JSON.stringify(event)) as Event);
  assert.deepEqual(play(replayed).snapshot(9_000, 0), play(events).snapshot(9_000, 0));
});

test('same-millisecond requests are lost', () => {
  const atMs = 5_000;
  const events = [1, 2, 3].flatMap((number) => segment(1, number, atMs));
  const ledger = play([life(1, 0, 'start'), ...events, ...quiet(6_000, 12_000)]);
  const { summary } = ledger.snapshot(12_000, 0);
  assert.equal(summary.parser.requests?.segment, 3);
  assert.equal(summary.agreement.segment.matched, 3);
  assert.deepEqual([summary.agreement.segment.missed, summary.agreement.segment.spurious], [0, 0]);
});

test('completed segments of evicted names count as nothing silently', () => {
  const ledger = play(
    [
      life(1, 0, 'start'),
      listing(1_000, range(1, 10)),
      listing(2_000, range(11, 20)),
      ...[3, 12, 13].flatMap((number, at) => segment(1, number, 3_000 + at * 2_000)),
      listing(9_000, range(11, 20)),
      life(1, 10_000, 'exit', { category: 'success' }),
    ],
    openLedger({ segmentCacheWindow: 10 }),
  );
  const { lookup, segmentBytes: bytes } = ledger.snapshot(11_000, 0).summary.parser;
  assert.deepEqual(lookup, {
    attempts: 3,
    successes: 2,
    misses: { neverListed: 0, evicted: 1, notYetListed: 0, ambiguous: 0 },
    unread: 0,
  });
  assert.equal(bytes, segmentBytes(12) + segmentBytes(13));
});

const frozen = (atMs: number, client: number, mediaSequence: number): Event => ({
  type: 'playlist',
  client,
  process: 1,
  atMs,
  url: PLAYLIST,
  mediaSequence,
  segmentCount: 3,
  targetDurationSeconds: 2,
  listedSeconds: 6,
  lastSegmentUrl: segmentUrl(mediaSequence + 2),
  endlist: false,
});

test('segments stall while requests go on: the finding playlist-stalled appears', () => {
  const ledger = play([life(1, 0, 'start'), ...playlist(1, 100), frozen(110, 1, 1)]);
  for (let second = 1; second <= 6; second += 1) {
    play([...playlist(1, second * 1_000), ...quiet(second * 1_000 + 5, second * 1_000 + 5)], ledger);
    assert.deepEqual(ledger.snapshot(second * 1_000 + 5, 0).summary.findings, [], `nothing at ${second} s yet`);
  }
  play([...playlist(1, 7_000), frozen(7_001, 2, 1), ...quiet(7_005, 7_005)], ledger);
  const [finding] = ledger.snapshot(7_005, 0).summary.findings;
  assert.equal(finding?.code, 'playlist-stalled');
  assert.equal(finding?.subject, PLAYLIST);
  assert.equal(finding?.sinceMs, 110);
  assert.equal(finding?.count, 1);

  play([frozen(8_000, 1, 2), ...quiet(8_005, 8_005), ...playlist(1, 16_000), ...quiet(16_005, 17_005)], ledger);
  assert.equal(ledger.snapshot(17_005, 0).summary.findings[0]?.count, 2, 'it stood still a second time');
});

test('a playlist that nobody asks for any more, or that has its ENDLIST, is not called stalled', () => {
  const ended = { ...frozen(110, 1, 1), endlist: true } as Event;
  for (const events of [
    [...playlist(1, 100), frozen(110, 1, 1)],
    [...playlist(1, 100), ended, ...playlist(1, 8_000)],
  ]) {
    assert.deepEqual(play([...events, ...quiet(1_000, 20_000)]).snapshot(20_000, 0).summary.findings, []);
  }
});

/** One client's part of a run; what it does depends on nothing of another client. */
const clientStory = fc
  .array(
    fc.record({
      number: fc.integer({ min: 1, max: 40 }),
      status: fc.constantFrom(200, 206, 404, 503),
      kind: fc.constantFrom<TransferEvent['kind']>('segment', 'media-playlist', 'init', 'other'),
      bytes: fc.nat(1_000_000),
    }),
    { maxLength: 12 },
  )
  .map((steps) => (client: number): Event[] => [
    ...steps.flatMap(({ number, status, kind, bytes }, at) => {
      const facts = { status, kind, contentBytes: bytes, framingBytes: number, connection: client };
      return segment(client, number, 1_000 + at * 700, facts);
    }),
  ]);

test('any interleaving of the same events per client gives the same totals, and kinds add up to all', () => {
  fc.assert(
    fc.property(
      fc.array(clientStory, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      (stories, picks) => {
        const queues = stories.map((story, at) => story(at + 1));
        const inTurn = queues.flat();
        const mixed: Event[] = [];
        const left = queues.map((queue) => [...queue]);
        while (left.some((queue) => queue.length > 0)) {
          const waiting = left.filter((queue) => queue.length > 0);
          const event = waiting[(picks.next().value ?? 0) % waiting.length]?.shift();
          if (event !== undefined) mixed.push(event);
        }
        const all = (event: (client: number) => Event): Event[] => stories.map((_, at) => event(at + 1));
        const frame = (events: readonly Event[]): Event[] => [
          ...all((client) => life(client, 10, 'start')),
          listing(500, range(1, 30)),
          ...events,
          ...all((client) => life(client, 15_000, 'stop')),
          ...all((client) => life(client, 15_100, 'exit', { category: 'stopped' })),
          listing(16_000, range(5, 35)),
          ...quiet(17_000, 22_000, transfersIn(events)),
        ];
        const read = (events: readonly Event[]) => {
          const ledger = play(frame(events));
          ledger.finish(23_000);
          const { findings: _order, ...summary } = ledger.snapshot(23_000, 0).summary;
          return summary;
        };
        const [one, other] = [read(inTurn), read(mixed)];
        assert.deepEqual(withoutMeans(other), withoutMeans(one));

        const { byKind, transfers, terminations, throughput, allBytesThroughput } = proxyOf(one);
        const kinds = KINDS.flatMap((kind) => byKind[kind] ?? []);
        const sum = (
          figure: 'transfers' | 'contentBytes' | 'responseHeadBytes' | 'interimHeadBytes' | 'framingBytes',
        ) => kinds.reduce((total, kind) => total + kind[figure], 0);
        assert.equal(sum('transfers'), transfers);
        assert.equal(
          Object.values(terminations).reduce((total, count) => total + count, 0),
          transfers,
        );
        assert.equal(byKind.segment?.contentBytes ?? 0, throughput?.totalBytes);
        const sent = sum('contentBytes') + sum('responseHeadBytes') + sum('interimHeadBytes') + sum('framingBytes');
        assert.equal(sent, allBytesThroughput?.totalBytes);
        const { attempts = 0, successes = 0, misses } = one.parser.lookup ?? {};
        const missed = Object.values(misses ?? {}).reduce((total, count) => total + count, 0);
        assert.equal(successes + missed, attempts);
      },
    ),
    { numRuns: 60 },
  );
});

/** Sums of floating point numbers depend on their order in the last digits. */
function withoutMeans(summary: object): unknown {
  return JSON.parse(JSON.stringify(summary), (_key, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(6)) : value,
  );
}

test('a batch balances: records = meters - what is open; anything else is an imbalance that makes the run invalid', () => {
  const transfers = [1, 2].map((number) => aTransfer({ startedAtMs: number * 100, contentBytes: number * 1_000 }));
  const { meters } = sample(300, transfers);
  const open = Object.fromEntries(BYTES.map((name) => [`open${name[0]?.toUpperCase()}${name.slice(1)}`, 7]));
  const withOpen: Record<string, number> = { ...meters };
  for (const name of BYTES) withOpen[name] = (withOpen[name] ?? 0) + 7;
  const balanced: Record<string, number> = { ...withOpen, ...open, transfers: 3, openTransfers: 1 };
  const batch = (more: Record<string, number>): Event => ({
    type: 'batch',
    worker: 0,
    atMs: 300,
    meters: { ...balanced, ...more },
    lostRecords: 0,
  });
  const read = (event: Event) =>
    play([...transfers, event, sample(400, transfers)]).snapshot(400, 0).summary.instrument;
  assert.equal(read(batch({})).ledgerImbalanceBytes, 0);
  assert.equal(read(batch({})).verdict, 'valid');
  const short = read(batch({ contentBytes: (balanced['contentBytes'] ?? 0) + 5 }));
  assert.equal(short.ledgerImbalanceBytes, 5);
  assert.equal(short.verdict, 'invalid');
  assert.deepEqual(short.reasons, ['the ledger is out of balance by 5 bytes']);
});

test("a connection to anything but the client's own door is one bypassed request, and the run is invalid", () => {
  const doorPorts = new Map([[1, 4_001]]);
  const line = (rule: 'tcp-start' | 'tcp-connected', address: string, port: number): Event =>
    parsed(1, 100, { rule, address, port });
  const ledger = play(
    [
      line('tcp-start', '127.0.0.1', 4_001),
      line('tcp-connected', '127.0.0.1', 4_001),
      line('tcp-start', '10.0.0.9', 4_001),
      line('tcp-connected', '10.0.0.9', 4_001),
      line('tcp-connected', '127.0.0.1', 8_080),
      parsed(2, 100, { rule: 'tcp-start', address: '127.0.0.1', port: 8_080 }),
      sample(1_000, []),
    ],
    openLedger({ doorPorts }),
  );
  const { instrument, findings } = ledger.snapshot(1_000, 0).summary;
  assert.equal(instrument.bypassedRequests, 2, 'client 2 has no door');
  assert.equal(instrument.verdict, 'invalid');
  assert.equal(findings[0]?.code, 'bypass');
});

test('statistics lines are held against all that the ended processes were sent; what a stop cut off is unread', () => {
  const statistics = (client: number, bytesRead: number): Event =>
    parsed(client, 8_000, { rule: 'avio-statistics', bytesRead, seeks: 0 });
  const row = (events: Event[]) =>
    play(events)
      .snapshot(9_000, 0)
      .summary.agreement.estimators.find(({ name }) => name === 'statistics');
  const carried = [life(1, 0, 'start'), ...playlist(1, 100), ...segment(1, 1, 200)];
  const all = 400 + segmentBytes(1);
  assert.equal(row(carried)?.status, 'pending');
  const ended = row([...carried, statistics(1, all), life(1, 8_100, 'exit', { category: 'success' })]);
  assert.deepEqual([ended?.status, ended?.bytes, ended?.errorRatio], ['ok', all, 0]);
  const stopped = row([...carried, statistics(1, 400), life(1, 8_100, 'exit', { category: 'stopped' })]);
  assert.equal(stopped?.reason, `${segmentBytes(1)} bytes unread, 1 processes were stopped`);
});
