// How a connection to an origin is called in records. What records say of real ones is tested with the tap.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localEnd } from '../../src/proxy/local-end.ts';

test('an address of IPv6 stands in brackets', () => {
  assert.deepEqual(localEnd({ localPort: 4000 }, '::1', 80), { upstreamLocalPort: 4000, upstreamAddress: '[::1]:80' });
});

test('of a connection that its peer has reset already the address is known all the same, and no port is made up', () => {
  assert.deepEqual(localEnd({}, '127.0.0.1', 80), { upstreamAddress: '127.0.0.1:80' });
});
