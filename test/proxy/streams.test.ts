// Long-lived bodies through the tap: known as streams while they flow, told once per interval, ended by timers of their own
// and by nothing else, and never in anybody's way. A peer that vanished looks like one that is silent or does not read.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Event, KINDS, type StreamEvent } from '../../src/events.ts';
import { type Behaviour, MIRROR } from '../../src/proxy/behaviour.ts';
import type { RawClient } from '../support/raw-client.ts';
import { chunked, responseHead, withLength } from '../support/scripted-answers.ts';
import { type Action, fin, reset, ScriptedOrigin, send, until, wait } from '../support/scripted-origin.ts';
import { type BenchOptions, octetsOf, onBothThreads, request, TapBench, type TapCase } from '../support/tap.ts';
import { packet, packets } from '../support/transport-packets.ts';

const LIMIT_MS = 120;
const INTERVAL_MS = 20;
/** A machine with other work to do may be late, never early. */
const LATE_MS = 2_000;
const FREEZING_BYTES = 24_000_000;
const TS = responseHead({ fields: { 'Content-Type': 'video/mp2t' } });
const UNTYPED = responseHead({ fields: { 'Content-Type': 'application/octet-stream' } });
const endless = until(new Promise(() => {}));

const withStreams = (streams: Partial<Behaviour['streams']> = {}): BenchOptions => ({
  limits: { streamIntervalMs: INTERVAL_MS },
  behaviour: {
    streams: {
      ...MIRROR.streams,
      firstByteMs: LIMIT_MS,
      silentMs: LIMIT_MS,
      notDrainingMs: LIMIT_MS,
      ...streams,
    },
  },
});

const isStream = (event: Event): event is StreamEvent => event.type === 'stream';

async function asking(bench: TapBench, actions: readonly Action[], path = '/live'): Promise<Play> {
  const origin = await ScriptedOrigin.start(() => actions);
  const client = await bench.client();
  await client.send(request(origin, path).sent);
  return { origin, client, [Symbol.asyncDispose]: () => origin.close() };
}
interface Play extends AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly client: RawClient;
}

function liveBytes(bench: TapBench): { stream: number; open: number } {
  const { stream, open } = bench.tap.meters().contentBytesByKind;
  return { stream, open };
}

