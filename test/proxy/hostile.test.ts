// Hostile answers through the tap: each has its code, each octet its class, both sides end as they must, and nothing stays
// open. Whole and cut anywhere. What the reader alone says of more of them is in http1/response-reader.test.ts.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { ConnectionEvent, TransferEvent } from '../../src/events.ts';
import { HOSTILE_BODIES } from '../fixtures/hostile/bodies.ts';
import { HOSTILE_HEADS } from '../fixtures/hostile/heads.ts';
import type { HostileResponse, OctetClass } from '../fixtures/hostile/response.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type Action, fin, reset, ScriptedOrigin, send, wait } from '../support/scripted-origin.ts';
import { onBothThreads, request, TapBench } from '../support/tap.ts';

const ALL: readonly HostileResponse[] = [...HOSTILE_HEADS, ...HOSTILE_BODIES];
const CLASSES: readonly OctetClass[] = ['interim', 'head', 'framing', 'content', 'excess', 'opaque'];
/** A reset overtakes octets that the reader has not taken yet, in its kernel too: it comes when they have been. */
const BEFORE_RESET_MS = 15;
/** What fits into one read of the tap. */
const READ_BYTES = 65_536;
const SPLIT_RUNS = 4;
const MAX_CUTS = 5;
const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: MAX_CUTS });

interface Asked {
  readonly hostile: HostileResponse;
  readonly origin: ScriptedOrigin;
  readonly client: RawClient;
}

interface Played {
  readonly hostile: HostileResponse;
  readonly transfer: TransferEvent;
  readonly connection: ConnectionEvent;
  readonly seen: string;
}

/** Asks an origin of its own for the answer, cut into pieces at these shares of its length, until the client saw its end. */
async function ask(bench: TapBench, hostile: HostileResponse, cuts: readonly number[]): Promise<Asked> {
  const pieces = cut(textOf(hostile), cuts, cutsWithin(hostile)).map((octets) => send(octets));
  const origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? [...pieces, ...END[hostile.then]] : []));
  const client = await bench.client();
  await client.send(request(origin, '/', { method: hostile.method ?? 'GET' }).sent);
  if (hostile.client === 'open') await allSeen(client, textOf(hostile));
  else assert.equal(await client.end(), hostile.client, hostile.name);
  return { hostile, origin, client };
}

/** The account of what was asked, once each, with nothing left open at any origin. */
async function played(bench: TapBench, all: readonly Asked[]): Promise<readonly Played[]> {
  const { transfers, connections } = await bench.account();
  assert.deepEqual([transfers.length, connections.length], [all.length, all.length]);
  return Promise.all(
    all.map(async ({ hostile, origin, client }) => {
      const url = origin.url('/');
      await origin.waitFor((seen) => seen.connections[0]?.closedAtMs !== undefined);
      await origin.close();
      assert.equal(origin.connections.length, 1, hostile.name);
      const transfer = transfers.find((one) => one.url === url);
      const connection = connections.find(
        ({ upstreamConnection }) => upstreamConnection === transfer?.upstreamConnection,
      );
      assert.ok(transfer !== undefined && connection !== undefined);
      return { hostile, transfer, connection, seen: client.text };
    }),
  );
}

const END: Readonly<Record<HostileResponse['then'], readonly Action[]>> = {
  stay: [],
  fin: [fin],
  reset: [wait(BEFORE_RESET_MS), reset],
};

async function allSeen(client: RawClient, text: string): Promise<void> {
  await client.receives(Buffer.from(text, 'latin1'));
  assert.equal(client.ended, undefined);
}

