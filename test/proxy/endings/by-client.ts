// What clients do decides: they leave in each phase, by themselves (C) or because their door is being stopped (K). The origin
// sees the close after the client left, of its own accord or not.
import assert from 'node:assert/strict';
import type { TransferEvent } from '../../../src/events.ts';
import { startDeafListener } from '../../support/deaf-listener.ts';
import { ANSWER_BYTES, fill } from '../../support/full-client.ts';
import { knownOctets, responseHead, withLength } from '../../support/scripted-answers.ts';
import { type Closer, ScriptedOrigin, send } from '../../support/scripted-origin.ts';
import { answering, request, type TapBench } from '../../support/tap.ts';
import { BODY_PHASES, checkEnding, DIALLED } from '../../support/tap-endings.ts';
import { closedBy, type EndingScenario } from './ending.ts';

const HEAD = responseHead({ fields: { 'Content-Length': '10' } });

type Cause = 'C' | 'K';

export const ENDED_BY_CLIENT: readonly EndingScenario[] = (['C', 'K'] as const).flatMap((cause) => [
  { code: `${cause}C`, name: 'while the dial is under way', run: (bench) => duringDial(bench, cause) },
  { code: `${cause}Q`, name: 'with a request that waits for another origin', run: (bench) => waiting(bench, cause) },
  { code: `${cause}H`, name: 'before the head, another request behind', run: (bench) => beforeHead(bench, cause) },
  { code: `${cause}H`, name: 'in the head', run: (bench) => inHead(bench, cause) },
  { code: `${cause}D`, name: 'in the body, by a reset', run: (bench) => inBody(bench, cause) },
  {
    code: cause === 'C' ? 'CL' : 'KD',
    name: 'when all was received, but not taken by the client',
    run: (bench) => notTaken(bench, cause),
  },
]);

async function duringDial(bench: TapBench, cause: Cause): Promise<void> {
  await using deaf = await startDeafListener();
  const client = await bench.client();
  await client.send(request(deaf, '/1').sent + request(deaf, '/2').sent);
  await bench.until(({ openUpstreamConnections }) => openUpstreamConnections > 0, 'an upstream connection');
  const [first, second] = await left(bench, cause, () => client.destroy());
  const notSent = { upstreamConnection: undefined, requestHeadBytes: 0 };
  checkEnding(first, { code: `${cause}C`, phases: ['queueMs', 'connectMs'], record: notSent });
  checkEnding(second, { code: `${cause}Q`, phases: ['queueMs'], record: notSent });
}

async function waiting(bench: TapBench, cause: Cause): Promise<void> {
  await using origin = await ScriptedOrigin.start(() => undefined);
  await using other = await answering(withLength('never asked'));
  const client = await bench.client();
  await client.send(request(origin, '/').sent + request(other, '/').sent);
  await origin.waitFor(({ requests }) => requests.length === 1);
  const [first, second] = await left(bench, cause, () => client.finish(), origin);
  checkEnding(first, { code: `${cause}H`, phases: DIALLED });
  checkEnding(second, { code: `${cause}Q`, phases: ['queueMs'], record: { upstreamConnection: undefined } });
  assert.equal(other.connections.length, 0);
}

async function beforeHead(bench: TapBench, cause: Cause): Promise<void> {
  await using origin = await ScriptedOrigin.start(() => undefined);
  const client = await bench.client();
  await client.send(request(origin, '/1').sent + request(origin, '/2').sent);
  await origin.waitFor(({ requests }) => requests.length === 2);
  const [first, second] = await left(bench, cause, () => client.destroy(), origin);
  checkEnding(first, { code: `${cause}H`, phases: DIALLED, record: { deliveredBytes: 0 } });
  checkEnding(second, { code: `${cause}Q`, phases: ['queueMs', 'sendMs', 'waitMs'] });
}

async function inHead(bench: TapBench, cause: Cause): Promise<void> {
  const part = HEAD.slice(0, 20);
  await using origin = await answering([send(part)]);
  const client = await bench.client();
  await client.send(request(origin, '/').sent);
  await client.receives(Buffer.from(part));
  const [transfer] = await left(bench, cause, () => client.destroy(), origin);
  const record = { responseHeadBytes: 20, contentBytes: 0 };
  checkEnding(transfer, { code: `${cause}H`, phases: [...DIALLED, 'headersMs'], record });
}

async function inBody(bench: TapBench, cause: Cause): Promise<void> {
  await using origin = await answering([send(`${HEAD}0123`)]);
  const client = await bench.client();
  await client.send(request(origin, '/').sent);
  await client.receives(Buffer.from(`${HEAD}0123`));
  const [transfer] = await left(bench, cause, () => client.reset(), origin, 'client-reset');
  const record = { status: 200, responseHeadBytes: HEAD.length, contentBytes: 4, deliveredBytes: HEAD.length + 4 };
  checkEnding(transfer, { code: `${cause}D`, phases: BODY_PHASES, record });
}

async function notTaken(bench: TapBench, cause: Cause): Promise<void> {
  await using origin = await answering(withLength(knownOctets(7, ANSWER_BYTES)));
  const client = await bench.client();
  await fill(bench, origin, client);
  // It has octets that it never read: its kernel answers the tap's with a reset, whatever the client said.
  const transfers = await left(bench, cause, () => client.reset(), origin, 'client-reset');
  checkEnding(transfers.at(-1), {
    code: cause === 'C' ? 'CL' : 'KD',
    phases: ['queueMs', 'sendMs', 'waitMs', 'headersMs', 'receiveMs', 'deliverMs'],
    record: { integrity: 'complete', status: 200, contentBytes: ANSWER_BYTES, upstreamReused: true },
  });
  assert.ok(transfers.slice(0, -1).every(({ termination }) => termination === '--'));
}

/** The client leaves as its cause wants it; the origin must see that of itself; then the records. */
async function left(
  bench: TapBench,
  cause: Cause,
  leave: () => void,
  origin?: ScriptedOrigin,
  closer: Closer = 'client-fin',
): Promise<readonly TransferEvent[]> {
  bench.tap.setStopping(1, cause === 'K');
  leave();
  if (origin !== undefined) await closedBy(origin, closer);
  const { transfers } = await bench.account();
  bench.tap.setStopping(1, false);
  return transfers;
}
