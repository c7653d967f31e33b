// The currency between the floors: flat, readonly records; types and closed lists only.
// It does nothing: no clock, no parsing, no defaults. Instants (`...AtMs`, `atMs`) are monotonic milliseconds since the
// run's origin, `...WallMs` Unix milliseconds. Absent is undefined, never 0. The journal is these records as JSON lines.

/** What a transfer carried (MEASURING section 4). */
export const KINDS = [
  'multivariant-playlist',
  'media-playlist',
  'segment',
  'part',
  'init',
  'key',
  'redirect',
  'stream',
  'other',
] as const;
export type Kind = (typeof KINDS)[number];

/** Two characters, HAProxy's vocabulary: who ended the transfer, in which phase (DESIGN section 3). */
export const TERMINATIONS = [
  '--',
  'CR',
  'cR',
  'CQ',
  'CC',
  'CH',
  'CD',
  'cD',
  'CL',
  'PR',
  'SC',
  'sC',
  'SQ',
  'SH',
  'sH',
  'SD',
  'sD',
  'PH',
  'PD',
  'RC',
  'PC',
  'XD',
  'XT',
  'KQ',
  'KC',
  'KH',
  'KD',
  'LR',
  'ID',
] as const;
export type Termination = (typeof TERMINATIONS)[number];

export type Integrity = 'complete' | 'short' | 'excess' | 'unknown-length';
export type CacheStatus = 'hit' | 'miss' | 'other' | 'unknown';
/** First and last octet of the asked range; null = to the end. `bytes=0-` is no range. */
export type ByteRange = readonly [number, number | null];

/** Milliseconds; a phase that was not reached or does not apply is absent; those present sum to `totalMs`. */
export interface Phases {
  readonly queueMs?: number;
  readonly dnsMs?: number;
  readonly connectMs?: number;
  readonly tlsMs?: number;
  readonly sendMs?: number;
  readonly waitMs?: number;
  readonly headersMs?: number;
  readonly receiveMs?: number;
  readonly deliverMs?: number;
}

export const INJECTED = ['delay', 'throttle', 'status', 'reset', 'truncate', 'stall'] as const;
export type Injected = (typeof INJECTED)[number];

/** One request and its response through the tap, emitted once, when it ended. Bytes as MEASURING section 2. */
export interface TransferEvent {
  readonly type: 'transfer';
  /** Door number, 1-based; a door belongs to one client. */
  readonly client: number;
  /** Which FFmpeg process of that client (1 = the first); 0 when no process of ours is behind the door. */
  readonly process: number;
  /** Downstream connection, unique in the run, and the 1-based index of the request on it. */
  readonly connection: number;
  readonly requestIndex: number;
  readonly upstreamConnection?: number;
  /** 1-based; with `upstreamLocalPort` the join key with an origin's log. Absent when the request was not sent. */
  readonly upstreamRequestIndex?: number;
  readonly upstreamLocalPort?: number;
  readonly upstreamAddress?: string;
  readonly upstreamReused?: boolean;
  readonly method: string;
  readonly url: string;
  readonly kind: Kind;
  readonly range?: ByteRange;
  /** Final status code; absent when no complete final head came. */
  readonly status?: number;
  readonly mediaType?: string;
  readonly cache: CacheStatus;
  readonly ageSeconds?: number;
  /** Resolved Location of a 3xx. */
  readonly location?: string;
  /** Response fields that the user asked to keep: lower-case names, each with its value, repeated fields joined by `, `. */
  readonly recordedFields?: readonly (readonly [name: string, value: string])[];
  /** What the check of a transport stream counted; absent when nobody asked for it. */
  readonly transportStream?: TransportStreamCheck;
  readonly startedAtWallMs: number;
  /** The request head was complete in user space. */
  readonly startedAtMs: number;
  readonly requestHeadBytes: number;
  readonly requestBodyBytes: number;
  readonly responseHeadBytes: number;
  readonly interimHeadBytes: number;
  readonly framingBytes: number;
  readonly contentBytes: number;
  readonly deliveredBytes: number;
  readonly declaredContentLength?: number;
  readonly phases: Phases;
  readonly totalMs: number;
  readonly clientBlockedMs: number;
  readonly longestGapMs: number;
  /** A mark was moved forward because it would have preceded its predecessor. */
  readonly early: boolean;
  /** Lost on a reused connection before an octet of the response: the race every keep-alive client knows. */
  readonly stale: boolean;
  /** What a fault on purpose did to it; no ending by itself. */
  readonly injected: Injected | null;
  readonly termination: Termination;
  readonly integrity: Integrity;
  /** The door was being stopped when it ended (agreement leaves such attempts out on both sides). */
  readonly stopping: boolean;
}

