// Where ffprobe is sent: it knows no --resolve of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probedPlace } from '../../src/swarm/probe.ts';

const headers = ['X-Test: one'];
const resolve = { host: 'origin.example', address: '192.0.2.1' };

test('without --resolve, and for another host, ffprobe is given what the clients are given', () => {
  const url = 'https://origin.example/a.ts';
  assert.deepEqual(probedPlace({ url, headers }), { url, headers });
  assert.deepEqual(probedPlace({ url, headers, resolve: { ...resolve, host: 'other.example' } }), { url, headers });
});

test('with it the address is in the URL and the host in the Host field, user, port and query stay', () => {
  const url = 'http://me:p%40ss@origin.example:8080/a.ts?t=1';
  assert.deepEqual(probedPlace({ url, headers, resolve }), {
    url: 'http://me:p%40ss@192.0.2.1:8080/a.ts?t=1',
    headers: ['X-Test: one', 'Host: origin.example:8080'],
  });
  const six = probedPlace({ url, headers: ['host: own'], resolve: { ...resolve, address: '::1' } });
  assert.deepEqual(six, { url: 'http://me:p%40ss@[::1]:8080/a.ts?t=1', headers: ['host: own'] });
});

test('https wants the host in the handshake too, so there it is refused', () => {
  assert.equal(probedPlace({ url: 'https://origin.example/a.ts', headers, resolve }), undefined);
});
