// The numbers of the hand-made snapshot, section by section, and those of a run in which nothing has happened yet.
// Data only: every value is written down, none is derived, and no two that could be confused are equal.
import { KINDS, type Kind } from '../../src/events.ts';
import { OperationBook } from '../../src/stats/operations.ts';
import {
  type Buckets,
  type KindSummary,
  OPERATION_NAMES,
  type ProxySummary,
  type Quantiles,
  type Snapshot,
  type Throughput,
} from '../../src/stats/summary.ts';
import { makeClientRow, makeKindSummary, makeQuantiles, makeThroughput } from './snapshot-parts.ts';

/** Every kind with nothing in it. */
function emptyKindSummary(): KindSummary {
  const none: Quantiles = { n: 0 };
  return {
    transfers: 0,
    complete: 0,
    ok: 0,
    failed: 0,
    contentBytes: 0,
    responseHeadBytes: 0,
    interimHeadBytes: 0,
    framingBytes: 0,
    requestHeadBytes: 0,
    deliveredBytes: 0,
    clientLimited: 0,
    injected: 0,
    statusCodes: {},
    terminations: {},
    cache: { hit: 0, miss: 0, other: 0, unknown: 0 },
    phases: {
      waitMs: none,
      receiveMs: none,
      totalMs: none,
      clientBlockedMs: none,
      dnsMs: none,
      connectMs: none,
      tlsMs: none,
    },
  };
}

const URL_TEXT = 'http://origin.example:17080/live/stream.m3u8';
const START_WALL_MS = Date.UTC(2026, 10, 21, 9, 30, 0);

const PHASE_BOUNDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5];

function phaseBuckets(count: number, sum: number): Buckets {
  return { bounds: PHASE_BOUNDS, counts: PHASE_BOUNDS.map((_, at) => Math.min(count, (at + 1) * 40)), count, sum };
}

