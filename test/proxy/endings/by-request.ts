// What is asked decides: heads that never end, that cannot be read, that are refused here, that ask too much of one connection.
// What is refused and why, in full, is in bad-requests.test.ts.
import assert from 'node:assert/strict';
import { MAX_ORIGINS_PER_CONNECTION } from '../../../src/proxy/limits.ts';
import { responseHead, withLength } from '../../support/scripted-answers.ts';
import { fin, ScriptedOrigin, send, wait } from '../../support/scripted-origin.ts';
import { answering, octetsOf, request } from '../../support/tap.ts';
import { BODY_PHASES, checkEnding, DIALLED, ended } from '../../support/tap-endings.ts';
import { closedBy, type EndingScenario } from './ending.ts';

const HEAD = responseHead({ fields: { 'Content-Length': '10' } });
const ANSWER = withLength('0123456789');

export const ENDED_REQUESTS: readonly EndingScenario[] = [
  {
    code: 'CR',
    name: 'the client leaves in the middle of a head; one that sent nothing is no transfer',
    run: async (bench) => {
      const client = await bench.client();
      const silent = await bench.client();
      await client.send('GET http://a/ HT');
      client.finish();
      silent.finish();
      assert.deepEqual([await client.end(), await silent.end()], ['fin', 'fin']);
      await ended(bench, { code: 'CR', phases: ['queueMs'], record: { method: '-', requestHeadBytes: 0 } });
    },
  },
  {
    code: 'cR',
    name: 'a first head that does not end in time',
    run: async (bench) => {
      const client = await bench.client();
      await client.send('GET http://a/ HT');
      assert.equal(await client.end(), 'reset');
      await ended(bench, { code: 'cR', phases: ['queueMs'] });
    },
  },
  {
    code: 'PR',
    name: 'a request that cannot be read ends those before it too',
    run: async (bench) => {
      await using origin = await ScriptedOrigin.start(() => undefined);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      await origin.waitFor(({ requests: { length } }) => length === 1);
      await client.send('\u0016\u0003\u0001');
      assert.equal(await client.end(), 'reset');
      await closedBy(origin, 'client-reset');
      const { transfers } = await bench.account();
      checkEnding(transfers[0], { code: 'PR', phases: ['queueMs'], record: { method: '-' } });
      checkEnding(transfers[1], { code: 'PR', phases: DIALLED, record: { method: 'GET' } });
    },
  },
  {
    code: 'LR',
    name: 'a request that is refused here',
    run: async (bench) => {
      const client = await bench.client();
      await client.send('GET / HTTP/1.1\r\n\r\n');
      assert.equal(await client.end(), 'fin');
      await ended(bench, { code: 'LR', phases: ['queueMs'], record: { upstreamConnection: undefined, url: '/' } });
    },
  },
  {
    code: 'SQ',
    name: 'what waits for another origin when the first one fails',
    run: async (bench) => {
      await using origin = await answering([send(`${HEAD}0123`), wait(10), fin]);
      await using other = await answering(ANSWER);
      const client = await bench.client();
      await client.send(request(origin, '/1').sent + request(other, '/2').sent);
      assert.equal(await client.end(), 'fin');
      await closedBy(origin, 'origin-fin');
      const { transfers } = await bench.account();
      checkEnding(transfers[0], { code: 'SD', phases: BODY_PHASES, record: { status: 200 } });
      checkEnding(transfers[1], { code: 'SQ', phases: ['queueMs'] });
      assert.equal(other.connections.length, 0);
    },
  },
  {
    code: 'CR',
    name: 'the client leaves in a later head, and its upstream goes with it',
    run: async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await bench.client();
      const { sent } = request(origin, '/');
      await client.send(sent + sent.slice(0, 20));
      await client.receives(octetsOf(ANSWER));
      client.finish();
      await closedBy(origin, 'client-fin');
      const { transfers } = await bench.account();
      checkEnding(transfers[1], { code: 'CR', phases: ['queueMs'], record: { upstreamConnection: undefined } });
      assert.deepEqual([transfers.length, transfers[0]?.termination], [2, '--']);
    },
  },
  {
    code: 'PC',
    name: 'a ninth origin on one connection ends all of them',
    run: async (bench) => {
      await using origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? ANSWER : undefined), {
        host: '0.0.0.0',
      });
      const client = await bench.client();
      const ask = (host: number): Promise<void> =>
        client.send(request(origin, '/', { authority: `127.0.0.${host}:${origin.port}` }).sent);
      for (let host = 1; host <= MAX_ORIGINS_PER_CONNECTION; host += 1) {
        await ask(host);
        await client.until(({ receivedBytes }) => receivedBytes === host * octetsOf(ANSWER).length, 'an answer');
      }
      await ask(MAX_ORIGINS_PER_CONNECTION + 1);
      assert.equal(await client.end(), 'reset');
      await origin.waitFor(({ connections }) => connections.every((seen) => seen.closedBy === 'client-reset'));
      const { transfers } = await bench.account();
      assert.deepEqual([transfers.length, origin.connections.length], [9, 8]);
      checkEnding(transfers[8], { code: 'PC', phases: ['queueMs'], record: { upstreamConnection: undefined } });
    },
  },
];
