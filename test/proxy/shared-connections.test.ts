// Mode `shared`: what origins see of many clients, what clients see of shared connections, and that no account suffers by it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TransferEvent } from '../../src/events.ts';
import { shareOf } from '../../src/proxy/upstream-pool.ts';
import type { RawClient } from '../support/raw-client.ts';
import { chunked, http10, responseHead, untilClose, withLength } from '../support/scripted-answers.ts';
import { fin, finWhenIdle, reset, ScriptedOrigin, send, until } from '../support/scripted-origin.ts';
import {
  type Account,
  answering,
  type BenchOptions,
  CLOSE_GRACE_MS,
  octetsOf,
  onBothThreads,
  request,
  TapBench,
  type TapCase,
} from '../support/tap.ts';

const ANSWER = withLength('twelve bytes');
const OCTETS = octetsOf(ANSWER);
const LIMIT = 3;
/** Longer than any test, and short enough to wait for. */
const NEVER_MS = 60_000;
const SOON_MS = 50;

function shared(maxConnectionsPerOrigin: number, idleMs: number): BenchOptions {
  return { behaviour: { upstream: 'shared', shared: { maxConnectionsPerOrigin, idleMs } } };
}

/** One test, on taps of its own; what it returns looks at the account when all transfers have ended. */
type SharedCase = readonly [name: string, run: (bench: TapBench) => Promise<((account: Account) => void) | undefined>];

function onTapsOfTheirOwn(cases: readonly SharedCase[]): void {
  for (const inThread of [true, false])
    for (const [name, run] of cases)
      test(`${name} (${inThread ? 'tap in this thread' : 'tap in a worker'})`, async () => {
        const bench = await TapBench.open({ ...shared(LIMIT, NEVER_MS), inThread });
        let check: ((account: Account) => void) | undefined;
        let account: Account;
        try {
          check = await run(bench);
          await bench.until(({ openTransfers }) => openTransfers === 0, 'the end of all transfers');
        } finally {
          account = await bench.close();
        }
        check?.(account);
      });
}

const byStart = (transfers: readonly TransferEvent[]): TransferEvent[] =>
  transfers.toSorted((one, other) => one.startedAtMs - other.startedAtMs);

/** An answer that comes when the test says so. */
function held(): { release: () => void; promise: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { release: resolve, promise };
}

/** Answers `/slow` after `released`, everything else at once. */
function slowOrigin(released: Promise<void>): Promise<ScriptedOrigin> {
  return ScriptedOrigin.start(({ target }) => (target === '/slow' ? [until(released), ...ANSWER] : ANSWER));
}

/** As many clients as there may be connections ask for `/slow`: whoever comes now waits. */
async function occupy(bench: TapBench, origin: ScriptedOrigin): Promise<void> {
  const slow = await Promise.all(Array.from({ length: LIMIT }, () => bench.client()));
  for (const client of slow) await client.send(request(origin, '/slow').sent);
  await origin.waitFor(({ requests }) => requests.length === LIMIT);
}

