// The mirror rules of MEASURING section 1 for what fails, leaves, redirects or is refused (10 to 16), as a client and an origin
// see them; the rest of the rules are in mirror-rules.test.ts.
import assert from 'node:assert/strict';
import { chunked, knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { fin, reset, ScriptedOrigin, send, wait } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';

const ANSWER = withLength('twelve bytes');

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
      ...['2130706433', '0x7f.1', '[::ffff:7f00:1]', '0.0.0.0'].map(
        (host) =>
          [
            '16',
            `a target that is our own door, written ${host},`,
            508,
            (bench: TapBench) => `GET http://${host}:${bench.tap.ports.get(1)}/ HTTP/1.1\r\nHost: a\r\n\r\n`,
          ] as const,
      ),
      ['16', 'a request in origin-form', 400, () => 'GET /a.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['14', 'a CONNECT without a port', 400, () => 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ] as const
  ).map(
    ([rule, name, status, sent]): TapCase => [
      `rule ${rule}: ${name} is answered ${status} with a line of help, and what follows it goes nowhere`,
      async (bench) => {
        await using origin = await answering(ANSWER);
        const client = await bench.client();
        await client.send(sent(bench) + request(origin, '/').sent);
        assert.equal(await client.end(), 'fin');
        assert.match(client.text, new RegExp(`^HTTP/1\\.1 ${status} (?:.*\r\n)+\r\nhls-swarm tap: .*\n$`));
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
      assert.match(client.text, /^HTTP\/1\.1 400 (?:.*\r\n)+\r\n.*has no colon\n$/);
      const { transfers } = await bench.account();
      assert.deepEqual([transfers.length, transfers[0]?.termination, transfers[0]?.url], [1, 'PR', '-']);
    },
  ],
];

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

onBothThreads('mirror', [...failing, ...refusing]);
