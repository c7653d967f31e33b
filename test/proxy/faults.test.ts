// Faults on purpose in the tap: what the client and the origin saw of each, and what the record says. The rules are told apart
// by their URLs, so that one bench serves all cases; the tap's laws are checked after each.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { faultRules } from '../../src/faults/parse.ts';
import { chunked, knownOctets, withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';
import { BODY_PHASES, checkEnding, DIALLED, ended } from '../support/tap-endings.ts';

const DELAY_MS = 80;
const STALL_MS = 120;
const HALF = 50_000;
const BODY = knownOctets(7, 2 * HALF);
const ANSWER = withLength(BODY);
const HEAD_BYTES = octetsOf(ANSWER).length - BODY.length;
/** Larger than what sockets swallow: the origin notices when nobody reads on. */
const LARGE = knownOctets(8, 20_000_000);

const FAULTS = faultRules([
  'url=/status status=404',
  'url=/unavailable status=503',
  `url=/delay delay=${DELAY_MS}ms`,
  'url=/reset-at-once reset',
  'url=/reset-within reset after=50000B',
  'url=/truncate-half truncate=50%',
  'url=/truncate-bytes truncate=50000B',
  'url=/truncate-head truncate=0',
  'url=/truncate-beyond truncate=1MB',
  `url=/stall stall=${STALL_MS}ms after=50000B`,
  'url=/silent stall=1m',
  'url=/throttle throttle=400kB/s',
  'url=/crawl throttle=1kB/s',
  'url=/third nth=3 status=410',
  'kind=key status=403',
  'client=2 status=500',
]);

async function ask(bench: TapBench, origin: ScriptedOrigin, path: string, fields: readonly string[] = []) {
  const client = await bench.client();
  await client.send(request(origin, path, { fields }).sent);
  return client;
}

function answers(bench: TapBench): Promise<void> {
  return bench.until(({ openTransfers }) => openTransfers === 0, 'the end of the transfer');
}

const answeredHere: readonly TapCase[] = [
  [
    'a status is answered here: the origin sees nothing, the connection lives on, no account has its octets',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await ask(bench, origin, '/status');
      await client.until(({ text }) => text.endsWith('on purpose\n'), 'the answer');
      assert.match(client.text, /^HTTP\/1\.1 404 Not Found\r\n/);
      assert.doesNotMatch(client.text, /^connection:/im);
      const before = client.receivedBytes;
      await client.send(request(origin, '/ordinary').sent);
      await client.until(({ receivedBytes }) => receivedBytes === before + octetsOf(ANSWER).length, 'the next answer');
      const { transfers } = await bench.account();
      assert.equal(origin.requests.length, 1);
      checkEnding(transfers[0], {
        code: 'LR',
        phases: ['queueMs', 'deliverMs'],
        record: { injected: 'status', status: 404, integrity: 'complete', requestHeadBytes: 0, contentBytes: 0 },
      });
      assert.equal(transfers[0]?.upstreamConnection, undefined);
      assert.equal(transfers[1]?.injected, null);
      assert.equal(transfers[1]?.termination, '--');
    },
  ],
  [
    'a status to a client that counts on a close closes, and to HEAD it has no content',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await bench.client();
      await client.send(request(origin, '/unavailable', { method: 'HEAD', fields: ['Connection: close'] }).sent);
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*\r\nConnection: close\r\n\r\n$/);
      await ended(bench, {
        code: 'LR',
        phases: ['queueMs', 'deliverMs'],
        record: { injected: 'status', status: 503, integrity: 'complete' },
      });
    },
  ],
  [
    'the body of a request that is answered here goes nowhere, and the next request is found behind it',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await bench.client();
      const body = 'x'.repeat(200_000);
      const fields = [`Content-Length: ${body.length}`];
      await client.send(request(origin, '/status', { method: 'POST', fields, body }).sent);
      await client.send(request(origin, '/ordinary').sent);
      await client.until(({ receivedBytes }) => receivedBytes > BODY.length, 'both answers');
      await answers(bench);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination, injected, requestBodyBytes }) => [termination, injected, requestBodyBytes]),
        [
          ['LR', 'status', 0],
          ['--', null, 0],
        ],
      );
    },
  ],
  [
    'a reset at once: the origin is not asked, and a kept connection to it is reset too',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await ask(bench, origin, '/ordinary');
      await client.receives(octetsOf(ANSWER));
      await client.send(request(origin, '/reset-at-once').sent);
      assert.equal(await client.end(), 'reset');
      const { transfers, connections } = await bench.account();
      assert.equal(origin.requests.length, 1);
      assert.equal(origin.connections[0]?.closedBy, 'client-reset');
      assert.equal(connections[0]?.closedBy, 'tap');
      checkEnding(transfers[1], { code: 'SH', phases: ['queueMs'], record: { injected: 'reset' } });
    },
  ],
];