const sharing: readonly SharedCase[] = [
  [
    'clients that ask one after the other are served by one connection, and each request is its next one there',
    async (bench) => {
      await using origin = await answering(ANSWER);
      for (let asked = 0; asked < 5; asked += 1) {
        const client = await bench.client();
        await client.send(request(origin, `/${asked}`).sent);
        await client.receives(OCTETS);
        await client.send(request(origin, `/${asked}/again`).sent);
        await client.receives(Buffer.concat([OCTETS, OCTETS]));
      }
      assert.equal(origin.connections.length, 1);
      return ({ transfers, connections }) => {
        assert.deepEqual(
          byStart(transfers).map(({ upstreamRequestIndex, upstreamReused, termination }) => [
            upstreamRequestIndex,
            upstreamReused,
            termination,
          ]),
          Array.from({ length: 10 }, (_, index) => [index + 1, index > 0, '--']),
        );
        assert.equal(new Set(transfers.map(({ upstreamConnection }) => upstreamConnection)).size, 1);
        assert.equal(new Set(transfers.map(({ connection }) => connection)).size, 5);
        const [upstream] = connections;
        assert.deepEqual(
          [connections.length, upstream?.client, upstream?.connection, upstream?.requests],
          [1, 0, 0, 10],
        );
      };
    },
  ],
  [
    'twenty clients at once share no more connections than allowed; all are answered, nobody out of turn',
    async (bench) => {
      const gate = held();
      await using origin = await ScriptedOrigin.start(() => [until(gate.promise), ...ANSWER]);
      const clients = await Promise.all(Array.from({ length: 20 }, () => bench.client()));
      for (const [index, client] of clients.entries()) {
        await client.send(request(origin, `/${index}`).sent);
        await bench.until(({ openTransfers }) => openTransfers === index + 1, 'the request at the tap');
      }
      await origin.waitFor(({ requests }) => requests.length === LIMIT);
      gate.release();
      for (const client of clients) await client.receives(OCTETS);
      assert.equal(origin.connections.length, LIMIT);
      return ({ transfers }) => {
        assert.ok(transfers.every(({ termination, integrity }) => termination === '--' && integrity === 'complete'));
        const turns = byStart(transfers).map(({ startedAtMs, phases }) => startedAtMs + (phases.queueMs ?? 0));
        assert.deepEqual(
          turns,
          turns.toSorted((one, other) => one - other),
        );
      };
    },
  ],
  [
    'waiting for a turn is the phase `queue`, and neither dial nor wait of an origin',
    async (bench) => {
      const gate = held();
      await using origin = await slowOrigin(gate.promise);
      await occupy(bench, origin);
      const late = await bench.client();
      await late.send(request(origin, '/late').sent);
      await bench.until(({ openTransfers }) => openTransfers === LIMIT + 1, 'the late request at the tap');
      const waitedFromMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 60));
      const waitedMs = performance.now() - waitedFromMs;
      gate.release();
      await late.receives(OCTETS);
      return ({ transfers }) => {
        const queued = transfers.find(({ url }) => url.endsWith('/late'));
        assert.ok((queued?.phases.queueMs ?? 0) >= waitedMs - 1, JSON.stringify(queued?.phases));
        assert.equal(queued?.phases.connectMs, undefined);
        assert.equal(queued?.upstreamReused, true);
        for (const { url, phases } of transfers)
          if (url.endsWith('/slow')) assert.ok((phases.queueMs ?? Number.NaN) < waitedMs, JSON.stringify(phases));
      };
    },
  ],
  [
    'pipelined requests go one by one and are answered in order',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(({ target }) => withLength(`answer to ${target}`));
      const client = await bench.client();
      await client.send(['/1', '/2', '/3'].map((path) => request(origin, path).sent).join(''));
      await client.receives(octetsOf(['/1', '/2', '/3'].flatMap((path) => withLength(`answer to ${path}`))));
      assert.equal(origin.connections.length, 1);
      return ({ transfers }) => {
        assert.deepEqual(
          byStart(transfers).map(({ requestIndex, upstreamRequestIndex, termination }) => [
            requestIndex,
            upstreamRequestIndex,
            termination,
          ]),
          [
            [1, 1, '--'],
            [2, 2, '--'],
            [3, 3, '--'],
          ],
        );
      };
    },
  ],
  [
    'a request body that came while it waited is sent on whole and in order',
    async (bench) => {
      const gate = held();
      await using origin = await slowOrigin(gate.promise);
      await occupy(bench, origin);
      const body = 'b'.repeat(300_000);
      const fields = [`Content-Length: ${body.length}`];
      const { sent, arrives } = request(origin, '/upload', { method: 'POST', fields, body });
      const client = await bench.client();
      void client.send(sent);
      await bench.until(({ openTransfers }) => openTransfers === LIMIT + 1, 'the upload at the tap');
      gate.release();
      await client.receives(OCTETS);
      const upload = origin.requests.at(-1);
      assert.equal(`${upload?.head}${upload?.body}`, arrives);
    },
  ],
  [
    'origins do not share: each has its own connections',
    async (bench) => {
      await using first = await answering(ANSWER);
      await using second = await answering(ANSWER);
      const client = await bench.client();
      for (const [index, origin] of [first, second, first, second].entries()) {
        await client.send(request(origin, '/').sent);
        await client.receives(Buffer.concat(Array.from({ length: index + 1 }, () => OCTETS)));
      }
      assert.deepEqual([first.connections.length, second.connections.length], [1, 1]);
    },
  ],
];