export interface TransportStreamCheck {
  readonly packets: number;
  /** Times that a packet did not begin with the sync byte where one had to begin. */
  readonly syncLosses: number;
  /** Packets whose continuity counter was not the one due (duplicates and signalled discontinuities are none). */
  readonly continuityErrors: number;
}

/** An open transfer of kind `stream`, once per second while it lasts; its record follows when it ends. */
export interface StreamEvent {
  readonly type: 'stream';
  readonly client: number;
  readonly process: number;
  readonly connection: number;
  readonly requestIndex: number;
  readonly url: string;
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly contentBytes: number;
  /** Longest silence of the origin so far, the present one included. */
  readonly longestGapMs: number;
  readonly clientBlockedMs: number;
  readonly state: 'waiting' | 'flowing' | 'silent' | 'client-blocked';
  readonly transportStream?: TransportStreamCheck;
}

/** What the tap itself adds, measured on this machine on a door of its own, outside all accounts. */
export interface CalibrationEvent {
  readonly type: 'calibration';
  readonly atMs: number;
  /** Pairs of a direct and a tapped transfer behind the quartiles. */
  readonly transfers: number;
  /** Time of a small transfer through the tap less that of the same asked directly right before: quartiles of the pairs. */
  readonly addedMsP25: number;
  readonly addedMsP50: number;
  readonly addedMsP75: number;
  /** CPU of the tap's thread per small transfer, and per MiB of a large one on top of that. */
  readonly cpuMsPerTransfer: number;
  readonly cpuMsPerMiB: number;
}

/** One upstream connection, emitted when it closed; or a downstream one that never dialled (`upstreamConnection` absent). */
export interface ConnectionEvent {
  readonly type: 'connection';
  /** 0, like `process` and `connection`, when clients shared it (`--upstream shared`). */
  readonly client: number;
  readonly process: number;
  readonly connection: number;
  readonly upstreamConnection?: number;
  readonly upstreamLocalPort?: number;
  readonly upstreamAddress?: string;
  readonly origin?: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly dnsMs?: number;
  readonly connectMs?: number;
  readonly tlsMs?: number;
  readonly requests: number;
  readonly writtenBytes: number;
  readonly readBytes: number;
  readonly excessBytes: number;
  /** Octets that the origin's socket brought beyond `readBytes`: handshake and encryption. 0 in the clear and in a tunnel. */
  readonly tlsBytes: number;
  /** How an https:// connection was relayed; absent for http://. */
  readonly tls?: 'intercepted' | 'tunnelled';
  readonly tlsResumed?: boolean;
  /** Whose TLS handshake failed: the origin's, or the client's own with the tap; `failure` says why. */
  readonly tlsFailedWith?: 'origin' | 'client';
  /** Octets of both directions that passed unseen, after a 101 or in a tunnel. */
  readonly opaqueBytes?: number;
  /** readBytes - (heads + interim + framing + content + excess + opaque): 0, or the ledger is out of balance. */
  readonly imbalanceBytes: number;
  readonly closedBy: 'client' | 'origin' | 'tap' | 'stop';
  /** Why the dial failed, in the system's words. */
  readonly failure?: string;
}

