// The terms of a source that counts as octets flow: what a server counts, what a device counts on either side of a network, and the
// law that they and the residual are the origin's bytes, to the octet, whatever was scraped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Event, KINDS, type MeterCut, type OriginPath, type OriginSampleEvent } from '../../src/events.ts';
import type { KnownPath } from '../../src/stats/origin-path.ts';
import { pathOf } from '../../src/stats/origin-path.ts';
import { reconciliationRows } from '../../src/stats/reconciliation-rows.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { segmentBytes, transportBytes } from '../../src/stats/transport-estimate.ts';
import { openLedger, play, RUN } from './ledger-traffic.ts';

const LOOPBACK: KnownPath = { isLoopback: true, ipVersion: 4, mtuBytes: 65_536 };
const ETHERNET: KnownPath = { isLoopback: false, ipVersion: 4, mtuBytes: 1_500 };
const METERS = [
  ...['transfers', 'connections', 'upstreamConnections', 'responseHeadBytes', 'interimHeadBytes', 'framingBytes'],
  ...['readBytes', 'writtenBytes', 'deliveredBytes'],
] as const;
const CONTENT = [...KINDS, 'open'] as const;

/** What went by since the cut before: each figure by its name, content by kind. */
type Step = Readonly<Record<string, number>>;

function cut(atMs: number, figures: Step): MeterCut {
  const { controlBytes = 0 } = figures;
  return {
    atMs,
    meters: Object.fromEntries(METERS.map((meter) => [meter, figures[meter] ?? 0])),
    contentBytesByKind: Object.fromEntries(
      CONTENT.map((kind) => [kind, figures[kind] ?? 0]),
    ) as MeterCut['contentBytesByKind'],
    controlBytes,
  };
}

function scrape(cuts: readonly [MeterCut, MeterCut], facts: Partial<OriginSampleEvent>): OriginSampleEvent {
  const [, answered] = cuts;
  return {
    type: 'origin-sample',
    source: 'node_exporter',
    atMs: answered.atMs + 1,
    ok: true,
    cuts,
    ownBytes: 0,
    ownReceivedBytes: 0,
    ...facts,
  };
}

/** Two scrapes with nothing moving while either is answered. */
function reconciled(
  step: Step,
  facts: Partial<OriginSampleEvent>,
  before: Partial<OriginSampleEvent>,
  originPath?: OriginPath,
): Summary['reconciliation'] {
  const [zero, now] = [cut(1_000, {}), cut(3_000, step)];
  const run = { ...RUN, ...(originPath === undefined ? {} : { originPath }) };
  const ledger = play([scrape([zero, zero], before), scrape([now, now], facts)], openLedger({ run }));
  return ledger.snapshot(4_000, 0).summary.reconciliation;
}

const STEP: Step = {
  ...{
    transfers: 3,
    connections: 2,
    upstreamConnections: 1,
    responseHeadBytes: 720,
    interimHeadBytes: 25,
    framingBytes: 37,
  },
  ...{
    segment: 500_000,
    'media-playlist': 800,
    key: 16,
    readBytes: 501_600,
    writtenBytes: 540,
    deliveredBytes: 501_500,
  },
};
const OWN = { ownBytes: 1_000, ownReceivedBytes: 900 } as const;

test('a server counts answers: of our own too, but not the one that carries the count', () => {
  const { explained, residualBytes, originBytes, window } = reconciled(
    STEP,
    { source: 'embedded', bytesSentTotal: 502_577, ...OWN },
    { source: 'embedded', bytesSentTotal: 0, ...OWN },
  );
  assert.deepEqual(explained, {
    ...{ segmentContent: 500_000, playlistContent: 800, otherContent: 16, responseHeads: 720, interimHeads: 25 },
    ...{ framing: 37, opaque: 2, ownRequests: 900 },
  });
  assert.deepEqual([originBytes, residualBytes], [502_577, 502_577 - 501_600 - 900]);
  assert.deepEqual(window, { fromMs: 1_001, toMs: 3_001, uncertaintyBytes: 0 });
});

