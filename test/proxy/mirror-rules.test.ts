// The mirror rules of MEASURING section 1, as a client and an origin see them; octets (rules 2 and 4 to 6) are in
// octets.test.ts, codes and phases in terminations.test.ts.
import assert from 'node:assert/strict';
import { chunked, knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { type Action, fin, reset, ScriptedOrigin, send, wait } from '../support/scripted-origin.ts';
import {
  answering,
  CLOSE_GRACE_MS,
  octetsOf,
  onBothThreads,
  request,
  type TapBench,
  type TapCase,
} from '../support/tap.ts';

const ANSWER = withLength('twelve bytes');
const CLOSING = withLength('twelve bytes', { fields: { Connection: 'close' } });

const dialling: readonly TapCase[] = [
  [
    'rule 1: a connection without a request is counted and never dialled',
    async (bench) => {
      const client = await bench.client();
      client.finish();
      assert.equal(await client.end(), 'fin');
      const { connections, transfers } = await bench.account();
      assert.deepEqual([connections.length, connections[0]?.requests, transfers.length], [1, 0, 0]);
      assert.equal(connections[0]?.upstreamConnection, undefined);
    },
  ],
  [
    'rule 1: the dial comes with the end of the first request head, not before',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const { sent } = request(origin, '/');
      const client = await bench.client();
      await client.send(sent.slice(0, -2));
      // A connection of its own goes all the way meanwhile, so the partial head had its chance.
      const other = await bench.client();
      await other.send(sent);
      await other.receives(octetsOf(ANSWER));
      assert.equal(origin.connections.length, 1);
      await client.send(sent.slice(-2));
      await client.receives(octetsOf(ANSWER));
      assert.equal(origin.connections.length, 2);
    },
  ],
  ['rule 1: a name and an IPv6 address are dialled too', namesAndAddresses],
  ['rule 1: a ninth origin on one client connection ends it', nineOrigins],
  ['rule 1: all upstreams close with the client’s connection', allClose],
];

const pipelining: readonly TapCase[] = [
  ['rule 3: a head for another origin waits until all before it have ended', otherOriginWaits],
  ['rule 3: more than 64 KiB of waiting requests end the connection, and none of them is dialled', tooMuchWaits],
];

const closing: readonly TapCase[] = [
  [
    'rule 7: a promised close without a FIN is made after the grace, not before',
    async (bench) => {
      await using origin = await answering(CLOSING);
      const client = await bench.client();
      const askedAtMs = performance.now();
      await client.send(request(origin, '/').sent);
      await client.receives(octetsOf(CLOSING));
      assert.equal(await client.end(), 'fin');
      assert.ok(performance.now() - askedAtMs >= CLOSE_GRACE_MS - 5);
      const { connections } = await bench.account();
      assert.equal(connections[0]?.closedBy, 'tap');
    },
  ],
  [
    'rule 7: the FIN of an origin that promised a close is passed on at once',
    async (bench) => {
      await using origin = await answering([...CLOSING, fin]);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      await client.receives(octetsOf(CLOSING));
      assert.equal(await client.end(), 'fin');
      const { connections } = await bench.account();
      assert.equal(connections[0]?.closedBy, 'origin');
    },
  ],
  [
    'rule 7: the grace ends no transfer, neither of another origin nor of the one that broke its promise',
    async (bench) => {
      const slow: readonly Action[] = [wait(2 * CLOSE_GRACE_MS), ...ANSWER];
      await using first = await ScriptedOrigin.start(({ index }) => (index === 1 ? CLOSING : slow));
      await using second = await answering(slow);
      for (const next of [first, second]) {
        const client = await bench.client();
        await client.send(request(first, '/').sent);
        await client.receives(octetsOf(CLOSING));
        await client.send(request(next, '/').sent);
        await client.receives(octetsOf([...CLOSING, ...ANSWER]));
      }
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['--', '--', '--', '--'],
      );
    },
  ],
  ...(['fin', 'reset'] as const).map(
    (how): TapCase => [
      `rule 8: an idle ${how} of the only origin is passed on at once and nothing is dialled again`,
      async (bench) => {
        await using origin = await answering([...ANSWER, how === 'fin' ? fin : reset]);
        const client = await bench.client();
        await client.send(request(origin, '/').sent);
        await client.receives(octetsOf(ANSWER));
        assert.equal(await client.end(), how);
        const { transfers, connections } = await bench.account();
        assert.deepEqual([transfers.length, transfers[0]?.termination, connections[0]?.closedBy], [1, '--', 'origin']);
        assert.equal(origin.connections.length, 1);
      },
    ],
  ),
  ['rule 8: an idle loss of one of several origins is only forgotten', oneOfSeveral],
  ...(['fin', 'reset'] as const).map(
    (how): TapCase => [
      `rule 9: a reused connection lost by ${how} before an answer is stale: a reset, no octet, no second try`,
      async (bench) => {
        const loss = [how === 'fin' ? fin : reset];
        await using origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? ANSWER : loss));
        const client = await bench.client();
        await client.send(request(origin, '/1').sent);
        await client.receives(octetsOf(ANSWER));
        await client.send(request(origin, '/2').sent);
        assert.equal(await client.end(), 'reset');
        await client.receives(octetsOf(ANSWER));
        const { transfers } = await bench.account();
        assert.deepEqual(
          transfers.map(({ termination, stale }) => [termination, stale]),
          [
            ['--', false],
            ['SH', true],
          ],
        );
        assert.deepEqual([origin.connections.length, origin.requests.length], [1, 2]);
      },
    ],
  ),
];