onTapsOfTheirOwn(sharing);

const endings: readonly SharedCase[] = [
  ...([fin, reset] as const).map(
    (ending): SharedCase => [
      `an origin that ends an unused connection by ${ending.kind} costs no client anything`,
      async (bench) => {
        await using origin = await ScriptedOrigin.start(() =>
          ending === fin ? [...ANSWER, finWhenIdle(5)] : [...ANSWER, { kind: 'wait', ms: 20 }, ending],
        );
        const client = await bench.client();
        await client.send(request(origin, '/').sent);
        await client.receives(OCTETS);
        await bench.until(({ openUpstreamConnections }) => openUpstreamConnections === 0, 'the loss at the tap');
        assert.equal(client.ended, undefined);
        await client.send(request(origin, '/again').sent);
        await client.receives(Buffer.concat([OCTETS, OCTETS]));
        return ({ transfers }) => {
          assert.deepEqual(
            transfers.map(({ termination }) => termination),
            ['--', '--'],
          );
        };
      },
    ],
  ),
  [
    'the stale race is SH, marked stale, a reset for the client, and not tried again',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? ANSWER : [reset]));
      const first = await bench.client();
      await first.send(request(origin, '/').sent);
      await first.receives(OCTETS);
      const second = await bench.client();
      await second.send(request(origin, '/stale').sent);
      assert.equal(await second.end(), 'reset');
      assert.equal(second.receivedBytes, 0);
      assert.equal(first.ended, undefined);
      assert.equal(origin.requests.length, 2);
      return ({ transfers }) => {
        const stale = transfers.find(({ url }) => url.endsWith('/stale'));
        assert.deepEqual([stale?.termination, stale?.stale, stale?.integrity], ['SH', true, 'short']);
      };
    },
  ],
  ...(['fin', 'reset'] as const).map(
    (how): SharedCase => [
      `a client that leaves by ${how} within the content takes its connection along, and only that`,
      async (bench) => {
        const partial = responseHead({ fields: { 'Content-Length': '9' } });
        await using origin = await ScriptedOrigin.start(({ target }) =>
          target === '/partial' ? [send(`${partial}abc`)] : ANSWER,
        );
        const other = await bench.client();
        const client = await bench.client();
        await client.send(request(origin, '/partial').sent);
        await client.receives(Buffer.from(`${partial}abc`));
        await other.send(request(origin, '/').sent);
        await other.receives(OCTETS);
        if (how === 'fin') client.finish();
        else client.reset();
        await origin.waitFor(({ connections }) => connections[0]?.closedBy !== undefined);
        assert.equal(origin.connections[0]?.closedBy, how === 'fin' ? 'client-fin' : 'client-reset');
        await other.send(request(origin, '/').sent);
        await other.receives(Buffer.concat([OCTETS, OCTETS]));
        assert.equal(origin.connections.length, 2);
        return ({ transfers }) => {
          const left = transfers.find(({ url }) => url.endsWith('/partial'));
          assert.deepEqual([left?.termination, left?.contentBytes], ['CD', 3]);
        };
      },
    ],
  ),
  [
    'a client that leaves while it waits ends CQ, and the next in line goes in its place',
    async (bench) => {
      const gate = held();
      await using origin = await slowOrigin(gate.promise);
      await occupy(bench, origin);
      const leaving = await bench.client();
      await leaving.send(request(origin, '/leaving').sent);
      await bench.until(({ openTransfers }) => openTransfers === LIMIT + 1, 'the request in the queue');
      const next = await bench.client();
      await next.send(request(origin, '/next').sent);
      await bench.until(({ openTransfers }) => openTransfers === LIMIT + 2, 'the next in the queue');
      leaving.destroy();
      await bench.until(({ openTransfers }) => openTransfers === LIMIT + 1, 'the client gone');
      gate.release();
      await next.receives(OCTETS);
      assert.ok(origin.requests.every(({ target }) => target !== '/leaving'));
      return ({ transfers }) => {
        const left = transfers.find(({ url }) => url.endsWith('/leaving'));
        assert.deepEqual([left?.termination, Object.keys(left?.phases ?? {})], ['CQ', ['queueMs']]);
      };
    },
  ],
  ...(
    [
      ['a promised close', withLength('twelve bytes', { fields: { Connection: 'close' } })],
      ['a close-delimited answer', untilClose('twelve bytes')],
      ['an answer of HTTP/1.0', http10('twelve bytes')],
    ] as const
  ).map(
    ([name, answer]): SharedCase => [
      `${name} ends the connections of the client and to the origin, and no other client's`,
      async (bench) => {
        await using origin = await ScriptedOrigin.start(({ target }) => (target === '/' ? ANSWER : answer));
        const other = await bench.client();
        await other.send(request(origin, '/').sent);
        await other.receives(OCTETS);
        const client = await bench.client();
        const since = performance.now();
        await client.send(request(origin, '/last').sent);
        assert.equal(await client.end(), 'fin');
        assert.ok(performance.now() - since >= (name === 'a promised close' ? CLOSE_GRACE_MS - 5 : 0));
        await client.receives(octetsOf(answer));
        assert.equal(other.ended, undefined);
        await other.send(request(origin, '/').sent);
        await other.receives(Buffer.concat([OCTETS, OCTETS]));
        assert.equal(origin.connections.length, 2);
      },
    ],
  ),
  [
    'what is pipelined behind an answer that ends the connection is refused, as its origin would have',
    async (bench) => {
      await using origin = await answering(untilClose('twelve bytes'));
      const client = await bench.client();
      await client.send(`${request(origin, '/1').sent}${request(origin, '/2').sent}`);
      assert.equal(await client.end(), 'fin');
      await client.receives(octetsOf(untilClose('twelve bytes')));
      assert.equal(origin.requests.length, 1);
      return ({ transfers }) => {
        assert.deepEqual(
          byStart(transfers).map(({ termination }) => termination),
          ['--', 'SQ'],
        );
      };
    },
  ],
  [
    'a connection that brought more than was asked for serves nobody after that',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(({ target }) =>
        target === '/excess' ? [send(Buffer.concat([OCTETS, Buffer.from('junk')]))] : ANSWER,
      );
      const client = await bench.client();
      await client.send(request(origin, '/excess').sent);
      await client.receives(Buffer.concat([OCTETS, Buffer.from('junk')]));
      await origin.waitFor(({ connections }) => connections[0]?.closedBy === 'client-fin');
      const other = await bench.client();
      await other.send(request(origin, '/').sent);
      await other.receives(OCTETS);
      assert.equal(client.ended, undefined);
      return ({ transfers }) => {
        assert.equal(transfers.find(({ url }) => url.endsWith('/excess'))?.integrity, 'excess');
      };
    },
  ],
  [
    'octets on an unused connection reach no client; the connection is closed',
    async (bench) => {
      const gate = held();
      await using origin = await ScriptedOrigin.start(({ index }) =>
        index === 1 ? [...ANSWER, until(gate.promise), ...withLength('unasked', { status: 408 })] : ANSWER,
      );
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      await client.receives(OCTETS);
      gate.release();
      await bench.until(({ openUpstreamConnections }) => openUpstreamConnections === 0, 'the connection closed');
      assert.equal(client.receivedBytes, OCTETS.length);
      assert.equal(client.ended, undefined);
      return ({ connections }) => {
        assert.equal(connections[0]?.excessBytes, octetsOf(withLength('unasked', { status: 408 })).length);
      };
    },
  ],
  [
    'a refused dial resets the client it was for; who waited behind it is dialled for in turn',
    async (bench) => {
      const origin = await answering(ANSWER);
      const { port } = origin;
      await origin.close();
      const clients = await Promise.all(Array.from({ length: LIMIT + 2 }, () => bench.client()));
      for (const client of clients) await client.send(request({ port }, '/').sent);
      for (const client of clients) assert.equal(await client.end(), 'reset');
      return ({ transfers, connections }) => {
        assert.deepEqual(new Set(transfers.map(({ termination }) => termination)), new Set(['SC']));
        assert.equal(connections.length, LIMIT + 2);
      };
    },
  ],
  [
    'an answer that the client does not drain holds its own connection and nobody else',
    async (bench) => {
      const large = Buffer.alloc(8_000_000, 'x');
      await using origin = await ScriptedOrigin.start(({ target }) =>
        target === '/large' ? withLength(large) : chunked(['abc', 'def']),
      );
      const slow = await bench.client();
      slow.pause();
      await slow.send(request(origin, '/large').sent);
      await origin.waitFor(({ requests }) => requests.length === 1);
      const other = await bench.client();
      for (const times of [1, 2, 3]) {
        await other.send(request(origin, '/').sent);
        await other.receives(Buffer.concat(Array.from({ length: times }, () => octetsOf(chunked(['abc', 'def'])))));
      }
      slow.resume();
      await slow.receives(octetsOf(withLength(large)));
      await other.send(request(origin, '/large').sent);
      await other.until(({ receivedBytes }) => receivedBytes > large.length, 'the large answer');
      assert.equal(origin.connections.length, 2);
    },
  ],
];