test("what the stream's own server was asked for under another source's name is in its counter too, after the look at it", () => {
  const [zero, now] = [cut(1_000, {}), cut(3_000, { segment: 5_000 })];
  const page = { source: 'nginx_exporter', ownBytes: 1_200, ownReceivedBytes: 900, isFromStreamServer: true } as const;
  const counter = (at: MeterCut, bytesSentTotal: number): OriginSampleEvent => {
    const { ownBytes: _own, ownReceivedBytes: _received, ...event } = scrape([at, at], { source: 'bytes_metric' });
    return { ...event, bytesSentTotal };
  };
  const { explained, residualBytes } = play([
    counter(zero, 70),
    scrape([zero, zero], page),
    counter(now, 70 + 5_000 + 900),
    scrape([now, now], page),
  ]).snapshot(4_000, 0).summary.reconciliation;
  assert.deepEqual([explained?.segmentContent, explained?.ownRequests, residualBytes], [5_000, 900, 0]);
});

test('`lo` sends for both ends: requests, the clients copy and all packets are terms', () => {
  const step = { ...STEP, controlBytes: 70 };
  const { explained } = reconciled(
    step,
    { networkSentBytesTotal: 1_100_000, ...OWN },
    { networkSentBytesTotal: 0, ...OWN },
  );
  const origin = new URL(RUN.url).origin.length;
  assert.deepEqual([explained?.requests, explained?.ownRequests, explained?.tls], [540, 1_070, 0]);
  // Upstream: 3 + 7 segments of answers, 3 requests, 7 / 2 + 3 acknowledgements, 7 of the connection; our own scrape: 3 packets.
  assert.equal(explained?.transportEstimate, (3 + 7 + 3 + 4 + 3 + 7 + 3) * 52 + 16);
  // The door: the same with two connections, and the origin's name in each request line.
  const packets = 3 + 7 + 3 + 4 + 3 + 14;
  assert.equal(explained?.doorLeg, 501_500 + 2 + 540 + 3 * origin + packets * 52 + 32);
});

test("a device elsewhere sends what is the origin's: no requests, no doors, of our own only answers", () => {
  const path: OriginPath = { device: 'eth0', isLoopback: false, ipVersion: 4, mtuBytes: 1_500 };
  const { explained } = reconciled(
    STEP,
    { networkSentBytesTotal: 540_000, ...OWN },
    { networkSentBytesTotal: 0, ...OWN },
    path,
  );
  assert.deepEqual([explained?.requests, explained?.doorLeg, explained?.ownRequests], [undefined, undefined, 900]);
  const segments = 3 + Math.floor(501_600 / 1_448);
  assert.equal(explained?.transportEstimate, (segments + 3 + 1) * 66 + 8);
});

test('TLS of connections that are over is a term of a device and of no server', () => {
  const over: Event = {
    type: 'connection',
    ...{ client: 1, process: 1, connection: 1, upstreamConnection: 1, openedAtMs: 0, closedAtMs: 2_000, requests: 1 },
    ...{
      writtenBytes: 1,
      readBytes: 1,
      excessBytes: 0,
      tlsBytes: 4_321,
      tls: 'intercepted',
      imbalanceBytes: 0,
      closedBy: 'client',
    },
  };
  for (const [total, tls] of [
    ['networkSentBytesTotal', 4_321],
    ['bytesSentTotal', undefined],
  ] as const) {
    const [zero, now] = [cut(1_000, {}), cut(3_000, STEP)];
    const ledger = play([scrape([zero, zero], { [total]: 0 }), over, scrape([now, now], { [total]: 9 })]);
    assert.equal(ledger.snapshot(4_000, 0).summary.reconciliation.explained?.tls, tls);
  }
});

