// Each source of the origin as a row: health, age, interval, rates between good answers, restarts, and what is unknown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OriginSampleEvent } from '../../src/events.ts';
import { OriginSources } from '../../src/stats/origin-sources.ts';

const NONE: ReadonlySet<string> = new Set();

function answer(atMs: number, more: Partial<OriginSampleEvent> = {}): OriginSampleEvent {
  return { type: 'origin-sample', source: 'node_exporter', atMs, ok: true, ...more };
}

test('rates are between the last two good answers, and missing before there were two', () => {
  const sources = new OriginSources();
  sources.sampled(answer(1_000, { requestsTotal: 100, networkSentBytesTotal: 5_000, intervalSeconds: 2 }));
  assert.deepEqual(sources.read(1_500, NONE), [
    { source: 'node_exporter', ok: true, isStale: false, ageMs: 500, intervalSeconds: 2 },
  ]);
  sources.sampled(answer(3_000, { requestsTotal: 160, networkSentBytesTotal: 9_000, cpuRatio: 0.25 }));
  const [row] = sources.read(3_000, NONE);
  assert.deepEqual(
    [row?.requestsPerSecond, row?.sentBytesPerSecond, row?.receivedBytesPerSecond, row?.cpuRatio],
    [30, 2_000, undefined, 0.25],
  );
});

test('a failure keeps the last figures, ages them and says why; an answer takes the reason away', () => {
  const sources = new OriginSources();
  sources.sampled(answer(0, { cpuRatio: 0.5 }));
  sources.sampled(answer(2_000, { ok: false, reason: '404' }));
  assert.deepEqual(sources.read(2_500, new Set(['node_exporter'])), [
    {
      source: 'node_exporter',
      ok: false,
      isStale: true,
      reason: '404',
      ageMs: 2_500,
      intervalSeconds: 10,
      cpuRatio: 0.5,
    },
  ]);
  sources.sampled(answer(4_000));
  assert.equal(sources.read(4_000, NONE)[0]?.reason, undefined);
});

test('beside a server’s own count of what it sent stands no device’s count of what the whole host received', () => {
  const sources = new OriginSources();
  const received = (networkReceivedBytesTotal: number): Partial<OriginSampleEvent> => ({ networkReceivedBytesTotal });
  sources.sampled(answer(0, { bytesSentTotal: 0, ...received(0) }));
  sources.sampled(answer(1_000, { bytesSentTotal: 500, ...received(9_000) }));
  assert.equal(sources.read(1_000, NONE)[0]?.receivedBytesPerSecond, undefined);
  const device = new OriginSources();
  device.sampled(answer(0, { networkSentBytesTotal: 0, ...received(0) }));
  device.sampled(answer(1_000, { networkSentBytesTotal: 500, ...received(9_000) }));
  assert.equal(device.read(1_000, NONE)[0]?.receivedBytesPerSecond, 9_000);
});

test('a source that began again from zero has no negative rate; one that never answered has no age', () => {
  const sources = new OriginSources();
  sources.sampled(answer(0, { bytesSentTotal: 9_000, networkSentBytesTotal: 1 }));
  sources.sampled(answer(1_000, { bytesSentTotal: 500, networkSentBytesTotal: 2 }));
  assert.equal(sources.read(1_000, NONE)[0]?.sentBytesPerSecond, 500, 'a server’s own count comes first');
  sources.sampled(answer(1_500, { source: 'nginx_exporter', ok: false, reason: 'refused' }));
  assert.deepEqual(
    sources.read(2_000, NONE).map(({ source, ageMs }) => [source, ageMs]),
    [
      ['node_exporter', 1_000],
      ['nginx_exporter', undefined],
    ],
  );
});
