// The join of transfers with the origin's log on scripted traffic whose truth is known: ports that come again, records and lines
// in any order, lost lines, strangers, aborts. Which line is whose, and that no octet is lost between the two accounts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConnectionEvent, Event, OriginRequestEvent, TransferEvent } from '../../src/events.ts';
import { AccessLogJoin } from '../../src/stats/access-log-join.ts';
import { explainedBytes } from '../../src/stats/flow-terms.ts';
import { MAX_WAITING } from '../../src/stats/join-lanes.ts';
import { aTransfer, BASE } from './ledger-traffic.ts';

const END_MS = 10_000_000;
const STRANGER_PORT = 9;
const HEAD_BYTES = 240;

/** One request, as the generator wants it to go. */
interface Plan {
  readonly contentBytes: number;
  /** Sent by the origin and never read: more than 0 breaks it off. */
  readonly unreadBytes: number;
  readonly isLineLost: boolean;
  /** How long after the transfer's end its record and its line come. */
  readonly recordDelayMs: number;
  readonly lineDelayMs: number;
}
interface Timed {
  readonly atMs: number;
  readonly event: Event;
}
interface Truth {
  readonly events: readonly Event[];
  readonly matched: number;
  readonly aborted: number;
  readonly inFlight: number;
  readonly missingAtOrigin: number;
  readonly foreignBytes: number;
  readonly originBytes: number;
}

const plan = (maximumDelayMs: number): fc.Arbitrary<Plan> =>
  fc.record({
    contentBytes: fc.nat(5_000),
    unreadBytes: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 900 }) },
    ),
    isLineLost: fc.nat(7).map((chance) => chance === 0),
    recordDelayMs: fc.nat(maximumDelayMs),
    lineDelayMs: fc.nat(maximumDelayMs),
  });
const connections = (maximumDelayMs: number) =>
  fc.array(
    fc.record({
      port: fc.constantFrom(50_001, 50_002, 50_003),
      requests: fc.array(plan(maximumDelayMs), { minLength: 1, maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 12 },
  );
const strangers = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 900 }), index: fc.integer({ min: 1, max: 5 }) }),
  {
    maxLength: 5,
  },
);

test('with connection numbers in the log every line finds its transfer, however late either of them comes', () => {
  fc.assert(
    fc.property(connections(60_000), strangers, fc.boolean(), (plans, foreign, isOnOurPorts) => {
      agrees(
        traffic(plans, foreign, { isNumbered: true, gapMs: 0, strangerPort: isOnOurPorts ? 50_002 : STRANGER_PORT }),
      );
    }),
  );
});

test('without them it does where the lines of one port come connection by connection', () => {
  fc.assert(
    fc.property(connections(500), strangers, (plans, foreign) => {
      agrees(traffic(plans, foreign, { isNumbered: false, gapMs: 10_000, strangerPort: STRANGER_PORT }));
    }),
  );
});

test('whatever a log says, the terms and what is left over are what the origin sent', () => {
  const line = fc.record({
    index: fc.integer({ min: 1, max: 4 }),
    sent: fc.nat(9_000),
    completed: fc.boolean(),
    own: fc.boolean(),
  });
  fc.assert(
    fc.property(connections(500), fc.array(line, { minLength: 1 }), fc.nat(60_000), (plans, lines, atMs) => {
      const { events } = traffic(plans, [], { isNumbered: false, gapMs: 0, strangerPort: STRANGER_PORT });
      const odd = lines.map(({ index, sent, completed, own }) =>
        aLine(50_001, index, `odd${index}.ts`, {
          atMs: 1,
          bytesSent: sent,
          bodyBytesSent: sent,
          completed,
          ...(own ? { userAgent: 'hls-swarm-listing/1' } : {}),
        }),
      );
      const read = fed([...odd, ...events]).read(atMs);
      assert.ok(read !== undefined);
      const { different, equal, matched } = read.joined;
      assert.equal(matched, equal + different);
      const residual = read.originBytes - explainedBytes(read.explained);
      if (different === 0) assert.equal(residual, 0);
    }),
  );
});

test('an abort keeps the order delivered <= read <= sent, or is named: what was sent and never read was in flight', () => {
  const [kept, broken] = [1, 2].map((index) =>
    aTransfer({
      startedAtMs: 0,
      ...at(50_001, 1, index),
      termination: 'CD',
      integrity: 'short',
      contentBytes: 500,
      deliveredBytes: 700,
    }),
  ) as [TransferEvent, TransferEvent];
  const sent = 500 + HEAD_BYTES;
  const read = fed([
    kept,
    broken,
    aLine(50_001, 1, 'seg00001.ts', { bytesSent: sent + 3_000, completed: false }),
    aLine(50_001, 2, 'seg00001.ts', { bytesSent: sent - 1, completed: false }),
  ]).read(END_MS);
  assert.deepEqual([read?.joined.aborted, read?.joined.outOfBounds, read?.explained.inFlight], [2, 1, 3_000]);
  assert.equal((read?.originBytes ?? 0) - explainedBytes(read?.explained ?? {}), -1);
});

