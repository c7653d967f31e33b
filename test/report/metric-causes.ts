// What makes each of the names move that dashboards of go-ffmpeg-hls-swarm use: events as the rooms emit them, and what each
// series says before and after. Data only; the events go through a real ledger.
import type { Event, ExitCategory, LinesEvent, TransferEvent } from '../../src/events.ts';
import {
  aTransfer,
  BASE,
  inOrder,
  life,
  listing,
  PLAYLIST,
  parsed,
  playlist,
  quiet,
  type RUN,
  range,
  sample,
  segment,
  segmentBytes,
  segmentUrl,
  transfersIn,
} from '../stats/ledger-traffic.ts';

/** Series without the prefix `hls_swarm_` -> its value before and after; undefined = no such series. */
type Moves = Readonly<Record<string, readonly [before: number | undefined, after: number]>>;

export interface Cause {
  readonly what: string;
  /** Taken in before the first reading. */
  readonly given?: readonly Event[];
  readonly events: readonly Event[];
  readonly readAtMs: readonly [before: number, after: number];
  /** Facts of the run, in both readings or, `asked`, in the second one. */
  readonly run?: Partial<typeof RUN>;
  readonly asked?: Partial<typeof RUN>;
  readonly moves: Moves;
  /** Quantiles of a sketch are right within this share. */
  readonly within?: number;
}

export const INIT: string = `${BASE}init.mp4`;
/** Both clients of the run. */
export const STARTED: readonly Event[] = [life(1, 0, 'start', { pid: 11 }), life(2, 0, 'start', { pid: 12 })];

const progress = (client: number, atMs: number, outTimeMs: number, speed: number): Event => ({
  type: 'progress',
  client,
  process: 1,
  atMs,
  outTimeUs: outTimeMs * 1_000,
  speed,
  isEnd: false,
});

const lines = (atMs: number, counts: Partial<LinesEvent>): LinesEvent => ({
  type: 'lines',
  atMs,
  ...{ stderrLines: 0, progressLines: 0, unparsedLines: 0, overlongLines: 0 },
  ...{ droppedStderrLines: 0, droppedProgressLines: 0 },
  ...counts,
});

const ending = (category: ExitCategory, uptimeMs: number): Event =>
  life(1, uptimeMs, 'exit', { category, uptimeMs, exitCode: 0 });

const failed = (atMs: number, facts: Partial<TransferEvent>): TransferEvent =>
  aTransfer({ startedAtMs: atMs, contentBytes: 0, ...facts });

/** A playlist and a segment a second, for three seconds. */
const steady: readonly Event[] = [1, 2, 3].flatMap((second): Event[] => [
  ...playlist(1, second * 1_000 - 500),
  ...segment(1, second, second * 1_000 - 400),
]);
const steadyBytes = segmentBytes(1) + segmentBytes(2) + segmentBytes(3);
/** Heads of six answers, three playlists, three segments. */
const steadyOctets = 6 * 240 + 3 * 400 + steadyBytes;

const sizes = (from: number, to: number): number =>
  range(from, to).reduce((sum, number) => sum + segmentBytes(number), 0);

/** Seconds at which seven segments are asked for: one more has been counted in each window than in the next shorter one. */
const looked: readonly number[] = [10, 20, 50, 150, 350, 380, 399.5];

/** Of each second the transfers so far, as the meters say them. */
const metered = (events: readonly Event[], seconds: readonly number[]): readonly Event[] =>
  seconds.map((second) =>
    sample(
      second * 1_000,
      transfersIn(events).filter(({ startedAtMs }) => startedAtMs < second * 1_000),
    ),
  );

