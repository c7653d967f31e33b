// The join with the origin's access log and the terms of both kinds of source: to the byte, by port and index.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event, OriginRequestEvent, OriginSampleEvent, TransferEvent } from '../../src/events.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { aTransfer, listing, liveRun, openLedger, play, sample } from './ledger-traffic.ts';

const PORT = 50_112;

function carried(index: number, facts: Partial<TransferEvent> = {}): TransferEvent {
  return aTransfer({
    startedAtMs: index * 100,
    upstreamLocalPort: PORT,
    upstreamConnection: 1,
    upstreamRequestIndex: index,
    framingBytes: 37,
    ...facts,
  });
}

function logged(transfer: TransferEvent, facts: Partial<OriginRequestEvent> = {}): OriginRequestEvent {
  const bodyBytesSent = transfer.framingBytes + transfer.contentBytes;
  return {
    type: 'origin-request',
    atMs: transfer.startedAtMs + 50,
    remotePort: transfer.upstreamLocalPort ?? 0,
    requestIndex: transfer.upstreamRequestIndex ?? 0,
    method: 'GET',
    path: '/live/seg00001.ts',
    status: transfer.status ?? 200,
    bytesSent: transfer.responseHeadBytes + transfer.interimHeadBytes + bodyBytesSent,
    bodyBytesSent,
    completed: true,
    userAgent: 'hls-swarm/1.0/client-1',
    ...facts,
  };
}

function read(events: readonly Event[], atMs = 60_000): Summary['reconciliation'] {
  return play(events).snapshot(atMs, 0).summary.reconciliation;
}

test("the join does not care in which order records and log lines come, and every term is the tap's", () => {
  const kinds = ['segment', 'media-playlist', 'key'] as const;
  fc.assert(
    fc.property(
      fc.array(fc.nat(5_000), { minLength: 1, maxLength: 20 }),
      fc.infiniteStream(fc.nat()),
      (sizes, picks) => {
        const transfers = sizes.map((contentBytes, at) =>
          carried(at + 1, { contentBytes, kind: kinds[at % 3] ?? 'other' }),
        );
        const lines = transfers.map((transfer) => logged(transfer, { connection: 7 }));
        const left: Event[] = [...transfers, ...lines];
        const events: Event[] = [];
        while (left.length > 0) events.push(...left.splice((picks.next().value ?? 0) % left.length, 1));
        const { joined, residualBytes, explained, originBytes } = read(events);
        const n = transfers.length;
        assert.deepEqual(joined, {
          transfers: n,
          matched: n,
          equal: n,
          different: 0,
          missingAtOrigin: 0,
          missingAtProxy: 0,
          aborted: 0,
          outOfBounds: 0,
        });
        assert.equal(residualBytes, 0);
        const content = sizes.reduce((sum, bytes) => sum + bytes, 0);
        const { segmentContent = 0, playlistContent = 0, otherContent = 0 } = explained ?? {};
        assert.equal(segmentContent + playlistContent + otherContent, content);
        assert.equal(originBytes, content + n * (240 + 37));
      },
    ),
  );
});

test('one octet or one status apart is a difference, and the residual says how much', () => {
  const [one, two, three] = [carried(1), carried(2), carried(3)];
  const lines = [logged(one), logged(two, { bodyBytesSent: 1_038, bytesSent: 1_278 }), logged(three, { status: 206 })];
  const { joined, residualBytes } = read([one, two, three, ...lines]);
  assert.deepEqual([joined?.equal, joined?.different, residualBytes], [1, 2, 1]);
});

test('aborted transfers are out on both sides; a port that is used again is matched in order', () => {
  const aborted = carried(1, { termination: 'CD', integrity: 'short', contentBytes: 10 });
  const again = carried(1, { contentBytes: 77, startedAtMs: 9_000, upstreamConnection: 2 });
  const { joined } = read([aborted, again, logged(carried(1), { completed: false }), logged(again)]);
  assert.deepEqual([joined?.matched, joined?.equal, joined?.missingAtOrigin], [1, 1, 0]);
});

test('our own requests are a term, strangers are foreign, and what never came is missing once the log has been quiet', () => {
  const [seen, unseen] = [carried(1), carried(2)];
  const events = [
    seen,
    unseen,
    logged(seen),
    logged(seen, { remotePort: 9, bytesSent: 500, userAgent: 'hls-swarm-listing/1.0.0' }),
    logged(seen, { remotePort: 10, bytesSent: 700, userAgent: 'VLC' }),
  ];
  const young = read(events, 1_000);
  assert.deepEqual([young.joined?.missingAtOrigin, young.joined?.missingAtProxy], [0, 0]);
  const { joined, explained, residualBytes } = read(events, 30_000);
  assert.deepEqual([joined?.missingAtOrigin, joined?.missingAtProxy], [1, 1]);
  assert.deepEqual([explained?.ownRequests, explained?.foreign, residualBytes], [500, 700, 0]);
});

