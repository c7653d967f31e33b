// The mirror rules of MEASURING section 1, as a client and an origin see them; octets (rules 2 and 4 to 6) are in
// octets.test.ts, failures and refusals (10 to 16) in mirror-failures.test.ts, codes and phases in endings.test.ts.
import assert from 'node:assert/strict';
import { withLength } from '../support/scripted-answers.ts';
import { type Action, fin, reset, ScriptedOrigin, wait } from '../support/scripted-origin.ts';
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
      `rule 8: an idle ${how} of the only origin ends the client's connection at once and nothing is dialled again`,
      async (bench) => {
        await using origin = await answering([...ANSWER, how === 'fin' ? fin : reset]);
        const client = await bench.client();
        await client.send(request(origin, '/').sent);
        await client.receives(octetsOf(ANSWER));
        // Flushed, then closed: a reset would throw away what the kernel still holds for a slow client.
        assert.equal(await client.end(), 'fin');
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

onBothThreads('mirror', [...dialling, ...pipelining, ...closing]);
