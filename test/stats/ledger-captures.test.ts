// Real FFmpeg logs and the server's truth through the whole ledger: the estimators' errors are what FACTS says they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, Kind } from '../../src/events.ts';
import type { EstimatorScore } from '../../src/stats/summary.ts';
import { captureLog, captureRequirement, captureTruth, parseLog, type TrueRequest } from '../swarm/stderr-captures.ts';
import { aTransfer, life, play, sample } from './ledger-traffic.ts';

const KIND: Readonly<Record<TrueRequest['kind'], Kind>> = {
  playlist: 'media-playlist',
  segment: 'segment',
  init: 'init',
  key: 'key',
};

function estimator(capture: string, name: string): EstimatorScore | undefined {
  const facts = parseLog([[captureLog(capture), 100]]).facts.map(
    ({ fact, atMs }): Event => ({ type: 'parsed', client: 1, process: 1, atMs, ...fact }),
  );
  const transfers = captureTruth(capture).map(({ url, kind, status, bodyBytes }, at) =>
    aTransfer({ url, kind: KIND[kind], status, contentBytes: bodyBytes, startedAtMs: 100 + at }),
  );
  const ledger = play([
    life(1, 0, 'start'),
    ...facts,
    ...transfers,
    life(1, 9_000, 'exit', { category: 'success' }),
    sample(9_500, transfers),
  ]);
  return ledger.snapshot(9_500, 0).summary.agreement.estimators.find((score) => score.name === name);
}

test('statistics equals the server to the byte when a VOD ends by itself', {
  skip: captureRequirement('32-vod-byterange-ff51'),
}, () => {
  const score = estimator('32-vod-byterange-ff51', 'statistics');
  assert.deepEqual([score?.status, score?.bytes, score?.errorRatio], ['ok', 7_656_046, 0]);
});

test('statistics of AES-128 is short by the padding', { skip: captureRequirement('31-vod-aes128-ff51') }, () => {
  const score = estimator('31-vod-aes128-ff51', 'statistics');
  assert.deepEqual([score?.bytes, score?.referenceBytes], [7_655_339, 7_655_651]);
});

test('declared needs the trace level', { skip: captureRequirement('36-live-trace-ff51') }, () => {
  assert.equal(estimator('01-live-ts-debug-ff51', 'declared')?.status, 'unavailable');
  const score = estimator('36-live-trace-ff51', 'declared');
  assert.deepEqual([score?.status, score?.errorRatio], ['ok', 0]);
});
