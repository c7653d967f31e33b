// How often each source was collected and what its last good answer held.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OriginSampleEvent } from '../../src/events.ts';
import { Collections } from '../../src/stats/collections.ts';

function sample(facts: Partial<OriginSampleEvent>): OriginSampleEvent {
  return { type: 'origin-sample', source: 'node_exporter', atMs: 0, ok: true, ...facts };
}

test('every asking is counted by its result, the listing too, and the last reason stands until an answer takes it away', () => {
  const collections = new Collections();
  collections.sampled(sample({ intervalSeconds: 3 }));
  collections.sampled(sample({ ok: false, reason: 'refused', intervalSeconds: 1 }));
  collections.sampled(sample({ source: 'nginx_exporter', ok: false, reason: '404' }));
  collections.listing({ type: 'listing', atMs: 0, url: 'http://o/', ok: true, entries: [] });
  collections.sampled(sample({ source: 'nginx_exporter', reason: 'no network device eth9 in the answer' }));
  assert.deepEqual(collections.read(), [
    { source: 'node_exporter', succeeded: 1, failed: 1, intervalSeconds: 1, reason: 'refused' },
    { source: 'nginx_exporter', succeeded: 1, failed: 1, reason: 'no network device eth9 in the answer' },
    { source: 'segment_sizes', succeeded: 1, failed: 0 },
  ]);
  collections.sampled(sample({ source: 'nginx_exporter' }));
  assert.equal(collections.read()[1]?.reason, undefined);
});

test('devices are told from the time they were first seen, and stand while the source is silent', () => {
  const collections = new Collections();
  const devices = (...named: readonly (readonly [string, number, number?])[]): void =>
    collections.sampled(
      sample({
        networkDevices: named.map(([name, sentBytesTotal, receivedBytesTotal]) => ({
          ...{ name, sentBytesTotal },
          ...(receivedBytesTotal === undefined ? {} : { receivedBytesTotal }),
        })),
      }),
    );
  devices(['eth0', 1_000, 50]);
  devices(['eth0', 1_600, 80], ['wg0', 30]);
  devices(['eth0', 1_700, 90], ['wg0', 45]);
  collections.sampled(sample({ ok: false, reason: 'gone' }));
  assert.deepEqual(collections.read()[0]?.devices, [
    { name: 'eth0', sentBytes: 700, receivedBytes: 40 },
    { name: 'wg0', sentBytes: 15 },
  ]);
});

test('states of connections and lines of a log are those of the last good answer, missing where there are none', () => {
  const collections = new Collections();
  const states = { connectionsReading: 0, connectionsWriting: 3, connectionsWaiting: 4 };
  collections.sampled(sample({ source: 'nginx_exporter', ...states }));
  collections.sampled(sample({ source: 'access-log', logLines: 9, unusableLogLines: 2 }));
  collections.sampled(sample({ connectionsReading: 1 }));
  assert.deepEqual(collections.read(), [
    {
      source: 'nginx_exporter',
      ...{ succeeded: 1, failed: 0 },
      connectionStates: { reading: 0, writing: 3, waiting: 4 },
    },
    { source: 'access-log', succeeded: 1, failed: 0, logLines: 9, unusableLogLines: 2 },
    { source: 'node_exporter', succeeded: 1, failed: 0 },
  ]);
});
