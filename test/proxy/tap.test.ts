// The tap as a whole: doors over threads, its end in the middle of traffic, its bounds, its own listeners.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANDING_BUFFER_BYTES, MAX_UNANSWERED, MAX_WAITING_BYTES } from '../../src/proxy/limits.ts';
import { startDeafListener } from '../support/deaf-listener.ts';
import { responseHead, withLength } from '../support/scripted-answers.ts';
import { fin, ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, TapBench, type TapCase } from '../support/tap.ts';

const ANSWER = withLength('twelve bytes');

for (const inThread of [true, false]) {
  const where = inThread ? 'in this thread' : 'in workers';

  test(`doors are spread over threads ${where}: ports and connection numbers are unique, each ledger balances`, async () => {
    await using origin = await answering(ANSWER);
    const bench = await TapBench.open({ doors: 5, workers: 2, inThread });
    assert.equal(bench.tap.workers, 2);
    assert.equal(new Set(bench.tap.ports.values()).size, 5);
    for (const door of [1, 2, 3, 4, 5, 1, 2]) {
      const client = await bench.client(door);
      await client.send(request(origin, '/').sent);
      await client.receives(octetsOf(ANSWER));
    }
    const { transfers, connections } = await bench.close();
    assert.deepEqual(transfers.map(({ client }) => client).sort(), [1, 1, 2, 2, 3, 4, 5]);
    for (const name of ['connection', 'upstreamConnection'] as const)
      assert.equal(new Set(connections.map((connection) => connection[name])).size, 7);
  });

  test(`a tap ${where} that closes ends every open transfer once, as our own doing`, async () => {
    const head = responseHead({ fields: { 'Content-Length': '9' } });
    await using origin = await ScriptedOrigin.start(({ target }) =>
      target === '/body' ? [send(`${head}abc`)] : undefined,
    );
    const bench = await TapBench.open({ inThread });
    const inBody = await bench.client();
    await inBody.send(request(origin, '/body').sent);
    await inBody.receives(Buffer.from(`${head}abc`));
    const waiting = await bench.client();
    await waiting.send(request(origin, '/silent').sent.repeat(2));
    const idle = await bench.client();
    await origin.waitFor(({ requests }) => requests.length === 3);
    await bench.until(({ openConnections }) => openConnections === 3, 'three connections');
    const { transfers, connections } = await bench.closeUnderway();
    assert.deepEqual(transfers.map(({ termination }) => termination).sort(), ['KD', 'KH', 'KQ']);
    assert.ok(connections.every(({ closedBy }) => closedBy === 'stop'));
    assert.equal(connections.length, 3);
    for (const client of [inBody, waiting, idle]) await client.end();
    await origin.waitFor((seen) => seen.connections.every(({ closedAtMs }) => closedAtMs !== undefined));
  });
}

test('what it took a worker to begin is metered when its doors open: a zero to count from', async () => {
  // Long enough that no later word of it can be meant.
  const bench = await TapBench.open({ inThread: false, limits: { batchIntervalMs: 60_000 } });
  const { cpuUs } = bench.tap.meters().meters;
  await bench.close();
  assert.ok(cpuUs > 0, `${cpuUs} us`);
});

