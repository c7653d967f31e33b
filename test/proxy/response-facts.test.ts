// What a response head tells the record, field by field, and the fields that the user asked to keep.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { responseFraming } from '../../src/proxy/http1/framing.ts';
import { parseResponseHead } from '../../src/proxy/http1/head.ts';
import { MAX_RECORDED_FIELD_CHARACTERS } from '../../src/proxy/limits.ts';
import { type HeadFacts, readResponseFacts } from '../../src/proxy/response-facts.ts';

const URL_ASKED = 'http://origin.example/live/a.m3u8';

function read(lines: readonly string[], recordFields: readonly string[] = [], start = 'HTTP/1.1 200 OK'): HeadFacts {
  const head = parseResponseHead([start, ...lines, '', ''].join('\r\n'));
  assert.ok(!('problem' in head));
  const framing = responseFraming(head, 'GET');
  assert.ok(!('problem' in framing));
  return readResponseFacts(head, framing, URL_ASKED, recordFields);
}

test('a bare head tells its status and that nothing is known of caches', () => {
  assert.deepEqual(read(['Content-Length: 5']), {
    facts: { status: 200, cache: 'unknown', declaredContentLength: 5 },
    contentEncoding: undefined,
    closePromised: false,
    setsPathCookie: false,
  });
});

test('a cookie with a Path is one whose path begins at the root, in whichever of the fields', () => {
  const sets = (...values: string[]): boolean => read(values.map((value) => `Set-Cookie: ${value}`)).setsPathCookie;
  assert.deepEqual(
    [sets('a=1; Path=/'), sets('a=1;PATH = /live; Secure'), sets('a=1', 'b=2; path=/')],
    Array(3).fill(true),
  );
  assert.deepEqual([sets(), sets('a=1'), sets('a=1; Path='), sets('path=/; Secure')], Array(4).fill(false));
});

test('names are taken in any case, of single fields the first counts, lists go over several lines', () => {
  const { facts, contentEncoding, closePromised } = read([
    'CONTENT-type: Video/MP2T; charset=x',
    'content-type: text/html',
    'content-ENCODING: GZip',
    'age: 12',
    'AGE: 13',
    'Cache-Status: Origin; hit',
    'cache-status:',
    'cache-status: Edge; fwd=miss',
    'connection: x',
    'Connection: Upgrade, CLOSE',
    'Transfer-Encoding: chunked',
  ]);
  assert.deepEqual(facts, { status: 200, cache: 'miss', mediaType: 'video/mp2t', ageSeconds: 12 });
  assert.deepEqual([contentEncoding, closePromised], ['gzip', true]);
});

test('an age that is no number of seconds is absent', () => {
  for (const age of ['', '-1', '1.5', '1e3', '12345678901', 'soon'])
    assert.equal('ageSeconds' in read([`Age: ${age}`]).facts, false, age);
});

test('a location is resolved, of redirects only', () => {
  const moved = (status: string): string | undefined =>
    read(['Location: ../b.m3u8?x=1'], [], `HTTP/1.1 ${status}`).facts.location;
  assert.equal(moved('302 Found'), 'http://origin.example/b.m3u8?x=1');
  assert.equal(moved('201 Created'), undefined);
  assert.equal(read(['Location: http://['], [], 'HTTP/1.1 302 Found').facts.location, undefined);
});

test('HTTP/1.0 promises a close unless it says keep-alive', () => {
  const promised = (lines: readonly string[], version: string): boolean =>
    read(lines, [], `HTTP/${version} 200 OK`).closePromised;
  assert.deepEqual(
    [
      promised([], '1.0'),
      promised(['Connection: Keep-Alive'], '1.0'),
      promised(['Connection: keep-alive'], '1.1'),
      promised(['Connection: keep-alive, close'], '1.0'),
    ],
    [true, false, false, true],
  );
});

test('fields that were asked for are kept in the order asked, repeated ones joined, missing ones left out', () => {
  const { facts } = read(
    ['X-Served-By: cache-a', 'Server: nginx', 'x-served-by: cache-b', 'X-Empty:'],
    ['x-empty', 'x-served-by', 'x-missing', 'server'],
  );
  assert.deepEqual(facts.recordedFields, [
    ['x-empty', ''],
    ['x-served-by', 'cache-a, cache-b'],
    ['server', 'nginx'],
  ]);
});

test('no pair is no list, and a long value is cut where it can be seen', () => {
  assert.equal('recordedFields' in read(['Server: nginx'], ['via']).facts, false);
  const long = 'v'.repeat(MAX_RECORDED_FIELD_CHARACTERS);
  const kept = (value: string): string | undefined => read([`Via: ${value}`], ['via']).facts.recordedFields?.[0]?.[1];
  assert.equal(kept(long), long);
  assert.equal(kept(`${long}w`), `${long}…`);
});
