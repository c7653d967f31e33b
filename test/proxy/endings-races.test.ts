// Endings that meet another transfer or a client that does not read: whose octets are whose, and what still has to arrive.
// Endings of one transfer alone are in endings.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { clockOrigin } from '../../src/clock.ts';
import type { Event } from '../../src/events.ts';
import { MAX_WAITING_BYTES } from '../../src/proxy/limits.ts';
import { Tap } from '../../src/proxy/tap.ts';
import { ANSWER_BYTES, fill } from '../support/full-client.ts';
import { until } from '../support/processes.ts';
import { RawClient } from '../support/raw-client.ts';
import { knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { type Action, fin, reset, ScriptedOrigin, send, wait } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';

const ANSWER = withLength('twelve bytes');
const FILLING = withLength(knownOctets(7, ANSWER_BYTES));
/** More than all kernels on the way take. */
const HELD_BYTES = 24_000_000;
const STALLED_MS = 60;
const BAD_HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n';
const BAD_CHUNK = `${responseHead({ fields: { 'Transfer-Encoding': 'chunked' } })}zz\r\n`;

const cases: readonly TapCase[] = [
  ['octets that nobody asked for never land in the answer of another origin', unasked],
  ...(['fin', 'reset'] as const).map(
    (how): TapCase => [
      `an idle ${how} reaches a client that does not read after everything that it was owed`,
      (bench) => idleLoss(bench, how),
    ],
  ),
  ...([fin, reset] as const).map(
    (end): TapCase => [
      `SH: a ${end.kind} behind a complete pipelined answer takes nothing of that answer away`,
      (bench) => behindAnswer(bench, [...ANSWER, wait(20), end], 'SH'),
    ],
  ),
  ...(
    [
      ['PH', 'a head', BAD_HEAD],
      ['PD', 'a chunk', BAD_CHUNK],
    ] as const
  ).map(
    ([code, what, bad]): TapCase => [
      `${code}: ${what} that does not frame, in one read with a complete pipelined answer, takes nothing of it away`,
      (bench) => behindAnswer(bench, [send(Buffer.concat([octetsOf(ANSWER), Buffer.from(bad)]))], code),
    ],
  ),
  ['a FIN behind an answer that the client has not taken takes nothing of it away', behindUntaken],
  ['the loss of an origin that held its client back lets the client go on', forgotten],
  ['a client that is held back and resets is found out', heldBackLeaves],
];

async function unasked(bench: TapBench): Promise<void> {
  const { promise: mayTalk, resolve: talk } = Promise.withResolvers<void>();
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  await using loud = await answering([...ANSWER, { kind: 'until', promise: mayTalk }, send('nobody asked')]);
  const head = responseHead({ fields: { 'Content-Length': '10' } });
  await using slow = await answering([send(`${head}01234`), { kind: 'until', promise: mayEnd }, send('56789')]);
  const client = await bench.client();
  await client.send(request(loud, '/').sent);
  await client.receives(octetsOf(ANSWER));
  await client.send(request(slow, '/').sent);
  const first = octetsOf(ANSWER).toString('latin1');
  await client.until(({ text }) => text === `${first}${head}01234`, 'a part of the second answer');
  talk();
  await loud.waitFor(({ connections: [seen] }) => seen?.closedAtMs !== undefined);
  end();
  await client.until(({ text }) => text === `${first}${head}0123456789`, 'the second answer and nothing else');
  const { transfers, connections } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination, integrity }) => [termination, integrity]),
    [
      ['--', 'complete'],
      ['--', 'complete'],
    ],
  );
  const closed = connections.find(({ origin }) => origin === loud.url(''));
  assert.deepEqual([closed?.closedBy, closed?.excessBytes], ['tap', 'nobody asked'.length]);
}

async function idleLoss(bench: TapBench, how: 'fin' | 'reset'): Promise<void> {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const loss = how === 'fin' ? fin : reset;
  await using origin = await ScriptedOrigin.start(({ target }) =>
    target === '/last' ? [...ANSWER, { kind: 'until', promise: mayEnd }, loss] : FILLING,
  );
  const client = await bench.client();
  await fill(bench, origin, client);
  const asked = origin.requests.length;
  await client.send(request(origin, '/last').sent);
  await origin.waitFor(({ requests }) => requests.length > asked);
  end();
  await until(() => origin.connections[0]?.closedBy === `origin-${how}`, 'the end of the origin');
  client.resume();
  assert.equal(await client.end(), 'fin');
  assert.equal(client.receivedBytes, asked * octetsOf(FILLING).length + octetsOf(ANSWER).length);
  const { transfers } = await bench.account();
  assert.ok(transfers.every(({ termination }) => termination === '--'));
  assert.equal(transfers.length, asked + 1);
}

