// nginx's own status page read as its exporter's metrics, and what an exporter without its nginx says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createNginxReader } from '../../src/scrape/nginx-exporter.ts';
import { readStubStatus } from '../../src/scrape/stub-status.ts';

/** As nginx 1.22 prints it, blanks at the line ends included. */
const PAGE =
  'Active connections: 291 \nserver accepts handled requests\n 16630948 16630947 31070465 \nReading: 6 Writing: 179 Waiting: 106 \n';

test('the status page gives what the exporter gives: connections by state and requests', () => {
  assert.deepEqual(createNginxReader()(readStubStatus(PAGE) ?? []), {
    connectionsActive: 291,
    connectionsReading: 6,
    connectionsWriting: 179,
    connectionsWaiting: 106,
    requestsTotal: 31_070_465,
  });
});

test('the line of builds that count request times as well, and line ends of proxies, are read too', () => {
  const timed = PAGE.replace(
    'requests\n 16630948 16630947 31070465',
    'requests request_time\n 16630948 16630947 31070465 9',
  );
  assert.equal(readStubStatus(timed)?.length, 7);
  assert.equal(readStubStatus(PAGE.replaceAll(' \n', ' \r\n'))?.length, 7);
});

test('nothing else is taken for it, and reading what is nearly it takes no time', () => {
  for (const text of [
    '',
    'Active connections: x',
    `<html>${PAGE}`,
    PAGE.replace('Waiting', 'Sleeping'),
    `${PAGE}more`,
  ]) {
    assert.equal(readStubStatus(text), undefined, text);
  }
  const started = process.cpuUsage().user;
  readStubStatus(`Active connections: 1${' '.repeat(1_000_000)}x`);
  readStubStatus(`${PAGE}${'\n'.repeat(1_000_000)}x`);
  assert.ok(process.cpuUsage().user - started < 1_000_000);
  fc.assert(fc.property(fc.string(), (text) => readStubStatus(text) === undefined));
});
