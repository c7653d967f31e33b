// The summary's shape as a JSON Schema (CONTRACTS: field names are stable). `summary.schema.json` at the root is its text.
// It validates nothing by itself and adds no field: summary.ts is the shape, and the compiler holds the two together.
import { Type } from 'typebox';
import {
  DIAL_FAILURES,
  EXIT_CATEGORIES,
  FINDING_CODES,
  KINDS,
  LOG_LEVELS,
  PARSED_RULES,
  TERMINATIONS,
} from '../events.ts';
import {
  byErrorStatus,
  closed,
  count,
  keyedBy,
  maybe,
  namedFrom,
  number,
  possible,
  text,
  throughput,
} from './schema-parts.ts';
import { CLIENT_STATES, type Summary, type SummaryWithClients } from './summary.ts';
import { agreementSchema } from './summary-schema-agreement.ts';
import { originSchema, reconciliationSchema } from './summary-schema-origin.ts';

const window = closed({ n: count, p50: maybe, p95: maybe, p99: maybe, max: maybe });
const quantiles = closed({
  n: count,
  p25: maybe,
  p50: maybe,
  p75: maybe,
  p95: maybe,
  p99: maybe,
  max: maybe,
  window: Type.Optional(window),
});
const run = closed({
  id: text,
  startedAt: text,
  durationSeconds: count,
  rampSeconds: maybe,
  url: text,
  clients: count,
  variant: text,
  version: text,
  ffmpeg: text,
  node: text,
  proxyWorkers: count,
  seed: number,
  upstream: Type.Optional(Type.Enum(['mirror', 'shared'])),
});

const clients = closed({
  target: count,
  peakActive: count,
  active: count,
  starts: count,
  restarts: count,
  averageSpeed: maybe,
  cpuSeconds: maybe,
  exits: closed({ success: count, error: count, signal: count, stopped: count, playlistLost: count }),
  exitCodes: keyedBy('^[0-9]+$|^SIG[A-Z0-9]+$', 'an exit code, or the name of a signal', count),
  playback: closed({
    startupMs: quantiles,
    stalled: possible,
    outTimeStalled: possible,
    stallCount: possible,
    stallSeconds: possible,
    stallRatio: maybe,
    behindLiveMs: quantiles,
  }),
});

const clientQuantiles = closed({ n: count, p95: maybe, window: closed({ n: count, p95: maybe }) });
const clientRow = closed({
  client: count,
  state: Type.Enum([...CLIENT_STATES]),
  uptimeMs: maybe,
  restarts: count,
  exitCategory: Type.Optional(Type.Enum([...EXIT_CATEGORIES])),
  exitReason: Type.Optional(text),
  speed: maybe,
  driftSeconds: maybe,
  segments: maybe,
  playlists: maybe,
  failedRequests: maybe,
  contentBytes: maybe,
  waitMs: clientQuantiles,
  receiveMs: clientQuantiles,
  clientBlockedRatio: maybe,
  startupMs: maybe,
  stallCount: maybe,
  stallMs: maybe,
  isStalled: Type.Optional(Type.Boolean()),
  behindLiveMs: maybe,
  outTimeStillMs: maybe,
});

const cacheCounts = closed({ hit: count, miss: count, other: count, unknown: count });
const cached = closed({ transfers: count, waitMs: quantiles });
const kind = closed({
  transfers: count,
  complete: count,
  ok: count,
  failed: count,
  contentBytes: count,
  responseHeadBytes: count,
  interimHeadBytes: count,
  framingBytes: count,
  requestHeadBytes: count,
  deliveredBytes: count,
  clientLimited: count,
  injected: count,
  statusCodes: keyedBy('^[1-9][0-9]{2}$|^none$', 'a status, or none', count),
  terminations: namedFrom(TERMINATIONS, count),
  cache: cacheCounts,
  phases: closed({
    waitMs: quantiles,
    receiveMs: quantiles,
    totalMs: quantiles,
    clientBlockedMs: quantiles,
    dnsMs: quantiles,
    connectMs: quantiles,
    tlsMs: quantiles,
  }),
});

