// The origin's sources as the options name them: who is asked, how often, for which devices and for which counter.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import type { Event, OriginSampleEvent } from '../../src/events.ts';
import { silentLog } from '../../src/log.ts';
import { seededRandom } from '../../src/random.ts';
import { Scrapers } from '../../src/run/scrapers.ts';
import { serve } from '../scrape/answers.ts';
import { optionsOf, STREAM } from '../support/command-line.ts';

const NODE = `node_memory_MemTotal_bytes 1
node_network_transmit_bytes_total{device="lo"} 1
node_network_transmit_bytes_total{device="eth0"} 10
node_network_transmit_bytes_total{device="eth1"} 100
node_network_transmit_bytes_total{device="eth2"} 1000
`;
const NGINX = 'nginx_connections_active 3\nsent_total{to="a"} 40\nsent_total{to="b"} 2\n';

function opened(context: TestContext, argv: readonly string[]): { scrapers: Scrapers; events: Event[] } {
  const events: Event[] = [];
  const scrapers = new Scrapers({
    clock: clockFrom(clockOrigin()),
    emit: (event) => events.push(event),
    log: silentLog,
    random: seededRandom(1),
    version: '1.0.0',
    options: optionsOf([STREAM, ...argv]),
    isLoopback: false,
    url: STREAM,
    demo: undefined,
  });
  context.after(() => scrapers.stop());
  return { scrapers, events };
}

function samples(events: readonly Event[]): readonly OriginSampleEvent[] {
  return events.filter((event) => event.type === 'origin-sample').toSorted((a, b) => a.source.localeCompare(b.source));
}

test('without an address nobody is asked', async (context) => {
  const { scrapers, events } = opened(context, []);
  scrapers.start();
  await scrapers.round();
  await scrapers.finish(() => true);
  assert.deepEqual(events, []);
});

test('devices by comma and by repetition, and a counter that is in the answer of one of two addresses', async (context) => {
  const node = await serve(context, (_request, response) => response.end(NODE));
  const nginx = await serve(context, (_request, response) => response.end(NGINX));
  const { scrapers, events } = opened(context, [
    ...['--origin-metrics', node, '--nginx-metrics', nginx, '--origin-metrics-interval', '4s'],
    ...[
      '--origin-metrics-device',
      'eth0,eth2',
      '--origin-metrics-device',
      'eth1',
      '--origin-bytes-metric',
      'sent_total',
    ],
  ]);
  await scrapers.round();
  const [bytes, server, host, ...others] = samples(events);
  assert.deepEqual(others, []);
  assert.deepEqual([bytes?.source, bytes?.bytesSentTotal], ['bytes_metric', 42]);
  assert.deepEqual([server?.source, server?.connectionsActive], ['nginx_exporter', 3]);
  assert.deepEqual([host?.source, host?.networkSentBytesTotal], ['node_exporter', 1110]);
  assert.deepEqual(
    samples(events).map(({ intervalSeconds }) => intervalSeconds),
    [4, 4, 4],
  );
});

test('a listing is kept and asked for as the account needs it', async (context) => {
  const names = Array.from({ length: 6 }, (_, at) => ({ name: `seg${at}.ts`, type: 'file', size: 9 }));
  const url = await serve(context, (_request, response) => response.end(JSON.stringify(names)));
  const { scrapers, events } = opened(context, ['--segment-sizes-url', url]);
  await scrapers.round();
  scrapers.setListingNeeds({ window: 2, targetDurationSeconds: 1 });
  await scrapers.round();
  scrapers.setActiveClients(8);
  await scrapers.round();
  const listings = events.filter((event) => event.type === 'listing');
  assert.deepEqual(
    listings.map(({ entries, intervalSeconds }) => [entries?.length, intervalSeconds]),
    [
      [6, 2],
      [2, 1],
      [2, 1],
    ],
  );
});

test('an address that stalls holds up no round', async (context) => {
  const stalled = await serve(context, () => {});
  const nginx = await serve(context, (_request, response) => response.end(NGINX));
  const { scrapers, events } = opened(context, ['--origin-metrics', stalled, '--nginx-metrics', nginx]);
  await scrapers.round();
  assert.deepEqual(
    samples(events).map(({ source }) => source),
    ['nginx_exporter'],
    'the other one has not been given up yet',
  );
});