const cuts: readonly TapCase[] = [
  ...(['/truncate-half', '/truncate-bytes', '/reset-within'] as const).map(
    (path): TapCase => [
      `${path}: the client gets so many octets of content, then its connection ends`,
      async (bench) => {
        await using origin = await answering(ANSWER);
        const client = await ask(bench, origin, path);
        const isReset = path === '/reset-within';
        assert.equal(await client.end(), isReset ? 'reset' : 'fin');
        assert.ok(client.received.equals(octetsOf(ANSWER).subarray(0, HEAD_BYTES + HALF)));
        const { transfers, connections } = await bench.account();
        const [transfer] = transfers;
        const injected = isReset ? 'reset' : 'truncate';
        assert.ok(transfer !== undefined);
        assert.deepEqual(
          [transfer.termination, transfer.integrity, transfer.injected, transfer.status, transfer.deliveredBytes],
          ['SD', 'short', injected, 200, HEAD_BYTES + HALF],
        );
        assert.ok(transfer.contentBytes >= HALF && transfer.contentBytes <= BODY.length);
        assert.equal(connections[0]?.closedBy, 'tap');
      },
    ],
  ),
  [
    'a cut in chunked content counts octets of content, not of framing',
    async (bench) => {
      await using origin = await answering(chunked(Array.from({ length: 100 }, () => BODY.subarray(0, 1_000))));
      const client = await ask(bench, origin, '/truncate-bytes');
      assert.equal(await client.end(), 'fin');
      // Fifty whole chunks of `3e8 CRLF`, 1,000 octets and CRLF, then the size of the next.
      const head = client.text.indexOf('\r\n\r\n') + 4;
      assert.equal(client.receivedBytes - head, 50 * (5 + 1_000 + 2) + 5);
      const { transfers } = await bench.account();
      assert.deepEqual([transfers[0]?.termination, transfers[0]?.injected], ['SD', 'truncate']);
    },
  ],
  [
    'a cut at 0 leaves the head alone',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await ask(bench, origin, '/truncate-head');
      assert.equal(await client.end(), 'fin');
      assert.equal(client.receivedBytes, HEAD_BYTES);
      await bench.account();
    },
  ],
  [
    'an origin that has more to send is left at once',
    async (bench) => {
      await using origin = await answering(withLength(LARGE));
      const client = await ask(bench, origin, '/reset-within');
      assert.equal(await client.end(), 'reset');
      await bench.account();
      assert.ok((origin.connections[0]?.sentBytes ?? 0) > 0);
      assert.equal(origin.connections[0]?.closedBy, 'client-reset');
    },
  ],
  [
    'content that ends before the cut passes, and is not flagged; nor is a share of content whose length nobody said',
    async (bench) => {
      for (const [path, answer] of [
        ['/truncate-beyond', ANSWER],
        ['/truncate-half', chunked(['abc', 'def'])],
      ] as const) {
        await using origin = await answering(answer);
        const client = await ask(bench, origin, path);
        await client.receives(octetsOf(answer));
        const { transfers } = await bench.account();
        assert.deepEqual([transfers[0]?.termination, transfers[0]?.injected], ['--', null]);
      }
    },
  ],
];

