// A run whose https requests go through tunnels (`--tls tunnel`): what nobody saw is unknown, never 0 and never a mistake
// of the log. What passes in the clear beside them is paired and counted as ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, ParsedEvent } from '../../src/events.ts';
import type { Ledger } from '../../src/stats/ledger.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { life, listing, openLedger, parsed, play, RUN, range, sample, segment, segmentUrl } from './ledger-traffic.ts';

const secret = (number: number): string => segmentUrl(number).replace('http:', 'https:');

/** What the log says of a segment that came through a tunnel: the tap has no record of it. */
function unseen(number: number, atMs: number): ParsedEvent[] {
  const url = secret(number);
  return [
    parsed(1, atMs, { rule: 'hls-request', url, offset: 0, playlist: 0 }),
    parsed(1, atMs, { rule: 'open', url, context: 'https', isNewConnection: false }),
    parsed(1, atMs, { rule: 'request', method: 'GET', url }),
  ];
}

function meters(atMs: number, opaqueBytes: number, seen: Event[] = []): Event {
  const reading = sample(
    atMs,
    seen.filter((event) => event.type === 'transfer'),
  );
  return { ...reading, meters: { ...reading.meters, opaqueBytes } };
}

function open(url: string, tls: 'intercept' | 'tunnel' = 'tunnel'): Ledger {
  return openLedger({ run: { ...RUN, url, tls } });
}

function read(ledger: Ledger, events: readonly Event[]): Snapshot {
  play(events, ledger);
  ledger.finish(20_000);
  return ledger.snapshot(20_000, 0);
}

const TUNNELLED: readonly Event[] = [
  life(1, 0, 'start'),
  listing(50, range(1, 3)),
  meters(60, 0),
  ...[1, 2, 3].flatMap((number) => [...unseen(number, number * 2_000), meters(number * 2_000 + 500, number * 270_000)]),
  parsed(1, 6_600, { rule: 'http-error', status: 404, text: 'Not Found' }),
  ...[7, 8, 9, 10, 11].map((second) => meters(second * 1_000, 900_000)),
];

test('requests in tunnels are no spurious lines, and nothing is scored against a tap that could not see them', () => {
  const { summary, differences, requestRates } = read(open(secret(0)), TUNNELLED);
  const { segment: paired, estimators, httpErrors } = summary.agreement;
  assert.equal(summary.parser.requests?.segment, 3);
  assert.deepEqual([paired.matched, paired.spurious, paired.missed, paired.pending], [0, 0, 0, 0]);
  assert.deepEqual([paired.precision, paired.recall, httpErrors], [undefined, undefined, undefined]);
  for (const { name, status, reason, bytes, referenceBytes } of estimators)
    assert.deepEqual(
      [status, reason, bytes, referenceBytes],
      ['unavailable', 'unseen in tunnels', undefined, undefined],
      name,
    );
  assert.equal(summary.proxy?.hasTunnels, true);
  assert.deepEqual([summary.proxy?.throughput, summary.proxy?.allBytesThroughput], [undefined, undefined]);
  assert.deepEqual(differences, { parser: undefined, origin: undefined, originAll: undefined });
  assert.equal(summary.proxy?.opaqueBytes, 900_000);
  assert.ok(requestRates.segment >= 0);
});

test('what passes in the clear beside tunnels is paired and counted; the sum of both stays unscored', () => {
  const clear = segment(1, 9, 4_100);
  const { summary } = read(open('http://127.0.0.1:8080/live/stream.m3u8'), [
    life(1, 0, 'start'),
    meters(100, 0),
    ...unseen(1, 2_000),
    ...clear,
    ...[5, 6, 7, 8].map((second) => meters(second * 1_000, 270_000, clear)),
  ]);
  const { matched, spurious, precision } = summary.agreement.segment;
  assert.deepEqual([matched, spurious, precision], [1, 0, 1]);
  assert.ok((summary.proxy?.throughput?.totalBytes ?? 0) > 0);
  assert.ok(summary.agreement.estimators.every(({ reason }) => reason === 'unseen in tunnels'));
});

test('an option that finds nothing to tunnel changes nothing, and neither do octets of an upgrade', () => {
  const clear = segment(1, 9, 1_100);
  const events = [
    life(1, 0, 'start'),
    meters(100, 0),
    ...clear,
    ...[2, 3, 4, 5].map((at) => meters(at * 1_000, 0, clear)),
  ];
  const idle = read(open('http://127.0.0.1:8080/live/stream.m3u8'), events).summary;
  assert.equal(idle.proxy?.hasTunnels, false);
  assert.ok(idle.agreement.estimators.every(({ reason }) => reason !== 'unseen in tunnels'));
  const upgraded = read(open(secret(0), 'intercept'), [...events, meters(6_000, 77, clear)]).summary;
  assert.equal(upgraded.proxy?.hasTunnels, false);
  assert.ok((upgraded.proxy?.throughput?.totalBytes ?? 0) > 0);
});
