// Back-pressure through the tap: a slow client slows its origin, memory stays bounded, and nothing of it is blamed on the
// origin. Kernel buffers on loopback take some megabytes on their own, so the bodies are larger.
import assert from 'node:assert/strict';
import { knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin, send, until } from '../support/scripted-origin.ts';
import { LARGE_BYTES, stalled } from '../support/stalled.ts';
import { answering, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';

/** What two pairs of socket buffers and one read may hold; autotuning reaches 4 to 6 MB a pair on Linux. */
const MAX_IN_FLIGHT_BYTES = 16_000_000;
const PAUSE_MS = 60;
const LONG_PAUSE_MS = 150;

const cases: readonly TapCase[] = [
  ['rule 12: a slow client pauses the origin, and the record says how long', slowClient],
  ['a client that stops and never leaves holds a bounded number of octets', stoppedClient],
  ['a slow client does not slow another one', twoClients],
  ['a slow origin is not a slow client', slowOrigin],
];

async function slowClient(bench: TapBench): Promise<void> {
  const answer = withLength(knownOctets(1, LARGE_BYTES));
  await using origin = await answering(answer);
  const client = await bench.client();
  client.pause();
  await client.send(request(origin, '/').sent);
  await stalled(bench);
  await new Promise((resolve) => setTimeout(resolve, LONG_PAUSE_MS));
  client.resume();
  await client.receives(octetsOf(answer));
  const { transfers } = await bench.account();
  const [transfer] = transfers;
  assert.ok(transfer !== undefined);
  assert.equal(transfer.termination, '--');
  assert.equal(transfer.contentBytes, LARGE_BYTES);
  assert.ok(transfer.clientBlockedMs >= LONG_PAUSE_MS, `blocked ${transfer.clientBlockedMs} ms`);
  assert.ok(transfer.clientBlockedMs <= (transfer.phases.receiveMs ?? 0), 'reading is paused during receive');
  // The origin was ready all the time: its longest silence is far from the time in which we did not listen.
  assert.ok(transfer.longestGapMs < transfer.clientBlockedMs / 2, `a gap of ${transfer.longestGapMs} ms`);
}

async function stoppedClient(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength(knownOctets(1, LARGE_BYTES)));
  const client = await bench.client();
  client.pause();
  const readBefore = bench.tap.meters().meters.readBytes;
  await client.send(request(origin, '/').sent);
  await stalled(bench);
  const readBytes = bench.tap.meters().meters.readBytes - readBefore;
  assert.ok(readBytes < MAX_IN_FLIGHT_BYTES, `the tap read ${readBytes} octets that nobody takes`);
  client.destroy();
  await origin.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
  const { transfers } = await bench.account();
  assert.equal(transfers[0]?.termination, 'CD');
}

async function twoClients(bench: TapBench): Promise<void> {
  const large = withLength(knownOctets(1, LARGE_BYTES));
  const small = withLength(knownOctets(2, 100_000));
  await using origin = await ScriptedOrigin.start(({ target }) => (target === '/large' ? large : small));
  const slow = await bench.client();
  slow.pause();
  await slow.send(request(origin, '/large').sent);
  await stalled(bench);
  const quick = await bench.client();
  await quick.send(request(origin, '/small').sent);
  await quick.receives(octetsOf(small));
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination, contentBytes }) => [termination, contentBytes === 100_000]),
    [
      ['--', true],
      ['CD', false],
    ],
  );
}

async function slowOrigin(bench: TapBench): Promise<void> {
  const { promise: isPaused, resolve } = Promise.withResolvers<void>();
  const head = responseHead({ fields: { 'Content-Length': '6' } });
  await using origin = await answering([send(`${head}abc`), until(isPaused), send('def')]);
  const client = await bench.client();
  await client.send(request(origin, '/').sent);
  await client.receives(Buffer.from(`${head}abc`));
  const seenAtMs = performance.now();
  await new Promise((fire) => setTimeout(fire, PAUSE_MS));
  resolve();
  const silentMs = performance.now() - seenAtMs;
  await client.receives(Buffer.from(`${head}abcdef`));
  const { transfers } = await bench.account();
  assert.equal(transfers[0]?.clientBlockedMs, 0);
  assert.ok((transfers[0]?.longestGapMs ?? 0) >= silentMs, `gap ${transfers[0]?.longestGapMs} of ${silentMs} ms`);
}

/** Resolves when the tap reads no more although the transfer is open: the client's kernel is full. */

onBothThreads('back-pressure', cases);