test("a line that was there before a transfer began is not that transfer's, whatever its port and index say", () => {
  const join = fed([
    aLine(50_001, 1, 'live.m3u8', { atMs: 900, bytesSent: 300 }),
    aTransfer({ startedAtMs: 1_000, url: `${BASE}live.m3u8`, ...at(50_001, 1, 1) }),
    aLine(50_001, 1, 'live.m3u8', { atMs: 1_020 }),
  ]);
  const { joined, explained } = join.read(END_MS) ?? {};
  assert.deepEqual([joined?.matched, joined?.equal, joined?.missingAtProxy, explained?.foreign], [1, 1, 1, 300]);
});

test('a log that names files in its own way, or not at all, is joined all the same', () => {
  for (const path of ['/seg%2000001.ts?token=1', '/rewritten/to/seg 00001.ts', '-', '']) {
    const transfer = aTransfer({ startedAtMs: 0, url: `${BASE}seg%2000001.ts?a=b`, ...at(50_001, 1, 1) });
    const { joined } = fed([transfer, { ...aLine(50_001, 1, ''), path }]).read(END_MS) ?? {};
    assert.deepEqual([joined?.equal, joined?.missingAtOrigin], [1, 0], path);
  }
});

test('a log of a server that renames everything is joined without its names, from the first transfer on', () => {
  const events = Array.from({ length: 30 }, (_, place) => [
    aTransfer({ startedAtMs: 0, url: `${BASE}seg${place}.ts`, ...at(50_001 + place, place, 1) }),
    aLine(50_001 + place, 1, `store-${place}.bin`),
  ]).flat();
  const { joined } = fed(events).read(END_MS) ?? {};
  assert.deepEqual([joined?.equal, joined?.missingAtOrigin, joined?.missingAtProxy], [30, 0, 0]);
  const few = fed([
    ...events.slice(0, 10),
    aTransfer({ startedAtMs: 0, ...at(1, 99, 1) }),
    aLine(1, 1, 'seg00001.ts'),
    ...events.slice(10),
  ]);
  assert.equal(few.read(END_MS)?.joined.equal, 1, 'one name that is the same speaks for names');
});

test('transfers of another origin are in no log of this one: they are not missing there', () => {
  const [here, there] = ['192.0.2.1:80', '198.51.100.7:80'].map((upstreamAddress, place) =>
    aTransfer({ startedAtMs: 0, upstreamAddress, ...at(50_001 + place, place, 1) }),
  ) as [TransferEvent, TransferEvent];
  const alone = fed([here, there]);
  assert.equal(alone.read(END_MS), undefined, 'no line: no log');
  assert.deepEqual(alone.awaited, { completed: 2, aborted: 0 });
  const joined = fed([here, there, aLine(50_001, 1, 'seg00001.ts')]);
  assert.deepEqual(joined.awaited, { completed: 0, aborted: 0 });
  assert.deepEqual(joined.read(END_MS)?.joined.missingAtOrigin, 0);
});

test('one side that never comes is given up at a limit, and counted for ever', () => {
  const join = fed([aLine(STRANGER_PORT, 1, 'x', { bytesSent: 5 })]);
  for (let each = 0; each < MAX_WAITING; each += 1) {
    join.originRequest(aLine(10_000 + (each % 50_000), 1 + Math.floor(each / 50_000), 'y', { bytesSent: 7 }));
  }
  const { joined, explained, originBytes } = join.read(END_MS) ?? {};
  assert.deepEqual(
    [joined?.missingAtProxy, explained?.foreign, originBytes],
    [MAX_WAITING + 1, 5 + 7 * MAX_WAITING, 5 + 7 * MAX_WAITING],
  );
});

test('strangers without end cost us no line of our own: theirs are given up first', () => {
  const join = new AccessLogJoin();
  const ours = aTransfer({ startedAtMs: 0, upstreamLocalPort: 50_001, upstreamConnection: 1, upstreamRequestIndex: 1 });
  join.transfer(ours);
  for (let each = 0; each < 2 * MAX_WAITING; each += 1)
    join.originRequest(aLine(1_000 + (each % 40_000), 1 + Math.floor(each / 40_000), 'y', { bytesSent: 7 }));
  join.originRequest(aLine(50_001, 1, 'seg00001.ts', { bytesSent: 1_240, bodyBytesSent: 1_000 }));
  const { joined, explained } = join.read(END_MS) ?? {};
  assert.deepEqual([joined?.equal, joined?.missingAtOrigin], [1, 0]);
  assert.deepEqual([joined?.missingAtProxy, explained?.foreign], [2 * MAX_WAITING, 14 * MAX_WAITING]);
});

function agrees(truth: Truth): void {
  const { joined, explained, originBytes } = fed(truth.events).read(END_MS) ?? {};
  if (truth.originBytes === 0) return;
  assert.deepEqual(
    {
      matched: joined?.matched,
      equal: joined?.equal,
      aborted: joined?.aborted,
      outOfBounds: joined?.outOfBounds,
      missingAtOrigin: joined?.missingAtOrigin,
      inFlight: explained?.inFlight,
      foreign: explained?.foreign,
      originBytes,
      residual: (originBytes ?? 0) - explainedBytes(explained ?? {}),
    },
    {
      matched: truth.matched,
      equal: truth.matched,
      aborted: truth.aborted,
      outOfBounds: 0,
      missingAtOrigin: truth.missingAtOrigin,
      inFlight: truth.inFlight,
      foreign: truth.foreignBytes,
      originBytes: truth.originBytes,
      residual: 0,
    },
  );
}

