// What origins do decides: answers, losses in each phase, octets that do not frame, dials that fail. Bytes, phases, integrity
// and who closed, both ways; what clients do is in by-client.ts.
import assert from 'node:assert/strict';
import type { Phases, Termination } from '../../../src/events.ts';
import { startDeafListener } from '../../support/deaf-listener.ts';
import { responseHead, withLength } from '../../support/scripted-answers.ts';
import { type Action, type Closer, fin, reset, send, wait } from '../../support/scripted-origin.ts';
import { answering, octetsOf, request, type TapBench } from '../../support/tap.ts';
import { BODY_PHASES, checkEnding, DIALLED, type Expected, ended } from '../../support/tap-endings.ts';
import { closedBy, type EndingScenario } from './ending.ts';

const HEAD = responseHead({ fields: { 'Content-Length': '10' } });
const ANSWER = withLength('0123456789');
const CHUNKED_HEAD = responseHead({ fields: { 'Transfer-Encoding': 'chunked' } });

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
  {
    code: '--',
    name: 'an answer whose end is the FIN',
    answer: [send(responseHead()), send('0123'), wait(10), fin],
    phases: [...BODY_PHASES, 'deliverMs'],
    record: { integrity: 'unknown-length', status: 200, contentBytes: 4, declaredContentLength: undefined },
  },
  {
    code: '--',
    name: 'an answer with more than its length',
    answer: [send(`${HEAD}0123456789ab`)],
    phases: [...BODY_PHASES, 'deliverMs'],
    record: { integrity: 'excess', status: 200, contentBytes: 10, deliveredBytes: HEAD.length + 10 },
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
    name: 'a FIN before the last chunk',
    answer: [send(CHUNKED_HEAD), send('3\r\nabc\r\n'), wait(10), fin],
    phases: BODY_PHASES,
    record: { status: 200, contentBytes: 3, framingBytes: 5, deliveredBytes: CHUNKED_HEAD.length + 8 },
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
    answer: [send(CHUNKED_HEAD), wait(20), send('3\r\nabc\r\nxyz\r\n')],
    phases: BODY_PHASES,
    record: { status: 200, contentBytes: 3, framingBytes: 5 },
  },
];

async function provoke(bench: TapBench, given: OriginCase): Promise<void> {
  const { code, answer, phases, record } = given;
  await using origin = await answering(answer);
  const client = await bench.client();
  await client.send(request(origin, '/a').sent);
  if (code === '--') await client.receives(octetsOf(answer));
  if (closerOf(given) === 'client-fin') client.finish();
  await client.end();
  await closedBy(origin, closerOf(given));
  const { arrives } = request(origin, '/a');
  await ended(bench, {
    code,
    phases,
    record: { requestHeadBytes: arrives.length, url: origin.url('/a'), ...record },
  });
}

/** As the origin sees it: its own doing, else the tap's, which resets what does not frame. */
function closerOf({ code, answer }: OriginCase): Closer {
  const last = answer.at(-1)?.kind;
  if (last === 'fin' || last === 'reset') return `origin-${last}`;
  return code === '--' ? 'client-fin' : 'client-reset';
}

const DIALS: readonly EndingScenario[] = [
  {
    code: 'SC',
    name: 'a refused dial, and SQ for what waits behind it',
    run: async (bench) => {
      const client = await bench.client();
      const { port } = await closedOrigin();
      await client.send(request({ port }, '/1').sent + request({ port }, '/2').sent);
      assert.equal(await client.end(), 'reset');
      const { transfers, connections } = await bench.account();
      checkEnding(transfers[0], { code: 'SC', phases: ['queueMs', 'connectMs'], record: { requestHeadBytes: 0 } });
      checkEnding(transfers[1], { code: 'SQ', phases: ['queueMs'], record: { upstreamConnection: undefined } });
      assert.match(connections[0]?.failure ?? '', /ECONNREFUSED/);
    },
  },
  {
    code: 'sC',
    name: 'a dial that takes longer than its limit',
    run: async (bench) => {
      await using deaf = await startDeafListener();
      const client = await bench.client();
      await client.send(request(deaf, '/').sent);
      assert.equal(await client.end(), 'reset');
      await ended(bench, { code: 'sC', phases: ['queueMs', 'connectMs'] });
    },
  },
  {
    code: 'XD',
    name: 'a name that nobody knows',
    run: async (bench) => {
      const client = await bench.client();
      await client.send(request({ port: 80 }, '/', { authority: NO_NAME }).sent);
      assert.equal(await client.end(), 'reset');
      await ended(bench, { code: 'XD', phases: ['queueMs', 'dnsMs'] });
    },
  },
];

export const ENDED_BY_ORIGIN: readonly EndingScenario[] = [
  ...BY_ORIGIN.map((given) => ({
    code: given.code,
    name: given.name,
    run: (bench: TapBench) => provoke(bench, given),
  })),
  ...DIALS,
];

async function closedOrigin(): Promise<{ readonly port: number }> {
  const origin = await answering([]);
  const { port } = origin;
  await origin.close();
  return { port };
}