/** What holds however the answer came in pieces. */
function check({ hostile, transfer, connection, seen }: Played): void {
  const { name, code, status } = hostile;
  assert.deepEqual(
    {
      code: transfer.termination,
      status: transfer.status,
      interim: transfer.interimHeadBytes,
      head: transfer.responseHeadBytes,
      framing: transfer.framingBytes,
      content: transfer.contentBytes,
      excess: connection.excessBytes,
      opaque: connection.opaqueBytes ?? 0,
    },
    { code, status, ...Object.fromEntries(CLASSES.map((one) => [one, bytesOf(hostile, [one])])) },
    name,
  );
  const text = textOf(hostile);
  assert.equal(connection.readBytes, text.length, `${name}: every octet was read`);
  assert.match(connection.failure ?? '', hostile.failure ?? /^/, name);
  // Not an octet is made up, repaired or left out in the middle.
  assert.ok(text.startsWith(seen), `${name}: the client saw ${JSON.stringify(seen.slice(0, 300))}`);
  if (code === '--') assert.equal(seen.length, text.length, name);
  // A head goes on as it comes, also the one that turns out to be none; of a body nothing that does not frame.
  if (code === 'PH') assert.ok(seen.length < text.length, `${name}: all of it reached the client`);
  const framed = bytesOf(hostile, ['interim', 'head', 'framing', 'content']);
  if (code === 'PD') assert.ok(seen.length <= framed, `${name}: ${seen.length} of ${framed} framed octets were seen`);
}

describe('a hostile answer', () => {
  let bench: TapBench;
  before(async () => {
    bench = await TapBench.open({ inThread: true });
  });
  afterEach(() => bench.account());
  after(() => bench.close());

  for (const hostile of ALL)
    test(`${hostile.code}: ${hostile.name}`, async () => {
      const asked = await ask(bench, hostile, []);
      // Nobody has to leave first: what has ended at the client is closed on both sides of the tap.
      if (hostile.client !== 'open')
        await bench.until(({ openConnections: near, openUpstreamConnections: far }) => near + far === 0, 'all closed');
      const [result] = await played(bench, [asked]);
      assert.ok(result !== undefined);
      check(result);
      assert.equal(result.transfer.integrity, hostile.integrity);
      // In one read with what does not frame, nothing has gone on before it was known.
      if (hostile.code.startsWith('P') && textOf(hostile).length <= READ_BYTES)
        assert.deepEqual([result.seen, result.transfer.deliveredBytes], ['', 0]);
    });
});

onBothThreads('hostile answers', [
  [
    'all at once, each cut anywhere, give the same accounts',
    (bench) =>
      fc.assert(
        fc.asyncProperty(fc.array(shares, { minLength: ALL.length, maxLength: ALL.length }), async (cuts) => {
          const asked = await Promise.all(ALL.map((hostile, index) => ask(bench, hostile, cuts[index] ?? [])));
          for (const result of await played(bench, asked)) {
            check(result);
            // Excess is the answer's own only in the read in which it was complete.
            const allowed = result.hostile.integrity === 'excess' ? ['excess', 'complete'] : [result.hostile.integrity];
            assert.ok(allowed.includes(result.transfer.integrity), result.hostile.name);
          }
        }),
        { numRuns: SPLIT_RUNS, endOnFailure: true },
      ),
  ],
]);

function textOf({ octets }: HostileResponse): string {
  return octets.map(([, text]) => text).join('');
}

function bytesOf({ octets }: HostileResponse, classes: readonly OctetClass[]): number {
  return octets.reduce((sum, [name, text]) => sum + (classes.includes(name) ? text.length : 0), 0);
}

/** Nobody reads on behind what does not frame: what stands there comes with the octet that shows it, or may never be read. */
function cutsWithin(hostile: HostileResponse): number {
  if (!hostile.code.startsWith('P')) return textOf(hostile).length;
  return bytesOf(hostile, ['interim', 'head', 'framing', 'content']);
}

function cut(text: string, at: readonly number[], withinBytes: number): readonly string[] {
  const places = at.map((share) => Math.floor(share * withinBytes)).sort((a, b) => a - b);
  const bounds = [0, ...places, text.length];
  return bounds.slice(1).map((end, index) => text.slice(bounds[index], end));
}