export function fullSnapshot(): Snapshot {
  return {
    atMs: 43_250,
    wallMs: START_WALL_MS + 43_250,
    summary: {
      schema: 'hls-swarm/summary@1',
      tick: 43,
      run: {
        id: '20261121-093000-7f3a',
        startedAt: new Date(START_WALL_MS).toISOString(),
        durationSeconds: 43.25,
        rampSeconds: 2.4,
        url: URL_TEXT,
        clients: 12,
        variant: 'all',
        version: '1.0.0',
        ffmpeg: '5.1.9',
        node: '24.21.0',
        proxyWorkers: 1,
        seed: 4711,
        upstream: 'mirror',
      },
      clients: clientsSection(),
      proxy: proxySection(),
      parser: parserSection(),
      origin: originSection(),
      agreement: agreementSection(),
      reconciliation: reconciliationSection(),
      findings: [
        {
          code: 'playlist-stalled',
          subject: URL_TEXT,
          sinceMs: 31_000,
          count: 3,
          evidence: 'media sequence 1041 unchanged for 12.3 s (target duration 2 s)',
        },
      ],
      thresholds: [
        { expression: 'proxy.byKind.segment.phases.waitMs.p95>300ms', value: 1.55, failed: false },
        { expression: 'proxy.terminations.SD>0', value: 2, failed: true },
      ],
      instrument: {
        verdict: 'degraded',
        reasons: ['tap loop delay p99 12.4 ms is above 10 ms'],
        eventLoopDelayMs: { tapP99: 12.4, mainP99: 38.2 },
        tapCpuSeconds: 1.91,
        mainCpuSeconds: 2.83,
        tapBytesPerCpuSecond: 67_300_000,
        lostRecords: 0,
        bypassedRequests: 0,
        ledgerImbalanceBytes: 0,
        calibration: {
          transfers: 612,
          addedMsP25: 0.12,
          addedMsP50: 0.14,
          addedMsP75: 0.19,
          cpuMsPerTransfer: 0.06,
          cpuMsPerMiB: 0.93,
        },
      },
    },
    clients: Array.from({ length: 12 }, (_, index) => makeClientRow(index + 1)),
    clientsStarted: 12,
    elapsedSeconds: 43.25,
    remainingSeconds: 16.75,
    isRamping: false,
    requestRates: { playlist: 6.2, segment: 5.8 },
    drift: { averageSeconds: 0.74, maxSeconds: 5.9, highClients: 1 },
    speeds: { above: 9, below: 2 },
    streams: [],
    recentEvents: recentEvents(),
    throughputHistory: {
      pointSeconds: 5,
      newest: 8,
      proxy: history((second) => 2.4e6 + 9e5 * Math.sin(second / 5)),
      parser: history((second) => 2.3e6 + 8e5 * Math.sin(second / 5)),
      origin: history((second) => 2.41e6 + 9e5 * Math.sin(second / 5)).map((rate, at) =>
        at === 59 ? undefined : rate,
      ),
    },
    startErrors: [0, 0, 1, 2, 9, 88, 97, 31, 8, 3, 1, 1, 0, 0, 0, 0],
    originSources: [
      {
        source: 'embedded',
        ok: true,
        isStale: false,
        ageMs: 1_250,
        intervalSeconds: 2,
        cpuRatio: 0.073,
        memoryUsedBytes: 812_345_678,
        memoryTotalBytes: 4_110_417_920,
        connections: 26,
        requestsPerSecond: 12.4,
        sentBytesPerSecond: 3_012_345,
        receivedBytesPerSecond: 41_234,
      },
      {
        source: 'node_exporter',
        ok: false,
        isStale: true,
        reason: 'connect ECONNREFUSED 192.0.2.7:9100',
        ageMs: 9_300,
        intervalSeconds: 3,
        cpuRatio: 0.52,
        sentBytesPerSecond: 3_112_345,
        receivedBytesPerSecond: 51_234,
      },
    ],
    openTransfers: 3,
    recentLoopDelayP99Ms: { tap: 1.4, main: 3.2 },
    clientUptimeSeconds: {
      bounds: [1, 5, 30, 60, 300, 600, 1800, 3600, 7200],
      counts: [0, 1, 3, 4, 4, 4, 4, 4, 4],
      count: 4,
      sum: 71.5,
    },
    inferredLatencySeconds: {
      bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10],
      counts: [11, 14, 18, 20, 21, 22, 25, 27, 29, 33, 231, 236, 237],
      count: 238,
      sum: 451.75,
    },
    uptimeQuantilesSeconds: { p50: 12.6, p95: 41.3, p99: 42.8 },
    droppedLines: { stderr: 5, progress: 7 },
    parsedLines: { stderr: 48_211, progress: 517 },
    dropRate: { current: 0.0001, peak: 0.0024, degradedClients: 1 },
    phaseBuckets: [
      { kind: 'segment', phase: 'wait', buckets: phaseBuckets(246, 0.21) },
      { kind: 'segment', phase: 'receive', buckets: phaseBuckets(245, 3.91) },
      { kind: 'segment', phase: 'total', buckets: phaseBuckets(244, 4.17) },
      { kind: 'media-playlist', phase: 'wait', buckets: phaseBuckets(252, 0.18) },
    ],
    differences: {
      parser: { bytesPerSecond30s: -41_250, bytesPerSecondOverall: -38_400, totalBytes: -1_660_800 },
      origin: { bytesPerSecond30s: 1_240, bytesPerSecondOverall: 987, totalBytes: 42_688 },
      originAll: { bytesPerSecond30s: 2_210, bytesPerSecondOverall: 1_876, totalBytes: 81_137 },
    },
    operations: operations(),
    lastListing: { atMs: 42_600, ok: true, entries: 11 },
    listingWindow: 338,
  };
}

/** Each of its own order of magnitude; the last two have not happened. */
function operations(): NonNullable<Snapshot['operations']> {
  return OPERATION_NAMES.map((name, at) => {
    const total = { count: at < 11 ? 500 - at * 40 : 0, failures: at === 1 ? 12 : 0, sumMs: 9_000 / (at + 1) };
    const facts = { name, windowSeconds: 300, count: total.count, failures: total.failures, coveredSeconds: 43, total };
    if (total.count === 0) return { ...facts, isTruncated: true, status: 'ok' };
    const averageMs = total.sumMs / total.count;
    return {
      ...facts,
      isTruncated: true,
      successRate: 100 - (total.failures / total.count) * 100,
      averageMs,
      minMs: averageMs / 4,
      maxMs: averageMs * 9,
      p50Ms: averageMs * 0.8,
      p95Ms: averageMs * 3,
      p99Ms: averageMs * 5,
      status: at === 1 ? 'warn' : at === 4 ? 'critical' : 'ok',
    };
  });
}

