// Every termination code that can be reached, with the record that goes with it: phases present and absent, bytes,
// integrity, status. (XT and ID have no way here; sH, sD and cD belong to timers that the tap does not
// have; how clients leave is in leaving.test.ts.)
import assert from 'node:assert/strict';
import type { Phases, Termination } from '../../src/events.ts';
import { startDeafListener } from '../support/deaf-listener.ts';
import { responseHead, withLength } from '../support/scripted-answers.ts';
import { type Action, fin, reset, ScriptedOrigin, send, wait } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapCase } from '../support/tap.ts';
import { BODY_PHASES, checkEnding, DIALLED, type Expected, ended } from '../support/tap-endings.ts';

const FIRST_HEAD_MS = 250;
const DIAL_TIMEOUT_MS = 300;
const HEAD = responseHead({ fields: { 'Content-Length': '10' } });
const ANSWER = withLength('0123456789');

/** A label of 64 characters: refused by the resolver itself, without asking anybody. */
const NO_NAME = `${'x'.repeat(64)}.invalid`;

interface OriginCase {
  readonly code: Termination;
  readonly name: string;
  readonly answer: readonly Action[];
  readonly phases: readonly (keyof Phases)[];
  readonly record?: Expected;
}

/** What the origin does decides. */
const BY_ORIGIN: readonly OriginCase[] = [
  {
    code: '--',
    name: 'a complete answer',
    answer: ANSWER,
    phases: [...BODY_PHASES, 'deliverMs'],
    record: { integrity: 'complete', status: 200, contentBytes: 10, responseHeadBytes: HEAD.length },
  },
  {
    code: '--',
    name: 'a complete answer without content',
    answer: withLength(''),
    phases: [...DIALLED, 'headersMs', 'deliverMs'],
    record: { integrity: 'complete', status: 200, contentBytes: 0 },
  },
  { code: 'SH', name: 'a FIN before the head', answer: [fin], phases: DIALLED, record: { responseHeadBytes: 0 } },
  { code: 'SH', name: 'a reset before the head', answer: [reset], phases: DIALLED },
  {
    code: 'SH',
    name: 'a FIN in the head',
    answer: [send('HTTP/1.1 200 O'), wait(10), fin],
    phases: [...DIALLED, 'headersMs'],
    record: { responseHeadBytes: 14 },
  },
  {
    code: 'SH',
    name: 'a FIN after an interim head',
    answer: [send('HTTP/1.1 103 Early Hints\r\n\r\n'), wait(10), fin],
    phases: DIALLED,
    record: { interimHeadBytes: 28, responseHeadBytes: 0 },
  },
  {
    code: 'SD',
    name: 'a FIN in the body',
    answer: [send(HEAD), send('0123'), wait(10), fin],
    phases: BODY_PHASES,
    record: { status: 200, contentBytes: 4, declaredContentLength: 10, deliveredBytes: HEAD.length + 4 },
  },
  {
    code: 'SD',
    name: 'a reset in a body without a length',
    answer: [send(responseHead()), send('0123'), wait(10), reset],
    phases: BODY_PHASES,
    record: { status: 200, contentBytes: 4 },
  },
  {
    code: 'PH',
    name: 'an answer that is not HTTP',
    answer: [send('ICY 200 OK\r\n\r\n')],
    phases: DIALLED,
    record: { responseHeadBytes: 0, deliveredBytes: 0 },
  },
  {
    code: 'PH',
    name: 'a length and chunks at once',
    answer: [send(responseHead({ fields: { 'Content-Length': '3', 'Transfer-Encoding': 'chunked' } }))],
    phases: DIALLED,
    record: { deliveredBytes: 0 },
  },
  {
    code: 'PD',
    name: 'a chunk size that is no number',
    answer: [send(responseHead({ fields: { 'Transfer-Encoding': 'chunked' } })), wait(20), send('3\r\nabc\r\nxyz\r\n')],
    phases: BODY_PHASES,
    record: { status: 200, contentBytes: 3, framingBytes: 5 },
  },
];

const byOrigin = BY_ORIGIN.map(
  ({ code, name, answer, phases, record }): TapCase => [
    `${code}: ${name}`,
    async (bench) => {
      await using origin = await answering(answer);
      const client = await bench.client();
      await client.send(request(origin, '/a').sent);
      if (code === '--') await client.receives(octetsOf(answer));
      else await client.end();
      const { arrives } = request(origin, '/a');
      await ended(bench, {
        code,
        phases,
        record: { requestHeadBytes: arrives.length, url: origin.url('/a'), ...record },
      });
    },
  ],
);

