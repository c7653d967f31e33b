// TLS that ends in the tap and begins again towards the origin: what the origin sees, what the records say, what is refused.
// The tap does not verify the origin here; verification and its failures are handshakes.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { knownOctets, withLength } from '../../support/scripted-answers.ts';
import { ScriptedOrigin, send } from '../../support/scripted-origin.ts';
import { LARGE_BYTES, stalled } from '../../support/stalled.ts';
import { octetsOf, onBothThreads, type TapCase } from '../../support/tap.ts';
import { checkEnding } from '../../support/tap-endings.ts';
import { TestAuthority } from '../../support/tls-certificates.ts';
import { connectHead, ESTABLISHED, eagerClient, secureClient } from '../../support/tls-client.ts';

const authority = await TestAuthority.create();
const certified = await authority.forHost('localhost');
const run = await TestAuthority.create();

const LONG_PAUSE_MS = 150;
const BODY = knownOctets(7, 300_000);
const ANSWER = withLength(BODY);

const startOrigin = (answer = ANSWER, host = '127.0.0.1'): Promise<ScriptedOrigin> =>
  ScriptedOrigin.start(() => answer, { host, secure: { ...certified, ALPNProtocols: ['http/1.1'] } });
const at = ({ port }: ScriptedOrigin, host = 'localhost'): string => `${host}:${port}`;
const get = (path: string, authority: string): string => `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;

const octets: readonly TapCase[] = [
  [
    'a request inside reaches the origin octet for octet, and its answer the client',
    async (bench) => {
      await using origin = await startOrigin();
      const { client } = await secureClient(bench, at(origin));
      const sent = 'GET /a?b=%20 HTTP/1.1\r\nhost: localhost\r\nX-Odd:  v \r\n\r\n';
      await client.send(sent);
      await client.receives(octetsOf(ANSWER));
      assert.equal(origin.connections[0]?.received, sent);
      const { transfers, connections } = await bench.account();
      checkEnding(transfers[0], {
        code: '--',
        phases: ['queueMs', 'dnsMs', 'connectMs', 'tlsMs', 'sendMs', 'waitMs', 'headersMs', 'receiveMs', 'deliverMs'],
        record: {
          url: `https://localhost:${origin.port}/a?b=%20`,
          status: 200,
          integrity: 'complete',
          contentBytes: BODY.length,
          requestHeadBytes: sent.length,
        },
      });
      const [connection] = connections;
      assert.equal(connections.length, 1, 'the CONNECT has no record of its own');
      assert.equal(connection?.tls, 'intercepted');
      assert.equal(connection.tlsResumed, false);
      assert.equal(connection.origin, `https://localhost:${origin.port}`);
      assert.ok((connection.tlsMs ?? 0) > 0);
    },
  ],
  [
    'tlsBytes is what the origin sent beyond its octets, to the byte',
    async (bench) => {
      await using origin = await startOrigin();
      const { client } = await secureClient(bench, at(origin));
      await client.send(get('/1', 'h') + get('/2', 'h'));
      await client.until(({ receivedBytes }) => receivedBytes === 2 * octetsOf(ANSWER).length, 'two answers');
      const transportBytes = origin.transports[0]?.bytesWritten ?? 0;
      const { connections } = await bench.account();
      assert.equal(connections[0]?.readBytes, 2 * octetsOf(ANSWER).length);
      assert.equal(connections[0].tlsBytes, transportBytes - connections[0].readBytes);
    },
  ],
  [
    'kept alive and pipelined, requests share one connection to the origin',
    async (bench) => {
      await using origin = await startOrigin(withLength('ok'));
      const { client } = await secureClient(bench, at(origin));
      const answer = octetsOf(withLength('ok'));
      await client.send(get('/1', 'h'));
      await client.receives(answer);
      await client.send(get('/2', 'h') + get('/3', 'h'));
      await client.receives(Buffer.concat([answer, answer, answer]));
      assert.deepEqual(
        origin.requests.map(({ target, connection: { number } }) => [target, number]),
        [
          ['/1', 1],
          ['/2', 1],
          ['/3', 1],
        ],
      );
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ requestIndex, upstreamRequestIndex, upstreamReused }) => [
          requestIndex,
          upstreamRequestIndex,
          upstreamReused,
        ]),
        [
          [1, 1, false],
          [2, 2, true],
          [3, 3, true],
        ],
      );
      assert.equal(transfers[1]?.phases.tlsMs, undefined);
    },
  ],
  [
    'an origin is dialled at the first request inside, not at the CONNECT',
    async (bench) => {
      await using origin = await startOrigin();
      const { client } = await secureClient(bench, at(origin));
      await bench.until(({ openConnections }) => openConnections === 1, 'the connection');
      assert.equal(origin.transports.length, 0);
      await client.send(get('/', 'h'));
      await client.receives(octetsOf(ANSWER));
      assert.equal(origin.transports.length, 1);
    },
  ],
  [
    'an absolute target of the same authority goes as its path; any other is refused',
    async (bench) => {
      await using origin = await startOrigin(withLength('ok'));
      const { client } = await secureClient(bench, at(origin));
      await client.send(get(`https://LOCALHOST:${origin.port}/a`, 'h'));
      await client.receives(octetsOf(withLength('ok')));
      assert.equal(origin.requests[0]?.target, '/a');
      await client.send(get('https://other.example/a', 'h'));
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /400 Bad Request.*does not belong to https:\/\/localhost/s);
      const { transfers } = await bench.account();
      assert.equal(transfers.at(-1)?.termination, 'LR');
    },
  ],
  [
    'a client that speaks TLS in the same write as its CONNECT is understood',
    async (bench) => {
      await using origin = await startOrigin(withLength('ok'));
      const client = await eagerClient(bench, at(origin));
      await client.send(get('/', 'h'));
      await client.receives(octetsOf(withLength('ok')));
    },
  ],
];