/** Sixty points of five seconds, the last nine of which were measured. */
function history(rate: (second: number) => number): (number | undefined)[] {
  return Array.from({ length: 60 }, (_, at) => (at < 51 ? undefined : rate((at - 51) * 5)));
}

/** Two of each sort, oldest first. */
function recentEvents(): Snapshot['recentEvents'] {
  const segment = 'http://origin.example:17080/live/segment-1038.ts';
  return [
    { atMs: 9_200, client: 3, event: 'exit', category: 'playlistLost', reason: 'exit 0 without the end of the stream' },
    { atMs: 9_210, client: 3, event: 'restart', delayMs: 270 },
    { atMs: 17_400, client: 7, event: 'transfer', kind: 'segment', status: 404, termination: '--', url: segment },
    { atMs: 22_050, client: 2, event: 'transfer', kind: 'media-playlist', termination: 'SH', url: URL_TEXT },
    { atMs: 31_000, event: 'finding', code: 'playlist-stalled', subject: URL_TEXT },
    { atMs: 38_700, client: 12, event: 'exit', category: 'error', reason: 'exit 1: Server returned 404 Not Found' },
    { atMs: 38_710, client: 12, event: 'restart', delayMs: 430 },
    { atMs: 41_900, client: 5, event: 'transfer', kind: 'segment', status: 200, termination: 'CD', url: segment },
  ];
}

type Section<Name extends keyof Snapshot['summary']> = Snapshot['summary'][Name];

function clientsSection(): Section<'clients'> {
  return {
    target: 12,
    peakActive: 12,
    active: 11,
    starts: 16,
    restarts: 4,
    averageSpeed: 1.04,
    cpuSeconds: 37.6,
    exits: { success: 1, error: 2, signal: 1, stopped: 0, playlistLost: 3 },
    exitCodes: { '0': 4, '1': 2, SIGKILL: 1 },
    playback: {
      startupMs: makeQuantiles(12, 212),
      stalled: 1,
      outTimeStalled: 1,
      stallCount: 5,
      stallSeconds: 7.25,
      stallRatio: 0.0141,
      behindLiveMs: makeQuantiles(11, 4_060),
    },
  };
}

function proxySection(): ProxySummary {
  return {
    connections: 31,
    upstreamConnections: 29,
    transfers: 524,
    byKind: {
      'multivariant-playlist': makeKindSummary(2, {
        failed: 2,
        contentBytes: 3_410,
        statusCodes: { '503': undefined },
        terminations: { '--': 13, SH: undefined, CD: undefined },
      }),
      'media-playlist': makeKindSummary(42, {
        failed: 6,
        contentBytes: 231_840,
        clientLimited: 0,
        terminations: { '--': 240, SH: 2, sH: 1, CD: undefined },
      }),
      segment: makeKindSummary(41, {
        failed: 6,
        contentBytes: 128_743_616,
        clientLimited: 7,
        terminations: { '--': 235, CD: 6, SD: 2, SH: 1, KD: 6 },
      }),
      init: makeKindSummary(3, {
        failed: 3,
        contentBytes: 10_944,
        clientLimited: 0,
        terminations: { '--': 18, SH: undefined, CD: undefined },
      }),
    },
    byCache: {
      hit: { transfers: 402, waitMs: makeQuantiles(398, 0.41) },
      miss: { transfers: 88, waitMs: makeQuantiles(85, 31.5) },
      other: { transfers: 12, waitMs: makeQuantiles(12, 18.2) },
      unknown: { transfers: 18, waitMs: makeQuantiles(17, 2.3) },
    },
    cacheHitRatio: 402 / 490,
    byAddress: [
      {
        address: '192.0.2.7:80',
        transfers: 391,
        cache: { hit: 310, miss: 58, other: 9, unknown: 14 },
        cacheHitRatio: 310 / 368,
        waitMs: makeQuantiles(384, 0.58),
      },
      {
        address: '[2001:db8::7]:80',
        transfers: 127,
        cache: { hit: 92, miss: 30, other: 3, unknown: 2 },
        cacheHitRatio: 92 / 122,
        waitMs: makeQuantiles(126, 0.74),
      },
    ],
    transfersOfFurtherAddresses: 2,
    terminations: { '--': 506, CD: 6, SD: 2, sH: 1, SH: 3, KD: 6 },
    timeouts: 1,
    injected: { delay: 4, throttle: 0, status: 2, reset: 0, truncate: 1, stall: 0 },
    opaqueBytes: 0,
    hasTunnels: false,
    unselectedVariantBytes: 1_048_001,
    throughput: makeThroughput(2_976_500, 128_743_616),
    allBytesThroughput: makeThroughput(2_998_700, 129_703_921),
    streams: noStreams(),
  };
}