const dials: readonly TapCase[] = [
  [
    'SC: a refused dial, and SQ for what waits behind it',
    async (bench) => {
      const client = await bench.client();
      const { port } = await closedOrigin();
      await client.send(request({ port }, '/1').sent + request({ port }, '/2').sent);
      assert.equal(await client.end(), 'reset');
      const { transfers, connections } = await bench.account();
      checkEnding(transfers[0], { code: 'SC', phases: ['queueMs', 'connectMs'], record: { requestHeadBytes: 0 } });
      checkEnding(transfers[1], { code: 'SQ', phases: ['queueMs'], record: { upstreamConnection: undefined } });
      assert.match(connections[0]?.failure ?? '', /ECONNREFUSED/);
    },
  ],
  [
    'sC: a dial that takes longer than its limit',
    async (bench) => {
      await using deaf = await startDeafListener();
      const client = await bench.client();
      await client.send(request(deaf, '/').sent);
      assert.equal(await client.end(), 'reset');
      await ended(bench, { code: 'sC', phases: ['queueMs', 'connectMs'] });
    },
  ],
  [
    'XD: a name that nobody knows',
    async (bench) => {
      const client = await bench.client();
      await client.send(request({ port: 80 }, '/', { authority: NO_NAME }).sent);
      assert.equal(await client.end(), 'reset');
      await ended(bench, { code: 'XD', phases: ['queueMs', 'dnsMs', 'connectMs'] });
    },
  ],
];

const requests: readonly TapCase[] = [
  [
    'CR: the client leaves in the middle of a head; one that sent nothing is no transfer',
    async (bench) => {
      const client = await bench.client();
      const silent = await bench.client();
      await client.send('GET http://a/ HT');
      client.finish();
      silent.finish();
      assert.deepEqual([await client.end(), await silent.end()], ['fin', 'fin']);
      await ended(bench, { code: 'CR', phases: ['queueMs'], record: { method: '-', requestHeadBytes: 0 } });
    },
  ],
  [
    'cR: a first head that does not end in time',
    async (bench) => {
      const client = await bench.client();
      await client.send('GET http://a/ HT');
      assert.equal(await client.end(), 'reset');
      await ended(bench, { code: 'cR', phases: ['queueMs'] });
    },
  ],
  [
    'PR: a request that cannot be read ends those before it too',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(() => undefined);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      await origin.waitFor(({ requests: { length } }) => length === 1);
      await client.send('\u0016\u0003\u0001');
      assert.equal(await client.end(), 'reset');
      const { transfers } = await bench.account();
      checkEnding(transfers[0], { code: 'PR', phases: ['queueMs'], record: { method: '-' } });
      checkEnding(transfers[1], { code: 'PR', phases: DIALLED, record: { method: 'GET' } });
    },
  ],
  [
    'LR: a request that is refused here',
    async (bench) => {
      const client = await bench.client();
      await client.send('GET / HTTP/1.1\r\n\r\n');
      assert.equal(await client.end(), 'fin');
      await ended(bench, { code: 'LR', phases: ['queueMs'], record: { upstreamConnection: undefined, url: '/' } });
    },
  ],
  [
    'SQ: what waits for another origin when the first one fails',
    async (bench) => {
      await using origin = await answering([send(`${HEAD}0123`), wait(10), fin]);
      await using other = await answering(ANSWER);
      const client = await bench.client();
      await client.send(request(origin, '/1').sent + request(other, '/2').sent);
      assert.equal(await client.end(), 'fin');
      const { transfers } = await bench.account();
      checkEnding(transfers[0], { code: 'SD', phases: BODY_PHASES, record: { status: 200 } });
      checkEnding(transfers[1], { code: 'SQ', phases: ['queueMs'] });
      assert.equal(other.connections.length, 0);
    },
  ],
];

async function closedOrigin(): Promise<{ readonly port: number }> {
  const origin = await answering([]);
  const { port } = origin;
  await origin.close();
  return { port };
}

onBothThreads('ending', [...byOrigin, ...dials, ...requests], {
  dialTimeoutMs: DIAL_TIMEOUT_MS,
  limits: { firstHeadMs: FIRST_HEAD_MS },
});
