// The table of estimators: always whole and in the same order, each with its words, and requests where there are no bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../src/events.ts';
import { ESTIMATOR_NAMES, type EstimatorScore } from '../../src/stats/summary.ts';
import { aTransfer, life, liveRun, parsed, play, segmentUrl } from './ledger-traffic.ts';

function scores(events: readonly Event[]): readonly EstimatorScore[] {
  return play(events).snapshot(9_000, 0).summary.agreement.estimators;
}

test('every estimator is there in every run, and says what it is made of, when it has nothing and how it errs', () => {
  for (const events of [[], liveRun(7)]) {
    const table = scores(events);
    assert.deepEqual(
      table.map(({ name }) => name),
      ESTIMATOR_NAMES,
    );
    for (const { name, inputs, absence, knownBias, reference, status, reason, bytes } of table) {
      for (const words of [inputs, absence, knownBias, reference]) assert.ok(words !== undefined && words !== '', name);
      if (status === 'unavailable') assert.ok(reason !== undefined && bytes === undefined, name);
    }
  }
});

test('the cost of reading declared lengths is said before anybody pays it', () => {
  const declared = scores([]).find(({ name }) => name === 'declared');
  assert.equal(declared?.reason, 'needs --stats-loglevel trace');
  assert.match(declared?.absence ?? '', /costs 5 times the log octets of debug/);
});

test('what FFmpeg says of its own requests is held against the requests of ended processes, never against bytes', () => {
  const events: readonly Event[] = [
    life(1, 0, 'start'),
    ...[1, 2, 3].map((number) => aTransfer({ client: 1, url: segmentUrl(number), startedAtMs: number * 100 })),
    parsed(1, 900, { rule: 'http-statistics', text: '1 connection, 2 requests', connections: 1, requests: 2 }),
    parsed(1, 901, { rule: 'http-statistics', text: '1 connection, 1 request', connections: 1, requests: 1 }),
    life(1, 1_000, 'exit', { category: 'success' }),
  ];
  const score = scores(events).find(({ name }) => name === 'http-statistics');
  assert.deepEqual(
    [score?.status, score?.requests, score?.referenceRequests, score?.bytes, score?.errorRatio],
    ['ok', 3, 3, undefined, undefined],
  );
});