onTapsOfTheirOwn(endings);

const idling: readonly TapCase[] = [
  [
    'an unused connection is closed after the idle limit, and the clients of it stay',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      await client.receives(OCTETS);
      await origin.waitFor(({ connections }) => connections[0]?.closedBy === 'client-fin');
      await bench.until(({ openUpstreamConnections }) => openUpstreamConnections === 0, 'an empty pool');
      assert.equal(client.ended, undefined);
      await client.send(request(origin, '/again').sent);
      await client.receives(Buffer.concat([OCTETS, OCTETS]));
      assert.equal(origin.connections.length, 2);
    },
  ],
];

onBothThreads('an idle limit', idling, shared(LIMIT, SOON_MS));

for (const inThread of [true, false])
  test(`a tap that closes ends what waits, what is under way and what rests (${inThread ? 'this thread' : 'worker'})`, async () => {
    await using origin = await ScriptedOrigin.start(({ target }) => (target === '/' ? ANSWER : undefined));
    const bench = await TapBench.open({ ...shared(LIMIT, NEVER_MS), inThread });
    const resting = await Promise.all([bench.client(), bench.client()]);
    for (const client of resting) await client.send(request(origin, '/').sent);
    for (const client of resting) await client.receives(OCTETS);
    const open = await bench.client();
    await open.send(request(origin, '/never').sent);
    await origin.waitFor(({ requests }) => requests.some(({ target }) => target === '/never'));
    const { transfers, connections } = await bench.closeUnderway();
    assert.deepEqual(
      byStart(transfers).map(({ termination }) => termination),
      ['--', '--', 'KH'],
    );
    assert.deepEqual(
      connections.map(({ closedBy }) => closedBy),
      connections.map(() => 'stop'),
    );
    await origin.waitFor((seen) => seen.connections.every(({ closedBy }) => closedBy !== undefined));
  });

