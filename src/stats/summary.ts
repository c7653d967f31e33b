// The shape of the summary (CONTRACTS: `--report`, `/snapshot`) and of the snapshot that the faces read: types and closed lists only.
// It computes nothing. Unknown numbers are missing. Field names are a contract; additions are free.
import type {
  CacheStatus,
  CalibrationEvent,
  ExitCategory,
  FindingCode,
  Injected,
  Kind,
  LogLevel,
  StreamEvent,
  Termination,
  TransportStreamCheck,
} from '../events.ts';

/** Quantiles of one population over the whole run, milliseconds; `window` is the same over the last 60 s. */
export interface Quantiles {
  readonly n: number;
  readonly p25?: number;
  readonly p50?: number;
  readonly p75?: number;
  readonly p95?: number;
  readonly p99?: number;
  readonly max?: number;
  readonly window?: {
    readonly n: number;
    readonly p50?: number;
    readonly p95?: number;
    readonly p99?: number;
    readonly max?: number;
  };
}

/** Bytes per second over the measured length of each window; missing until the first second has passed. */
export interface Throughput {
  readonly bytesPerSecond1s?: number;
  readonly bytesPerSecond30s?: number;
  readonly bytesPerSecond60s?: number;
  readonly bytesPerSecond300s?: number;
  readonly bytesPerSecondOverall?: number;
  readonly totalBytes: number;
}

export interface KindSummary {
  readonly transfers: number;
  readonly complete: number;
  readonly ok: number;
  /** An error status, or not whole by the origin's doing, its silence included: what clients left and what we stopped is none. */
  readonly failed: number;
  readonly contentBytes: number;
  readonly responseHeadBytes: number;
  readonly interimHeadBytes: number;
  readonly framingBytes: number;
  readonly requestHeadBytes: number;
  readonly deliveredBytes: number;
  /** Slowed by a client that did not drain: in no `receiveMs` and `totalMs`. */
  readonly clientLimited: number;
  /** Changed by a fault on purpose: in no phase at all. */
  readonly injected: number;
  readonly statusCodes: Readonly<Record<string, number>>;
  readonly terminations: Readonly<Partial<Record<Termination, number>>>;
  readonly cache: Readonly<Record<CacheStatus, number>>;
  readonly phases: {
    readonly waitMs: Quantiles;
    readonly receiveMs: Quantiles;
    readonly totalMs: Quantiles;
    readonly clientBlockedMs: Quantiles;
    readonly dnsMs: Quantiles;
    readonly connectMs: Quantiles;
    readonly tlsMs: Quantiles;
  };
}

/** Answers with one cache status; the wait is over final 2xx heads, as everywhere. */
export interface CacheSummary {
  readonly transfers: number;
  readonly waitMs: Quantiles;
}

/** Answers of one origin address. */
export interface AddressSummary extends CacheSummary {
  /** `192.0.2.7:443`, `[2001:db8::7]:443`. */
  readonly address: string;
  readonly cache: Readonly<Record<CacheStatus, number>>;
  readonly cacheHitRatio?: number;
}

export interface ErrorStatistics {
  readonly n: number;
  readonly bias?: number;
  readonly sd?: number;
  /** Limits of agreement, bias -+ 1.96 SD. */
  readonly low?: number;
  readonly high?: number;
  readonly p2_5?: number;
  readonly p97_5?: number;
  readonly absP50?: number;
  readonly absP95?: number;
}

/** Of the attempts that were judged in the last minute. */
export interface AgreementWindow {
  readonly matched: number;
  readonly missed: number;
  readonly spurious: number;
  readonly deadConnection: number;
  readonly precision?: number;
  readonly recall?: number;
  readonly startErrorMs: ErrorStatistics;
  readonly inferredDurationErrorMs?: ErrorStatistics;
}

/** One count by the parser and by the tap; `window` over the last minute. */
export interface CountAgreement {
  readonly parser: number;
  readonly proxy: number;
  readonly window?: { readonly parser: number; readonly proxy: number };
}

