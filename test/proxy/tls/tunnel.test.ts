// `--tls tunnel`: octets pass unseen both ways, every end is passed on, and all of it is counted apart from exact figures.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { startDeafListener } from '../../support/deaf-listener.ts';
import { RawClient } from '../../support/raw-client.ts';
import { knownOctets, withLength } from '../../support/scripted-answers.ts';
import { ScriptedOrigin } from '../../support/scripted-origin.ts';
import { LARGE_BYTES, stalled } from '../../support/stalled.ts';
import { octetsOf, onBothThreads, type TapBench, type TapCase } from '../../support/tap.ts';
import { TestAuthority } from '../../support/tls-certificates.ts';
import { connectHead, ESTABLISHED, secureClient } from '../../support/tls-client.ts';

const LONG_PAUSE_MS = 100;
const authority = await TestAuthority.create();

/** An origin that speaks nothing in particular, and the sockets that it accepted. */
async function startPeer(): Promise<AsyncDisposable & { readonly port: number; next(): Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true });
  const accepted: Socket[] = [];
  server.on('connection', (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    next: async () => {
      if (accepted.length === 0) await once(server, 'connection');
      return accepted[0] as Socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of accepted) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client whose tunnel stands, with what follows its CONNECT. */
async function tunnelled(bench: TapBench, port: number): Promise<RawClient> {
  const client = await bench.client();
  await client.send(connectHead(`127.0.0.1:${port}`));
  await client.until(({ text }) => text === ESTABLISHED, 'a tunnel');
  return client;
}

const cases: readonly TapCase[] = [
  [
    'a whole TLS conversation passes unseen: no transfer, only opaque octets',
    async (bench) => {
      const answer = withLength(knownOctets(1, 500_000));
      await using origin = await ScriptedOrigin.start(() => answer, { secure: await authority.forHost('localhost') });
      const { client, tls } = await secureClient(bench, `localhost:${origin.port}`, {
        rejectUnauthorized: true,
        ca: authority.certificate,
      });
      assert.equal(tls.authorized, true, 'the certificate is the origin own');
      await client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      await client.receives(octetsOf(answer));
      const [transport] = origin.transports;
      client.destroy();
      await origin.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
      const { transfers, connections } = await bench.account();
      assert.equal(transfers.length, 0);
      assert.equal(connections.length, 1);
      const [connection] = connections;
      assert.equal(connection?.tls, 'tunnelled');
      assert.equal(connection.origin, `https://localhost:${origin.port}`);
      assert.equal(connection.requests, 0);
      assert.equal(connection.readBytes, transport?.bytesWritten);
      assert.equal(connection.opaqueBytes, (transport?.bytesWritten ?? 0) + (transport?.bytesRead ?? 0));
      assert.deepEqual([connection.tlsBytes, connection.writtenBytes, connection.imbalanceBytes], [0, 0, 0]);
      assert.ok(connection.connectMs !== undefined && connection.dnsMs !== undefined);
      assert.equal(connection.closedBy, 'client');
    },
  ],
  [
    'it is dialled at the CONNECT, before any octet of the client',
    async (bench) => {
      await using peer = await startPeer();
      const client = await tunnelled(bench, peer.port);
      const socket = await peer.next();
      socket.write('hello');
      await client.until(({ text }) => text === `${ESTABLISHED}hello`, 'what the origin said first');
    },
  ],
  [
    'octets in the same write as the CONNECT arrive first, in order',
    async (bench) => {
      await using peer = await startPeer();
      const client = await bench.client();
      await client.send(`${connectHead(`127.0.0.1:${peer.port}`)}one `);
      await client.send('two ');
      await client.until(({ text }) => text === ESTABLISHED, 'a tunnel');
      await client.send('three');
      const socket = RawClient.on(await peer.next());
      await socket.until(({ text }) => text === 'one two three', 'all of it');
    },
  ],
  [
    'each direction ends on its own: the end of one is passed on, the other goes on',
    async (bench) => {
      await using peer = await startPeer();
      const client = await tunnelled(bench, peer.port);
      const origin = RawClient.on(await peer.next());
      client.finish();
      assert.equal(await origin.end(), 'fin');
      await origin.send('still here');
      await client.until(({ text }) => text.endsWith('still here'), 'octets after the end of the client');
      origin.finish();
      assert.equal(await client.end(), 'fin');
      const { connections } = await bench.account();
      assert.deepEqual([connections[0]?.closedBy, connections[0]?.failure], ['client', undefined]);
    },
  ],
  [
    'a reset is passed on, both ways',
    async (bench) => {
      await using peer = await startPeer();
      const client = await tunnelled(bench, peer.port);
      const socket = await peer.next();
      socket.resetAndDestroy();
      assert.equal(await client.end(), 'reset');
      const { connections } = await bench.account();
      assert.equal(connections[0]?.closedBy, 'origin');
      assert.match(connections[0]?.failure ?? '', /ECONNRESET/);
      await using other = await startPeer();
      const leaver = await tunnelled(bench, other.port);
      const left = RawClient.on(await other.next());
      leaver.reset();
      assert.equal(await left.end(), 'reset');
    },
  ],
  [
    'a dial that fails is a reset without an octet, and a record that says why',
    async (bench) => {
      const peer = await startPeer();
      await peer[Symbol.asyncDispose]();
      const client = await bench.client();
      await client.send(connectHead(`127.0.0.1:${peer.port}`));
      assert.equal(await client.end(), 'reset');
      assert.equal(client.receivedBytes, 0);
      const { connections } = await bench.account();
      assert.match(connections[0]?.failure ?? '', /ECONNREFUSED/);
      assert.deepEqual([connections[0]?.tls, connections[0]?.closedBy], ['tunnelled', 'origin']);
    },
  ],
  [
    'a client that leaves while the origin is dialled leaves nothing behind',
    async (bench) => {
      const client = await bench.client();
      await using deaf = await startDeafListener();
      await client.send(connectHead(`127.0.0.1:${deaf.port}`));
      await bench.until(({ openUpstreamConnections }) => openUpstreamConnections === 1, 'a dial');
      client.destroy();
      const { connections } = await bench.account();
      assert.equal(connections[0]?.upstreamLocalPort, undefined);
    },
  ],
  [
    'a client that does not read holds the origin back, and gets every octet in the end',
    async (bench) => {
      await using peer = await startPeer();
      const client = await tunnelled(bench, peer.port);
      const body = knownOctets(5, LARGE_BYTES);
      const before = bench.tap.meters().meters.readBytes;
      client.pause();
      const socket = await peer.next();
      socket.write(body);
      await stalled(bench, before);
      await pause(LONG_PAUSE_MS);
      assert.ok(bench.tap.meters().meters.readBytes - before < LARGE_BYTES);
      client.resume();
      await client.until(({ receivedBytes }) => receivedBytes === ESTABLISHED.length + LARGE_BYTES, 'all of it');
      assert.ok(client.received.subarray(ESTABLISHED.length).equals(body));
    },
  ],
  [
    'an origin that does not read holds the client back, and gets every octet in the end',
    async (bench) => {
      await using peer = await startPeer();
      const client = await tunnelled(bench, peer.port);
      const body = knownOctets(6, LARGE_BYTES);
      const socket = await peer.next();
      const before = bench.tap.meters().meters.opaqueBytes;
      const sent = client.send(body);
      let last = -1;
      await bench.until(({ opaqueBytes }) => {
        const isStill = opaqueBytes > before && opaqueBytes === last;
        last = opaqueBytes;
        return isStill;
      }, 'a client that is held back');
      assert.ok(bench.tap.meters().meters.opaqueBytes - before < LARGE_BYTES);
      const origin = RawClient.on(socket);
      await origin.until(({ receivedBytes }) => receivedBytes === LARGE_BYTES, 'all of it');
      assert.ok(origin.received.equals(body));
      await sent;
    },
  ],
  [
    'a client that is being stopped closes its tunnel as a stop',
    async (bench) => {
      await using peer = await startPeer();
      const client = await tunnelled(bench, peer.port);
      const socket = await peer.next();
      socket.on('end', () => socket.end());
      socket.resume();
      bench.tap.setStopping(1, true);
      client.destroy();
      const { connections } = await bench.account();
      bench.tap.setStopping(1, false);
      assert.equal(connections[0]?.closedBy, 'stop');
    },
  ],
];

onBothThreads('a tunnel', cases, { behaviour: { tls: { mode: 'tunnel', verifiesOrigin: true } } });