/** A media playlist that changed (or was seen for the first time) at a door. */
export interface PlaylistEvent {
  readonly type: 'playlist';
  readonly client: number;
  readonly process: number;
  readonly atMs: number;
  readonly url: string;
  readonly mediaSequence: number;
  readonly segmentCount: number;
  readonly targetDurationSeconds: number;
  /** Sum of EXTINF of the listed segments. */
  readonly listedSeconds: number;
  readonly lastSegmentUrl?: string;
  readonly endlist: boolean;
  /** What reading it took the tap, after it was relayed. */
  readonly readMs?: number;
}

/** What one reading of a multivariant playlist said. */
export interface VariantsEvent {
  readonly type: 'variants';
  readonly client: number;
  readonly process: number;
  readonly atMs: number;
  readonly url: string;
  readonly variants: readonly {
    readonly url: string;
    readonly bandwidthBitsPerSecond?: number;
    readonly resolution?: string;
  }[];
  /** What reading it took the tap, after it was relayed. */
  readonly readMs?: number;
}

/** Media seconds of a segment, emitted once per URL + range and worker, when a playlist listed it first. */
export interface SegmentListedEvent {
  readonly type: 'segment-listed';
  readonly atMs: number;
  readonly url: string;
  readonly range?: ByteRange;
  readonly playlistUrl: string;
  readonly mediaSequence: number;
  readonly durationSeconds: number;
}

export const EXIT_CATEGORIES = ['success', 'error', 'signal', 'stopped', 'playlistLost'] as const;
export type ExitCategory = (typeof EXIT_CATEGORIES)[number];

/** The life of a client's FFmpeg process. */
export interface ClientEvent {
  readonly type: 'client';
  readonly client: number;
  readonly process: number;
  readonly atMs: number;
  readonly event: 'start' | 'exit' | 'restart-scheduled' | 'stop';
  readonly pid?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly category?: ExitCategory;
  readonly reason?: string;
  readonly uptimeMs?: number;
  readonly delayMs?: number;
  /** User + system CPU of the process over its life, as last seen. */
  readonly cpuSeconds?: number;
}

/** What one stderr line (or a request line with its fields) said. `atMs` = arrival at our end of the pipe. */
interface ParsedBase {
  readonly type: 'parsed';
  readonly client: number;
  readonly process: number;
  readonly atMs: number;
  /** FFmpeg's own stamp (level flag `datetime`), read as local time. */
  readonly loggedAtWallMs?: number;
}

/** What a log's reader takes a request for, from the log alone. */
export const PARSED_KINDS = ['segment', 'playlist', 'init', 'key', 'other'] as const;
export type ParsedKind = (typeof PARSED_KINDS)[number];

/** Why FFmpeg got no connection. */
export const DIAL_FAILURES = ['refused', 'timeout', 'unreachable', 'resolve', 'other'] as const;
export type DialFailure = (typeof DIAL_FAILURES)[number];

