// Shared connections under random traffic: clients that pipeline, leave and are cut off, answers of all framings. The account
// of every transfer is the origin's own, what stays is answered to the octet, and the pool keeps its limit at every instant.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectionEvent } from '../../src/events.ts';
import { type Random, seededRandom } from '../../src/random.ts';
import { type RecordedRequest, reset, ScriptedOrigin } from '../support/scripted-origin.ts';
import { request, TapBench } from '../support/tap.ts';
import { type Answer, inPieces, randomAnswer } from './exactness/traffic.ts';

const CLIENTS = 40;
const MOST_REQUESTS = 4;
const LIMIT = 5;
const LONGEST_STAY_MS = 60;

for (const inThread of [true, false])
  describe(`random traffic, tap in ${inThread ? 'this thread' : 'a worker'}`, () => {
    for (const seed of [1, 2, 3])
      test(`seed ${seed}`, async () => {
        const random = seededRandom(seed);
        const answers = new Map<string, Answer>();
        await using origin = await ScriptedOrigin.start(({ target }) => play(random, answers.get(target)));
        const bench = await TapBench.open({
          inThread,
          behaviour: { upstream: 'shared', shared: { maxConnectionsPerOrigin: LIMIT, idleMs: LONGEST_STAY_MS } },
        });
        try {
          await Promise.all(
            Array.from({ length: CLIENTS }, (_, index) =>
              visit(bench, origin, answers, random.fork(`${index}`), index),
            ),
          );
          const { transfers, connections } = await bench.account();
          const asked = new Map(origin.requests.map((recorded) => [keyOf(recorded), recorded.target]));
          for (const { url, upstreamLocalPort, upstreamRequestIndex, termination, contentBytes } of transfers) {
            const path = new URL(url).pathname;
            if (upstreamRequestIndex !== undefined && asked.has(`${upstreamLocalPort}/${upstreamRequestIndex}`))
              assert.equal(asked.get(`${upstreamLocalPort}/${upstreamRequestIndex}`), path);
            if (termination === '--') assert.equal(contentBytes, contentOf(answers.get(path)));
          }
          assert.ok(transfers.some(({ termination }) => termination.startsWith('C')));
          assert.ok(transfers.some(({ termination }) => termination === 'SD'));
          assert.ok(transfers.some(({ upstreamReused }) => upstreamReused === true));
          assert.ok(mostAtOnce(connections) <= LIMIT);
        } finally {
          await bench.close();
        }
      });
  });

/** Sometimes the origin cuts its answer off. */
function play(random: Random, answer: Answer | undefined): ReturnType<typeof inPieces> {
  if (answer === undefined) return [reset];
  if (random.next() > 0.1) return inPieces(random, answer.octets);
  return [...inPieces(random, answer.octets.subarray(0, Math.floor(answer.octets.length / 2))), reset];
}

/** One client's life: asks for all at once, then leaves early, or stays until it is answered or cut off. */
async function visit(
  bench: TapBench,
  origin: ScriptedOrigin,
  answers: Map<string, Answer>,
  random: Random,
  index: number,
): Promise<void> {
  await pause(random.between(0, LONGEST_STAY_MS));
  const client = await bench.client();
  const paths = Array.from({ length: 1 + Math.floor(random.between(0, MOST_REQUESTS)) }, (_, n) => `/${index}/${n}`);
  for (const [position, path] of paths.entries())
    answers.set(path, randomAnswer(random, index * MOST_REQUESTS + position));
  await client.send(paths.map((path) => request(origin, path).sent).join(''));
  if (random.next() < 0.3) {
    await pause(random.between(0, LONGEST_STAY_MS));
    if (random.next() < 0.5) client.reset();
    else client.destroy();
    return;
  }
  const due = Buffer.concat(paths.map((path) => answers.get(path)?.octets ?? Buffer.alloc(0)));
  await client.until(({ receivedBytes, ended }) => receivedBytes >= due.length || ended !== undefined, 'its answers');
  assert.ok(due.subarray(0, client.receivedBytes).equals(client.received), 'octets of its own answers and no others');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function keyOf({ connection, index }: RecordedRequest): string {
  return `${connection.remotePort}/${index}`;
}

function contentOf(answer: Answer | undefined): number {
  return (answer?.spans ?? []).reduce((sum, [kind, { length }]) => (kind === 'content' ? sum + length : sum), 0);
}

/** Closings count before openings of the same instant. */
function mostAtOnce(connections: readonly ConnectionEvent[]): number {
  const steps = connections
    .filter(({ upstreamConnection }) => upstreamConnection !== undefined)
    .flatMap(({ openedAtMs, closedAtMs }) => [
      { atMs: openedAtMs, by: 1 },
      { atMs: closedAtMs, by: -1 },
    ])
    .toSorted((one, other) => one.atMs - other.atMs || one.by - other.by);
  let open = 0;
  return Math.max(
    ...steps.map(({ by }) => {
      open += by;
      return open;
    }),
  );
}