const proxy = closed({
  connections: count,
  upstreamConnections: count,
  transfers: count,
  byKind: namedFrom(KINDS, kind),
  byCache: closed({ hit: cached, miss: cached, other: cached, unknown: cached }),
  cacheHitRatio: maybe,
  byAddress: Type.Array(
    closed({ address: text, transfers: count, cache: cacheCounts, cacheHitRatio: maybe, waitMs: quantiles }),
  ),
  transfersOfFurtherAddresses: count,
  terminations: namedFrom(TERMINATIONS, count),
  timeouts: count,
  injected: closed({ delay: count, throttle: count, status: count, reset: count, truncate: count, stall: count }),
  opaqueBytes: count,
  hasTunnels: Type.Boolean(),
  unselectedVariantBytes: maybe,
  throughput: Type.Optional(throughput),
  allBytesThroughput: Type.Optional(throughput),
  streams: closed({
    open: count,
    opened: count,
    endings: namedFrom(TERMINATIONS, count),
    contentBytes: count,
    longestGapMs: maybe,
    clientBlockedMs: number,
    throughput,
    transportStream: Type.Optional(closed({ packets: count, syncLosses: count, continuityErrors: count })),
  }),
});

const byRequestKind = closed({ segment: count, playlist: count, init: count, key: count, other: count });
/** Where no log is read there are lines and nothing else. */
const parser = closed({
  level: Type.Optional(Type.Enum([...LOG_LEVELS])),
  lines: count,
  droppedLines: count,
  unparsedLines: possible,
  requests: Type.Optional(byRequestKind),
  opens: Type.Optional(byRequestKind),
  httpErrors: Type.Optional(byErrorStatus(count)),
  timeouts: possible,
  reconnections: possible,
  segmentBytes: Type.Optional(count),
  lookup: Type.Optional(
    closed({
      attempts: count,
      successes: count,
      misses: closed({ neverListed: count, evicted: count, notYetListed: count, ambiguous: count }),
      unread: count,
    }),
  ),
  throughput: Type.Optional(throughput),
  pending: Type.Optional(closed({ segments: count, connects: count, sizes: count })),
  sequence: Type.Optional(closed({ changes: count, segments: count, jumps: count, wentBack: count })),
  httpStatistics: Type.Optional(
    closed({
      connections: count,
      requests: count,
      retries: count,
      reconnections: count,
      redirects: count,
      latencyMeanMs: maybe,
      latencyMaxMs: maybe,
    }),
  ),
  tcp: Type.Optional(
    closed({ started: count, connected: count, failed: namedFrom(DIAL_FAILURES, count), connectMs: quantiles }),
  ),
  events: Type.Optional(namedFrom(PARSED_RULES, count)),
  inferred: Type.Optional(
    closed({
      segmentMs: quantiles,
      playlistMs: quantiles,
      original: closed({ segments: count, segmentMs: quantiles, playlists: count, playlistMs: quantiles }),
    }),
  ),
});

const finding = closed({ code: Type.Enum([...FINDING_CODES]), subject: text, sinceMs: number, count, evidence: text });
const threshold = closed({ expression: text, value: maybe, failed: Type.Boolean() });

const instrument = closed({
  verdict: Type.Enum(['valid', 'degraded', 'invalid']),
  reasons: Type.Array(text),
  eventLoopDelayMs: closed({ tapP99: maybe, mainP99: maybe, rampTapP99: maybe, rampMainP99: maybe }),
  tapCpuSeconds: maybe,
  mainCpuSeconds: maybe,
  tapBytesPerCpuSecond: maybe,
  lostRecords: count,
  bypassedRequests: count,
  ledgerImbalanceBytes: count,
  calibration: Type.Optional(
    closed({
      transfers: count,
      addedMsP25: number,
      addedMsP50: number,
      addedMsP75: number,
      cpuMsPerTransfer: number,
      cpuMsPerMiB: number,
    }),
  ),
});

const summary = Type.Object(
  {
    schema: Type.Literal('hls-swarm/summary@1'),
    tick: count,
    run,
    clients,
    proxy: Type.Optional(proxy),
    parser,
    origin: originSchema,
    agreement: agreementSchema,
    reconciliation: reconciliationSchema,
    findings: Type.Array(finding),
    thresholds: Type.Array(threshold),
    instrument,
    /** Only in what `/snapshot` answers. */
    clientRows: Type.Optional(Type.Array(clientRow)),
  },
  { additionalProperties: false, $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'hls-swarm summary' },
);

/** The schema as plain data. */
export const summarySchema: object = agreeing<typeof summary>(summary);

/** Does not compile when something valid here would be no Summary: a field missing, or of another type. */
function agreeing<Schema extends Type.TSchema>(
  schema: Type.Static<Schema> extends Summary & Partial<SummaryWithClients> ? Schema : never,
): object {
  return schema;
}