/** As in any run of playlists and segments. */
function noStreams(): ProxySummary['streams'] {
  return { open: 0, opened: 0, endings: {}, contentBytes: 0, clientBlockedMs: 0, throughput: { totalBytes: 0 } };
}

function parserSection(): Section<'parser'> {
  return {
    lines: 48_216,
    unparsedLines: 9,
    droppedLines: 12,
    requests: { segment: 249, playlist: 266, init: 19, key: 1, other: 4 },
    opens: { segment: 247, playlist: 13, init: 18, key: 2, other: 5 },
    httpErrors: { '404': 4, '503': 2 },
    timeouts: 3,
    reconnections: 8,
    segmentBytes: 127_082_816,
    lookup: {
      attempts: 243,
      successes: 231,
      misses: { neverListed: 5, evicted: 3, notYetListed: 2, ambiguous: 1 },
      unread: 6,
    },
    pending: { segments: 10, connects: 1, sizes: 2 },
    sequence: { changes: 258, segments: 262, jumps: 4, wentBack: 0 },
    throughput: makeThroughput(2_938_100, 127_082_816),
    tcp: { started: 32, connected: 30, failed: { refused: 2 }, connectMs: makeQuantiles(30, 0.2) },
    events: { request: 519, 'hls-request': 268, open: 285, 'tcp-start': 32, 'http-error': 6 },
    inferred: {
      segmentMs: makeQuantiles(238, 1_904),
      playlistMs: makeQuantiles(254, 1_996),
      original: {
        segments: 243,
        segmentMs: makeQuantiles(243, 1_902),
        playlists: 11,
        playlistMs: makeQuantiles(11, 1.2),
      },
    },
  };
}

function originSection(): Section<'origin'> {
  return {
    available: true,
    sources: ['embedded', 'access-log'],
    bytesSource: 'access-log',
    bytesSent: 129_785_058,
    requests: 531,
    cpuRatio: 0.073,
    memoryUsedBytes: 812_345_678,
    memoryTotalBytes: 4_110_417_920,
    connections: 26,
    networkSentBytes: 134_217_999,
    throughput: makeThroughput(3_000_600, 129_785_058),
    segmentThroughput: makeThroughput(2_977_500, 128_786_304),
    scrapeIntervalSeconds: 2,
    collections: [
      {
        source: 'embedded',
        succeeded: 21,
        failed: 1,
        intervalSeconds: 2,
        devices: [{ name: 'lo', sentBytes: 134_217_999, receivedBytes: 134_217_999 }],
        connectionStates: { reading: 0, writing: 3, waiting: 23 },
      },
      { source: 'segment_sizes', succeeded: 20, failed: 0 },
    ],
  };
}

