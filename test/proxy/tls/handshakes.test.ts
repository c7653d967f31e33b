// The handshake with an origin that fails, each way it can: the code, the phases reached, what the client feels, and who is
// named with which reason. And an origin that is verified and found good.
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls';
import type { Phases, Termination } from '../../../src/events.ts';
import { withLength } from '../../support/scripted-answers.ts';
import { ScriptedOrigin } from '../../support/scripted-origin.ts';
import { octetsOf, onBothThreads, TapBench, type TapCase } from '../../support/tap.ts';
import { checkEnding } from '../../support/tap-endings.ts';
import { selfSigned, TestAuthority } from '../../support/tls-certificates.ts';
import { secureClient } from '../../support/tls-client.ts';

const DIAL_TIMEOUT_MS = 300;
const REQUEST = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
const ANSWER = withLength('ok');
const TLS_PHASES: readonly (keyof Phases)[] = ['queueMs', 'dnsMs', 'connectMs', 'tlsMs'];

const trusted = await TestAuthority.create();
const stranger = await TestAuthority.create();

/** Asks for something behind this port and says how it ended. */
async function fails(bench: TapBench, port: number, code: Termination, failure: RegExp): Promise<void> {
  const { client } = await secureClient(bench, `localhost:${port}`);
  await client.send(REQUEST);
  assert.equal(await client.end(), 'reset');
  assert.equal(client.receivedBytes, 0);
  const { transfers, connections } = await bench.account();
  checkEnding(transfers[0], {
    code,
    phases: TLS_PHASES,
    record: { requestHeadBytes: 0, upstreamRequestIndex: undefined, upstreamReused: undefined },
  });
  const [connection] = connections;
  for (const record of [transfers[0], connection]) {
    // The connection beneath stood: whom it was with, and from where, is known.
    assert.equal(record?.upstreamAddress, `127.0.0.1:${port}`);
    assert.ok((record?.upstreamLocalPort ?? 0) > 0);
    assert.equal(record?.upstreamConnection, connection?.upstreamConnection);
  }
  assert.match(connection?.failure ?? '', failure);
  assert.equal(connection?.tls, 'intercepted');
  assert.equal(connection?.tlsFailedWith, code === 'XT' ? 'origin' : undefined);
  assert.equal(connection?.closedBy, 'origin');
}

/** An origin that was never asked anything: its certificate was not good enough. */
async function untrusted(bench: TapBench, secure: TlsOptions, failure: RegExp): Promise<void> {
  await using origin = await ScriptedOrigin.start(() => ANSWER, { secure });
  await fails(bench, origin.port, 'XT', failure);
  assert.equal(origin.requests.length, 0);
}

