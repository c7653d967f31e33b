// Whose octets the origin's column shows: the access log's, else a server's own counter, else the host's devices, never a sum of two.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, OriginRequestEvent, OriginSampleEvent, TransferEvent } from '../../src/events.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { aTransfer, openLedger, play, RUN, sample } from './ledger-traffic.ts';

const HEAD = 240;
const CONTENT = 1_000;
const SECONDS = 40;

/** One segment per second: its transfer, its line in the log after `lagMs`, and the meters that know it. */
function seconds(lagMs = 50): readonly Event[] {
  const transfers: TransferEvent[] = [];
  const events: Event[] = [];
  for (let second = 1; second <= SECONDS; second += 1) {
    const transfer = aTransfer({
      startedAtMs: second * 1_000 - 500,
      upstreamLocalPort: 50_112,
      upstreamConnection: 1,
      upstreamRequestIndex: second,
    });
    transfers.push(transfer);
    events.push(transfer, line({ atMs: transfer.startedAtMs + transfer.totalMs + lagMs, requestIndex: second }));
    events.push(sample(second * 1_000, transfers));
  }
  return events;
}

function line(facts: Partial<OriginRequestEvent>): OriginRequestEvent {
  return {
    type: 'origin-request',
    atMs: 0,
    remotePort: 50_112,
    requestIndex: 1,
    method: 'GET',
    path: '/live/seg00001.ts',
    status: 200,
    bytesSent: HEAD + CONTENT,
    bodyBytesSent: CONTENT,
    completed: true,
    ...facts,
  };
}

function answer(source: OriginSampleEvent['source'], atMs: number, facts: Partial<OriginSampleEvent>): Event {
  return { type: 'origin-sample', source, atMs, ok: true, intervalSeconds: 2, ...facts };
}

function at(atMs: number, events: readonly Event[], isTapped = true): Snapshot {
  return play(events, openLedger({ run: { ...RUN, isTapped } })).snapshot(atMs, 0);
}

test('an access log alone fills the column: requests, octets, rates, segments, and a difference of 0', () => {
  const { summary, differences } = at(40_000, seconds());
  const { origin } = summary;
  assert.deepEqual([origin.bytesSource, origin.requests], ['access-log', SECONDS]);
  assert.equal(origin.bytesSent, SECONDS * (HEAD + CONTENT));
  assert.equal(origin.throughput?.bytesPerSecond30s, HEAD + CONTENT);
  assert.equal(origin.segmentThroughput?.bytesPerSecond30s, CONTENT);
  assert.equal(origin.segmentThroughput?.totalBytes, SECONDS * CONTENT);
  assert.equal(origin.rateWindow?.bytesPerSecondP50, HEAD + CONTENT);
  assert.deepEqual([differences.origin?.bytesPerSecond30s, differences.originAll?.bytesPerSecond30s], [0, 0]);
  assert.deepEqual([differences.origin?.totalBytes, differences.originAll?.totalBytes], [0, 0]);
  const estimate = summary.agreement.estimators.find(({ name }) => name === 'origin');
  assert.deepEqual([estimate?.status, estimate?.errorRatio], ['derived', 0]);
});

test('the log goes before a counter and a counter before devices, whichever speaks first; none is added to another', () => {
  const device = answer('node_exporter', 100, { networkSentBytesTotal: 5_000 });
  const laterDevice = answer('node_exporter', 39_000, { networkSentBytesTotal: 905_000 });
  const counter = answer('bytes_metric', 200, { bytesSentTotal: 70 });
  const laterCounter = answer('bytes_metric', 39_100, { bytesSentTotal: 60_070 });
  const by = (events: readonly Event[]): readonly unknown[] => {
    const { bytesSource, bytesSent } = at(41_000, [...events, sample(40_900, [])]).summary.origin;
    return [bytesSource, bytesSent];
  };
  assert.deepEqual(by([device, laterDevice]), ['node_exporter', 900_000]);
  assert.deepEqual(by([device, counter, laterDevice, laterCounter]), ['bytes_metric', 60_000]);
  const lines = seconds();
  assert.deepEqual(by([device, counter, ...lines, laterDevice, laterCounter]), ['access-log', 40 * (HEAD + CONTENT)]);
});

test('what strangers and our own requests were sent is in all that the origin sent, and in no segment', () => {
  const stranger = line({ atMs: 700, remotePort: 9, bytesSent: 5_000, userAgent: 'VLC' });
  const own = line({ atMs: 710, remotePort: 10, bytesSent: 300, userAgent: 'hls-swarm-listing/1.0.0' });
  const { summary, differences } = at(40_000, [stranger, own, ...seconds()]);
  assert.equal(summary.origin.bytesSent, SECONDS * (HEAD + CONTENT) + 5_300);
  assert.equal(summary.origin.segmentThroughput?.totalBytes, SECONDS * CONTENT);
  const { foreign, ownRequests } = summary.reconciliation.explained ?? {};
  assert.deepEqual([foreign, ownRequests, summary.reconciliation.residualBytes], [5_000, 300, 0]);
  assert.deepEqual([differences.origin?.totalBytes, differences.originAll?.totalBytes], [0, 5_300]);
});

test('a log that is written in batches is behind by as much: shorter windows have no difference', () => {
  assert.notEqual(at(40_000, seconds(9_000)).differences.originAll?.bytesPerSecond30s, undefined);
  assert.equal(at(40_000, seconds(11_000)).differences.originAll?.bytesPerSecond30s, undefined);
});

test('lines between two samples that are milliseconds apart are no rate', () => {
  const late = line({ atMs: 40_001, remotePort: 9, bytesSent: 9_000 });
  const { origin } = at(41_000, [...seconds(), late, { type: 'end', atMs: 40_002 }]).summary;
  assert.equal(origin.bytesSent, SECONDS * (HEAD + CONTENT) + 9_000);
  assert.equal(origin.rateWindow?.bytesPerSecondMax, HEAD + CONTENT);
});

test('without a tap the log says what the origin sent, and nobody what of it were segments', () => {
  const lines = seconds().filter(({ type }) => type !== 'transfer');
  const { origin } = at(40_000, lines, false).summary;
  assert.deepEqual([origin.bytesSource, origin.bytesSent], ['access-log', SECONDS * (HEAD + CONTENT)]);
  assert.equal(origin.segmentThroughput, undefined);
});