function agreementSection(): Section<'agreement'> {
  const errors = {
    n: 241,
    bias: -0.29,
    sd: 0.12,
    low: -0.525,
    high: -0.055,
    p2_5: -0.51,
    p97_5: -0.08,
    absP50: 0.27,
    absP95: 0.49,
  };
  const base = {
    matched: 245,
    missed: 1,
    spurious: 2,
    deadConnection: 3,
    excludedAtStop: 4,
    pending: 5,
    lateLines: 0,
    wrongKind: 0,
  };
  return {
    segment: {
      ...base,
      precision: 0.9919,
      recall: 0.9959,
      coverage: 0.9648,
      lateLines: 6,
      wrongKind: 4,
      startErrorMs: errors,
      window: {
        matched: 221,
        missed: 0,
        spurious: 1,
        deadConnection: 2,
        precision: 0.9955,
        recall: 1,
        startErrorMs: { ...errors, n: 219, bias: -0.27 },
        inferredDurationErrorMs: { n: 209, bias: 1_881, sd: 41, low: 1_801, high: 1_961, absP50: 1_880, absP95: 1_951 },
      },
      inferredDurationErrorMs: { n: 231, bias: 1_887, sd: 43, low: 1_803, high: 1_971, absP50: 1_886, absP95: 1_959 },
    },
    playlist: {
      ...base,
      matched: 262,
      missed: 0,
      spurious: 0,
      precision: 1,
      recall: 1,
      startErrorMs: { ...errors, bias: -0.31, absP50: 0.28 },
    },
    init: { ...base, matched: 18, precision: 0.9, recall: 0.9474, startErrorMs: { n: 18, bias: -0.22 } },
    key: {
      matched: 0,
      missed: 0,
      spurious: 0,
      deadConnection: 0,
      excludedAtStop: 0,
      pending: 0,
      lateLines: 0,
      wrongKind: 0,
      startErrorMs: { n: 0 },
    },
    other: {
      matched: 0,
      missed: 0,
      spurious: 0,
      deadConnection: 0,
      excludedAtStop: 0,
      pending: 0,
      lateLines: 0,
      wrongKind: 0,
      startErrorMs: { n: 0 },
    },
    unit: 'request',
    totals: {
      lines: 549,
      transfers: 539,
      excludedLines: 8,
      excludedTransfers: 7,
      outOfUnit: 0,
      droppedLines: 0,
      droppedTransfers: 0,
      pendingLines: 10,
      pendingTransfers: 9,
    },
    httpErrors: {
      '404': { parser: 4, proxy: 4, window: { parser: 1, proxy: 1 } },
      '503': { parser: 2, proxy: 3, window: { parser: 0, proxy: 1 } },
    },
    retries: { parser: 1, proxy: 1, window: { parser: 0, proxy: 0 } },
    estimators: [
      {
        name: 'lookup-original',
        status: 'ok',
        reference: 'segment content, whole run',
        bytes: 131_202_111,
        referenceBytes: 128_743_616,
        errorRatio: 0.0191,
        coverage: 0.951,
      },
      {
        name: 'lookup',
        status: 'ok',
        reference: 'segment content, whole run',
        bytes: 127_082_816,
        referenceBytes: 128_743_616,
        errorRatio: -0.0129,
        coverage: 0.951,
        inputs: "'HLS request' lines and the listing",
        absence: 'no listing',
        knownBias: 'low by the segments under way',
        window: { bytes: 118_082_816, referenceBytes: 119_043_616, errorRatio: -0.0081 },
      },
      {
        name: 'statistics',
        status: 'pending',
        reason: '11 processes still run',
        reference: 'content of all kinds, ended processes',
        bytes: 9_412_004,
        referenceBytes: 9_412_004,
        errorRatio: 0,
        coverage: 0.083,
      },
      {
        name: 'progress',
        status: 'unavailable',
        reason: 'total_size is N/A with null output',
        reference: 'content of all kinds',
        knownBias: 'counts what was written',
      },
      {
        name: 'http-statistics',
        status: 'ok',
        reference: 'requests of all kinds, ended processes',
        requests: 521,
        referenceRequests: 524,
      },
      {
        name: 'origin',
        status: 'derived',
        reference: 'all bytes sent',
        bytes: 129_785_058,
        referenceBytes: 129_703_921,
        errorRatio: 0.0006,
        coverage: 1,
      },
    ],
  };
}

function reconciliationSection(): Section<'reconciliation'> {
  return {
    source: 'embedded',
    originBytes: 129_785_058,
    explained: {
      segmentContent: 128_743_616,
      playlistContent: 235_250,
      otherContent: 10_944,
      responseHeads: 134_904,
      interimHeads: 2_200,
      framing: 6_776,
      ownRequests: 61_337,
      tls: 0,
    },
    residualBytes: 590_031,
    residualRatio: 0.0045,
    joined: {
      transfers: 515,
      matched: 509,
      equal: 507,
      different: 2,
      missingAtOrigin: 1,
      missingAtProxy: 5,
      aborted: 14,
      outOfBounds: 0,
    },
  };
}