/** `isRepetition`: FFmpeg said it by `Last message repeated N times`: it was, and when is a guess. */
export type ParsedFact = ParsedContent & { readonly isRepetition?: true };
type ParsedContent =
  /** `request: GET ...`: one HTTP attempt; the URL is absolute behind a proxy, else the path; Host makes it whole. */
  | {
      readonly rule: 'request';
      readonly method: string;
      readonly url: string;
      readonly range?: ByteRange;
      /** What the parser that read the line took it for; ours leaves that to its account. */
      readonly kind?: ParsedKind;
    }
  | { readonly rule: 'hls-request'; readonly url: string; readonly offset: number; readonly playlist: number }
  | {
      readonly rule: 'open';
      readonly url: string;
      readonly context: string;
      readonly isNewConnection: boolean;
      readonly kind?: ParsedKind;
    }
  /** `pointer`: FFmpeg's name for the [tcp] context, the same in all lines of one connection while it comes about. */
  | { readonly rule: 'tcp-start'; readonly address: string; readonly port: number; readonly pointer?: string }
  | { readonly rule: 'tcp-connected'; readonly address: string; readonly port: number; readonly pointer?: string }
  | {
      readonly rule: 'tcp-failed';
      readonly pointer?: string;
      readonly target: string;
      readonly reason: DialFailure;
    }
  /** A TLS session that did not come about or broke, in the words of FFmpeg's TLS library. */
  | { readonly rule: 'tls-failed'; readonly text: string }
  | { readonly rule: 'http-error'; readonly status: number; readonly text: string }
  /** An answer that broke while it was read. */
  | { readonly rule: 'read-failed'; readonly text: string }
  | { readonly rule: 'keepalive-failed'; readonly url: string; readonly reason: string }
  /** `offset`: where the rest begins, if that is known. */
  | { readonly rule: 'reconnect'; readonly offset?: number; readonly delaySeconds: number }
  | { readonly rule: 'premature-end'; readonly atByte: number; readonly expectedBytes: number }
  /** FFmpeg's own rules (names of segments, allowed protocols) refused a URL: no request was made for it. */
  | { readonly rule: 'refused'; readonly text: string }
  /** An initialization section is read; the octets that FFmpeg expects. */
  | { readonly rule: 'init-section'; readonly bytes: number }
  /** FFmpeg 8 does not name the segment when it was the next one, asked for ahead. */
  | { readonly rule: 'segment-failed'; readonly segment?: number; readonly playlist: number }
  | { readonly rule: 'segment-skipped'; readonly segment: number; readonly playlist: number }
  | { readonly rule: 'segments-expired'; readonly count: number }
  /** A playlist that was there before has a number, one that was not there at the start a URL. */
  | { readonly rule: 'playlist-failed'; readonly playlist?: number; readonly url?: string }
  /** `url`: the playlist that was opened last, which is the one being read. */
  | { readonly rule: 'sequence-change'; readonly from: number; readonly to: number; readonly url?: string }
  | { readonly rule: 'no-longer-receiving'; readonly playlist: number; readonly url?: string }
  /** A variant's BANDWIDTH, as tag or as the `variant_bitrate` that FFmpeg lists. */
  | { readonly rule: 'bandwidth'; readonly bitsPerSecond: number }
  | { readonly rule: 'format-probed'; readonly format: string }
  | { readonly rule: 'tag-skipped'; readonly tag: string }
  | { readonly rule: 'content-length'; readonly bytes: number }
  | { readonly rule: 'avio-statistics'; readonly bytesRead: number; readonly seeks: number }
  /** What one HTTP context did over its life (FFmpeg 8.1): a line of counts, and one of times from request to answer. */
  | {
      readonly rule: 'http-statistics';
      readonly text: string;
      readonly connections?: number;
      readonly requests?: number;
      readonly retries?: number;
      readonly reconnections?: number;
      readonly redirects?: number;
      readonly averageMs?: number;
      readonly maxMs?: number;
    }
  /** At the exit: packets of one elementary stream (`0:1`), or of the whole input, without the container around them. */
  | { readonly rule: 'stream-total'; readonly stream?: string; readonly packets: number; readonly bytes: number }
  | { readonly rule: 'input-opened'; readonly format: string; readonly url: string }
  /** `isLastWord`: said by the program when it left, of a request that may have said so itself. */
  | { readonly rule: 'timeout'; readonly text: string; readonly isLastWord?: true }
  | { readonly rule: 'eof'; readonly text: string }
  /** FFmpeg leaves because it was told to. */
  | { readonly rule: 'exit-reason'; readonly text: string; readonly signal?: number }
  | { readonly rule: 'fatal'; readonly text: string };
export type ParsedRule = ParsedFact['rule'];
const EVERY_RULE: Readonly<Record<ParsedRule, true>> = {
  request: true,
  'hls-request': true,
  open: true,
  'tcp-start': true,
  'tcp-connected': true,
  'tcp-failed': true,
  'tls-failed': true,
  'http-error': true,
  'read-failed': true,
  'keepalive-failed': true,
  reconnect: true,
  'premature-end': true,
  refused: true,
  'init-section': true,
  'segment-failed': true,
  'segment-skipped': true,
  'segments-expired': true,
  'playlist-failed': true,
  'sequence-change': true,
  'no-longer-receiving': true,
  bandwidth: true,
  'format-probed': true,
  'tag-skipped': true,
  'content-length': true,
  'avio-statistics': true,
  'http-statistics': true,
  'stream-total': true,
  'input-opened': true,
  timeout: true,
  eof: true,
  'exit-reason': true,
  fatal: true,
};
export const PARSED_RULES: readonly ParsedRule[] = Object.keys(EVERY_RULE) as ParsedRule[];
export type ParsedEvent = ParsedBase & ParsedFact;