const failing: readonly TapCase[] = [
  ...(
    [
      ['a refused dial', undefined, 0],
      ['a FIN instead of an answer', [fin], 0],
      ['a reset instead of an answer', [reset], 0],
      ['a FIN in the head', [send('HTTP/1.1 200 OK\r\nContent-'), fin], 0],
    ] as const
  ).map(
    ([name, answer]): TapCase => [
      `rule 10: ${name} is a reset, and no octet is of our making`,
      async (bench) => {
        const origin = await answering(answer ?? []);
        if (answer === undefined) await origin.close();
        const port = { port: answer === undefined ? await unusedPort() : origin.port };
        const client = await bench.client();
        await client.send(request(port, '/').sent);
        assert.equal(await client.end(), 'reset');
        assert.ok(
          octetsOf(answer ?? [])
            .toString('latin1')
            .startsWith(client.text),
        );
        await origin.close();
      },
    ],
  ),
  ...(['fin', 'reset'] as const).map(
    (how): TapCase => [
      `rule 11: a ${how} in the body is a ${how} at the client, after all octets and with no last chunk`,
      async (bench) => {
        const partial = chunked(['abc', 'def']).slice(0, -1);
        // The reset comes later: one that overtakes octets would take them from the client’s kernel too.
        await using origin = await answering([...partial, wait(20), how === 'fin' ? fin : reset]);
        const client = await bench.client();
        await client.send(request(origin, '/').sent);
        assert.equal(await client.end(), how);
        await client.receives(octetsOf(partial));
        const { transfers } = await bench.account();
        assert.deepEqual(
          [transfers[0]?.termination, transfers[0]?.integrity, transfers[0]?.contentBytes],
          ['SD', 'short', 6],
        );
      },
    ],
  ),
  ...(['fin', 'reset'] as const).map(
    (how): TapCase => [
      `rule 12: a client that leaves by ${how} with an answer due takes its upstream along at once, alike`,
      async (bench) => {
        await using origin = await ScriptedOrigin.start(({ index }) =>
          index === 1 ? [send(responseHead({ fields: { 'Content-Length': '99' } })), send('abc')] : undefined,
        );
        const client = await bench.client();
        await client.send(request(origin, '/').sent);
        await client.until(({ text }) => text.endsWith('abc'), 'a part of the body');
        if (how === 'fin') client.finish();
        else client.reset();
        await origin.waitFor(({ connections }) => connections[0]?.closedBy === `client-${how}`);
        if (how === 'fin') assert.equal(await client.end(), 'fin');
        const { transfers } = await bench.account();
        assert.equal(transfers[0]?.termination, 'CD');
      },
    ],
  ),
  ['rule 13: a redirect is not followed; the client’s own request opens the second upstream', redirect],
];

