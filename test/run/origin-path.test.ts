// Which device an origin's octets arrive on: by this machine's own addresses, loopback for real and other machines by script.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originPathFact, originPathTo, pathFrom } from '../../src/run/origin-path.ts';

const address = (text: string, internal = false) =>
  ({
    address: text,
    internal,
    family: text.includes(':') ? 'IPv6' : 'IPv4',
    netmask: '',
    mac: '',
    cidr: null,
    scopeid: 0,
  }) as never;
const INTERFACES = {
  lo: [address('127.0.0.1', true), address('::1', true)],
  eth0: [address('192.0.2.7'), address('2001:db8::7')],
};

test('an origin on loopback is reached over `lo`, by name and by address', async () => {
  for (const host of ['127.0.0.1', 'localhost', '127.0.0.5']) {
    const path = await originPathTo(host);
    assert.equal(path?.isLoopback, true, host);
    if (process.platform === 'linux') assert.deepEqual([path.device, path.mtuBytes ?? 65_536], ['lo', 65_536]);
  }
});

test('a name that does not resolve has no path', async () => {
  assert.equal(await originPathTo('origin.invalid'), undefined);
});

test('elsewhere it is the device that has the address which octets leave from', () => {
  assert.deepEqual(pathFrom({ local: '192.0.2.7', remote: '198.51.100.1' }, INTERFACES), {
    device: 'eth0',
    isLoopback: false,
    ipVersion: 4,
  });
  assert.deepEqual(pathFrom({ local: '2001:db8::7', remote: '2001:db8::1' }, INTERFACES), {
    device: 'eth0',
    isLoopback: false,
    ipVersion: 6,
  });
  assert.deepEqual(pathFrom({ local: '203.0.113.1', remote: '198.51.100.1' }, INTERFACES), {
    isLoopback: false,
    ipVersion: 4,
  });
});

test("this machine's own address is reached over loopback, whatever device it is on", () => {
  const path = pathFrom({ local: '192.0.2.7', remote: '192.0.2.7' }, INTERFACES);
  assert.deepEqual(path, { device: 'lo', isLoopback: true, ipVersion: 4 });
});

test('it is looked for where a device is a source, and nowhere else; --resolve says where the host is', async () => {
  const options = { originMetricsUrl: 'http://127.0.0.1:9100/metrics', resolve: '127.0.0.1' } as never;
  const { originPath } = await originPathFact('http://origin.invalid/live.m3u8', options);
  assert.equal(originPath?.isLoopback, true);
  assert.deepEqual(await originPathFact('http://127.0.0.1/', {} as never), {});
});
