// What a forward proxy makes of a request target, and what it refuses with which sentence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTarget } from '../../src/proxy/target.ts';

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