const handshakes: readonly TapCase[] = [
  [
    'the origin gets the name and the protocol that the client offered',
    async (bench) => {
      await using origin = await startOrigin();
      const { client, tls } = await secureClient(bench, at(origin), { ALPNProtocols: ['h2', 'http/1.1'] });
      assert.equal(tls.alpnProtocol, 'http/1.1');
      await client.send(get('/', 'h'));
      await client.receives(octetsOf(ANSWER));
      assert.deepEqual(origin.connections[0]?.tls, { serverName: 'localhost', protocol: 'http/1.1', isResumed: false });
    },
  ],
  [
    'and neither where the client offered none',
    async (bench) => {
      await using origin = await startOrigin();
      const { client, tls } = await secureClient(bench, at(origin, '127.0.0.1'), { servername: '' });
      assert.equal(tls.alpnProtocol, false);
      await client.send(get('/', 'h'));
      await client.receives(octetsOf(ANSWER));
      assert.deepEqual(origin.connections[0]?.tls, { isResumed: false });
    },
  ],
  [
    'a session is resumed with the origin only by a client that resumed its own',
    async (bench) => {
      await using origin = await startOrigin(withLength('ok'));
      const first = await secureClient(bench, at(origin));
      const session = once(first.tls, 'session') as Promise<[Buffer]>;
      await first.client.send(get('/1', 'h'));
      await first.client.receives(octetsOf(withLength('ok')));
      const [ticket] = await session;
      const full = await secureClient(bench, at(origin));
      await full.client.send(get('/2', 'h'));
      await full.client.receives(octetsOf(withLength('ok')));
      const resumed = await secureClient(bench, at(origin), { session: ticket });
      assert.equal(resumed.tls.isSessionReused(), true);
      await resumed.client.send(get('/3', 'h'));
      await resumed.client.receives(octetsOf(withLength('ok')));
      assert.deepEqual(
        origin.connections.map(({ tls }) => tls?.isResumed),
        [false, false, true],
      );
      const { connections } = await bench.account();
      assert.deepEqual(connections.map(({ tlsResumed }) => tlsResumed).sort(), [false, false, true]);
    },
  ],
  [
    'a player that trusts the authority of the run accepts the door for names, other cases and addresses',
    async (bench) => {
      for (const [authority, servername] of [
        ['Some.EXAMPLE:443', 'some.example'],
        ['127.0.0.1:443', ''],
        ['[::1]:443', ''],
        ['by-connect.example:443', 'by-name.example'],
      ] as const) {
        const host = servername === '' ? authority.replace(/\[|\]|:443$/g, '') : servername;
        const options = { rejectUnauthorized: true, ca: bench.tap.caCertificate ?? '', servername, host };
        const { tls } = await secureClient(bench, authority, options);
        assert.equal(tls.authorized, true, `${authority}: ${tls.authorizationError}`);
        tls.destroy();
      }
    },
  ],
];