const cases: readonly TapCase[] = [
  [
    'a burst to an origin that is not connected yet is not read beyond its bound, and goes through in the end',
    async (bench) => {
      const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
      await using origin = await ScriptedOrigin.start(() => [{ kind: 'until', promise: mayAnswer }, ...ANSWER]);
      const asked = Array.from({ length: 300 }, (_, index) => request(origin, `/${'x'.repeat(1_000)}${index}`));
      const client = await bench.client();
      await client.send(asked.map(({ sent }) => sent).join(''));
      await origin.waitFor(({ requests }) => requests.length === asked.length);
      answer();
      await client.receives(octetsOf(Array.from(asked, () => ANSWER).flat()));
      assert.equal(origin.connections[0]?.received, asked.map(({ arrives }) => arrives).join(''));
    },
  ],
  [
    'a client that sends on and on while the dial hangs is not read without end',
    async (bench) => {
      await using deaf = await startDeafListener();
      const client = await bench.client();
      const { sent } = request(deaf, `/${'x'.repeat(1_000)}`);
      const before = bench.tap.meters().meters.transfers;
      void client.send(sent.repeat(10_000));
      await bench.until(({ transfers }) => transfers - before > MAX_WAITING_BYTES / sent.length - 2, 'the bound');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const begun = bench.tap.meters().meters.transfers - before;
      client.reset();
      // The bound, and what one read may hold beyond it.
      assert.ok(begun * sent.length <= 3 * MAX_WAITING_BYTES, `${begun} transfers of ${sent.length} octets were begun`);
    },
  ],
  [
    'a client that asks on and on without an answer is not read without end, and gets all its answers',
    async (bench) => {
      const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
      await using origin = await ScriptedOrigin.start(() => [{ kind: 'until', promise: mayAnswer }, ...ANSWER]);
      const client = await bench.client();
      const { sent } = request(origin, '/');
      const before = bench.tap.meters().meters.transfers;
      const asked = 2 * MAX_UNANSWERED;
      void client.send(sent.repeat(asked));
      await bench.until(({ transfers }) => transfers - before >= MAX_UNANSWERED, 'the bound');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const begun = bench.tap.meters().meters.transfers - before;
      assert.ok(begun < MAX_UNANSWERED + LANDING_BUFFER_BYTES / sent.length + 1, `${begun} were begun`);
      answer();
      await client.receives(octetsOf(Array.from({ length: asked }, () => ANSWER).flat()));
      const { transfers } = await bench.account();
      assert.equal(transfers.length, asked);
      assert.ok(transfers.every(({ termination }) => termination === '--'));
    },
  ],
  [
    'an early answer and a FIN while the request body still comes: complete, and the rest of the body goes nowhere',
    async (bench) => {
      const answer = withLength('no', { status: 413, reason: 'Too Large' });
      await using origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? [...answer, fin] : undefined));
      const client = await bench.client();
      await client.send(request(origin, '/', { method: 'PUT', fields: ['Transfer-Encoding: chunked'] }).sent);
      await client.receives(octetsOf(answer));
      assert.equal(await client.end(), 'fin');
      const { transfers } = await bench.account();
      assert.deepEqual([transfers[0]?.termination, transfers[0]?.requestBodyBytes], ['--', 0]);
    },
  ],
  [
    'a refusal waits for the answers before it',
    async (bench) => {
      const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
      await using origin = await answering([{ kind: 'until', promise: mayAnswer }, ...ANSWER]);
      const client = await bench.client();
      await client.send(`${request(origin, '/').sent}GET /no HTTP/1.1\r\n\r\n`);
      await origin.waitFor(({ requests }) => requests.length === 1);
      answer();
      assert.equal(await client.end(), 'fin');
      assert.ok(client.text.startsWith(octetsOf(ANSWER).toString('latin1')));
      assert.match(client.text.slice(octetsOf(ANSWER).length), /^HTTP\/1\.1 400 /);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['--', 'LR'],
      );
    },
  ],
  [
    'rule 16: any listener that is named as ours is not dialled, under any name of loopback',
    async (bench) => {
      await using ours = await answering(ANSWER);
      bench.tap.addOwnPorts([ours.port]);
      for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', 'LOCALHOST', '0.0.0.0', '[::1]', '[::]']) {
        const client = await bench.client();
        await client.send(request(ours, '/', { authority: `${host}:${ours.port}` }).sent);
        assert.equal(await client.end(), 'fin');
        assert.match(client.text, /^HTTP\/1\.1 508 /, host);
      }
      assert.equal(ours.connections.length, 0);
    },
  ],
];

onBothThreads('tap', cases, { dialTimeoutMs: 400 });

test('a thread of the tap that was held up says for how long, before what waited meanwhile is judged', async () => {
  const bench = await TapBench.open({ inThread: true });
  try {
    await bench.until(({ recentLoopDelayMaxUs }) => {
      const heldUpUntilMs = performance.now() + 100;
      while (performance.now() < heldUpUntilMs);
      return recentLoopDelayMaxUs > 80_000;
    }, 'the delay');
  } finally {
    await bench.close();
  }
});
