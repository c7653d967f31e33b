// A client that leaves in each phase, by itself (C) or because its door is being stopped (K): code, phases, bytes of its record.
// That its upstream goes at once is in mirror-failures.test.ts.
import assert from 'node:assert/strict';
import type { TransferEvent } from '../../src/events.ts';
import { startDeafListener } from '../support/deaf-listener.ts';
import type { RawClient } from '../support/raw-client.ts';
import { knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';
import { BODY_PHASES, checkEnding, DIALLED } from '../support/tap-endings.ts';

const HEAD = responseHead({ fields: { 'Content-Length': '10' } });
/** What happens in the same turn of the loop as the read has happened by then, on a loaded machine too. */
const SOON_MS = 200;
const DEADLINE_MS = 5_000;

type Leave = 'C' | 'K';

/** The client leaves in a phase: by itself, or because its door's stop flag is up. */
function leaving(cause: Leave): readonly TapCase[] {
  const raiseFlag = (bench: TapBench): void => bench.tap.setStopping(1, cause === 'K');
  const finish = async (bench: TapBench): Promise<readonly TransferEvent[]> => {
    const { transfers } = await bench.account();
    bench.tap.setStopping(1, false);
    return transfers;
  };
  return [
    [
      `${cause}C: while the dial is under way`,
      async (bench) => {
        await using deaf = await startDeafListener();
        const client = await bench.client();
        await client.send(request(deaf, '/').sent);
        await openUpstream(bench);
        raiseFlag(bench);
        client.destroy();
        checkEnding((await finish(bench))[0], { code: `${cause}C`, phases: ['queueMs', 'connectMs'] });
      },
    ],
    [
      `${cause}H: before the head, and ${cause}Q for what was pipelined behind`,
      async (bench) => {
        await using origin = await ScriptedOrigin.start(() => undefined);
        const client = await bench.client();
        await client.send(request(origin, '/1').sent + request(origin, '/2').sent);
        await origin.waitFor(({ requests }) => requests.length === 2);
        raiseFlag(bench);
        client.destroy();
        const [first, second] = await finish(bench);
        checkEnding(first, { code: `${cause}H`, phases: DIALLED, record: { deliveredBytes: 0 } });
        checkEnding(second, { code: `${cause}Q`, phases: ['queueMs', 'sendMs', 'waitMs'] });
      },
    ],
    [
      `${cause}D: in the body`,
      async (bench) => {
        await using origin = await answering([send(`${HEAD}0123`)]);
        const client = await bench.client();
        await client.send(request(origin, '/').sent);
        await client.receives(Buffer.from(`${HEAD}0123`));
        raiseFlag(bench);
        client.reset();
        const record = { status: 200, contentBytes: 4, deliveredBytes: HEAD.length + 4 };
        checkEnding((await finish(bench))[0], { code: `${cause}D`, phases: BODY_PHASES, record });
      },
    ],
    [
      `${cause === 'C' ? 'CL' : 'KD'}: received, but not taken by the client`,
      async (bench) => {
        await using origin = await answering(withLength(knownOctets(7, 30_000)));
        const client = await bench.client();
        await fill(bench, origin, client);
        raiseFlag(bench);
        client.destroy();
        const transfers = await finish(bench);
        checkEnding(transfers.at(-1), {
          code: cause === 'C' ? 'CL' : 'KD',
          phases: ['queueMs', 'sendMs', 'waitMs', 'headersMs', 'receiveMs', 'deliverMs'],
          record: { integrity: 'complete', status: 200, contentBytes: 30_000, upstreamReused: true },
        });
        assert.ok(transfers.slice(0, -1).every(({ termination }) => termination === '--'));
      },
    ],
  ];
}

/** Resolves when the tap has an upstream connection open or under way. */
async function openUpstream(bench: TapBench): Promise<void> {
  await bench.until(({ openUpstreamConnections }) => openUpstreamConnections > 0, 'an upstream connection');
}

/** Asks without reading until an answer that the tap has received stays with it, because no kernel buffer has room. */
async function fill(bench: TapBench, origin: ScriptedOrigin, client: RawClient): Promise<void> {
  client.pause();
  const { sent } = request(origin, '/');
  const before = bench.tap.meters().meters.readBytes;
  const answerBytes = octetsOf(withLength(knownOctets(7, 30_000))).length;
  for (let asked = 1; asked <= 1_000; asked += 1) {
    await client.send(sent);
    const wasRead = await soon(() => bench.tap.meters().meters.readBytes - before >= asked * answerBytes, DEADLINE_MS);
    assert.ok(wasRead, 'the answer did not come');
    if (!(await soon(() => bench.tap.meters().meters.openTransfers === 0, SOON_MS))) return;
  }
  assert.fail('the kernel took 30 MB from a client that does not read');
}

/** Looks without a pause between, for what happens at once or not at all. */
async function soon(condition: () => boolean, deadlineMs: number): Promise<boolean> {
  const endsAt = performance.now() + deadlineMs;
  while (!condition() && performance.now() < endsAt) await new Promise((resolve) => setImmediate(resolve));
  return condition();
}

onBothThreads('leaving', [...leaving('C'), ...leaving('K')]);