/** One block of `-progress`. FFmpeg's `out_time_ms` is microseconds too. */
export interface ProgressEvent {
  readonly type: 'progress';
  readonly client: number;
  readonly process: number;
  readonly atMs: number;
  readonly outTimeUs?: number;
  /** N/A with null output: then absent. */
  readonly totalSizeBytes?: number;
  /** A mean since process start, not a current value. */
  readonly speed?: number;
  readonly isEnd: boolean;
}

/** Running totals of the line pipeline of all clients, once per tick. */
export interface LinesEvent {
  readonly type: 'lines';
  readonly atMs: number;
  readonly stderrLines: number;
  readonly progressLines: number;
  /** Lines that look like events (a bracketed context of http, https, hls, tcp, tls, AVIOContext) and match no rule. */
  readonly unparsedLines: number;
  readonly droppedStderrLines: number;
  readonly droppedProgressLines: number;
  readonly overlongLines: number;
  /** Of each client that lost lines, the share of its own that it lost so far, 0..1; absent when none did. */
  readonly droppedShares?: readonly number[];
}

/** What we had counted at one instant, for a source of the origin that counts as octets flow. */
export interface MeterCut {
  readonly atMs: number;
  /** Of the tap: sums over workers, by the names of meters.ts. */
  readonly meters: Readonly<Record<string, number>>;
  readonly contentBytesByKind: Readonly<Record<Kind | 'open', number>>;
  /** Octets that our control server received and sent. */
  readonly controlBytes?: number;
}

/** One fetch of the segment-size listing. */
export interface ListingEvent {
  readonly type: 'listing';
  readonly atMs: number;
  readonly url: string;
  readonly ok: boolean;
  readonly reason?: string;
  /** Names as listed (a path relative to the listing's folder) with sizes; folders left out. Absent when it failed. */
  readonly entries?: readonly { readonly name: string; readonly sizeBytes: number; readonly modifiedWallMs?: number }[];
  /** Of each series of which only the newest segments are among the entries: the oldest name that was listed as well. */
  readonly oldestLeftOut?: readonly string[];
  /** How often it is asked for, as the load stands. */
  readonly intervalSeconds?: number;
  /** Octets of our own request and its response, so that reconciliation can take them out. */
  readonly ownBytes?: number;
  /** Of those, the response's: what the origin sent. */
  readonly ownReceivedBytes?: number;
  /** From our request to the last octet read and understood. */
  readonly tookMs?: number;
}

/** `bytes_metric`: a counter of sent octets that the user named; `access-log`: how the followed log itself is. */
export const ORIGIN_SOURCES = ['node_exporter', 'nginx_exporter', 'embedded', 'bytes_metric', 'access-log'] as const;
export type OriginSourceName = (typeof ORIGIN_SOURCES)[number];

/** One scrape of one origin source. Totals are cumulative as the source counts them. */
export interface OriginSampleEvent {
  readonly type: 'origin-sample';
  readonly source: OriginSourceName;
  readonly atMs: number;
  readonly ok: boolean;
  /** Why it is not ok; of one that is, what was asked for and is not in it. */
  readonly reason?: string;
  /** Recent CPU use 0..1 from deltas; absent on the first sample. */
  readonly cpuRatio?: number;
  readonly memoryUsedBytes?: number;
  readonly memoryTotalBytes?: number;
  readonly networkSentBytesTotal?: number;
  readonly networkReceivedBytesTotal?: number;
  /** The devices behind these totals, those with most octets first. */
  readonly networkDevices?: readonly NetworkDevice[];
  readonly connectionsActive?: number;
  /** Of the active ones: a request head is being read, an answer written, the next request awaited. */
  readonly connectionsReading?: number;
  readonly connectionsWriting?: number;
  readonly connectionsWaiting?: number;
  readonly requestsTotal?: number;
  /** Octets of heads and bodies handed to client sockets, where the source counts them exactly. */
  readonly bytesSentTotal?: number;
  /** Lines of the access log since we follow it, and those that say nothing of a request. */
  readonly logLines?: number;
  readonly unusableLogLines?: number;
  readonly intervalSeconds?: number;
  readonly ownBytes?: number;
  /** Of those, the response's: what the source sent. */
  readonly ownReceivedBytes?: number;
  /** The stream's own server gave the answer: its octets are in whatever counts what that server sends. */
  readonly isFromStreamServer?: true;
  /** Right before we asked, and when the answer's head was there: the source read its counters at some instant between the two.
   *  Absent where nothing is tapped, and in journals from before it was recorded. */
  readonly cuts?: readonly [asked: MeterCut, answered: MeterCut];
  /** From our request to the last octet read and understood. */
  readonly tookMs?: number;
}