test('what waits for its turn at the end of the run is KQ, and nothing is dialled for it any more', async () => {
  await using origin = await ScriptedOrigin.start(() => undefined);
  const bench = await TapBench.open({ ...shared(1, NEVER_MS), doors: 3, inThread: true });
  for (const door of [1, 2, 3]) {
    const client = await bench.client(door);
    await client.send(request(origin, `/${door}`).sent);
    await bench.until(({ openTransfers }) => openTransfers === door, 'the request at the tap');
  }
  await origin.waitFor(({ requests }) => requests.length === 1);
  const { transfers } = await bench.closeUnderway();
  assert.deepEqual(transfers.map(({ termination }) => termination).toSorted(), ['KH', 'KQ', 'KQ']);
  assert.equal(origin.connections.length, 1);
});

for (const inThread of [true, false])
  test(`what waits for its turn when the players are being stopped is KQ: a turn that falls free dials nothing (${inThread ? 'this thread' : 'worker'})`, async () => {
    await using origin = await ScriptedOrigin.start(() => undefined);
    const bench = await TapBench.open({ ...shared(2, NEVER_MS), doors: 4, inThread });
    const clients: RawClient[] = [];
    for (const door of [1, 2, 3, 4]) {
      const client = await bench.client(door);
      clients.push(client);
      await client.send(request(origin, `/${door}`).sent);
      await bench.until(({ openTransfers }) => openTransfers === door, 'the request at the tap');
    }
    await origin.waitFor(({ requests }) => requests.length === 2);
    for (const door of [1, 2, 3, 4]) bench.tap.setStopping(door, true);
    for (const [index, client] of clients.entries()) {
      client.destroy();
      await bench.until(({ openTransfers }) => openTransfers === 3 - index, 'the end of its request');
    }
    const { transfers } = await bench.close();
    assert.deepEqual(
      byStart(transfers).map(({ termination, phases }) => [termination, phases.connectMs === undefined]),
      [
        ['KH', false],
        ['KH', false],
        ['KQ', true],
        ['KQ', true],
      ],
    );
    assert.equal(origin.connections.length, 2);
  });

