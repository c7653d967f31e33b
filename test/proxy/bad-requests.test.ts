// Bad input to the tap itself: each is refused with a line of help and a code, or passes as it is, and no door is held up.
// Request bodies, Expect and Upgrade in good order are in octets-requests.test.ts and upgrade.test.ts.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Termination } from '../../src/events.ts';
import type { RawClient } from '../support/raw-client.ts';
import { responseHead, withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';
import { checkEnding, DIALLED, ended } from '../support/tap-endings.ts';

const ANSWER = withLength('twelve bytes');
const FIRST_HEAD_MS = 150;
const DRIP_MS = 2;
const KIB = 1_024;

interface Refused {
  readonly name: string;
  readonly sent: string;
  readonly status: 400 | 501;
  readonly says: RegExp;
  /** LR: read and refused; PR: not even readable. */
  readonly code: Termination;
}

const target = (name: string, text: string, says: RegExp): Refused => ({
  ...{ name, sent: `GET ${text} HTTP/1.1\r\nHost: a\r\n\r\n`, status: 400, says, code: 'LR' },
});
const unreadable = (name: string, sent: string, says: RegExp): Refused => ({
  ...{ name, sent, status: 400, says, code: 'PR' },
});
const withBody = (fields: string, body: string): string => `PUT http://a/ HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;

const REFUSED: readonly Refused[] = [
  target('user information', 'http://user:secret@a/', /user information is not allowed/),
  target('a user alone', 'http://user@a/', /user information is not allowed/),
  target('port 0', 'http://a:0/', /the port "0" is not between 1 and 65535/),
  target('port 65536', 'http://a:65536/', /the port "65536" is not between 1 and 65535/),
  target('a port of 400 digits', `http://a:${'9'.repeat(400)}/`, /is not between 1 and 65535/),
  target('a port of letters', 'http://a:http/', /no usable host/),
  target('a negative port', 'http://a:-1/', /no usable host/),
  target('two ports', 'http://a:80:80/', /no usable host/),
  target('no host', 'http:///a', /no usable host/),
  target('a port without a host', 'http://:80/', /no usable host/),
  target('an IPv6 address without brackets', 'http://::1/', /no usable host/),
  target('an IPv6 address without an end', 'http://[::1/', /no usable host/),
  target('brackets around nothing', 'http://[]/', /no usable host/),
  target('brackets around an IPv4 address', 'http://[127.0.0.1]/', /not an IPv6 address/),
  target('an IPv6 address of nine groups', 'http://[1:2:3:4:5:6:7:8:9]/', /not an IPv6 address/),
  target('an IPv6 zone', 'http://[fe80::1%25lo]/', /no usable host/),
  target('another scheme', 'ftp://a/', /not an absolute http/),
  target('a scheme alone', 'http:', /not an absolute http/),
  target('a bare host', 'a.example', /not an absolute http/),
  target('origin-form', '/live.m3u8', /set it as the HTTP proxy of your player/),
  {
    name: 'asterisk-form',
    sent: 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
    ...{ status: 400, says: /set it as the HTTP proxy of your player/, code: 'LR' },
  },
  unreadable('a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /begins with 0x16/),
  unreadable('a SOCKS5 greeting', '\x05\x01\x00', /begins with 0x05/),
  unreadable('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /only HTTP\/1\.0 and HTTP\/1\.1/),
  unreadable('HTTP/0.9', 'GET http://a/\r\n\r\n', /not a method, a target and HTTP\/1\.1/),
  unreadable('two spaces', 'GET  http://a/ HTTP/1.1\r\n\r\n', /with one space between/),
  unreadable('a method that is no token', 'GE:T http://a/ HTTP/1.1\r\n\r\n', /the method "GE:T" is not a token/),
  unreadable('NUL in the target', 'GET http://a/\0 HTTP/1.1\r\n\r\n', /control octet/),
  unreadable('LF alone', 'GET http://a/ HTTP/1.1\nHost: a\n\n', /LF alone/),
  unreadable('obsolete folding', 'GET http://a/ HTTP/1.1\r\nX: a\r\n b\r\n\r\n', /line folding/),
  unreadable('a space before the colon', 'GET http://a/ HTTP/1.1\r\nHost : a\r\n\r\n', /white space before the colon/),
  unreadable('a head of 100 KiB', `GET http://a/ HTTP/1.1\r\nX: ${'x'.repeat(100 * KIB)}\r\n\r\n`, /65536 octets/),
  unreadable('100 KiB without an end', `GET http://a/${'x'.repeat(100 * KIB)}`, /65536 octets/),
  unreadable('a URL of 20 KiB', `GET http://a/${'x'.repeat(20 * KIB)} HTTP/1.1\r\n\r\n`, /at most 16384 are allowed/),
  unreadable('300 fields', `GET http://a/ HTTP/1.1\r\n${'a: b\r\n'.repeat(300)}\r\n`, /300 fields/),
  unreadable('length and chunks', withBody('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), /both/),
  unreadable('two lengths', withBody('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'), /2 Content-Length fields/),
  unreadable('a negative length', withBody('Content-Length: -5\r\n', 'hello'), /"-5"/),
  unreadable('another coding', withBody('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), /"gzip, chunked"/),
];

const refusals = REFUSED.map(
  ({ name, sent, status, says, code }): TapCase => [
    `${code}: ${name} is answered ${status}`,
    async (bench) => {
      const client = await bench.client();
      await client.send(sent);
      assert.equal(await client.end(), 'fin');
      const [head = '', text = ''] = client.text.split('\r\n\r\n');
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} .*\r\n(?:.*\r\n)*Connection: close$`));
      assert.match(text, says);
      assert.match(text, /^hls-swarm tap: [^\n]*\n$/, 'one line');
      await closedHere(bench);
      await ended(bench, { code, phases: ['queueMs'], record: { upstreamConnection: undefined, requestHeadBytes: 0 } });
    },
  ],
);

const handled: readonly TapCase[] = [
  [
    'an upload that is refused gets its answer, however much of it is still to come',
    async (bench) => {
      const body = 'x'.repeat(200 * KIB);
      const head = `POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${20 * body.length}\r\n\r\n`;
      for (let upload = 0; upload < 8; upload += 1) {
        const client = await bench.client();
        const sending = client.send(head + body);
        await client.until(({ text }) => /help|HTTP proxy of your player.*\n$/.test(text), 'the answer');
        await sending;
        client.finish();
        assert.equal(await client.end(), 'fin');
      }
      const { transfers } = await bench.account();
      assert.ok(transfers.every(({ termination }) => termination === 'LR'));
    },
  ],
  ...(['TRACE', 'OPTIONS', 'DELETE', 'M-SEARCH'] as const).map(
    (method): TapCase => [
      `a ${method} is the origin’s to judge`,
      async (bench) => {
        await using origin = await answering(ANSWER);
        const { sent, arrives } = request(origin, '/', { method, fields: ['Max-Forwards: 0'] });
        const client = await bench.client();
        await client.send(sent);
        await client.receives(octetsOf(ANSWER));
        const { transfers } = await bench.account();
        assert.equal(origin.connections[0]?.received, arrives);
        assert.deepEqual([transfers[0]?.termination, transfers[0]?.method], ['--', method]);
      },
    ],
  ),
  [
    'an Upgrade that the origin does not follow is an ordinary exchange',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const { sent, arrives } = request(origin, '/', { fields: ['Connection: Upgrade', 'Upgrade: h2c'] });
      const client = await bench.client();
      await client.send(sent);
      await client.receives(octetsOf(ANSWER));
      const { transfers, connections } = await bench.account();
      assert.equal(origin.connections[0]?.received, arrives);
      assert.deepEqual([transfers[0]?.termination, connections[0]?.opaqueBytes], ['--', undefined]);
    },
  ],
  [
    'PR: a bad chunk in a request body ends its transfer on both sides, and no octet of it arrives',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(() => undefined);
      const asked = request(origin, '/', {
        method: 'PUT',
        fields: ['Transfer-Encoding: chunked'],
        body: '3\r\nabc\r\n',
      });
      const client = await bench.client();
      await client.send(asked.sent);
      await origin.waitFor(({ connections }) => connections[0]?.received === asked.arrives);
      await client.send('zz\r\n');
      assert.equal(await client.end(), 'reset');
      await origin.waitFor(({ connections }) => connections[0]?.closedBy === 'client-reset');
      assert.equal(origin.connections[0]?.received, asked.arrives);
      const { transfers } = await bench.account();
      const put = transfers.find(({ method }) => method === 'PUT');
      checkEnding(put, { code: 'PR', phases: DIALLED, record: { requestBodyBytes: 8 } });
    },
  ],
  ['a body longer than its length is the next request, and refused as that', overlongBody],
  ['cR: a head that comes octet by octet is given up in time, and nobody waits for it', slowLoris],
  ['a later head may take its time', slowLaterHead],
  ['a door listens on 127.0.0.1 and on no other address', loopbackOnly],
];

async function overlongBody(bench: TapBench): Promise<void> {
  const head = responseHead({ fields: { 'Content-Length': '3' } });
  await using origin = await answering([send(`${head}abc`)]);
  const asked = request(origin, '/', { method: 'PUT', fields: ['Content-Length: 5'], body: 'hello' });
  const client = await bench.client();
  await client.send(asked.sent);
  await client.receives(Buffer.from(`${head}abc`));
  await client.send(', world\r\n\r\n');
  assert.equal(await client.end(), 'fin');
  assert.match(client.text.slice(head.length + 3), /^HTTP\/1\.1 400 [\s\S]*begins with 0x2c/);
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination, requestBodyBytes }) => [termination, requestBodyBytes]),
    [
      ['--', 5],
      ['PR', 0],
    ],
  );
  assert.equal(origin.connections[0]?.received, asked.arrives);
}

async function slowLoris(bench: TapBench): Promise<void> {
  await using origin = await answering(ANSWER);
  const { sent } = request(origin, '/');
  const beganAtMs = performance.now();
  const slow = await bench.client();
  const dripping = drip(slow, sent);
  const quick = await bench.client();
  await quick.send(sent);
  await quick.receives(octetsOf(ANSWER));
  assert.equal(await slow.end(), 'reset');
  assert.ok(performance.now() - beganAtMs >= FIRST_HEAD_MS - 5);
  await dripping;
  assert.equal(origin.connections.length, 1);
  const { transfers } = await bench.account();
  const given = transfers.find(({ method }) => method === '-');
  checkEnding(given, { code: 'cR', phases: ['queueMs'], record: { url: '-', upstreamConnection: undefined } });
}

/** One octet after the other for ever, none of them the last, until nobody listens. */
async function drip(client: RawClient, sent: string): Promise<void> {
  for (const octet of `${sent.slice(0, -4)}\r\nX: ${'x'.repeat(1_000)}`) {
    if (client.ended !== undefined) return;
    await client.send(octet);
    await new Promise((resolve) => setTimeout(resolve, DRIP_MS));
  }
}

async function slowLaterHead(bench: TapBench): Promise<void> {
  await using origin = await answering(ANSWER);
  const { sent } = request(origin, '/');
  const client = await bench.client();
  await client.send(sent + sent.slice(0, 30));
  await client.receives(octetsOf(ANSWER));
  await new Promise((resolve) => setTimeout(resolve, 2 * FIRST_HEAD_MS));
  await client.send(sent.slice(30));
  await client.receives(octetsOf([...ANSWER, ...ANSWER]));
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination }) => termination),
    ['--', '--'],
  );
}

async function loopbackOnly(bench: TapBench): Promise<void> {
  const port = bench.tap.ports.get(1) ?? 0;
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address, scopeid }) => (scopeid === undefined || scopeid === 0 ? address : `${address}%${scopeid}`))
    .filter((address) => address !== '127.0.0.1');
  const { idleConnections: before } = bench.tap.meters().meters;
  assert.equal(await answers('127.0.0.1', port), true);
  // The kernel took it; the tap may not have seen it yet, and would count it as open when everything else is over.
  await bench.until(({ idleConnections }) => idleConnections === before + 1, 'the end of the connection');
  for (const address of ['127.0.0.2', ...others]) assert.equal(await answers(address, port), false, address);
}

function answers(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** Nobody has to leave first: the tap has closed its side of the only connection. */
function closedHere(bench: TapBench): Promise<void> {
  return bench.until(({ openConnections }) => openConnections === 0, 'the closed connection');
}

onBothThreads('a bad request', [...refusals, ...handled], { limits: { firstHeadMs: FIRST_HEAD_MS } });