/** A listener that does with each connection what it is told, and is gone with it. */
async function listening(onConnection: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A fatal alert, handshake_failure. */
const ALERT = Buffer.from([21, 3, 3, 0, 2, 2, 40]);

const cases: readonly TapCase[] = [
  [
    'XT: a certificate that only the origin vouches for',
    async (bench) =>
      untrusted(bench, await selfSigned('localhost'), /^the certificate is not trusted \(self-signed.*\); --dangerous/),
  ],
  [
    'XT: an authority that nobody knows',
    async (bench) => untrusted(bench, await stranger.forHost('localhost'), /not trusted \(unable to verify/),
  ],
  [
    'XT: an origin that does not speak TLS',
    async (bench) => {
      await using origin = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await fails(bench, origin.port, 'XT', /wrong version number|packet length/i);
    },
  ],
  [
    'XT: an origin that closes in the middle of the handshake',
    async (bench) => {
      await using origin = await listening((socket) => socket.once('data', () => socket.end()));
      await fails(bench, origin.port, 'XT', /disconnected before secure TLS/);
    },
  ],
  [
    'XT: an origin that resets in the middle of the handshake',
    async (bench) => {
      await using origin = await listening((socket) => socket.once('data', () => socket.resetAndDestroy()));
      await fails(bench, origin.port, 'XT', /ECONNRESET/);
    },
  ],
  [
    'XT: an origin that answers with an alert',
    async (bench) => {
      await using origin = await listening((socket) => socket.once('data', () => socket.write(ALERT)));
      await fails(bench, origin.port, 'XT', /handshake failure/i);
    },
  ],
  [
    'sC: an origin that accepts and says nothing: the limit of the dial is for TLS too',
    async (bench) => {
      await using origin = await listening(() => {});
      await fails(bench, origin.port, 'sC', /^no end of the TLS handshake within 300 ms$/);
    },
  ],
  [
    'SC: nobody listens, and TLS was not reached',
    async (bench) => {
      const origin = await listening(() => {});
      await origin[Symbol.asyncDispose]();
      const { client } = await secureClient(bench, `localhost:${origin.port}`);
      await client.send(REQUEST);
      assert.equal(await client.end(), 'reset');
      const { transfers, connections } = await bench.account();
      checkEnding(transfers[0], { code: 'SC', phases: ['queueMs', 'dnsMs', 'connectMs'] });
      assert.equal(connections[0]?.tlsFailedWith, undefined);
    },
  ],
  [
    'CC: a client that leaves during the handshake with the origin, and the origin is left at once',
    async (bench) => {
      const { promise: left, resolve } = Promise.withResolvers<void>();
      const { promise: began, resolve: begin } = Promise.withResolvers<void>();
      await using origin = await listening((socket) => {
        socket.once('data', () => begin());
        socket.on('close', () => resolve());
      });
      const { client } = await secureClient(bench, `localhost:${origin.port}`);
      await client.send(REQUEST);
      await began;
      client.destroy();
      await left;
      const { transfers, connections } = await bench.account();
      checkEnding(transfers[0], { code: 'CC', phases: TLS_PHASES });
      assert.deepEqual([connections[0]?.closedBy, connections[0]?.tlsFailedWith], ['client', undefined]);
    },
  ],
  [
    'KC: the same when the door is being stopped',
    async (bench) => {
      const { promise: began, resolve: begin } = Promise.withResolvers<void>();
      await using origin = await listening((socket) => socket.once('data', () => begin()));
      const { client } = await secureClient(bench, `localhost:${origin.port}`);
      await client.send(REQUEST);
      await began;
      bench.tap.setStopping(1, true);
      client.destroy();
      const { transfers } = await bench.account();
      bench.tap.setStopping(1, false);
      checkEnding(transfers[0], { code: 'KC', phases: TLS_PHASES });
    },
  ],
];

onBothThreads('a handshake with an origin', cases, {
  dialTimeoutMs: DIAL_TIMEOUT_MS,
  behaviour: { tls: { mode: 'intercept', verifiesOrigin: true } },
});

// Trust is a thread's own: only where the tap shares the test's can the test's authority be trusted.
describe('an origin whose authority is trusted', () => {
  const authorities = getCACertificates('default');
  let bench: TapBench;
  before(async () => {
    setDefaultCACertificates([...authorities, trusted.certificate]);
    bench = await TapBench.open({ inThread: true, behaviour: { tls: { mode: 'intercept', verifiesOrigin: true } } });
  });
  after(async () => {
    await bench.close();
    setDefaultCACertificates(authorities);
  });

  test('is played, by name and by address', async () => {
    for (const [host, servername] of [
      ['localhost', 'localhost'],
      ['127.0.0.1', ''],
    ] as const) {
      await using origin = await ScriptedOrigin.start(() => ANSWER, { secure: await trusted.forHost(host) });
      const { client } = await secureClient(bench, `${host}:${origin.port}`, { servername });
      await client.send(REQUEST);
      await client.receives(octetsOf(ANSWER));
      const { transfers } = await bench.account();
      assert.equal(transfers[0]?.termination, '--');
    }
  });

  test('XT: but not with a certificate for another name', async () =>
    untrusted(bench, await trusted.forHost('other.example'), /not trusted \(Hostname\/IP does not match.*localhost/));

  test('XT: nor with one that has expired', async () =>
    untrusted(bench, await trusted.expired('localhost'), /not trusted \(certificate has expired\)/));
});

describe('a tap that closes during handshakes', () => {
  test('ends them all, with records', async () => {
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    await using origin = await listening((socket) => socket.once('data', () => begin()));
    const bench = await TapBench.open({ inThread: false });
    const { client } = await secureClient(bench, `localhost:${origin.port}`);
    await client.send(REQUEST);
    await began;
    const waiting = await bench.client();
    await waiting.send(`CONNECT localhost:${origin.port} HTTP/1.1\r\n\r\n`);
    await waiting.until(({ receivedBytes }) => receivedBytes > 0, 'an answer');
    const { transfers, connections } = await bench.closeUnderway();
    checkEnding(transfers[0], { code: 'KC', phases: TLS_PHASES, record: { stopping: false } });
    assert.deepEqual(
      connections.map(({ closedBy }) => closedBy),
      ['stop', 'stop'],
    );
  });
});