const recognition: readonly TapCase[] = [
  [
    'by its media type it is a stream before the first octet of content',
    async (bench) => {
      const before = liveBytes(bench);
      await using play = await asking(bench, [send(TS), send(packets(1).subarray(0, 100)), endless]);
      await bench.until(() => liveBytes(bench).stream === before.stream + 100, 'content of kind stream');
      play.client.destroy();
      const { transfers, others } = await bench.account();
      assert.deepEqual(
        transfers.map(({ kind, termination }) => [kind, termination]),
        [['stream', 'CD']],
      );
      assert.ok(others.filter(isStream).length <= 1);
    },
  ],
  [
    'by its first three packets, however they are cut, it is one while it flows',
    async (bench) => {
      const before = liveBytes(bench);
      const pieces = Array.from(packets(3), (_, index) => index).flatMap((index): Action[] => [
        send(packets(3).subarray(index, index + 1)),
        ...(index % 40 === 0 ? [wait(1)] : []),
      ]);
      await using play = await asking(bench, [send(UNTYPED), ...pieces, endless]);
      await bench.until(() => liveBytes(bench).stream === before.stream + 564, 'content of kind stream');
      assert.equal(liveBytes(bench).open, before.open);
      play.client.destroy();
      const { transfers } = await bench.account();
      assert.equal(transfers[0]?.kind, 'stream');
    },
  ],
  [
    'in chunks as well; its events tell what flowed, and its record comes once',
    async (bench) => {
      const [head, ...chunks] = chunked([packets(4), packets(4, 4)], { fields: { 'Content-Type': 'video/mp2t' } });
      const said = chunks.slice(0, 2);
      await using play = await asking(bench, [
        ...(head === undefined ? [] : [head]),
        ...said,
        wait(4 * INTERVAL_MS),
        reset,
      ]);
      await play.client.end();
      const { transfers, others } = await bench.account();
      const events = others.filter(isStream);
      assert.deepEqual(
        transfers.map(({ kind, termination }) => [kind, termination]),
        [['stream', 'SD']],
      );
      const [last] = events.slice(-1);
      assert.ok(last !== undefined && events.length >= 2);
      const { client, connection, requestIndex, contentBytes, state, url } = last;
      assert.deepEqual([client, requestIndex, contentBytes, state], [1, 1, 8 * 188, 'flowing']);
      assert.equal(connection, transfers[0]?.connection);
      assert.equal(url, play.origin.url('/live'));
      assert.ok(last.longestGapMs >= INTERVAL_MS, `the present silence counts: ${last.longestGapMs} ms`);
      assert.ok(events.every(({ atMs }, index) => atMs > (events[index - 1]?.atMs ?? 0)));
    },
  ],
  ['a file that says its length is none', (bench) => ends(bench, withLength(packets(40)), 'segment', '/file.ts')],
  [
    'nor is HTML without a length',
    (bench) =>
      ends(
        bench,
        [send(responseHead({ fields: { 'Content-Type': 'text/html' } })), send('<p>'.repeat(400)), fin],
        'other',
        '/page',
      ),
  ],
  [
    'nor what a playlist listed',
    async (bench) => {
      const list = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nlive\n';
      await using origin = await ScriptedOrigin.start(({ target }) =>
        target === '/list.m3u8'
          ? withLength(list)
          : [send(TS), send(packets(9)), wait(2 * INTERVAL_MS + LIMIT_MS), fin],
      );
      const client = await bench.client();
      await client.send(request(origin, '/list.m3u8').sent);
      await client.until(({ text }) => text.endsWith('live\n'), 'the list');
      await client.send(request(origin, '/live').sent);
      assert.equal(await client.end(), 'fin');
      const { transfers, others } = await bench.account();
      assert.deepEqual(
        transfers.map(({ kind, termination }) => [kind, termination]),
        [
          ['media-playlist', '--'],
          ['segment', '--'],
        ],
      );
      assert.deepEqual(others.filter(isStream), []);
    },
  ],
];
onBothThreads('a stream is known', recognition, withStreams({ silentMs: 10_000 }));

async function ends(bench: TapBench, actions: readonly Action[], kind: string, path: string): Promise<void> {
  await using play = await asking(bench, actions, path);
  await play.client.receives(octetsOf(actions));
  const { transfers, others } = await bench.account();
  assert.deepEqual(
    transfers.map((transfer) => transfer.kind),
    [kind],
  );
  assert.deepEqual(others.filter(isStream), []);
}

