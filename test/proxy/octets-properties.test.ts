// Any answers, cut anywhere, asked one by one or pipelined: the client gets the origin's octets, the origin the client's,
// and the records add up to what was scripted.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chunked, earlyHints, knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { type Action, ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { octetsOf, onBothThreads, request, type TapBench } from '../support/tap.ts';

interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly body: string;
  readonly answer: readonly Action[];
  readonly contentBytes: number;
}

const RUNS = 40;
const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 150_000 }));
const withContent = fc.oneof(
  size.map((bytes) => ({ answer: withLength(knownOctets(bytes, bytes)), contentBytes: bytes })),
  fc.array(size, { maxLength: 4 }).map((sizes) => ({
    answer: chunked(
      sizes.map((bytes) => knownOctets(bytes, bytes)),
      { extension: ';a="b"', trailers: { 'X-Trailer': 'yes' } },
    ),
    contentBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
  })),
);
const answered = fc.oneof(
  withContent,
  withContent.map(({ answer, contentBytes }) => ({ answer: earlyHints(answer), contentBytes })),
  fc.constantFrom(204, 304).map((status) => ({ answer: [send(responseHead({ status }))], contentBytes: 0 })),
);
const asked: fc.Arbitrary<Asked> = fc.oneof(
  answered.map((given) => ({ method: 'GET' as const, body: '', ...given })),
  fc.record({ given: answered, length: fc.integer({ min: 1, max: 3_000 }) }).map(({ given, length }) => ({
    method: 'POST' as const,
    body: knownOctets(length, length).toString('latin1'),
    ...given,
  })),
  size.map((bytes) => ({
    method: 'HEAD' as const,
    body: '',
    answer: [send(responseHead({ fields: { 'Content-Length': String(bytes) } }))],
    contentBytes: 0,
  })),
);
const scenario = fc.record({
  asks: fc.array(asked, { minLength: 1, maxLength: 6 }),
  isPipelined: fc.boolean(),
  requestCuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
  answerCuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** The octets in pieces, cut at these shares of their length. */
function cut(octets: Buffer, shares: readonly number[]): readonly Buffer[] {
  const positions = [
    0,
    ...shares.map((share) => Math.floor(share * octets.length)).sort((a, b) => a - b),
    octets.length,
  ];
  return positions.slice(1).map((end, index) => octets.subarray(positions[index], end));
}

async function play(bench: TapBench, { asks, isPipelined, requestCuts, answerCuts }: Scenario): Promise<void> {
  await using origin = await ScriptedOrigin.start(({ index }) =>
    cut(octetsOf(asks[index - 1]?.answer ?? []), answerCuts).map((octets) => send(octets)),
  );
  const requests = asks.map(({ method, body }, index) =>
    request(origin, `/${index}`, { method, body, fields: body === '' ? [] : [`Content-Length: ${body.length}`] }),
  );
  const client = await bench.client();
  const batches = isPipelined ? [requests] : requests.map((one) => [one]);
  let answeredAsks = 0;
  for (const batch of batches) {
    const sent = Buffer.from(batch.map(({ sent: text }) => text).join(''), 'latin1');
    for (const octets of cut(sent, requestCuts)) await client.send(octets);
    answeredAsks += batch.length;
    await client.receives(octetsOf(asks.slice(0, answeredAsks).flatMap(({ answer }) => answer)));
  }
  const { transfers, connections } = await bench.account();
  assert.ok(origin.connections[0]?.received === requests.map(({ arrives }) => arrives).join(''), 'the requests differ');
  assert.deepEqual(
    transfers.map(({ termination, contentBytes, requestBodyBytes, deliveredBytes }) => ({
      ...{ termination, contentBytes, requestBodyBytes, deliveredBytes },
    })),
    asks.map(({ answer, contentBytes, body }) => ({
      ...{ termination: '--', contentBytes, requestBodyBytes: body.length, deliveredBytes: octetsOf(answer).length },
    })),
  );
  assert.equal(connections[0]?.excessBytes, 0);
}

onBothThreads('octets of any exchange', [
  [
    'any answers, cut anywhere, pipelined or not',
    (bench) =>
      fc.assert(
        fc.asyncProperty(scenario, (given) => play(bench, given)),
        { numRuns: RUNS },
      ),
  ],
]);
