// What caches say in their many dialects: the structured list of RFC 9211 first, the words of CDNs and servers after it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CacheStatus } from '../../src/events.ts';
import { type CacheFields, readCacheStatus } from '../../src/proxy/cache-status.ts';

const NONE: CacheFields = {
  cacheStatus: undefined,
  cfCacheStatus: undefined,
  xCache: undefined,
  xCacheStatus: undefined,
  ageSeconds: undefined,
};

const read = (fields: Partial<CacheFields>): CacheStatus => readCacheStatus({ ...NONE, ...fields });

const STANDARD: readonly (readonly [string, CacheStatus])[] = [
  ['ExampleCache; hit', 'hit'],
  ['ExampleCache;hit;ttl=376', 'hit'],
  ['ExampleCache; hit=?1; ttl=-20; detail=stale-if-error', 'hit'],
  ['"edge 7, rack 2"; hit', 'hit'],
  ['"a \\"quoted\\" name; fwd=miss"; hit', 'hit'],
  ['ExampleCache; fwd=uri-miss; stored', 'miss'],
  ['ExampleCache; fwd=vary-miss', 'miss'],
  ['ExampleCache; fwd=miss; collapsed', 'miss'],
  ['ExampleCache; fwd=partial', 'miss'],
  ['ExampleCache; fwd=stale; fwd-status=200; stored', 'miss'],
  ['ExampleCache; fwd=stale; fwd-status=304', 'other'],
  ['ExampleCache; fwd=bypass; detail="no-store; hit"', 'other'],
  ['ExampleCache; fwd=method', 'other'],
  ['ExampleCache; fwd=request; key="/hit"', 'other'],
  ['ExampleCache', 'other'],
  ['ExampleCache; hit=?0', 'other'],
  ['ExampleCache; hit; hit=?0', 'other'],
  ['ExampleCache; hit; fwd=miss', 'other'],
  ['OriginCache; hit; ttl=1100, "CDN Company Here"; fwd=uri-miss', 'miss'],
  ['OriginCache; fwd=miss , "CDN Company Here"; hit; ttl=545', 'hit'],
  ['OriginCache; hit,\tEdge', 'other'],
];

describe('Cache-Status is read as a structured list whose last member is the cache nearest to us', () => {
  for (const [text, expected] of STANDARD)
    test(`${text} is ${expected}`, () => assert.equal(read({ cacheStatus: text }), expected));

  test('a field that is no such list says nothing: the next one is asked', () => {
    for (const text of ['', 'a b; hit', '"open; hit', 'a; Hit', 'a; hit,', ', a; hit', '(a b); hit', 'a; hit; ', 'a=1'])
      assert.equal(read({ cacheStatus: text, xCache: 'MISS' }), 'miss', text);
  });

  test('whatever stands before it, the last member alone decides', () => {
    const token = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,9}$/);
    const text = fc.string({ maxLength: 20 }).map((value) => `"${value.replace(/[^ -~]|["\\]/g, '_')}"`);
    const value = fc.oneof(token, text, fc.integer({ min: -999, max: 999 }).map(String), fc.constantFrom('?0', '?1'));
    const parameter = fc
      .tuple(token, fc.option(value))
      .map(([key, given]) => (given === null ? key : `${key}=${given}`));
    const member = fc
      .tuple(fc.oneof(token, text), fc.array(parameter, { maxLength: 4 }))
      .map((parts) => parts.flat().join('; '));
    const last = fc.constantFrom(...STANDARD.filter(([standard]) => !/, *"CDN|,\t/.test(standard)));
    fc.assert(
      fc.property(fc.array(member, { maxLength: 5 }), last, (before, [nearest, expected]) => {
        assert.equal(read({ cacheStatus: [...before, nearest].join(', ') }), expected);
      }),
    );
  });

  test('a long hostile value costs no more than reading it', () => {
    for (const piece of ['a;', ';a', '"\\"', 'a,', 'a; a', '(', '-1', ':a'])
      assert.equal(read({ cacheStatus: `${piece.repeat(20_000)}\u0001` }), 'unknown');
  });
});

const WORDS: readonly (readonly [string, CacheStatus])[] = [
  ['HIT', 'hit'],
  ['Hit from cloudfront', 'hit'],
  ['OriginShieldHit from cloudfront', 'hit'],
  ['HIT from squid.example', 'hit'],
  ['TCP_MEM_HIT from a23-1 (AkamaiGHost/11.5)', 'hit'],
  ['STALE', 'hit'],
  ['UPDATING', 'hit'],
  ['Miss from cloudfront', 'miss'],
  ['TCP_REFRESH_MISS from a23-1', 'miss'],
  ['EXPIRED', 'miss'],
  ['RefreshHit from cloudfront', 'other'],
  ['TCP_REFRESH_HIT from a23-1', 'other'],
  ['REVALIDATED', 'other'],
  ['DYNAMIC', 'other'],
  ['BYPASS', 'other'],
  ['Error from cloudfront', 'other'],
  ['Error from hit.example', 'other'],
  ['MISS, HIT', 'hit'],
  ['HIT,MISS', 'miss'],
  [' ', 'unknown'],
];

describe('the words of CDNs and servers', () => {
  for (const [text, expected] of WORDS)
    test(`${JSON.stringify(text)} is ${expected}`, () => {
      assert.equal(read({ xCache: text }), expected);
      assert.equal(read({ cfCacheStatus: text }), expected);
      assert.equal(read({ xCacheStatus: text }), expected);
    });

  test('the standard field goes before Cloudflare, that before X-Cache, that before X-Cache-Status', () => {
    const all = { cacheStatus: 'a; hit', cfCacheStatus: 'DYNAMIC', xCache: 'MISS', xCacheStatus: 'HIT' };
    assert.equal(read(all), 'hit');
    assert.equal(read({ ...all, cacheStatus: undefined }), 'other');
    assert.equal(read({ ...all, cacheStatus: undefined, cfCacheStatus: undefined }), 'miss');
    assert.equal(read({ xCacheStatus: 'HIT' }), 'hit');
  });

  test('without any of them an age above zero is a hit: a cache had it before we asked; zero says nothing', () => {
    assert.equal(read({}), 'unknown');
    assert.equal(read({ ageSeconds: 0 }), 'unknown');
    assert.equal(read({ ageSeconds: 1 }), 'hit');
    assert.equal(read({ ageSeconds: 60, xCache: 'MISS' }), 'miss');
  });
});