test('a log that lacks lines of completed transfers is named when every line has come, and not before', () => {
  const [seen, unseen] = [carried(1), carried(2)];
  const events: Event[] = [seen, unseen, logged(seen), sample(30_000, [seen, unseen])];
  assert.deepEqual(play(events).snapshot(31_000, 0).summary.findings, []);
  const { findings } = play([...events, { type: 'end', atMs: 31_000 }]).snapshot(31_000, 0).summary;
  assert.deepEqual(
    findings.map(({ code, subject, evidence }) => [code, subject, evidence]),
    [['log-incomplete', 'access-log', '1 of 2 completed transfers without a line']],
  );
  assert.deepEqual(
    play([...events, logged(unseen), { type: 'end', atMs: 31_000 }]).snapshot(31_000, 0).summary.findings,
    [],
  );
});

function scrape(atMs: number, bytesSentTotal: number, more: Partial<OriginSampleEvent> = {}): OriginSampleEvent {
  return {
    type: 'origin-sample',
    source: 'embedded',
    atMs,
    ok: true,
    bytesSentTotal,
    intervalSeconds: 2,
    ownBytes: 100,
    ...more,
  };
}

test('a source that counts by flow is cut at its scrape: what the tap carried before the first scrape is no term', () => {
  const [before, during, after] = [carried(1), carried(2), carried(3)];
  const sent = 1_000 + 37 + 240;
  const { summary } = play([
    sample(500, [before]),
    scrape(600, 5_000),
    sample(1_500, [before, during]),
    scrape(1_700, 5_000 + sent + 100),
    sample(3_500, [before, during, after]),
  ]).snapshot(4_000, 0);
  const { source, originBytes, explained, residualBytes } = summary.reconciliation;
  assert.deepEqual([source, originBytes, residualBytes], ['embedded', sent + 100, 0]);
  assert.deepEqual([explained?.segmentContent, explained?.responseHeads, explained?.ownRequests], [1_000, 240, 100]);
  assert.equal(summary.origin.segmentThroughput?.totalBytes, 1_000);
  assert.equal(summary.origin.available, true);
});

test("without a source the tap's own terms stand alone, and nothing is called a residual", () => {
  const reconciliation = read([carried(1)]);
  assert.deepEqual(Object.keys(reconciliation), ['explained']);
  assert.equal(reconciliation.explained?.segmentContent, 1_000);
});

test('a source that falls silent is stale after three intervals: finding and degraded verdict', () => {
  const ledger = play([
    scrape(1_000, 10),
    scrape(3_000, 10, { ok: false, reason: 'connection refused' }),
    sample(7_500, []),
  ]);
  const at = (atMs: number) => ledger.snapshot(atMs, 0).summary;
  assert.equal(at(6_900).instrument.verdict, 'valid');
  assert.deepEqual(at(7_500).instrument.reasons, ['embedded has not answered for three intervals']);
  assert.equal(at(7_500).findings[0]?.code, 'origin-metrics-stale');
});

test('differences appear only for windows of three intervals of the slower source', () => {
  const events: Event[] = [];
  const transfers: TransferEvent[] = [];
  for (let second = 1; second <= 40; second += 1) {
    transfers.push(carried(second, { startedAtMs: second * 1_000 }));
    events.push(sample(second * 1_000, transfers));
    if (second % 2 === 0) events.push(scrape(second * 1_000 + 1, second * (1_277 + 50), { ownBytes: 0 }));
  }
  const ledger = play(events, openLedger());
  const { origin, originAll, parser } = ledger.snapshot(40_500, 0).differences;
  assert.equal(parser, undefined);
  assert.equal(originAll?.bytesPerSecond1s, undefined);
  assert.ok(Math.abs((originAll?.bytesPerSecond30s ?? 0) - 50) < 1e-6, `${originAll?.bytesPerSecond30s}`);
  assert.ok(Math.abs((origin?.bytesPerSecond30s ?? 0) - 50) < 1e-6, `${origin?.bytesPerSecond30s}`);
});

test('a difference waits until its window, which ends at the last listing, has three intervals: not before a -100 % that was none', () => {
  const events = liveRun(9).filter((event) => event.type !== 'listing');
  const ledger = play([...events.slice(0, 2), listing(400, [1]), listing(2_400, [1]), ...events.slice(2)]);
  assert.equal(ledger.snapshot(9_500, 0).differences.parser, undefined, 'listed for 2.3 s, every 2 s');
  const listed = play(liveRun(9));
  assert.notEqual(listed.snapshot(9_500, 0).differences.parser, undefined);
});