const paced: readonly TapCase[] = [
  [
    'a delay holds the request back before its origin sees it, and what follows keeps its place',
    async (bench) => {
      await using origin = await answering(withLength('x'));
      const client = await bench.client();
      await client.send(request(origin, '/delay').sent + request(origin, '/behind').sent);
      await client.until(({ text }) => text.endsWith('x') && text.split('HTTP/1.1').length === 3, 'both answers');
      assert.deepEqual(
        origin.requests.map(({ target }) => target),
        ['/delay', '/behind'],
      );
      const { transfers } = await bench.account();
      const [held, behind] = transfers;
      assert.deepEqual([held?.injected, behind?.injected], ['delay', null]);
      assert.equal(held?.termination, '--');
      assert.ok((held?.phases.queueMs ?? 0) >= DELAY_MS - 2, `held for ${held?.phases.queueMs} ms`);
      assert.ok((held?.phases.waitMs ?? DELAY_MS) < DELAY_MS);
      assert.deepEqual(Object.keys(held?.phases ?? {}), [...DIALLED, 'headersMs', 'receiveMs', 'deliverMs']);
    },
  ],
  [
    'a client that leaves during its delay was never sent on',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await ask(bench, origin, '/delay');
      await bench.until(({ openTransfers }) => openTransfers === 1, 'the transfer');
      client.destroy();
      await ended(bench, { code: 'CQ', phases: ['queueMs'], record: { injected: 'delay' } });
      await pause(DELAY_MS);
      assert.equal(origin.requests.length, 0);
    },
  ],
  [
    'a stall pauses the content once, and nobody calls it a slow client',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await ask(bench, origin, '/stall');
      await client.until(({ receivedBytes }) => receivedBytes >= HEAD_BYTES + HALF, 'the first half');
      const sinceMs = performance.now();
      assert.equal(client.receivedBytes, HEAD_BYTES + HALF);
      await client.receives(octetsOf(ANSWER));
      assert.ok(performance.now() - sinceMs >= STALL_MS - 20);
      const { transfers } = await bench.account();
      const [transfer] = transfers;
      assert.deepEqual([transfer?.termination, transfer?.injected, transfer?.clientBlockedMs], ['--', 'stall', 0]);
      assert.ok((transfer?.totalMs ?? 0) >= STALL_MS - 2);
      assert.equal(transfer?.deliveredBytes, octetsOf(ANSWER).length);
    },
  ],
  [
    'what follows a faulty transfer on its connection goes as ever, with its own octets',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await bench.client();
      const paths = ['/ordinary', '/stall', '/ordinary', '/throttle', '/status', '/ordinary'];
      await client.send(paths.map((path) => request(origin, path).sent).join(''));
      const status = Buffer.from('HTTP/1.1 404 Not Found\r\n');
      await client.until(
        ({ receivedBytes }) => receivedBytes > 5 * octetsOf(ANSWER).length + status.length,
        'all answers',
      );
      await answers(bench);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ injected, deliveredBytes }) => [injected, deliveredBytes]),
        paths.map((path) => {
          const injected = path === '/ordinary' ? null : path.slice(1);
          return [injected, path === '/status' ? 0 : octetsOf(ANSWER).length];
        }),
      );
      const answer = octetsOf(ANSWER);
      const own = client.received.subarray(4 * answer.length, client.receivedBytes - answer.length);
      assert.ok(own.subarray(0, status.length).equals(status));
      for (const at of [0, 1, 2, 3])
        assert.ok(client.received.subarray(at * answer.length, (at + 1) * answer.length).equals(answer));
      assert.ok(client.received.subarray(-answer.length).equals(answer));
    },
  ],
  [
    'a throttled transfer takes its time, keeps every octet, and nobody calls it a slow client',
    async (bench) => {
      await using origin = await answering(ANSWER);
      const client = await ask(bench, origin, '/throttle');
      await client.receives(octetsOf(ANSWER));
      await answers(bench);
      const { transfers } = await bench.account();
      const [transfer] = transfers;
      assert.deepEqual([transfer?.termination, transfer?.injected, transfer?.clientBlockedMs], ['--', 'throttle', 0]);
      // 100 kB at 400 kB/s; a portion ahead and a late timer's credit are the grain.
      assert.ok((transfer?.totalMs ?? 0) >= 140, `took ${transfer?.totalMs} ms`);
    },
  ],
  [
    'a client that leaves a stalled or throttled transfer ends it like any other',
    async (bench) => {
      for (const [path, injected] of [
        ['/silent', 'stall'],
        ['/crawl', 'throttle'],
      ] as const) {
        await using origin = await answering(withLength(LARGE));
        const client = await ask(bench, origin, path);
        await client.until(({ receivedBytes }) => receivedBytes > 0, 'the head');
        client.destroy();
        await ended(bench, {
          code: 'CD',
          phases: BODY_PHASES,
          record: { injected, status: 200, clientBlockedMs: 0 },
        });
      }
    },
  ],
];

const chosen: readonly TapCase[] = [
  [
    'the nth matching request of a door, over all its connections',
    async (bench) => {
      await using origin = await answering(withLength('x'));
      const statuses: (number | undefined)[] = [];
      for (let position = 0; position < 4; position += 1) {
        const client = await ask(bench, origin, '/third');
        await client.until(({ receivedBytes }) => receivedBytes > 0, 'an answer');
        const { transfers } = await bench.account();
        statuses.push(transfers[0]?.status);
      }
      assert.deepEqual(statuses, [200, 200, 410, 200]);
    },
  ],
  [
    'the kind is what a playlist said before, and the client is the door',
    async (bench) => {
      const list = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI="odd.bin"\n#EXTINF:2,\na.ts\n';
      await using origin = await ScriptedOrigin.start(({ target }) =>
        target === '/list.m3u8' ? withLength(list) : withLength('x'),
      );
      const statusOf = async (path: string, door = 1): Promise<number | undefined> => {
        const client = await bench.client(door);
        await client.send(request(origin, path).sent);
        await client.until(({ receivedBytes }) => receivedBytes > 0, 'an answer');
        return (await bench.account()).transfers[0]?.status;
      };
      assert.equal(await statusOf('/odd.bin'), 200);
      assert.equal(await statusOf('/list.m3u8'), 200);
      assert.equal(await statusOf('/odd.bin'), 403);
      assert.equal(await statusOf('/a.ts'), 200);
      assert.equal(await statusOf('/a.ts', 2), 500);
    },
  ],
];

onBothThreads('faults', [...answeredHere, ...cuts, ...paced, ...chosen], {
  doors: 2,
  behaviour: { faults: FAULTS, seed: 1 },
});