const timers: readonly TapCase[] = [
  [
    'sD: an origin that falls silent; the client sees a reset, because a FIN would pass for the end',
    async (bench) => {
      await using play = await asking(bench, [send(TS), send(packets(20)), endless]);
      assert.equal(await play.client.end(), 'reset');
      await play.origin.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
      const { transfers, connections } = await bench.account();
      const [transfer] = transfers;
      assert.equal(transfer?.termination, 'sD');
      assert.equal(transfer?.contentBytes, 20 * 188);
      assert.equal(connections[0]?.closedBy, 'tap');
      checkLate(transfer?.phases.receiveMs);
    },
  ],
  [
    'sD: a head and not one octet after it',
    async (bench) => {
      await using play = await asking(bench, [send(TS), endless]);
      assert.equal(await play.client.end(), 'reset');
      const { transfers } = await bench.account();
      assert.equal(transfers[0]?.termination, 'sD');
    },
  ],
  [
    'a stream that pauses for less than its limit goes on for as long as it likes',
    async (bench) => {
      const pieces = Array.from({ length: 8 }, (_, index) => [send(packets(4, 4 * index)), wait(LIMIT_MS / 3)]).flat();
      await using play = await asking(bench, [send(TS), ...pieces, fin]);
      assert.equal(await play.client.end(), 'fin');
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination, integrity, contentBytes }) => [termination, integrity, contentBytes]),
        [['--', 'unknown-length', 32 * 188]],
      );
    },
  ],
  [
    'cD: a client that stops reading; its origin was never silent',
    async (bench) => {
      await using play = await asking(bench, [send(TS), send(Buffer.alloc(FREEZING_BYTES, packets(16))), endless]);
      play.client.pause();
      await play.origin.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
      const { transfers } = await bench.account();
      const [transfer] = transfers;
      assert.equal(transfer?.termination, 'cD');
      checkLate(transfer?.clientBlockedMs);
    },
  ],
  [
    'cD: also when all of it is here already and only the client is missing',
    async (bench) => {
      const bytes = FREEZING_BYTES / 2;
      await using play = await asking(bench, [send(TS), send(Buffer.alloc(bytes, packets(16))), fin]);
      play.client.pause();
      await bench.until(({ openTransfers }) => openTransfers === 1, 'the transfer');
      await bench.until(({ openTransfers }) => openTransfers === 0, 'the end of the transfer');
      const { transfers } = await bench.account();
      assert.equal(transfers[0]?.termination, 'cD');
    },
  ],
  [
    'what waits behind a silent stream ends with it, in its own words',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(({ index }) =>
        index === 1 ? [send(TS), send(packets(3)), endless] : undefined,
      );
      const client = await bench.client();
      await client.send(`${request(origin, '/live').sent}${request(origin, '/next').sent}`);
      assert.equal(await client.end(), 'reset');
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['sD', 'SH'],
      );
    },
  ],
  [
    'other transfers last as long as their player lets them',
    async (bench) => {
      const [answer] = withLength(packets(40));
      const octets = answer !== undefined && 'octets' in answer ? answer.octets : Buffer.alloc(0);
      await using play = await asking(bench, [
        send(octets.subarray(0, 3_000)),
        wait(3 * LIMIT_MS),
        send(octets.subarray(3_000)),
      ]);
      await play.client.receives(octets);
      const { transfers } = await bench.account();
      assert.equal(transfers[0]?.termination, '--');
    },
  ],
];
onBothThreads('a stream ends', timers, withStreams());

function checkLate(ms: number | undefined): void {
  assert.ok(ms !== undefined && ms >= LIMIT_MS - 1 && ms < LIMIT_MS + LATE_MS, `after ${ms} ms`);
}

describe('a URL that is known to be endless', () => {
  async function knowing(script: readonly Action[] | undefined): Promise<{ bench: TapBench; play: Play }> {
    const origin = await ScriptedOrigin.start(() => script);
    const bench = await TapBench.open({ ...withStreams({ urls: [origin.url('/live')] }), inThread: true });
    const client = await bench.client();
    await client.send(request(origin, '/live').sent);
    const close = async (): Promise<void> => {
      await bench.close();
      await origin.close();
    };
    return { bench, play: { origin, client, [Symbol.asyncDispose]: close } };
  }

  test('sH: no first octet in its time, told as waiting meanwhile', async () => {
    const { bench, play: opened } = await knowing(undefined);
    await using play = opened;
    assert.equal(await play.client.end(), 'reset');
    const { transfers, others } = await bench.account();
    const [transfer] = transfers;
    assert.deepEqual([transfer?.termination, transfer?.kind, transfer?.status], ['sH', 'stream', undefined]);
    checkLate(transfer?.phases.waitMs);
    const states = new Set(others.filter(isStream).map(({ state }) => state));
    assert.deepEqual([...states], ['waiting']);
  });

  test('sH: half a head and silence', async () => {
    const { bench, play: opened } = await knowing([send(TS.slice(0, 30)), endless]);
    await using play = opened;
    assert.equal(await play.client.end(), 'reset');
    const { transfers } = await bench.account();
    assert.deepEqual([transfers[0]?.termination, transfers[0]?.responseHeadBytes], ['sH', 30]);
  });

  test('its error is an error of the stream; a file in its place is a file', async () => {
    for (const [answer, kind] of [
      [withLength('gone', { status: 404, reason: 'Not Found' }), 'stream'],
      [withLength(packets(9)), 'segment'],
    ] as const) {
      const { bench, play: opened } = await knowing(answer);
      await using play = opened;
      await play.client.receives(octetsOf(answer));
      const { transfers } = await bench.account();
      assert.deepEqual([transfers[0]?.kind, transfers[0]?.termination], [kind, '--']);
      const { contentBytesByKind } = bench.tap.meters();
      for (const name of KINDS)
        assert.equal(contentBytesByKind[name], name === kind ? transfers[0]?.contentBytes : 0, name);
    }
  });
});