export interface NetworkDevice {
  readonly name: string;
  readonly sentBytesTotal: number;
  readonly receivedBytesTotal?: number;
}

/** One line of the origin's own access log (embedded origin, or nginx's JSON log): its account of one request. */
export interface OriginRequestEvent {
  readonly type: 'origin-request';
  readonly atMs: number;
  readonly remotePort: number;
  /** The origin's own number of the connection, where its log has one: ports come again, these do not. */
  readonly connection?: number;
  /** 1-based index of the request on its connection. */
  readonly requestIndex: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Head, framing and content as sent. */
  readonly bytesSent: number;
  /** Framing and content. */
  readonly bodyBytesSent: number;
  /** false when the client left before the last octet was handed over. */
  readonly completed: boolean;
  /** A fault on purpose, of the origin's own, that has acted on it. */
  readonly injected?: Injected;
  readonly userAgent?: string;
  /** When it ended by the origin's clock, which is not ours. */
  readonly loggedAtWallMs?: number;
}

/** The state of the world once per second: what the shared-memory meters said at one instant. */
export interface SampleEvent {
  readonly type: 'sample';
  readonly atMs: number;
  readonly wallMs: number;
  /** Sums over workers, by the names of meters.ts. */
  readonly meters: Readonly<Record<string, number>>;
  /** Content by kind, bytes; `open` = transfers whose kind is not known yet. */
  readonly contentBytesByKind: Readonly<Record<Kind | 'open', number>>;
  readonly tapLoopDelayP99Ms: number;
  readonly mainLoopDelayP99Ms: number;
  /** These two are of the last second, where the former are of the run so far. */
  readonly tapLoopDelayRecentP99Ms?: number;
  readonly mainLoopDelayRecentP99Ms?: number;
  /** The longest delay of the main thread since the last sample: lines that arrived meanwhile are stamped late. */
  readonly mainLoopDelayMaxMs?: number;
  /** The longest delay of a thread of the tap in the last one to two seconds: requests that came meanwhile are seen late. */
  readonly tapLoopDelayMaxMs?: number;
  readonly tapCpuSeconds: number;
  readonly mainCpuSeconds: number;
  /** 0..1 of all cores, where the system tells. */
  readonly machineCpuRatio?: number;
  readonly clientsActive: number;
  readonly clientsStarted: number;
  /** Clients whose process has not played anything yet; absent where nobody sees it (without `-progress`). */
  readonly clientsStarting?: number;
  readonly clientsCpuSeconds?: number;
  /** Clients with a transfer open, ascending; absent where that is not known, or true of too many to name. */
  readonly clientsWithOpenTransfers?: readonly number[];
}

/** A batch of records arrived from a worker with the meters of its instant: the balance that must hold. */
export interface BatchEvent {
  readonly type: 'batch';
  readonly worker: number;
  readonly atMs: number;
  readonly meters: Readonly<Record<string, number>>;
  readonly lostRecords: number;
}

/** Records lost on the way to the journal or with a worker of the tap: the account has a gap, and the verdict says so. */
export interface LostEvent {
  readonly type: 'lost';
  readonly atMs: number;
  readonly where: 'journal' | 'tap';
  readonly records: number;
}