const refusing: readonly TapCase[] = [
  ...(
    [
      [
        '16',
        'a target that is our own door',
        508,
        (bench: TapBench) => request({ port: bench.tap.ports.get(1) ?? 0 }, '/').sent,
      ],
      ['16', 'a request in origin-form', 400, () => 'GET /a.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['14', 'a CONNECT', 501, () => 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
    ] as const
  ).map(
    ([rule, name, status, sent]): TapCase => [
      `rule ${rule}: ${name} is answered ${status} with a line of help, and what follows it goes nowhere`,
      async (bench) => {
        await using origin = await answering(ANSWER);
        const client = await bench.client();
        await client.send(sent(bench) + request(origin, '/').sent);
        assert.equal(await client.end(), 'fin');
        assert.match(client.text, new RegExp(`^HTTP/1\\.1 ${status} .*\r\n[sS]*\r\n\r\nhls-swarm tap: .*\n$`));
        const { transfers } = await bench.account();
        assert.deepEqual(
          transfers.map(({ termination, status: recorded }) => [termination, recorded]),
          [['LR', undefined]],
        );
        assert.equal(origin.connections.length, 0);
      },
    ],
  ),
  [
    'a request that cannot be read is answered 400 and ends as PR',
    async (bench) => {
      const client = await bench.client();
      await client.send('GET http://a/ HTTP/1.1\r\nHost a\r\n\r\n');
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /^HTTP\/1\.1 400 .*\r\n[\s\S]*has no colon\n$/);
      const { transfers } = await bench.account();
      assert.deepEqual([transfers.length, transfers[0]?.termination, transfers[0]?.url], [1, 'PR', '-']);
    },
  ],
];

async function namesAndAddresses(bench: TapBench): Promise<void> {
  for (const [host, authority] of [
    ['127.0.0.1', 'localhost'],
    ['::1', '[::1]'],
  ] as const) {
    await using origin = await ScriptedOrigin.start(() => ANSWER, { host });
    const { sent, arrives } = request(origin, '/', { authority: `${authority}:${origin.port}` });
    const client = await bench.client();
    await client.send(sent);
    await client.receives(octetsOf(ANSWER));
    const { transfers, connections } = await bench.account();
    assert.equal(origin.connections[0]?.received, arrives);
    const isName = authority === 'localhost';
    assert.equal(transfers[0]?.phases.dnsMs !== undefined, isName);
    assert.equal(connections[0]?.dnsMs !== undefined, isName);
    assert.equal(transfers[0]?.upstreamAddress, `${isName ? host : authority}:${origin.port}`);
  }
}

async function nineOrigins(bench: TapBench): Promise<void> {
  await using origin = await ScriptedOrigin.start(() => ANSWER, { host: '0.0.0.0' });
  const client = await bench.client();
  for (let address = 1; address <= 8; address += 1) {
    await client.send(request(origin, '/', { authority: `127.0.0.${address}:${origin.port}` }).sent);
    await client.until(({ receivedBytes }) => receivedBytes === address * octetsOf(ANSWER).length, 'an answer');
  }
  await client.send(request(origin, '/', { authority: `127.0.0.9:${origin.port}` }).sent);
  assert.equal(await client.end(), 'reset');
  await origin.waitFor(({ connections }) => connections.every(({ closedBy }) => closedBy !== undefined));
  const { transfers } = await bench.account();
  assert.deepEqual([transfers.length, transfers.at(-1)?.termination, origin.connections.length], [9, 'PC', 8]);
}

async function allClose(bench: TapBench): Promise<void> {
  await using first = await answering(ANSWER);
  await using second = await answering(ANSWER);
  const client = await bench.client();
  for (const [position, origin] of [first, second].entries()) {
    await client.send(request(origin, '/').sent);
    await client.until(({ receivedBytes }) => receivedBytes === (position + 1) * octetsOf(ANSWER).length, 'an answer');
  }
  client.destroy();
  for (const origin of [first, second])
    await origin.waitFor(({ connections }) => connections[0]?.closedBy === 'client-fin');
}