/** A port's connections follow one another; lines of one connection come in order, in every log there is. */
function traffic(
  plans: readonly { readonly port: number; readonly requests: readonly Plan[] }[],
  foreign: readonly { readonly bytes: number; readonly index: number }[],
  {
    isNumbered,
    gapMs,
    strangerPort,
  }: { readonly isNumbered: boolean; readonly gapMs: number; readonly strangerPort: number },
): Truth {
  const timed: Timed[] = [];
  const sums = { matched: 0, aborted: 0, inFlight: 0, missingAtOrigin: 0, foreignBytes: 0, originBytes: 0 };
  let nowMs = 1_000;
  for (const [number, { port, requests }] of plans.entries()) {
    let lineAtMs = 0;
    let recordAtMs = 0;
    for (const [place, one] of requests.entries()) {
      nowMs += 100;
      const index = place + 1;
      const name = `c${number}r${index}.ts`;
      const isAborted = one.unreadBytes > 0;
      const transfer = aTransfer({
        startedAtMs: nowMs,
        url: `${BASE}${name}`,
        contentBytes: one.contentBytes,
        ...at(port, number + 1, index),
        ...(isAborted ? { termination: 'CD', integrity: 'short' } : {}),
      });
      const bytesSent = HEAD_BYTES + one.contentBytes + one.unreadBytes;
      recordAtMs = Math.max(recordAtMs, nowMs + one.recordDelayMs);
      // As the tap tells it: the connection is over, and with it the answer that was under way.
      if (index === requests.length) timed.push({ atMs: recordAtMs, event: closed(number + 1, port, nowMs) });
      timed.push({ atMs: recordAtMs, event: transfer });
      if (one.isLineLost) {
        if (!isAborted) sums.missingAtOrigin += 1;
        continue;
      }
      lineAtMs = Math.max(lineAtMs, nowMs + one.lineDelayMs);
      const facts = { atMs: lineAtMs, bytesSent, bodyBytesSent: bytesSent - HEAD_BYTES, completed: !isAborted };
      timed.push({
        atMs: lineAtMs,
        event: aLine(port, index, name, { ...facts, ...(isNumbered ? { connection: 100 + number } : {}) }),
      });
      sums.originBytes += bytesSent;
      sums.inFlight += one.unreadBytes;
      if (isAborted) sums.aborted += 1;
      else sums.matched += 1;
    }
    nowMs += gapMs;
  }
  for (const [number, { bytes, index }] of foreign.entries()) {
    const facts = {
      atMs: nowMs,
      bytesSent: bytes,
      userAgent: 'VLC',
      ...(isNumbered ? { connection: 900 + number } : {}),
    };
    timed.push({ atMs: nowMs, event: aLine(strangerPort, index, `stranger${number}.ts`, facts) });
    sums.foreignBytes += bytes;
    sums.originBytes += bytes;
  }
  const events = timed.toSorted((one, other) => one.atMs - other.atMs).map(({ event }) => event);
  return { events, ...sums };
}

function fed(events: readonly Event[]): AccessLogJoin {
  const join = new AccessLogJoin();
  for (const event of events) {
    if (event.type === 'transfer') join.transfer(event);
    else if (event.type === 'connection') join.connection(event);
    else if (event.type === 'origin-request') join.originRequest(event);
  }
  return join;
}

function at(
  upstreamLocalPort: number,
  upstreamConnection: number,
  upstreamRequestIndex: number,
): Pick<TransferEvent, 'upstreamLocalPort' | 'upstreamConnection' | 'upstreamRequestIndex'> {
  return { upstreamLocalPort, upstreamConnection, upstreamRequestIndex };
}

function aLine(
  remotePort: number,
  requestIndex: number,
  name: string,
  facts: Partial<OriginRequestEvent> = {},
): OriginRequestEvent {
  return {
    type: 'origin-request',
    atMs: 50,
    remotePort,
    requestIndex,
    method: 'GET',
    path: `/live/${name}`,
    status: 200,
    bytesSent: 1_000 + HEAD_BYTES,
    bodyBytesSent: 1_000,
    completed: true,
    userAgent: 'hls-swarm/1.0/client-1',
    ...facts,
  };
}

function closed(upstreamConnection: number, upstreamLocalPort: number, closedAtMs: number): ConnectionEvent {
  return {
    type: 'connection',
    ...{ client: 1, process: 1, connection: upstreamConnection, upstreamConnection, upstreamLocalPort },
    ...{ openedAtMs: 0, closedAtMs, requests: 1, writtenBytes: 0, readBytes: 0, excessBytes: 0, tlsBytes: 0 },
    ...{ imbalanceBytes: 0, closedBy: 'client' },
  };
}