/** Attempts of one group of kinds. Where they cannot be held against transfers every count is missing. */
export interface KindAgreement {
  /** Why they cannot: nothing was tapped, or the log does not name them. */
  readonly unavailable?: string;
  readonly matched?: number;
  /** Transfers that the parser never announced. */
  readonly missed?: number;
  /** Lines that no transfer followed. */
  readonly spurious?: number;
  /** Lines written to a connection that was gone already; repeated at once on a new one. */
  readonly deadConnection?: number;
  readonly excludedAtStop?: number;
  readonly pending?: number;
  /** Matched, and left out of the timing: the line arrived while our own loop was late. */
  readonly lateLines?: number;
  /**
   * Matched, and taken for another kind by the parser, from whose counts by kind they are missing; judged when the log can
   * say no better. Redirects are none: no log names them.
   */
  readonly wrongKind?: number;
  readonly precision?: number;
  readonly recall?: number;
  /** Share of the proxy's attempts that recall is of: the others were left out at a stop, wait, or the log cannot name them. */
  readonly coverage?: number;
  readonly startErrorMs: ErrorStatistics;
  readonly inferredDurationErrorMs?: ErrorStatistics;
  readonly window?: AgreementWindow;
}

/**
 * Both sides of the ledger of attempts, over all kinds:
 * lines = matched + spurious + deadConnection + excludedLines + droppedLines + pendingLines, and
 * transfers = matched + missed + excludedTransfers + outOfUnit + droppedTransfers + pendingTransfers.
 */
export interface AttemptTotals {
  readonly lines: number;
  readonly transfers: number;
  readonly excludedLines: number;
  readonly excludedTransfers: number;
  /** Transfers that the log at its level cannot announce: where no GET line is printed all but first tries of segments and
   *  initialization sections. */
  readonly outOfUnit: number;
  /** More pending than a process may have (the oldest go), or logical opens of a log that turned out to have GET lines. */
  readonly droppedLines: number;
  readonly droppedTransfers: number;
  readonly pendingLines: number;
  readonly pendingTransfers: number;
}

export const ESTIMATOR_NAMES = [
  'lookup-original',
  'lookup',
  'statistics',
  'declared',
  'http-statistics',
  'progress',
  'statusline',
  'playback',
  'refresh',
  'hybrid',
  'origin',
] as const;
export type EstimatorName = (typeof ESTIMATOR_NAMES)[number];

export const ESTIMATOR_STATUSES = ['ok', 'pending', 'unavailable', 'derived'] as const;
export type EstimatorStatus = (typeof ESTIMATOR_STATUSES)[number];
export interface EstimatorScore {
  /** `events`: what another parser believes, in an analysis. */
  readonly name: EstimatorName | 'events';
  readonly status: EstimatorStatus;
  readonly reason?: string;
  /** In words, the same in every run: what it is made of, when it has no figure, how it is known to err. */
  readonly inputs?: string;
  readonly absence?: string;
  readonly knownBias?: string;
  /** What it is held against: kinds and window, in words. */
  readonly reference: string;
  readonly bytes?: number;
  readonly referenceBytes?: number;
  /** (bytes - referenceBytes) / referenceBytes, signed. */
  readonly errorRatio?: number;
  /** Share of the reference's attempts (of processes for `statistics`) on which it has an opinion; missing without one. */
  readonly coverage?: number;
  /** `http-statistics` counts requests instead of bytes. */
  readonly requests?: number;
  readonly referenceRequests?: number;
  /** What was added over about the last minute; missing while there was a figure at one end only. */
  readonly window?: { readonly bytes: number; readonly referenceBytes: number; readonly errorRatio?: number };
}

export type Verdict = 'valid' | 'degraded' | 'invalid';

export interface Finding {
  readonly code: FindingCode;
  readonly subject: string;
  readonly sinceMs: number;
  readonly count: number;
  readonly evidence: string;
}

export interface LookupMisses {
  readonly neverListed: number;
  readonly evicted: number;
  readonly notYetListed: number;
  readonly ambiguous: number;
}

export interface RunFacts {
  readonly id: string;
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly rampSeconds?: number;
  readonly url: string;
  readonly clients: number;
  readonly variant: string;
  readonly version: string;
  readonly ffmpeg: string;
  readonly node: string;
  readonly proxyWorkers: number;
  readonly seed: number;
  readonly upstream?: 'mirror' | 'shared';
}