test('a turn that falls free passes by a player that is being stopped and goes to the next one', async () => {
  const gate = held();
  await using origin = await ScriptedOrigin.start(({ target }) =>
    target === '/1' ? [until(gate.promise), ...ANSWER] : ANSWER,
  );
  const bench = await TapBench.open({ ...shared(1, NEVER_MS), doors: 3, inThread: true });
  const clients: RawClient[] = [];
  for (const door of [1, 2, 3]) {
    const client = await bench.client(door);
    clients.push(client);
    await client.send(request(origin, `/${door}`).sent);
    await bench.until(({ openTransfers }) => openTransfers === door, 'the request at the tap');
  }
  await origin.waitFor(({ requests }) => requests.length === 1);
  bench.tap.setStopping(2, true);
  gate.release();
  await clients[2]?.receives(OCTETS);
  const { transfers } = await bench.close();
  assert.deepEqual(
    byStart(transfers).map(({ client, termination }) => [client, termination]),
    [
      [1, '--'],
      [2, 'KQ'],
      [3, '--'],
    ],
  );
  assert.deepEqual([origin.connections.length, origin.requests.length], [1, 2]);
});

describe('the limit of a run is divided among its workers', () => {
  for (const [limit, workers, expected] of [
    [64, 1, [64]],
    [64, 3, [22, 21, 21]],
    [7, 4, [2, 2, 2, 1]],
    [2, 4, [1, 1, 1, 1]],
  ] as const)
    test(`${limit} among ${workers}`, () => {
      assert.deepEqual(
        Array.from({ length: workers }, (_, worker) => shareOf(limit, worker, workers)),
        expected,
      );
    });
});
