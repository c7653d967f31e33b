// `--half-close`: a client's FIN ends its requests, and the answers due are still delivered. Without it a FIN is a leave:
// leaving.test.ts.
import assert from 'node:assert/strict';
import { knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin, send, until } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapCase } from '../support/tap.ts';
import { BODY_PHASES, checkEnding } from '../support/tap-endings.ts';

const BODY = knownOctets(3, 300_000);

const cases: readonly TapCase[] = [
  [
    'the answer due is delivered whole, then both sides are closed',
    async (bench) => {
      const gate = Promise.withResolvers<void>();
      const answer = withLength(BODY);
      await using origin = await answering([until(gate.promise), ...answer]);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      client.finish();
      await origin.waitFor(({ requests }) => requests.length === 1);
      assert.equal(origin.connections[0]?.closedBy, undefined, 'the FIN is not passed on');
      gate.resolve();
      await client.receives(octetsOf(answer));
      assert.equal(await client.end(), 'fin');
      await origin.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
      const { transfers, connections } = await bench.account();
      assert.equal(transfers.length, 1);
      checkEnding(transfers[0], {
        code: '--',
        phases: [...BODY_PHASES, 'deliverMs'],
        record: { integrity: 'complete', status: 200, contentBytes: BODY.length },
      });
      assert.deepEqual(
        connections.map(({ closedBy }) => closedBy),
        ['client'],
      );
    },
  ],
  [
    'requests that were pipelined before the FIN are all answered, to other origins too',
    async (bench) => {
      await using first = await answering(withLength('one'));
      await using second = await answering(withLength('two'));
      const client = await bench.client();
      const asked = [first, first, second, first].map((origin) => request(origin, '/').sent);
      await client.send(asked.join(''));
      client.finish();
      assert.equal(await client.end(), 'fin');
      assert.deepEqual(client.text.match(/one|two/g), ['one', 'one', 'two', 'one']);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['--', '--', '--', '--'],
      );
    },
  ],
  [
    'a FIN between requests closes the connection',
    async (bench) => {
      await using origin = await answering(withLength('one'));
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      await client.until(({ text }) => text.endsWith('one'), 'the answer');
      client.finish();
      assert.equal(await client.end(), 'fin');
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['--'],
      );
    },
  ],
  [
    'a FIN in the middle of a request is a leave',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(() => undefined);
      for (const [sent, code] of [
        [`GET http://127.0.0.1:${origin.port}/ HTT`, 'CR'],
        [request(origin, '/', { method: 'POST', fields: ['Content-Length: 10'], body: '01234' }).sent, 'CH'],
      ] as const) {
        const client = await bench.client();
        await client.send(sent);
        await bench.until(({ requestBodyBytes }) => code === 'CR' || requestBodyBytes > 0, 'what was sent of the body');
        client.finish();
        assert.equal(await client.end(), 'fin');
        const { transfers } = await bench.account();
        assert.deepEqual(
          transfers.map(({ termination }) => termination),
          [code],
        );
      }
    },
  ],
  [
    'half a head behind a whole request is one request of its own that was never read',
    async (bench) => {
      const gate = Promise.withResolvers<void>();
      await using origin = await answering([until(gate.promise), ...withLength('one')]);
      const client = await bench.client();
      await client.send(`${request(origin, '/').sent}GET http://`);
      client.finish();
      await origin.waitFor(({ requests }) => requests.length === 1);
      gate.resolve();
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /one$/);
      const { transfers } = await bench.account();
      assert.deepEqual(transfers.map(({ termination }) => termination).sort(), ['--', 'CR']);
    },
  ],
  [
    'a client that is really gone is noticed at the first octets for it',
    async (bench) => {
      const gate = Promise.withResolvers<void>();
      const head = responseHead({ fields: { 'Content-Length': String(BODY.length * 2) } });
      await using origin = await answering([until(gate.promise), send(head), send(BODY)]);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      await origin.waitFor(({ requests }) => requests.length === 1);
      client.destroy();
      gate.resolve();
      await origin.waitFor(({ connections }) => connections[0]?.closedBy !== undefined);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['CD'],
      );
    },
  ],
  [
    'a reset after the FIN is noticed while nothing is written',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(() => undefined);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      client.finish();
      await origin.waitFor(({ requests }) => requests.length === 1);
      client.reset();
      await origin.waitFor(({ connections }) => connections[0]?.closedBy !== undefined);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['CH'],
      );
    },
  ],
];

onBothThreads('--half-close', cases, { behaviour: { halfCloses: true } });