export const CAUSES: readonly Cause[] = [
  {
    what: 'a run is asked for',
    events: [],
    readAtMs: [0, 0],
    asked: { clients: 7, variant: 'highest', durationSeconds: 90 },
    moves: {
      'info{version="1.0.0",stream_url="http://127.0.0.1:8080/live/stream.m3u8",variant="highest"}': [undefined, 1],
      target_clients: [2, 7],
      test_duration_seconds: [60, 90],
    },
  },
  {
    what: 'the second of two clients starts',
    given: [life(1, 1_000, 'start', { pid: 11 })],
    events: [life(2, 2_000, 'start', { pid: 12 })],
    readAtMs: [1_000, 4_000],
    moves: {
      client_starts_total: [1, 2],
      active_clients: [1, 2],
      ramp_progress: [0.5, 1],
      test_elapsed_seconds: [0, 3],
      test_remaining_seconds: [60, 57],
    },
  },
  ...(['success', 'error', 'signal', 'stopped', 'playlistLost'] as const).map(
    (category): Cause => ({
      what: `a process ends: ${category}`,
      given: STARTED,
      events: [ending(category, 4_000)],
      readAtMs: [4_000, 4_000],
      within: 0.01,
      moves: {
        [`client_exits_total{category="${category === 'playlistLost' ? 'playlist_lost' : category}"}`]: [0, 1],
        active_clients: [2, 1],
        'client_uptime_seconds_bucket{le="1"}': [0, 0],
        'client_uptime_seconds_bucket{le="5"}': [0, 1],
        'client_uptime_seconds_bucket{le="+Inf"}': [0, 1],
        client_uptime_seconds_sum: [0, 4],
        client_uptime_seconds_count: [0, 1],
        uptime_p50_seconds: [undefined, 4],
        uptime_p95_seconds: [undefined, 4],
        uptime_p99_seconds: [undefined, 4],
      },
    }),
  ),
  {
    what: 'a process that failed is started again',
    given: [...STARTED, ending('error', 4_000)],
    events: [life(1, 4_250, 'start', { process: 2, pid: 13 })],
    readAtMs: [4_000, 5_000],
    moves: { client_restarts_total: [0, 1], client_starts_total: [2, 3], active_clients: [1, 2] },
  },
  {
    what: 'one client plays ahead of the clock, the other falls behind',
    given: STARTED,
    events: [progress(1, 10_000, 11_000, 1.1), progress(2, 10_000, 4_000, 0.4)],
    readAtMs: [10_000, 10_000],
    moves: {
      clients_above_realtime: [0, 1],
      clients_below_realtime: [0, 1],
      average_speed: [undefined, 0.75],
      average_drift_seconds: [undefined, 2.5],
      max_drift_seconds: [undefined, 6],
      high_drift_clients: [0, 1],
      'client_speed{client_id="2"}': [undefined, 0.4],
      'client_drift_seconds{client_id="2"}': [undefined, 6],
    },
  },
  {
    what: 'a client has played what it got and nothing comes',
    given: [
      ...STARTED,
      {
        type: 'segment-listed',
        atMs: 500,
        url: segmentUrl(1),
        playlistUrl: PLAYLIST,
        mediaSequence: 1,
        durationSeconds: 2,
      },
      ...segment(1, 1, 1_000),
    ],
    events: [],
    readAtMs: [2_000, 4_000],
    moves: { stalled_clients: [0, 1] },
  },
  {
    what: 'playlists, segments, an initialization section and something unknown are fetched',
    given: [...STARTED, sample(0, [])],
    events: [
      ...steady,
      aTransfer({ startedAtMs: 2_700, url: INIT, kind: 'init', contentBytes: 0, responseHeadBytes: 0 }),
      aTransfer({
        startedAtMs: 2_800,
        url: PLAYLIST,
        kind: 'multivariant-playlist',
        contentBytes: 0,
        responseHeadBytes: 0,
      }),
      aTransfer({ startedAtMs: 2_900, url: segmentUrl(3), kind: 'part', contentBytes: 0, responseHeadBytes: 0 }),
      aTransfer({
        startedAtMs: 2_950,
        url: `${BASE}x`,
        kind: 'other',
        contentBytes: 0,
        responseHeadBytes: 0,
      }),
      ...metered(steady, [1, 2, 3]),
    ],
    readAtMs: [0, 3_000],
    moves: {
      manifest_requests_total: [0, 4],
      segment_requests_total: [0, 4],
      init_requests_total: [0, 1],
      unknown_requests_total: [0, 1],
      bytes_downloaded_total: [0, steadyOctets],
      throughput_bytes_per_second: [undefined, 400 + segmentBytes(3) + 2 * 240],
      manifest_requests_per_second: [0, 4 / 3],
      segment_requests_per_second: [0, 4 / 3],
      'client_bytes_total{client_id="1"}': [0, steadyBytes + 3 * 400],
    },
  },
  {
    what: 'requests fail: an error status, and an origin that is silent for too long',
    given: [...STARTED, ...segment(1, 1, 1_000), ...segment(1, 2, 2_000)],
    events: [
      failed(3_000, { status: 404 }),
      failed(3_100, { status: 503 }),
      failed(3_200, { status: 699 }),
      failed(3_300, { termination: 'sH', integrity: 'short' }),
    ],
    readAtMs: [2_500, 4_000],
    moves: {
      'http_errors_total{status_code="404"}': [0, 1],
      'http_errors_total{status_code="503"}': [0, 1],
      'http_errors_total{status_code="other"}': [0, 1],
      timeouts_total: [0, 1],
      error_rate: [0, 4 / 6],
    },
  },
  {
    what: 'FFmpeg announces that it connects again',
    given: STARTED,
    events: [parsed(1, 1_000, { rule: 'reconnect', offset: 0, delaySeconds: 1 })],
    readAtMs: [500, 1_500],
    moves: { reconnections_total: [0, 1] },
  },
  {
    what: 'the log names segments, a listing says their sizes, and each counts when the one after its next is asked for',
    given: [...STARTED, listing(100, [1, 2, 3, 4, 5, 6, 7]), sample(0, [])],
    events: inOrder([...looked.flatMap((second, at) => segment(1, at + 1, second * 1_000)), ...quiet(1_000, 400_000)]),
    readAtMs: [200, 400_000],
    moves: {
      segment_bytes_downloaded_total: [0, sizes(1, 5)],
      segment_throughput_1s_bytes_per_second: [undefined, sizes(5, 5)],
      segment_throughput_30s_bytes_per_second: [undefined, sizes(4, 5) / 30],
      segment_throughput_60s_bytes_per_second: [undefined, sizes(3, 5) / 60],
      segment_throughput_300s_bytes_per_second: [undefined, sizes(2, 5) / 300],
    },
  },
  {
    what: 'segments follow each other in the log, two seconds apart',
    given: [...STARTED, ...segment(1, 1, 1_000)],
    events: segment(1, 2, 3_000),
    readAtMs: [1_500, 3_500],
    within: 0.01,
    moves: {
      'inferred_latency_seconds_bucket{le="1"}': [0, 0],
      'inferred_latency_seconds_bucket{le="2.5"}': [0, 1],
      'inferred_latency_seconds_bucket{le="+Inf"}': [0, 1],
      inferred_latency_seconds_sum: [0, 2],
      inferred_latency_seconds_count: [0, 1],
      inferred_latency_p50_seconds: [undefined, 2],
      inferred_latency_p95_seconds: [undefined, 2],
      inferred_latency_p99_seconds: [undefined, 2],
      inferred_latency_max_seconds: [undefined, 2],
    },
  },
  {
    what: 'a client chatters, and lines of it are dropped',
    given: [...STARTED, lines(1_000, { stderrLines: 1_000, progressLines: 500 })],
    events: [
      lines(2_000, {
        stderrLines: 1_700,
        progressLines: 560,
        droppedStderrLines: 200,
        droppedProgressLines: 40,
        droppedShares: [0.4, 0.001],
      }),
    ],
    readAtMs: [1_000, 2_000],
    moves: {
      'stats_lines_parsed_total{stream="stderr"}': [1_000, 1_700],
      'stats_lines_parsed_total{stream="progress"}': [500, 560],
      'stats_lines_dropped_total{stream="stderr"}': [0, 200],
      'stats_lines_dropped_total{stream="progress"}': [0, 40],
      stats_drop_rate: [0, 0.24],
      stats_peak_drop_rate: [0, 0.24],
      stats_clients_degraded: [0, 1],
    },
  },
];