export function emptySnapshot(): Snapshot {
  const full = fullSnapshot();
  const none: Quantiles = { n: 0 };
  const noKinds = { segment: 0, playlist: 0, init: 0, key: 0, other: 0 };
  const unpaired = {
    matched: 0,
    missed: 0,
    spurious: 0,
    deadConnection: 0,
    excludedAtStop: 0,
    pending: 0,
    lateLines: 0,
    wrongKind: 0,
    startErrorMs: { n: 0 },
  };
  const silent: Throughput = { totalBytes: 0 };
  const { rampSeconds: _ramp, ...run } = full.summary.run;
  return {
    atMs: 0,
    wallMs: START_WALL_MS,
    summary: {
      schema: 'hls-swarm/summary@1',
      tick: 0,
      run: { ...run, durationSeconds: 0 },
      clients: {
        target: 12,
        peakActive: 0,
        active: 0,
        starts: 0,
        restarts: 0,
        exits: { success: 0, error: 0, signal: 0, stopped: 0, playlistLost: 0 },
        exitCodes: {},
        playback: {
          startupMs: none,
          stalled: 0,
          outTimeStalled: 0,
          stallCount: 0,
          stallSeconds: 0,
          behindLiveMs: none,
        },
      },
      proxy: {
        connections: 0,
        upstreamConnections: 0,
        transfers: 0,
        byKind: Object.fromEntries(KINDS.map((kind): [Kind, KindSummary] => [kind, emptyKindSummary()])),
        byCache: {
          hit: { transfers: 0, waitMs: none },
          miss: { transfers: 0, waitMs: none },
          other: { transfers: 0, waitMs: none },
          unknown: { transfers: 0, waitMs: none },
        },
        byAddress: [],
        transfersOfFurtherAddresses: 0,
        terminations: {},
        timeouts: 0,
        injected: { delay: 0, throttle: 0, status: 0, reset: 0, truncate: 0, stall: 0 },
        opaqueBytes: 0,
        hasTunnels: false,
        throughput: silent,
        allBytesThroughput: silent,
        streams: noStreams(),
      },
      parser: {
        lines: 0,
        unparsedLines: 0,
        droppedLines: 0,
        requests: noKinds,
        opens: noKinds,
        httpErrors: {},
        timeouts: 0,
        reconnections: 0,
        pending: { segments: 0, connects: 0, sizes: 0 },
        sequence: { changes: 0, segments: 0, jumps: 0, wentBack: 0 },
        tcp: { started: 0, connected: 0, failed: {}, connectMs: none },
        events: {},
        inferred: {
          segmentMs: none,
          playlistMs: none,
          original: { segments: 0, segmentMs: none, playlists: 0, playlistMs: none },
        },
      },
      origin: { available: false, sources: [], reason: 'no origin metrics address was given', collections: [] },
      agreement: {
        segment: unpaired,
        playlist: unpaired,
        init: unpaired,
        key: unpaired,
        other: unpaired,
        estimators: [],
      },
      reconciliation: {
        explained: {
          segmentContent: 0,
          playlistContent: 0,
          otherContent: 0,
          responseHeads: 0,
          interimHeads: 0,
          framing: 0,
        },
      },
      findings: [],
      thresholds: [],
      instrument: {
        verdict: 'valid',
        reasons: [],
        eventLoopDelayMs: {},
        lostRecords: 0,
        bypassedRequests: 0,
        ledgerImbalanceBytes: 0,
      },
    },
    clients: [],
    clientsStarted: 0,
    elapsedSeconds: 0,
    remainingSeconds: 60,
    isRamping: true,
    requestRates: { playlist: 0, segment: 0 },
    drift: { highClients: 0 },
    speeds: { above: 0, below: 0 },
    streams: [],
    recentEvents: [],
    throughputHistory: { pointSeconds: 5, newest: 0 },
    originSources: [],
    openTransfers: 0,
    clientUptimeSeconds: {
      ...full.clientUptimeSeconds,
      counts: full.clientUptimeSeconds.bounds.map(() => 0),
      count: 0,
      sum: 0,
    },
    inferredLatencySeconds: {
      ...full.inferredLatencySeconds,
      counts: full.inferredLatencySeconds.bounds.map(() => 0),
      count: 0,
      sum: 0,
    },
    uptimeQuantilesSeconds: {},
    droppedLines: { stderr: 0, progress: 0 },
    parsedLines: { stderr: 0, progress: 0 },
    dropRate: { current: 0, peak: 0, degradedClients: 0 },
    phaseBuckets: [],
    operations: new OperationBook(0).read(0),
    differences: { parser: undefined, origin: undefined, originAll: undefined },
  };
}
