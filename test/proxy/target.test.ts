// What a forward proxy makes of a request target, and what it refuses with which sentence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalHost, diverted, readConnect, readTarget } from '../../src/proxy/target.ts';

test('an absolute http URL becomes origin, port and origin-form path', () => {
  assert.deepEqual(readTarget('GET', 'http://Example.org/live/a.m3u8?x=1'), {
    origin: 'http://example.org:80',
    host: 'Example.org',
    port: 80,
    isAddress: false,
    path: '/live/a.m3u8?x=1',
    url: 'http://Example.org/live/a.m3u8?x=1',
  });
});

test('an empty path becomes a slash, also before a query', () => {
  assert.equal(pathOf('http://h'), '/');
  assert.equal(pathOf('http://h:81?x=1'), '/?x=1');
});

test('IPv6 literals and default ports are read', () => {
  const target = readTarget('GET', 'http://[::1]:8080/a');
  assert.ok('origin' in target);
  assert.deepEqual(
    [target.host, target.port, target.isAddress, target.origin],
    ['::1', 8080, true, 'http://[::1]:8080'],
  );
});

for (const [name, method, target, status, says] of [
  ['an origin-form request', 'GET', '/a.ts', 400, /forward proxy/],
  ['a CONNECT that is not the first request', 'CONNECT', 'h:443', 501, /must be the first/],
  ['an https URL', 'GET', 'https://h/a', 400, /not an absolute http/],
  ['user information', 'GET', 'http://u:p@h/a', 400, /user information/],
  ['port 0', 'GET', 'http://h:0/a', 400, /between 1 and 65535/],
  ['port 70000', 'GET', 'http://h:70000/a', 400, /between 1 and 65535/],
  ['no host', 'GET', 'http:///a', 400, /no usable host/],
  ['a broken IPv6 literal', 'GET', 'http://[1:2]/a', 400, /not an IPv6 address/],
] as const)
  test(`${name} is refused with ${status}`, () => {
    const refusal = readTarget(method, target);
    assert.ok('status' in refusal);
    assert.equal(refusal.status, status);
    assert.match(refusal.text, says);
  });

function pathOf(target: string): string {
  const read = readTarget('GET', target);
  assert.ok('origin' in read);
  return read.path;
}

test('connections to one host go elsewhere, however it is written; what is asked for and recorded stays', () => {
  const resolve = { host: 'Origin.example', address: '2001:db8::7' };
  for (const host of ['origin.example', 'ORIGIN.example', 'origin.EXAMPLE']) {
    const asked = readTarget('GET', `http://${host}:8080/a.m3u8`);
    assert.ok('origin' in asked);
    const { host: dialled, isAddress, ...rest } = diverted(asked, resolve);
    assert.deepEqual([dialled, isAddress], ['2001:db8::7', true]);
    const { host: _host, isAddress: _isAddress, ...same } = asked;
    assert.deepEqual(rest, same);
  }
  const named = readConnect('origin.example:443');
  assert.ok('origin' in named);
  const elsewhere = diverted(named, { host: 'origin.example', address: 'edge7.example' });
  assert.deepEqual([elsewhere.host, elsewhere.isAddress, elsewhere.origin], ['edge7.example', false, named.origin]);
});

test('other hosts, and all of them without --resolve, are dialled as they are', () => {
  const asked = readTarget('GET', 'http://origin.example/a');
  assert.ok('origin' in asked);
  for (const host of ['example', 'xorigin.example', 'origin.example.net', '192.0.2.1'])
    assert.equal(diverted(asked, { host, address: '192.0.2.9' }), asked);
  assert.equal(diverted(asked, undefined), asked);
});

test('addresses are the same host in any spelling', () => {
  for (const [one, other] of [
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2130706433', '127.0.0.1'],
    ['EXAMPLE.org', 'example.org'],
  ] as const)
    assert.equal(canonicalHost(one), canonicalHost(other));
});