const refusals: readonly TapCase[] = [
  [
    'a player that does not trust the certificate: a record and who it was, whether it says so or just leaves',
    async (bench) => {
      const alert = await secureClient(bench, 'origin.example:443', { rejectUnauthorized: true });
      assert.equal(alert.tls.authorized, false);
      const silent = await secureClient(bench, 'origin.example:443');
      silent.client.destroy();
      const { connections, transfers } = await bench.account();
      assert.equal(transfers.length, 0);
      assert.equal(connections.length, 2);
      for (const connection of connections) {
        assert.equal(connection.tls, 'intercepted');
        assert.equal(connection.tlsFailedWith, 'client');
        assert.match(connection.failure ?? '', /TLS handshake/);
        assert.equal(connection.upstreamConnection, undefined);
      }
    },
  ],
  [
    'a client that does not speak TLS, and one that leaves in the middle of it',
    async (bench) => {
      const plain = await bench.client();
      await plain.send(connectHead('origin.example:443'));
      await plain.receives(Buffer.from(ESTABLISHED));
      await plain.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      await plain.end();
      const leaver = await bench.client();
      await leaver.send(connectHead('origin.example:443'));
      await leaver.until(({ receivedBytes }) => receivedBytes >= ESTABLISHED.length, 'the answer');
      // As a handshake begins.
      await leaver.send(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
      leaver.destroy();
      const { connections } = await bench.account();
      assert.deepEqual(
        connections.map(({ tlsFailedWith }) => tlsFailedWith),
        ['client', 'client'],
      );
      for (const { failure } of connections) assert.match(failure ?? '', /^TLS handshake with the player: /);
    },
  ],
  [
    'a client that leaves right after its CONNECT is gone at once, and its TLS is not to blame',
    async (bench) => {
      const client = await bench.client();
      await client.send(connectHead('origin.example:443'));
      client.finish();
      await client.end();
      const { connections } = await bench.account();
      assert.deepEqual(
        connections.map(({ closedBy, tlsFailedWith, failure }) => [closedBy, tlsFailedWith, failure]),
        [['client', undefined, undefined]],
      );
    },
  ],
  ...(
    [
      ['no port', 'origin.example', /400 Bad Request.*host:port is needed/s],
      ['a port out of range', 'origin.example:70000', /400 Bad Request.*between 1 and 65535/s],
      ['a broken IPv6 address', '[::x]:443', /400 Bad Request/],
      ['a URL', 'https://origin.example/', /400 Bad Request/],
    ] as const
  ).map(
    ([name, target, says]): TapCase => [
      `a CONNECT with ${name} is refused with a sentence`,
      async (bench) => {
        const client = await bench.client();
        await client.send(connectHead(target));
        assert.equal(await client.end(), 'fin');
        assert.match(client.text, says);
        const { transfers } = await bench.account();
        checkEnding(transfers[0], { code: 'LR', phases: ['queueMs'], record: { method: 'CONNECT', url: target } });
      },
    ],
  ),
  [
    'a CONNECT to a door is refused, and so is one behind another request',
    async (bench) => {
      const client = await bench.client();
      await client.send(connectHead(`localhost:${bench.tap.ports.get(1)}`));
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /508 Loop Detected/);
      await using origin = await ScriptedOrigin.start(() => withLength('ok'));
      const second = await bench.client();
      await second.send(`GET ${origin.url('/')} HTTP/1.1\r\nHost: h\r\n\r\n`);
      await second.receives(octetsOf(withLength('ok')));
      await second.send(connectHead('origin.example:443'));
      assert.equal(await second.end(), 'fin');
      assert.match(second.text, /501 Not Implemented.*must be the first request/s);
    },
  ],
  [
    'a tunnel inside a tunnel is refused',
    async (bench) => {
      await using origin = await startOrigin();
      const { client } = await secureClient(bench, at(origin));
      await client.send(connectHead('other.example:443'));
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /501 Not Implemented/);
    },
  ],
];