/** The tap's account: the reference. */
export interface ProxySummary {
  readonly connections: number;
  readonly upstreamConnections: number;
  readonly transfers: number;
  readonly byKind: Readonly<Partial<Record<Kind, KindSummary>>>;
  /** Answers (transfers with a final head) by what their cache fields said. */
  readonly byCache: Readonly<Record<CacheStatus, CacheSummary>>;
  /** Hits of hits and misses; missing while no answer was either. */
  readonly cacheHitRatio?: number;
  /** Most transfers first. A bounded number of addresses: answers of those met later are counted below. */
  readonly byAddress: readonly AddressSummary[];
  readonly transfersOfFurtherAddresses: number;
  readonly terminations: Readonly<Partial<Record<Termination, number>>>;
  /** Transfers that the origin's silence ended: the tap gave up, or a client did, kept waiting for its --timeout. */
  readonly timeouts: number;
  /** Transfers that a fault on purpose has acted on, whatever they ended with. */
  readonly injected: Readonly<Record<Injected, number>>;
  readonly opaqueBytes: number;
  /** Requests of clients went through tunnels unseen: what was counted is not all there was. */
  readonly hasTunnels: boolean;
  readonly unselectedVariantBytes?: number;
  /** Segment content. Missing, like the next, while all that was sent may have been in tunnels. */
  readonly throughput?: Throughput;
  /** Response heads + interim + framing + content of every kind. */
  readonly allBytesThroughput?: Throughput;
  /** Long-lived bodies; their endings are also in `terminations`, their content in `byKind.stream` once they ended. */
  readonly streams: {
    readonly open: number;
    /** Open and ended. */
    readonly opened: number;
    readonly endings: Readonly<Partial<Record<Termination, number>>>;
    /** Of ended ones and, as last told, of open ones. */
    readonly contentBytes: number;
    /** Longest silence of an origin in any of them. */
    readonly longestGapMs?: number;
    readonly clientBlockedMs: number;
    readonly throughput: Throughput;
    /** Sums; missing without --check-ts. */
    readonly transportStream?: TransportStreamCheck;
  };
}

/** Lines that came from the clients' logs. With `level` `none` FFmpeg's last words are looked for in them, and nothing else. */
interface LogLines {
  /** What FFmpeg was told to log; `none`: nobody reads what it says. Missing: unknown. */
  readonly level?: LogLevel;
  readonly lines: number;
  readonly droppedLines: number;
}

/** What a log that is read says. */
interface LogFigures {
  readonly unparsedLines: number;
  readonly requests: Readonly<Record<'segment' | 'playlist' | 'init' | 'key' | 'other', number>>;
  readonly opens: Readonly<Record<'segment' | 'playlist' | 'init' | 'key' | 'other', number>>;
  readonly httpErrors: Readonly<Record<string, number>>;
  /** Requests and dials, each once however often the log says so. */
  readonly timeouts: number;
  readonly reconnections: number;
  /** By estimator `lookup`; missing, like its throughput and the lookups, until a segment-size listing was read. */
  readonly segmentBytes?: number;
  readonly lookup?: {
    /** Decided ones, each a success or a miss; those that wait for a listing are `pending.sizes`. */
    readonly attempts: number;
    readonly successes: number;
    readonly misses: LookupMisses;
    /** Segments that a process was stopped in: nobody knows how much of them it read, so they are no attempts. */
    readonly unread: number;
  };
  readonly throughput?: Throughput;
  /** What the log has begun and not ended, now. */
  readonly pending: {
    /** Asked for; FFmpeg has not asked for the next one of that playlist yet. */
    readonly segments: number;
    readonly connects: number;
    /** Complete, waiting for a listing newer than the request. */
    readonly sizes: number;
  };
  /** Changes of media sequences: how many, by how many segments in all, by more than one, backwards. */
  readonly sequence: {
    readonly changes: number;
    readonly segments: number;
    readonly jumps: number;
    readonly wentBack: number;
  };
  /** Sums of what HTTP contexts said when they closed; FFmpeg 8.1 and later. */
  readonly httpStatistics?: {
    readonly connections: number;
    readonly requests: number;
    readonly retries: number;
    readonly reconnections: number;
    readonly redirects: number;
    /** From request to answer, over the requests of contexts that told it. */
    readonly latencyMeanMs?: number;
    readonly latencyMaxMs?: number;
  };
  readonly tcp: {
    readonly started: number;
    readonly connected: number;
    readonly failed: Readonly<Record<string, number>>;
    /** Between the two lines of one dial; in a tapped run that is the client's own door. */
    readonly connectMs: Quantiles;
  };
  readonly events: Readonly<Record<string, number>>;
  /** The log's request-to-request interval, the original system's "wall time"; never a download time. */
  readonly inferred: {
    readonly segmentMs: Quantiles;
    readonly playlistMs: Quantiles;
    /** By the original's own rules: all playlists of a client together, a playlist from its opening to its first tag. */
    readonly original: {
      readonly segments: number;
      readonly segmentMs: Quantiles;
      readonly playlists: number;
      readonly playlistMs: Quantiles;
    };
  };
}

