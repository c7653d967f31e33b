// A stream that cannot be played is told at once and in words: too few octets, certificates, redirects, names, empty lists.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Fetcher } from '../../src/fetch.ts';
import { inspectStream, type StreamInspection } from '../../src/swarm/stream.ts';
import { selfSigned, TestAuthority } from '../support/tls-certificates.ts';

const TS = 'video/mp2t';
const HLS = 'application/vnd.apple.mpegurl';
const packets = (count: number): Buffer => {
  const packet = Buffer.alloc(188, 0xff);
  packet[0] = 0x47;
  return Buffer.concat(Array.from({ length: count }, () => packet));
};
/** Half of it may pass while content is waited for. */
const TIMEOUT_MS = 600;

const pages: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  '/few.ts': (response) => response.writeHead(200, { 'content-type': TS }).write(packets(1).subarray(0, 100)),
  '/none.ts': (response) => response.writeHead(200, { 'content-type': TS }).flushHeaders(),
  '/slow.ts': (response) => response.writeHead(200, { 'content-type': TS }).write(packets(4)),
  '/ended.m3u8': (response) =>
    response.writeHead(200, { 'content-type': HLS }).end('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-ENDLIST\n'),
  '/empty.m3u8': (response) => response.writeHead(200, { 'content-type': HLS }).end('#EXTM3U\n'),
  '/circle': (response) => response.writeHead(302, { location: '/circle2' }).end(),
  '/circle2': (response) => response.writeHead(302, { location: '/circle' }).end(),
  '/elsewhere': (response) => response.writeHead(302, { location: 'rtmp://host/live' }).end(),
  '/private': (response) => response.writeHead(401).end('who are you?'),
  '/soon': (response) => response.writeHead(503, { 'content-type': 'text/plain' }).end('starting'),
  '/cached.m3u8': (response) =>
    response
      .writeHead(200, { 'content-type': HLS, 'x-cache': 'HIT', age: '3' })
      .end('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nseg1.ts\n'),
};
const answer: RequestListener = (request, response) => void pages[request.url ?? '']?.(response);

const servers: (Server & { closeAllConnections(): void })[] = [];
const fetchers: Fetcher[] = [];
let plain = '';
let untrusted = '';
let wrongName = '';

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

before(async () => {
  plain = `http://127.0.0.1:${await listen(createServer(answer))}`;
  untrusted = `https://localhost:${await listen(createTlsServer(await selfSigned('localhost'), answer))}`;
  const authority = await TestAuthority.create();
  wrongName = `https://localhost:${await listen(createTlsServer(await authority.forHost('other.example'), answer))}`;
});

after(async () => {
  for (const fetcher of fetchers) await fetcher.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function inspect(url: string, { verifiesTls = true, timeoutMs = TIMEOUT_MS } = {}): Promise<StreamInspection> {
  const fetcher = new Fetcher({ version: '1.0.0', verifiesTls });
  fetchers.push(fetcher);
  return inspectStream(url, fetcher, { headers: [], timeoutMs });
}

async function refusedFor(url: string, timeoutMs?: number): Promise<{ reason: string; fix: string | undefined }> {
  const result = await inspect(url, timeoutMs === undefined ? {} : { timeoutMs });
  assert.ok(!result.ok, JSON.stringify(result));
  return { reason: result.reason.replaceAll(plain, ''), fix: result.fix };
}

describe('content that does not come', { concurrency: true }, () => {
  test('too few octets to be a stream are told as such, before the time limit is over', async () => {
    const few = await refusedFor(`${plain}/few.ts`);
    assert.equal(
      few.reason,
      '/few.ts answered 200, video/mp2t, and then only 100 octets of content in 300 ms: too few to be a stream (three MPEG-TS packets need 377)',
    );
    assert.match(few.fix ?? '', /whether the source behind this address is sending/);
    assert.match((await refusedFor(`${plain}/none.ts`)).reason, /video\/mp2t, and then not one octet of content in/);
  });

  test('a stream that trickles is known by its first three packets and taken for endless', async () => {
    const result = await inspect(`${plain}/slow.ts`);
    assert.ok(result.ok && result.facts.isLive && !result.facts.isHls, JSON.stringify(result));
  });

  test('a list with an end and no segment cannot be played; one without an end may still get some', async () => {
    assert.match((await refusedFor(`${plain}/ended.m3u8`)).reason, /has an end and lists no segment/);
    const empty = await inspect(`${plain}/empty.m3u8`);
    assert.match(empty.ok ? (empty.facts.warning ?? '') : '', /lists no segment: clients leave at once/);
  });
});

describe('an origin that refuses', { concurrency: true }, () => {
  test('redirects in a circle, and out of http', async () => {
    assert.equal(
      (await refusedFor(`${plain}/circle`)).reason,
      '/circle cannot be read: more than 5 redirects, in a circle',
    );
    assert.match((await refusedFor(`${plain}/elsewhere`)).reason, /the redirect is not an http:\/\/ or https:\/\/ URL/);
  });

  test('a status is told with what often helps', async () => {
    const { reason, fix } = await refusedFor(`${plain}/private`);
    assert.equal(reason, '/private answered 401, no media type, beginning with "who are you?"');
    assert.match(fix ?? '', /--header/);
    assert.match((await refusedFor(`${plain}/soon`)).fix ?? '', /start the stream/);
  });

  test('a name that nobody knows is a name that cannot be resolved', async () => {
    const { reason } = await refusedFor('http://no-such-host.invalid/x.m3u8', 10_000);
    assert.match(reason, /cannot be read: the host name cannot be resolved/);
  });
});

describe('TLS', { concurrency: true }, () => {
  test('a certificate that nobody vouches for, or of another host, is refused with that reason and the way out', async () => {
    const { reason } = await refusedFor(`${untrusted}/cached.m3u8`);
    assert.match(reason, /the certificate is not trusted \(.*self-signed.*\); --dangerous accepts any/i);
    assert.match((await refusedFor(`${wrongName}/cached.m3u8`)).reason, /the certificate is not trusted/);
  });

  test('with --dangerous it is read, and the answer says what it was', async () => {
    const result = await inspect(`${untrusted}/cached.m3u8`, { verifiesTls: false });
    assert.ok(result.ok, JSON.stringify(result));
    const { tls, address } = result.facts.answer.connection;
    assert.deepEqual([tls?.version, tls?.isVerified, tls?.subject], ['TLSv1.3', false, 'localhost']);
    assert.match(tls?.problem ?? '', /self.signed/i);
    assert.match(address ?? '', /^(127\.0\.0\.1|\[::1\]):\d+$/);
  });

  test('a plain origin behind an https:// address is told from a broken one', async () => {
    const { reason } = await refusedFor(`${plain.replace('http:', 'https:')}/cached.m3u8`);
    assert.match(reason, /does not speak TLS \(.*\); is it http:\/\/\?$/);
  });
});

test('the answer keeps what caches said', async () => {
  const result = await inspect(`${plain}/cached.m3u8`);
  assert.ok(result.ok);
  const { fields, status, redirects } = result.facts.answer;
  assert.deepEqual([status, fields['x-cache'], fields['age'], redirects], [200, 'HIT', '3', []]);
});