/** Two requests at once; the first is answered, the second is not. */
async function behindAnswer(bench: TapBench, actions: readonly Action[], code: 'SH' | 'PH' | 'PD'): Promise<void> {
  await using origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? [wait(20), ...actions] : undefined));
  const client = await bench.client();
  await client.send(request(origin, '/1').sent + request(origin, '/2').sent);
  await client.end();
  assert.equal(client.text, octetsOf(ANSWER).toString('latin1'));
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination, integrity, stale }) => [termination, integrity, stale]),
    [
      ['--', 'complete', false],
      [code, 'short', code === 'SH'],
    ],
  );
}

async function behindUntaken(bench: TapBench): Promise<void> {
  await using origin = await ScriptedOrigin.start(({ target }) =>
    target === '/unanswered' ? [wait(20), fin] : FILLING,
  );
  const client = await bench.client();
  await fill(bench, origin, client);
  const asked = origin.requests.length;
  await client.send(request(origin, '/').sent + request(origin, '/unanswered').sent);
  await until(() => origin.connections[0]?.closedBy === 'origin-fin', 'the end of the origin');
  client.resume();
  await client.end();
  assert.equal(client.receivedBytes, (asked + 1) * octetsOf(FILLING).length);
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination }) => termination),
    [...Array.from({ length: asked + 1 }, () => '--'), 'SH'],
  );
}

async function forgotten(bench: TapBench): Promise<void> {
  await using held = await heldOrigin();
  await using other = await answering(ANSWER);
  const client = await bench.client();
  await client.send(request(other, '/').sent);
  await client.receives(octetsOf(ANSWER));
  const body = knownOctets(1, HELD_BYTES).toString('latin1');
  const fields = [`Content-Length: ${body.length}`];
  const { writtenBytes } = bench.tap.meters().meters;
  void client.send(request(held, '/', { method: 'PUT', fields, body }).sent + request(other, '/').sent);
  await stalled(bench, writtenBytes + MAX_WAITING_BYTES);
  held.write(octetsOf(ANSWER));
  await client.receives(octetsOf([...ANSWER, ...ANSWER]));
  held.reset();
  await client.receives(octetsOf([...ANSWER, ...ANSWER, ...ANSWER]));
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination }) => termination),
    ['--', '--', '--'],
  );
}

async function heldBackLeaves(bench: TapBench): Promise<void> {
  await using held = await heldOrigin();
  const client = await bench.client();
  const body = knownOctets(1, HELD_BYTES).toString('latin1');
  const fields = [`Content-Length: ${body.length}`];
  const { writtenBytes } = bench.tap.meters().meters;
  void client.send(request(held, '/', { method: 'PUT', fields, body }).sent);
  await stalled(bench, writtenBytes + MAX_WAITING_BYTES);
  client.reset();
  await bench.until(({ openConnections, openUpstreamConnections: far }) => openConnections + far === 0, 'both closed');
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ termination }) => termination),
    ['CH'],
  );
}

interface HeldOrigin {
  readonly port: number;
  write(octets: Buffer): void;
  reset(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An origin that accepts and never reads. */
async function heldOrigin(): Promise<HeldOrigin> {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    write: (octets) => {
      for (const socket of sockets) socket.write(octets);
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Resolves when the tap has written more than that much in all, and then nothing on for a while. */
async function stalled(bench: TapBench, atLeastBytes: number): Promise<void> {
  await bench.until(({ writtenBytes }) => writtenBytes > atLeastBytes, 'a body on its way');
  let bytes = -1;
  let sinceMs = performance.now();
  await bench.until(({ writtenBytes }) => {
    if (writtenBytes !== bytes) sinceMs = performance.now();
    bytes = writtenBytes;
    return performance.now() - sinceMs > STALLED_MS;
  }, 'no more writes');
}

onBothThreads('endings that meet', cases);

test('a worker that dies is a failure of the run and a gap in the account', async () => {
  await using origin = await ScriptedOrigin.start(() => undefined);
  const events: Event[] = [];
  const failures: Error[] = [];
  const tap = await Tap.open({
    doors: 1,
    workers: 1,
    clockOrigin: clockOrigin(),
    dialTimeoutMs: 2_000,
    emit: (event) => events.push(event),
    onFailure: (error) => failures.push(error),
  });
  const client = await RawClient.connect(tap.ports.get(1) ?? 0);
  await client.send(request(origin, '/1').sent + request(origin, '/2').sent);
  await origin.waitFor(({ requests }) => requests.length === 2);
  // No command of ours is like this: it throws in the worker, as a bug would.
  tap.addOwnPorts(7 as never);
  await until(() => failures.length > 0, 'the failure');
  const lost = events.filter((event) => event.type === 'lost');
  assert.deepEqual(
    lost.map(({ where, records }) => [where, records]),
    [['tap', 2]],
  );
  assert.equal(failures.length, 1);
  await client.end();
  await origin.waitFor(({ connections: [seen] }) => seen?.closedAtMs !== undefined);
  await tap.close();
});
