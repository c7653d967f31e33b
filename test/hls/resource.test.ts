// Identity of resources: URL and range, written one way however they were asked for.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRange, resourceHash, resourceKey } from '../../src/hls/resource.ts';

const URL_A = 'http://origin.example/live/seg00001.ts?token=a';

describe('a resource hash', () => {
  it('is the same however many other resources were asked about in between', () => {
    const urls = Array.from({ length: 1_000 }, (_, number) => `http://host/${number}.ts#here`);
    const first = urls.map((url) => [resourceKey(url, undefined), resourceHash(url, undefined)]);
    const again = urls.map((url) => [resourceKey(url, undefined), resourceHash(url, [0, null])]);
    assert.deepEqual(again, first);
    assert.equal(new Set(first.map(([, hash]) => hash)).size, urls.length);
    assert.equal(first[7]?.[0], 'http://host/7.ts');
  });

  it('leaves out user information, which no request line has', () => {
    assert.equal(resourceKey('http://user:word@host/a.ts', undefined), resourceKey('http://host/a.ts', undefined));
  });

  it('is one for the ways of writing one resource, and a safe integer', () => {
    assert.equal(resourceHash('http://h:80/a b', [0, null]), resourceHash('http://h/a%20b#x', undefined));
    fc.assert(fc.property(fc.webUrl(), (url) => Number.isSafeInteger(resourceHash(url, undefined))));
  });

  it('tells thousands of resources apart that differ in one number, at their end or in their middle', () => {
    const count = 10_000;
    const token = 'a'.repeat(1_000);
    const urls = Array.from({ length: count }, (_, n) => [`http://o/seg${n}.ts`, `http://o/${n}/seg.ts?t=${token}`]);
    const hashes = urls.flat().map((url) => resourceHash(url, undefined));
    assert.equal(new Set(hashes).size, 2 * count);
    const ranges = Array.from({ length: count }, (_, n) => resourceHash(URL_A, [n, null]));
    assert.equal(new Set(ranges).size, count);
  });
});

describe('a resource key', () => {
  it('tells query strings, hosts, ports and ranges apart, not only file names', () => {
    const keys = [
      URL_A,
      'http://origin.example/live/seg00001.ts',
      'http://origin.example/other/seg00001.ts?token=a',
      'http://origin.example:81/live/seg00001.ts?token=a',
      'https://origin.example/live/seg00001.ts?token=a',
    ].map((url) => resourceKey(url, undefined));
    assert.equal(
      new Set([...keys, resourceKey(URL_A, [0, 9]), resourceKey(URL_A, [10, 19]), resourceKey(URL_A, [10, null])]).size,
      8,
    );
  });

  it('is one for the ways of writing one URL', () => {
    const key = resourceKey('http://h/a%20b?c', undefined);
    for (const url of [
      'http://h:80/a b?c',
      'HTTP://H/x/../a%20b?c',
      'http://h/a%20b?c#fragment',
      'http://h/a%20b?c#',
    ]) {
      assert.equal(resourceKey(url, undefined), key);
    }
  });

  it('of the whole resource is that of bytes=0-', () => {
    assert.equal(resourceKey(URL_A, [0, null]), resourceKey(URL_A, undefined));
    assert.equal(resourceKey(URL_A, parseRange('bytes=0-')), resourceKey(URL_A, undefined));
  });

  it('of a text that is no URL is that text without fragment', () => {
    assert.equal(resourceKey('not a url#x', undefined), 'not a url');
  });

  it('of two resources is the same only when URL and range are', () => {
    const range = fc.option(fc.tuple(fc.nat(30), fc.option(fc.nat(30))), { nil: undefined });
    const path = fc.stringMatching(/^[a-c/ 0-9-]{0,6}$/);
    fc.assert(
      fc.property(path, range, path, range, (pathA, rangeA, pathB, rangeB) => {
        const isSameRange = JSON.stringify(rangeA ?? [0, null]) === JSON.stringify(rangeB ?? [0, null]);
        const isSame = new URL(`http://h/${pathA}`).href === new URL(`http://h/${pathB}`).href && isSameRange;
        const keyOf = (text: string, part: typeof rangeA) => resourceKey(`http://h/${text}`, part);
        assert.equal(keyOf(pathA, rangeA) === keyOf(pathB, rangeB), isSame);
      }),
    );
  });
});

describe('a Range field', () => {
  it('is read when it asks for one part', () => {
    assert.deepEqual(parseRange('bytes=10-19'), [10, 19]);
    assert.deepEqual(parseRange('bytes=0-0'), [0, 0]);
    assert.deepEqual(parseRange(' Bytes=10- '), [10, null]);
  });

  it('is none when it asks for all, or for what no playlist lists', () => {
    for (const value of [
      undefined,
      '',
      'bytes=0-',
      'bytes=-5',
      'bytes=0-1,3-4',
      'bytes=9-8',
      'lines=1-2',
      'bytes=a-b',
      'bytes=1',
      'bytes=9007199254740992-',
    ]) {
      assert.equal(parseRange(value), undefined, value);
    }
  });

  it('written from any range reads as that range', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.option(fc.maxSafeNat()), (first, length) => {
        const last = length === null ? null : Math.min(Number.MAX_SAFE_INTEGER, first + length);
        const expected = first === 0 && last === null ? undefined : [first, last];
        assert.deepEqual(parseRange(`bytes=${first}-${last ?? ''}`), expected);
      }),
    );
  });
});