const endings: readonly TapCase[] = [
  [
    'the end that an origin makes in a body is felt by the client',
    async (bench) => {
      const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
      await using origin = await startOrigin([send(`${head}0123`), { kind: 'fin' }]);
      const { client } = await secureClient(bench, at(origin));
      await client.send(get('/', 'h'));
      assert.equal(await client.end(), 'fin');
      const { transfers } = await bench.account();
      assert.deepEqual([transfers[0]?.termination, transfers[0]?.contentBytes], ['SD', 4]);
    },
  ],
  [
    'an origin that fails before its head is a reset for the client, not an octet',
    async (bench) => {
      await using origin = await startOrigin([{ kind: 'fin' }]);
      const { client } = await secureClient(bench, at(origin));
      await client.send(get('/', 'h'));
      assert.equal(await client.end(), 'reset');
      assert.equal(client.receivedBytes, 0);
      const { transfers } = await bench.account();
      assert.equal(transfers[0]?.termination, 'SH');
    },
  ],
  [
    'a client that leaves in a body stops the origin at once',
    async (bench) => {
      await using origin = await startOrigin([send(`HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n0123`)]);
      const { client } = await secureClient(bench, at(origin));
      await client.send(get('/', 'h'));
      await client.until(({ text }) => text.endsWith('0123'), 'the first octets');
      client.destroy();
      await origin.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
      const { transfers } = await bench.account();
      assert.deepEqual([transfers[0]?.termination, transfers[0]?.contentBytes], ['CD', 4]);
    },
  ],
  [
    'a client that does not drain holds the origin back, and gets every octet in the end',
    async (bench) => {
      const body = knownOctets(3, LARGE_BYTES);
      await using origin = await startOrigin(withLength(body));
      const { client } = await secureClient(bench, at(origin));
      const before = bench.tap.meters().meters.readBytes;
      client.pause();
      await client.send(get('/', 'h'));
      await stalled(bench, before);
      await pause(LONG_PAUSE_MS);
      assert.ok(bench.tap.meters().meters.readBytes - before < body.length);
      client.resume();
      await client.until(({ receivedBytes }) => receivedBytes >= body.length, 'the whole');
      assert.ok(client.received.subarray(-body.length).equals(body));
      const { transfers } = await bench.account();
      assert.equal(transfers[0]?.termination, '--');
      assert.ok(transfers[0].clientBlockedMs >= LONG_PAUSE_MS, `blocked ${transfers[0].clientBlockedMs} ms`);
    },
  ],
];

onBothThreads('intercepted TLS', [...octets, ...handshakes, ...refusals, ...endings], {
  behaviour: { tls: { mode: 'intercept', verifiesOrigin: false, authority: run.authority } },
});