export interface ParserReading extends LogLines, LogFigures {}
/** Where no log is read there are no figures. */
export interface ParserSummary extends LogLines, Partial<LogFigures> {}

export interface Summary {
  readonly schema: 'hls-swarm/summary@1';
  readonly tick: number;
  readonly run: RunFacts;
  readonly clients: {
    readonly target: number;
    readonly peakActive: number;
    readonly active: number;
    readonly starts: number;
    readonly restarts: number;
    readonly averageSpeed?: number;
    readonly cpuSeconds?: number;
    readonly exits: Readonly<Record<'success' | 'error' | 'signal' | 'stopped' | 'playlistLost', number>>;
    /** By the code of the process, or the signal that ended it (`SIGKILL`). */
    readonly exitCodes: Readonly<Record<string, number>>;
    readonly playback: {
      readonly startupMs: Quantiles;
      /** Modelled from the tap's segments; where those are not seen, by `out_time`. Missing, like the next, where neither says. */
      readonly stalled?: number;
      /** Clients whose FFmpeg says the same: `out_time` has stood still for more than two target durations. */
      readonly outTimeStalled?: number;
      readonly stallCount?: number;
      readonly stallSeconds?: number;
      readonly stallRatio?: number;
      readonly behindLiveMs: Quantiles;
    };
  };
  /** Missing where nothing was tapped (--no-proxy). */
  readonly proxy?: ProxySummary;
  readonly parser: ParserSummary;
  readonly origin: {
    readonly available: boolean;
    readonly sources: readonly string[];
    readonly reason?: string;
    /** Whose count the octets below are: the most exact source that tells any. */
    readonly bytesSource?: string;
    readonly bytesSent?: number;
    readonly requests?: number;
    readonly cpuRatio?: number;
    readonly memoryUsedBytes?: number;
    readonly memoryTotalBytes?: number;
    readonly connections?: number;
    readonly networkSentBytes?: number;
    readonly throughput?: Throughput;
    /** Origin's segment content: its bytes minus the other explained terms. */
    readonly segmentThroughput?: Throughput;
    /** What it sent between scrapes, over `--origin-metrics-window`; missing until there were two. */
    readonly rateWindow?: {
      readonly windowSeconds: number;
      readonly n: number;
      readonly bytesPerSecondP50: number;
      readonly bytesPerSecondMax: number;
    };
    readonly scrapeIntervalSeconds?: number;
    /** Per source, the listing of segment sizes too: how often it was collected, and what its last good answer was made of. */
    readonly collections: readonly {
      readonly source: string;
      readonly succeeded: number;
      readonly failed: number;
      readonly intervalSeconds?: number;
      /** What was wrong with the last one, or is missing in it. */
      readonly reason?: string;
      /** The network devices that were summed, most octets first, since they were first seen. */
      readonly devices?: readonly {
        readonly name: string;
        readonly sentBytes: number;
        readonly receivedBytes?: number;
      }[];
      readonly connectionStates?: { readonly reading: number; readonly writing: number; readonly waiting: number };
      readonly logLines?: number;
      readonly unusableLogLines?: number;
    }[];
  };
  /** `other`: redirects, streams, and what nobody knows. */
  readonly agreement: Readonly<Record<'segment' | 'playlist' | 'init' | 'key' | 'other', KindAgreement>> & {
    /** What names a request: a GET line each, or below level debug the opening of a segment; missing before the first. */
    readonly unit?: 'request' | 'hls-request' | 'mixed';
    /** Missing where nothing was tapped or no log is read. */
    readonly totals?: AttemptTotals;
    /** By status code >= 400, stops left out; missing where nothing was tapped or no log is read. */
    readonly httpErrors?: Readonly<Record<string, CountAgreement>>;
    /** Requests of a resource that the same process had asked for and not got; dead connections left out. The log names
     *  them at level debug only. */
    readonly retries?: CountAgreement;
    readonly estimators: readonly EstimatorScore[];
  };
  readonly reconciliation: {
    readonly source?: string;
    readonly originBytes?: number;
    /** Missing, with the residual, where nothing was tapped. */
    readonly explained?: {
      readonly segmentContent: number;
      readonly playlistContent: number;
      readonly otherContent: number;
      readonly responseHeads: number;
      readonly interimHeads: number;
      readonly framing: number;
      /** Relayed unseen (tunnels, switched protocols), or more than an answer had announced. */
      readonly opaque?: number;
      /** Of transfers that did not complete: what the origin logged as sent and the tap never read. Access log only. */
      readonly inFlight?: number;
      readonly ownRequests?: number;
      readonly tls?: number;
      /** Written by the tap to the origin: on loopback both directions cross the one device. */
      readonly requests?: number;
      readonly transportEstimate?: number;
      readonly doorLeg?: number;
      readonly foreign?: number;
    };
    readonly residualBytes?: number;
    readonly residualRatio?: number;
    /** What was counted in between: the first cut of a source that counts as octets flow, and the last. */
    readonly window?: {
      readonly fromMs: number;
      readonly toMs: number;
      /** What passed the tap while the last answer was awaited, halved: the cut may be off by as much. */
      readonly uncertaintyBytes: number;
    };
    /** Join with the origin's own access log by (port, request index), completed transfers only but for `aborted`. */
    readonly joined?: {
      readonly transfers: number;
      readonly matched: number;
      readonly equal: number;
      readonly different: number;
      readonly missingAtOrigin: number;
      readonly missingAtProxy: number;
      /** Pairs of which one side did not complete. */
      readonly aborted: number;
      /** Of those, the ones that break delivered <= read by the tap <= sent by the origin. */
      readonly outOfBounds: number;
    };
  };
  readonly findings: readonly Finding[];
  readonly thresholds: readonly { readonly expression: string; readonly value?: number; readonly failed: boolean }[];
  readonly instrument: {
    readonly verdict: Verdict;
    readonly reasons: readonly string[];
    readonly eventLoopDelayMs: {
      readonly tapP99?: number;
      readonly mainP99?: number;
      /** The same as they were when the last client had been started: of the ramp alone. */
      readonly rampTapP99?: number;
      readonly rampMainP99?: number;
    };
    readonly tapCpuSeconds?: number;
    readonly mainCpuSeconds?: number;
    readonly tapBytesPerCpuSecond?: number;
    readonly lostRecords: number;
    readonly bypassedRequests: number;
    readonly ledgerImbalanceBytes: number;
    /** What the tap itself added on this machine before the run; see CalibrationEvent. */
    readonly calibration?: Omit<CalibrationEvent, 'type' | 'atMs'>;
  };
}