const checks: readonly TapCase[] = [
  [
    'packets, lost sync and wrong counters are in the record, whatever told that it is a stream',
    async (bench) => {
      const damaged = Buffer.concat([
        packets(5),
        packet({ counter: 9 }),
        packets(6, 10),
        Buffer.from('xx'),
        packets(8),
      ]);
      for (const head of [TS, UNTYPED]) {
        await using play = await asking(bench, [
          send(head),
          send(damaged.subarray(0, 300)),
          wait(5),
          send(damaged.subarray(300)),
          fin,
        ]);
        await play.client.end();
        const { transfers } = await bench.account();
        assert.deepEqual(transfers[0]?.transportStream, { packets: 20, syncLosses: 1, continuityErrors: 1 });
      }
    },
  ],
  [
    'octets of a coding are no packets',
    async (bench) => {
      const head = responseHead({ fields: { 'Content-Type': 'video/mp2t', 'Content-Encoding': 'gzip' } });
      await using play = await asking(bench, [send(head), send(Buffer.alloc(900, 'x')), fin]);
      await play.client.end();
      const { transfers } = await bench.account();
      assert.deepEqual([transfers[0]?.kind, transfers[0]?.transportStream], ['stream', undefined]);
    },
  ],
];
onBothThreads('a stream is checked', checks, withStreams({ checksTransportStream: true }));

test('silent, frozen, reset and half-open streams keep nobody waiting', async () => {
  const bench = await TapBench.open({ ...withStreams({ silentMs: 400, notDrainingMs: 400 }), doors: 9, workers: 1 });
  await using origin = await ScriptedOrigin.start(({ target }) => {
    if (target === '/silent') return [send(TS), send(packets(3)), endless];
    if (target === '/frozen') return [send(TS), send(Buffer.alloc(FREEZING_BYTES, packets(16))), endless];
    if (target === '/reset') return [send(TS), send(packets(3)), reset];
    if (target === '/half-open') return [send(TS), send(packets(3)), endless];
    return withLength(packets(400));
  });
  const paths = ['/silent', '/frozen', '/reset', '/half-open'];
  for (const [index, path] of paths.entries()) {
    const client = await bench.client(index + 1);
    if (path === '/frozen') client.pause();
    await client.send(request(origin, path).sent);
  }
  await bench.until(({ readBytes }) => readBytes > 1_000_000, 'streams under way');
  for (const door of [5, 6, 7, 8, 9]) {
    const client = await bench.client(door);
    for (let round = 1; round <= 10; round += 1) {
      const bytes = octetsOf(withLength(packets(400))).length;
      await client.send(request(origin, '/healthy').sent);
      await client.until(({ receivedBytes }) => receivedBytes === round * bytes, 'a healthy answer');
    }
    // As many answers as they are while the streams hang: nothing of theirs is shared.
    assert.ok(client.received.subarray(-188).equals(packets(400).subarray(-188)));
  }
  await bench.until(({ openTransfers }) => openTransfers === 0, 'the end of every stream');
  const { transfers } = await bench.account();
  const endings = Object.fromEntries(transfers.map(({ url, termination }) => [new URL(url).pathname, termination]));
  assert.deepEqual(endings, { '/silent': 'sD', '/frozen': 'cD', '/reset': 'SD', '/half-open': 'sD', '/healthy': '--' });
  assert.equal(transfers.length, 54);
  await bench.close();
});