test('a cut lies between the readings before the question and at the answer, and says how far off it may be', () => {
  const [asked, answered] = [
    cut(2_990, { segment: 1_000, readBytes: 1_000 }),
    cut(3_000, { segment: 2_001, readBytes: 2_001 }),
  ];
  const zero = cut(1_000, {});
  const ledger = play([
    scrape([zero, zero], { source: 'embedded', bytesSentTotal: 0 }),
    scrape([asked, answered], { source: 'embedded', bytesSentTotal: 1_700 }),
  ]);
  const { explained, residualBytes, window } = ledger.snapshot(4_000, 0).summary.reconciliation;
  assert.deepEqual([explained?.segmentContent, residualBytes, window?.uncertaintyBytes], [1_500, 200, 501]);
});

test('whatever is scraped and whatever has passed, the rows add up to what the origin counted, to the octet', () => {
  const step = fc.dictionary(fc.constantFrom(...METERS, ...CONTENT, 'controlBytes'), fc.nat(3_000_000));
  const total = fc.constantFrom('bytesSentTotal', 'networkSentBytesTotal');
  const path = fc.option(
    fc.record({
      isLoopback: fc.boolean(),
      ipVersion: fc.constantFrom<4 | 6>(4, 6),
      mtuBytes: fc.integer({ min: 576, max: 65_536 }),
    }),
    { nil: undefined },
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, step, fc.nat(9_000_000), fc.nat(5_000)), { minLength: 2, maxLength: 6 }),
      total,
      path,
      (scrapes, name, originPath) => {
        let figures: Step = {};
        let counted = 0;
        const events = scrapes.map(([during, after, sent, ownBytes], place) => {
          const asked = cut(place * 1_000, figures);
          figures = added(figures, during);
          const answered = cut(place * 1_000 + 50, figures);
          figures = added(figures, after);
          counted += sent;
          return scrape([asked, answered], { [name]: counted, ownBytes, ownReceivedBytes: Math.floor(ownBytes / 2) });
        });
        const run = { ...RUN, ...(originPath === undefined ? {} : { originPath }) };
        const { reconciliation } = play(events, openLedger({ run })).snapshot(60_000, 0).summary;
        const [origin, ...rest] = reconciliationRows({ reconciliation });
        assert.equal(
          rest.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
          origin?.bytes,
        );
        for (const { key, bytes } of rest)
          assert.ok(key === 'residual' || (Number.isInteger(bytes) && (bytes ?? -1) >= 0), `${key} ${bytes}`);
      },
    ),
  );
});

test('segments are as large as the device allows: 65,483 octets on loopback, 1,448 over Ethernet, less with IPv6', () => {
  const sizes = [LOOPBACK, ETHERNET, { ...ETHERNET, ipVersion: 6 as const }, { ...ETHERNET, mtuBytes: 9_000 }].map(
    segmentBytes,
  );
  assert.deepEqual(sizes, [65_483, 1_448, 1_428, 8_948]);
  const leg = { connections: 0, requests: 1, requestBytes: 200, answers: 1, answerBytes: 14_480_000 };
  assert.equal(transportBytes(leg, ETHERNET), 10_001 * 66, '4.6 % over Ethernet');
});

test('without a recorded path the address of the stream says whether it is loopback', () => {
  const paths = [
    'http://127.0.0.1:8080/a',
    'http://[::1]/a',
    'http://localhost/a',
    'https://origin.example/a',
    'any',
  ].map((url) => pathOf({ url }));
  assert.deepEqual(
    paths.map(({ isLoopback }) => isLoopback),
    [true, true, true, false, false],
  );
  assert.deepEqual(
    paths.map(({ mtuBytes, ipVersion }) => [mtuBytes, ipVersion]),
    [
      [65_536, 4],
      [65_536, 6],
      [65_536, 4],
      [1_500, 4],
      [1_500, 4],
    ],
  );
});

function added(figures: Step, more: Step): Step {
  return Object.fromEntries(
    [...new Set([...Object.keys(figures), ...Object.keys(more)])].map((name) => [
      name,
      (figures[name] ?? 0) + (more[name] ?? 0),
    ]),
  );
}
