// Secrets in URLs: what is hidden, what stays, and that the same secret is recognised as the same, within a run only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRedact, redactDeep } from '../../src/run/redact.ts';

const key = Buffer.alloc(32, 7);
const redact = createRedact('query-values', key);
const HIDDEN = '…[0-9a-f]{6}';

test('user information and every query value go, names, path and host stay', () => {
  const shown = redact('http://ann:secret@origin.example:8080/live/stream.m3u8?token=abc&e=&flag#part');
  assert.match(
    shown,
    new RegExp(`^http://${HIDDEN}@origin\\.example:8080/live/stream\\.m3u8\\?token=${HIDDEN}&e=&flag#part$`),
  );
});

test('the same value is hidden alike within a run, another one and another run are not', () => {
  const url = (token: string): string => `http://a.example/x.ts?token=${token}`;
  assert.equal(redact(url('abc')), redact(url('abc')));
  assert.notEqual(redact(url('abc')), redact(url('abd')));
  assert.notEqual(createRedact('query-values')(url('abc')), createRedact('query-values')(url('abc')));
});

test('URLs are found inside sentences and structures, other text stays as it is', () => {
  const finding = {
    code: 'x',
    count: 1,
    evidence: ['see http://a.example/l.m3u8?k=secret, then stop?why=not'],
    none: null,
  };
  const { evidence, ...rest } = redactDeep(finding, redact);
  assert.deepEqual(rest, { code: 'x', count: 1, none: null });
  assert.match(evidence[0] ?? '', new RegExp(`^see http://a\\.example/l\\.m3u8\\?k=${HIDDEN}.* then stop\\?why=not$`));
});

test('request targets without a host, as in a log line of FFmpeg, lose their query values too', () => {
  assert.match(
    redact('{"line":"[http @ 0x5] request: GET /live/a.m3u8?token=abc&u=1 HTTP/1.1","n":1}'),
    new RegExp(`GET /live/a\\.m3u8\\?token=${HIDDEN}&u=${HIDDEN} HTTP/1\\.1","n":1}$`),
  );
});

test('credentials and cookies in the log of FFmpeg go in any mode, and nothing else of their lines', () => {
  for (const redactAny of [redact, createRedact('none')]) {
    assert.equal(redactAny('{"text":"Cookie: a=b; c=\\"d\\"","client":1}'), '{"text":"Cookie: …","client":1}');
    assert.equal(redactAny('Authorization: Bearer abc\nX-Test: 1'), 'Authorization: …\nX-Test: 1');
    assert.equal(redactAny("header='Set-Cookie: id=abc; Path=/'"), "header='Set-Cookie: …");
    assert.equal(
      redactAny("AVOption 'cookies' with argument 'sid=secret; path=http://h/; domain=h"),
      "AVOption 'cookies' with argument 'sid=…; path=http://h/; domain=h",
    );
    assert.equal(redactAny('--header is not a header'), '--header is not a header');
  }
});

test('no query value and no password of any URL survives', () => {
  const secret = fc.stringMatching(/^[A-Z]{8,20}$/);
  fc.assert(
    fc.property(secret, secret, fc.array(secret, { minLength: 1, maxLength: 4 }), (user, password, values) => {
      const query = values.map((value, at) => `k${at}=${value}`).join('&');
      const shown = redact(`GET https://${user}:${password}@h.example/p/a.ts?${query} failed`);
      for (const text of [user, password, ...values]) assert.ok(!shown.includes(text), shown);
    }),
  );
});

test('an at sign or a question mark inside a query is no second user and no second query', () => {
  assert.match(
    redact('http://h.example/p?mail=a@b.example&x=1?y=2'),
    new RegExp(`^http://h\\.example/p\\?mail=${HIDDEN}&x=${HIDDEN}`),
  );
});

test('with none every text stays as it is', () => {
  const text = 'http://ann:secret@h.example/?k=v';
  assert.equal(createRedact('none')(text), text);
});

test('the scheme may be written in capitals', () => {
  assert.match(
    redact('HTTP://ann:secret@h.example/a.m3u8?t=abc'),
    new RegExp(`^HTTP://${HIDDEN}@h\\.example/a\\.m3u8\\?t=${HIDDEN}$`),
  );
});

test('what was hidden stays recognisable when it passes a second time', () => {
  const once = redact('http://ann:secret@h.example/a.m3u8?t=abc&u=d');
  assert.equal(redact(once), once);
});