/** What is done over and over, by the clients through the tap and by the instrument itself. */
export const OPERATION_NAMES = [
  'hls_manifest_fetch',
  'hls_segment_fetch',
  'hls_segment_ttfb',
  'hls_key_fetch',
  'hls_manifest_generation',
  'mpegts_chunk_read',
  'stats_collection',
  'origin_scrape',
  'segment_size_scrape',
  'stderr_parse',
  'stats_aggregate',
  'tui_render',
  'stream_event_handling',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

/** One operation over its last seconds. Durations are those of failures too, and missing while there is none. */
export interface OperationSummary {
  readonly name: OperationName;
  readonly windowSeconds: number;
  readonly count: number;
  readonly failures: number;
  /** Percent, 0..100. */
  readonly successRate?: number;
  readonly averageMs?: number;
  readonly minMs?: number;
  readonly maxMs?: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  /** Seconds of the window in which it was watched; fewer than the window has: truncated. */
  readonly coveredSeconds: number;
  readonly isTruncated: boolean;
  readonly status: 'ok' | 'warn' | 'critical';
  /** Of the first whole minute with enough of them; missing until there was one. */
  readonly baselineP95Ms?: number;
  /** Since the run began. */
  readonly total: { readonly count: number; readonly failures: number; readonly sumMs: number };
}

export const CLIENT_STATES = ['created', 'starting', 'running', 'backoff', 'stopping', 'stopped'] as const;
export type ClientState = (typeof CLIENT_STATES)[number];

/** Milliseconds; over the whole run, `window` over the last minute. p95 is missing where n is 0. */
export interface ClientQuantiles {
  readonly n: number;
  readonly p95?: number;
  readonly window: { readonly n: number; readonly p95?: number };
}

/** One client: for screens, per-client series and `/snapshot`. Figures of the tap are missing where it saw nothing. */
export interface ClientRow {
  readonly client: number;
  readonly state: ClientState;
  /** Of the present process; missing while there is none. */
  readonly uptimeMs?: number;
  readonly restarts: number;
  /** How the last process that ended did so. */
  readonly exitCategory?: ExitCategory;
  readonly exitReason?: string;
  readonly speed?: number;
  /** Time since the start of the present process minus its `out_time`; of one that was stopped or has ended, as it was then. */
  readonly driftSeconds?: number;
  /** Complete ones, of all processes. */
  readonly segments?: number;
  readonly playlists?: number;
  /** Requests that got a status of 400 or more, or none that was whole by the origin's doing. */
  readonly failedRequests?: number;
  readonly contentBytes?: number;
  /** Of the segments that the client was given, in the populations of `phases`. */
  readonly waitMs: ClientQuantiles;
  readonly receiveMs: ClientQuantiles;
  /** Share of the time of receiving in which the client did not drain, 0..1. */
  readonly clientBlockedRatio?: number;
  /** Of the present process. */
  readonly startupMs?: number;
  readonly stallCount?: number;
  readonly stallMs?: number;
  /** Missing where nobody can tell. */
  readonly isStalled?: boolean;
  readonly behindLiveMs?: number;
  /** How long FFmpeg's `out_time` has stood still; only beyond two target durations: the cross-check of a stall. */
  readonly outTimeStillMs?: number;
}

/** One open stream, as it last told. */
export interface StreamRow {
  readonly client: number;
  readonly connection: number;
  readonly requestIndex: number;
  readonly ageMs: number;
  readonly contentBytes: number;
  /** Over its last second; missing in its first. */
  readonly bytesPerSecond?: number;
  readonly longestGapMs: number;
  readonly clientBlockedMs: number;
  readonly state: StreamEvent['state'];
  readonly transportStream?: TransportStreamCheck;
}

/** One of the last things that a person would want to hear of. */
export type RecentEvent = RecentFacts & {
  readonly atMs: number;
  /** Missing where it concerns nobody in particular. */
  readonly client?: number;
};
type RecentFacts =
  | { readonly event: 'exit'; readonly category?: ExitCategory; readonly reason?: string }
  | { readonly event: 'restart'; readonly delayMs?: number }
  /** Ended other than complete, or with a status of 400 or more. */
  | {
      readonly event: 'transfer';
      readonly kind: Kind;
      readonly status?: number;
      readonly termination: Termination;
      readonly url: string;
      /** A fault on purpose has acted on it. */
      readonly injected?: Injected;
    }
  | { readonly event: 'finding'; readonly code: FindingCode; readonly subject: string };

/** Segment content per second over the last five minutes, one list per account; missing where an account has none. */
export interface ThroughputHistory {
  readonly pointSeconds: number;
  /** Number of the newest point: point n begins `n * pointSeconds` after the run's origin. */
  readonly newest: number;
  /** Bytes per second, oldest first, the last one so far; undefined where nothing was measured. */
  readonly proxy?: readonly (number | undefined)[];
  readonly parser?: readonly (number | undefined)[];
  readonly origin?: readonly (number | undefined)[];
}

/** A source of the origin's account as it stands; rates between its last two good answers. */
export interface OriginSourceRow {
  readonly source: string;
  /** The last answer was good. */
  readonly ok: boolean;
  /** No good answer for three intervals. */
  readonly isStale: boolean;
  /** What was wrong with the last answer; of a good one, what was asked for and is not in it. */
  readonly reason?: string;
  /** Since the last good answer. */
  readonly ageMs?: number;
  readonly intervalSeconds: number;
  readonly cpuRatio?: number;
  readonly memoryUsedBytes?: number;
  readonly memoryTotalBytes?: number;
  readonly connections?: number;
  readonly requestsPerSecond?: number;
  readonly sentBytesPerSecond?: number;
  readonly receivedBytesPerSecond?: number;
}

/** What has quantiles in the summary and a histogram in Prometheus, per kind. */
export const PHASES = ['dns', 'connect', 'tls', 'wait', 'receive', 'total', 'clientBlocked'] as const;
export type Phase = (typeof PHASES)[number];

/** Cumulative histogram buckets for Prometheus: `counts[i]` observations <= `bounds[i]` seconds. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** What `/snapshot` answers: the summary, and where each client stands. */
export type SummaryWithClients = Summary & { readonly clientRows: readonly ClientRow[] };

/** What every face reads: the public summary and the figures that only some faces show. Numbered by `summary.tick`. */
export interface Snapshot {
  readonly atMs: number;
  readonly wallMs: number;
  readonly summary: Summary;
  readonly clients: readonly ClientRow[];
  /** Open streams, those in trouble first. */
  readonly streams: readonly StreamRow[];
  /** At most 50, oldest first. */
  readonly recentEvents: readonly RecentEvent[];
  readonly throughputHistory: ThroughputHistory;
  readonly originSources: readonly OriginSourceRow[];
  /** Segments by the error of their start time, in the bins of START_ERROR_BOUNDS_MS; missing where nothing was tapped. */
  readonly startErrors?: readonly number[];
  readonly clientsStarted: number;
  readonly elapsedSeconds: number;
  /** Missing when the run has no end of its own. */
  readonly remainingSeconds?: number;
  readonly isRamping: boolean;
  /** Per-second rates over the last 5 s. */
  readonly requestRates: { readonly playlist: number; readonly segment: number };
  readonly drift: { readonly averageSeconds?: number; readonly maxSeconds?: number; readonly highClients: number };
  readonly speeds: { readonly above: number; readonly below: number };
  readonly openTransfers: number;
  /** Newest numbered names of the size listing that are kept, as given or as needed; missing while everything is. */
  readonly listingWindow?: number;
  /** Of all media playlists that were seen; missing before the first. */
  readonly shortestTargetDurationSeconds?: number;
  readonly clientUptimeSeconds: Buckets;
  readonly inferredLatencySeconds: Buckets;
  readonly uptimeQuantilesSeconds: { readonly p50?: number; readonly p95?: number; readonly p99?: number };
  readonly droppedLines: { readonly stderr: number; readonly progress: number };
  readonly parsedLines: { readonly stderr: number; readonly progress: number };
  readonly dropRate: { readonly current: number; readonly peak: number; readonly degradedClients: number };
  readonly phaseBuckets: readonly {
    readonly kind: Kind;
    readonly phase: Phase;
    readonly buckets: Buckets;
  }[];
  /** Side by side differences, candidate - reference in bytes per second, only where the windows allow one (MEASURING 6). */
  readonly differences: {
    readonly parser: Throughput | undefined;
    readonly origin: Throughput | undefined;
    readonly originAll: Throughput | undefined;
  };
  /** When the origin last said how many bytes it sent: its totals are of that instant. */
  readonly originBytesAtMs?: number;
  /** Loop delays of the last second; the summary's are of the run so far. */
  readonly recentLoopDelayP99Ms?: { readonly tap?: number; readonly main?: number };
  /** Of the last five minutes; missing in a replay, which does none of it. */
  readonly operations?: readonly OperationSummary[];
  readonly lastListing?: {
    readonly atMs: number;
    readonly ok: boolean;
    readonly reason?: string;
    readonly entries?: number;
  };
}