export const FINDING_CODES = [
  'playlist-stalled',
  'playlist-lost',
  'encoder-restarted',
  'sequence-went-back',
  'listing-lags',
  'lookup-low',
  'segment-missing',
  'client-restarting',
  'origin-silent',
  'origin-metrics-stale',
  'log-incomplete',
  'tls-untrusted',
  'cookie-path',
  'bypass',
  'instrument-overloaded',
  'machine-full',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

export interface FindingEvent {
  readonly type: 'finding';
  readonly atMs: number;
  readonly code: FindingCode;
  readonly subject: string;
  readonly evidence: string;
}

/** What FFmpeg was told to log, `none` where nobody reads it. */
export const LOG_LEVELS = [
  'none',
  'quiet',
  'panic',
  'fatal',
  'error',
  'warning',
  'info',
  'verbose',
  'debug',
  'trace',
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The device that packets of the origin arrive on, as this machine's routes and addresses have it. */
export interface OriginPath {
  /** `lo`, `eth0`; absent where no device has the address. */
  readonly device?: string;
  /** This machine is the origin's: both ends of each connection are on that device. */
  readonly isLoopback: boolean;
  readonly ipVersion: 4 | 6;
  /** Largest packet of the device; absent where the system does not tell. */
  readonly mtuBytes?: number;
}

/** The first line of a journal. */
export interface RunEvent {
  readonly type: 'run';
  readonly id: string;
  readonly startedAt: string;
  readonly startedAtWallMs: number;
  readonly url: string;
  readonly clients: number;
  readonly variant: string;
  readonly version: string;
  readonly ffmpeg: string;
  readonly node: string;
  readonly proxyWorkers: number;
  readonly seed: number;
  /** How clients reach origins: each on connections of its own, or all on shared ones; absent without a tap. */
  readonly upstream?: 'mirror' | 'shared';
  readonly durationSeconds: number;
  readonly isLive: boolean;
  readonly isTapped: boolean;
  /** false: an endless transport stream. Absent: unknown, as behind doors for any player. */
  readonly isHls?: boolean;
  /** How https:// origins are relayed; absent without a tap. */
  readonly tls?: 'intercept' | 'tunnel';
  /** false: no origin of this run shows its access log, so nothing waits to be joined with it. Absent: unknown. */
  readonly hasAccessLog?: boolean;
  /** What the ledger was told beside these facts, so that a replay can be told the same: options of the run, and the port of
   *  each client's door, client 1 first; absent where there was none. */
  /** How octets come from the host of the stream's URL to this one; absent where nobody could tell. */
  readonly originPath?: OriginPath;
  /** Absent: it follows what is needed. */
  readonly segmentCacheWindow?: number;
  readonly statsDropThreshold?: number;
  readonly originMetricsWindowMs?: number;
  /** How much of the clients' logs is read. Absent: unknown, as in a log from elsewhere. */
  readonly logLevel?: LogLevel;
  /** Of the playlist that was looked at first; absent where nobody looked. */
  readonly targetDurationSeconds?: number;
  /** How long clients wait for the next octet of an answer before they give it up. Absent: unknown, as with any player. */
  readonly clientTimeoutMs?: number;
  /** Absent: none. */
  readonly failIf?: readonly string[];
  readonly doorPorts?: readonly number[];
}

/** The measuring is over and every record has come: the instant at which the account is closed, and last read. */
export interface EndEvent {
  readonly type: 'end';
  readonly atMs: number;
}

export type Event =
  | RunEvent
  | TransferEvent
  | ConnectionEvent
  | PlaylistEvent
  | VariantsEvent
  | SegmentListedEvent
  | StreamEvent
  | CalibrationEvent
  | ClientEvent
  | ParsedEvent
  | ProgressEvent
  | LinesEvent
  | ListingEvent
  | OriginSampleEvent
  | OriginRequestEvent
  | SampleEvent
  | BatchEvent
  | LostEvent
  | FindingEvent
  | EndEvent;

/** How a room tells the ledger: it is handed one of these and knows nothing of who listens. */
export type Emit = (event: Event) => void;