async function otherOriginWaits(bench: TapBench): Promise<void> {
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
  await using first = await answering([{ kind: 'until', promise: mayAnswer }, ...ANSWER]);
  await using second = await answering(ANSWER);
  const client = await bench.client();
  await client.send(request(first, '/1').sent + request(second, '/2').sent + request(first, '/3').sent);
  await first.waitFor(({ requests }) => requests.length === 1);
  const waitedFromMs = performance.now();
  // The same client asks the second origin on another connection: the queue is of one connection only.
  const other = await bench.client();
  await other.send(request(second, '/other').sent);
  await other.receives(octetsOf(ANSWER));
  assert.deepEqual([first.requests.length, second.requests.length], [1, 1]);
  const waitedMs = performance.now() - waitedFromMs;
  answer();
  await client.receives(octetsOf([...ANSWER, ...ANSWER, ...ANSWER]));
  const { transfers } = await bench.account();
  assert.deepEqual([first.connections.length, first.requests.length, second.requests.length], [1, 2, 2]);
  const [, waiting] = transfers.filter(({ connection }) => connection === transfers.at(-1)?.connection);
  assert.ok((waiting?.phases.queueMs ?? 0) >= waitedMs, `queued for ${waiting?.phases.queueMs} of ${waitedMs} ms`);
}

async function tooMuchWaits(bench: TapBench): Promise<void> {
  await using first = await ScriptedOrigin.start(() => undefined);
  await using second = await answering(ANSWER);
  const client = await bench.client();
  await client.send(request(first, '/').sent);
  await first.waitFor(({ requests }) => requests.length === 1);
  await client.send(request(second, `/${'x'.repeat(1_000)}`).sent.repeat(100));
  assert.equal(await client.end(), 'reset');
  const { transfers } = await bench.account();
  assert.equal(second.connections.length, 0);
  assert.ok(transfers.length < 70, `${transfers.length} transfers were begun`);
  assert.ok(transfers.every(({ termination }) => termination === 'PR'));
  assert.equal(first.connections[0]?.closedBy, 'client-reset');
}

async function oneOfSeveral(bench: TapBench): Promise<void> {
  const { promise: mayClose, resolve: close } = Promise.withResolvers<void>();
  await using first = await ScriptedOrigin.start(({ connection }) =>
    connection.number === 1 ? [...ANSWER, { kind: 'until', promise: mayClose }, fin] : ANSWER,
  );
  await using second = await answering(ANSWER);
  const client = await bench.client();
  for (const [position, origin] of [first, second].entries()) {
    await client.send(request(origin, '/').sent);
    await client.until(({ receivedBytes }) => receivedBytes === (position + 1) * octetsOf(ANSWER).length, 'an answer');
  }
  close();
  await first.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
  await client.send(request(second, '/').sent + request(first, '/').sent);
  await client.receives(octetsOf([...ANSWER, ...ANSWER, ...ANSWER, ...ANSWER]));
  assert.deepEqual([first.connections.length, second.connections.length], [2, 1]);
}

async function redirect(bench: TapBench): Promise<void> {
  await using target = await answering(withLength(knownOctets(1, 500)));
  const answer = withLength('', { status: 302, reason: 'Found', fields: { Location: target.url('/there.ts') } });
  await using origin = await answering(answer);
  const client = await bench.client();
  await client.send(request(origin, '/here.ts').sent);
  await client.receives(octetsOf(answer));
  assert.equal(target.connections.length, 0);
  await client.send(request(target, '/there.ts').sent);
  await client.receives(octetsOf([...answer, ...withLength(knownOctets(1, 500))]));
  const { transfers, connections } = await bench.account();
  assert.deepEqual(
    transfers.map(({ kind, location }) => [kind, location]),
    [
      ['redirect', target.url('/there.ts')],
      ['segment', undefined],
    ],
  );
  assert.equal(new Set(connections.map(({ connection }) => connection)).size, 1);
  assert.equal(connections.length, 2);
}

async function unusedPort(): Promise<number> {
  const origin = await answering([]);
  const { port } = origin;
  await origin.close();
  return port;
}

onBothThreads('mirror', [...dialling, ...pipelining, ...closing, ...failing, ...refusing]);
