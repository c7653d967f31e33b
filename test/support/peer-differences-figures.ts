// Where our listings, exporters' figures, throughput and sums over clients differ from go-ffmpeg-hls-swarm's on purpose, and why.
// How these rules are meant: peer-differences.ts.
import { isOneRunOfNumbers, isUndisputed, itemsOf } from './peer-listings.ts';
import type { PeerDifference, PeerVector } from './peer-vectors.ts';

export const FIGURE_DIFFERENCES: readonly PeerDifference[] = [
  // Listed sizes.
  {
    component: 'segment_scraper',
    figure: 'window',
    when: ({ op, input }) => (op === 'evict' || op === 'scrape') && !isOneRunOfNumbers(namesOf(input)),
    reason:
      'the window counts the segments of a series, whatever their extension, not numbers over all names: time stamps have gaps, and every listed segment may be asked for',
  },
  // The segment-size listing and the exporters.
  {
    component: 'segment_scraper',
    op: 'segment_number',
    when: ({ input, truth }) =>
      truth === undefined && /\d\.(?!ts$)[A-Za-z0-9]+$/.test(input) && !/\.m3u8?$/i.test(input),
    reason:
      'fMP4 and other segments have numbers too, and extensions are compared without regard to case, as FFmpeg does',
  },
  {
    component: 'segment_scraper',
    op: 'segment_number',
    when: ({ input, truth }) =>
      truth === undefined && !Number.isSafeInteger(Number(/(\d+)\.ts$/.exec(input)?.[1] ?? 0)),
    reason: 'numbers beyond 2^53 cannot be told apart: such a name has none',
  },
  {
    component: 'segment_scraper',
    op: 'segment_number',
    when: ({ input, truth }) => truth === undefined && input.includes('?'),
    reason: 'a query is no part of a name',
  },
  {
    component: 'segment_scraper',
    op: 'scrape',
    when: ({ input }) => input.responses.some(({ body }: { body: string }) => body.trim() === 'null'),
    reason: 'a listing is a list: null is none, and is told as a failure',
  },
  {
    component: 'segment_scraper',
    op: 'scrape',
    figure: 'entries',
    when: ({ input }) =>
      input.responses.some(({ body }: { body: string }) => itemsOf(body)?.some((item) => !isUndisputed(item)) ?? false),
    reason:
      'an entry without a name, or with a size that no file has, is refused and counted, and the others stand; a folder is no file',
  },
  {
    component: 'segment_scraper',
    when: ({ op, input }) =>
      (op === 'defaults' || op === 'evict') && (input.window <= 0 || (input.interval_ms ?? 1) <= 0),
    reason: 'an interval or a window of 0 is out of range and refused with the range, not replaced in silence',
  },
  {
    component: 'origin_scraper',
    op: 'node',
    when: ({ input }) => (input.node ?? []).some((text: string | null) => text !== null && !/MemTotal/.test(text)),
    reason: 'memory that the exporter does not tell is absent, not 0; CPU use of one scrape is unknown',
  },
  {
    component: 'origin_scraper',
    figure: 'cpu_percent',
    when: ({ truth }) => truth?.cpu_percent === undefined,
    reason: 'CPU use is that between two scrapes: the mean since boot hides any load, and of one scrape it is unknown',
  },
  ...['net_in_rate', 'net_out_rate', 'req_rate'].map((figure) => ({
    component: 'origin_scraper',
    figure,
    when: ({ input }: PeerVector) => (input.node ?? input.nginx).length < 2,
    reason: 'a rate is between two scrapes: after the first one it is unknown, not 0',
  })),
  {
    component: 'origin_scraper',
    figure: 'req_duration_avg_s',
    reason:
      'the standard exporter has no durations, and a mean since its start says nothing of now: the tap measures every request',
  },
  {
    component: 'origin_scraper',
    op: 'window',
    when: ({ input }) => input.samples.length === 0,
    reason: 'a window without a rate has no median and no highest one, not 0',
  },
  {
    component: 'origin_scraper',
    op: 'window_clamp',
    reason: 'a window outside 10 s to 300 s is refused with the range, not replaced in silence',
  },
  // Throughput windows.
  {
    component: 'throughput_tracker',
    figure: 'avg_300s',
    reason: "our ring spans 300 s, the peer's 299 s, so its five-minute mean misses one second when it is full",
  },
  ...['avg_1s', 'avg_30s', 'avg_60s'].map((figure) => ({
    component: 'throughput_tracker',
    figure,
    when: ({ ops }: PeerVector) => areSamplesUneven(ops),
    reason:
      'between samples a window begins at the nearest one, whichever side it is on, and is divided by its true length',
  })),
  // Sums over clients.
  {
    component: 'client_stats',
    op: 'drift',
    figure: 'current_ms',
    when: ({ input }) => (driftsOf(input).at(-1)?.outTimeUs ?? 0) <= 0,
    reason: 'a client that has played nothing yet is as far behind as it is old: its position is told, not left out',
  },
  {
    component: 'client_stats',
    op: 'drift',
    figure: 'max_ms',
    when: ({ input }) => {
      const now = driftsOf(input).at(-1);
      return now !== undefined && driftsOf(input).some(({ driftMs }) => Math.max(0, driftMs) > now.driftMs);
    },
    reason: 'the largest drift is that of now, so it goes when a client catches up; ahead of its clock it is negative',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'average_drift_s',
    when: ({ input }) => input.some(({ drift_s: seconds = 1 }: { drift_s?: number }) => seconds <= 0),
    reason: 'the mean takes both signs',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'max_drift_s',
    when: ({ input }) =>
      input.some(
        ({ drift_s: now, max_drift_s: most = now }: { drift_s?: number; max_drift_s?: number }) =>
          now !== undefined && now !== most,
      ),
    reason: 'the largest drift is that of now, so it goes when a client catches up',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'stalled_clients',
    reason: 'a stall is an empty buffer, by received media (playback.test.ts), not a low mean speed',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'clients_with_drops',
    reason: 'the line pipeline reports sums: which client lost lines is not among the events',
  },
  {
    component: 'stats_aggregation',
    op: 'aggregate',
    figure: 'peak_drop_rate',
    when: ({ input }) => input.length > 1,
    reason: 'the same: the peak is over time and all clients, not the worst client',
  },
  {
    component: 'stats_aggregation',
    figure: 'error_rate',
    when: ({ input, truth }) => truth === undefined && Array.isArray(input) && failuresOf(input) > requestsOf(input),
    reason: 'what failed was asked for, even where only the failure was seen: the share is at most 1',
  },
  {
    component: 'stats_aggregation',
    op: 'debug_aggregate',
    figure: 'tcp_health_ratio',
    when: ({ input }) => input.every(hasNoDials),
    reason: 'connections that nobody tried to make have no health, neither good nor bad',
  },
  {
    component: 'stats_aggregation',
    op: 'rates',
    reason:
      'rates are over the last 5 s of samples, the same for every reader (weakness R4): request-rates in ledger.test.ts',
  },
];

/** All names that a vector lists. */
function namesOf(input: PeerVector['input']): readonly string[] {
  const bodies: readonly { body: string }[] = input.responses ?? [];
  const listed = bodies.flatMap(({ body }) => itemsOf(body) ?? []).filter(isUndisputed);
  return [...(input.names ?? []), ...listed.map(({ name }) => name)];
}

type Operation = readonly [what: string, count?: number, repeated?: readonly Operation[]];

/** Samples that do not follow one another by a second, or bytes between two of one instant. */
function areSamplesUneven(operations: readonly Operation[]): boolean {
  let seconds = 0;
  let bytes = 0;
  let isUneven = false;
  const step = ([what, count = 0, repeated = []]: Operation): void => {
    if (what === 'repeat') for (let turn = 0; turn < count; turn += 1) repeated.forEach(step);
    else if (what === 'add') bytes += Math.max(0, count);
    else if (what === 'advance_s') seconds += count;
    else {
      if (what !== 'reset') isUneven ||= seconds === 0 ? bytes > 0 : seconds !== 1;
      seconds = 0;
      bytes = 0;
    }
  };
  operations.forEach(step);
  return isUneven;
}

/** How far a client is behind its clock at each of its positions. */
function driftsOf(input: PeerVector['input']): readonly { readonly outTimeUs: number; readonly driftMs: number }[] {
  const updates: readonly { now_ms: number; out_time_us: number; new_process?: boolean }[] = input.updates ?? [input];
  let startedAtMs = 0;
  return updates.map(({ now_ms: nowMs, out_time_us: outTimeUs, new_process: isNew = false }) => {
    if (isNew) startedAtMs = nowMs - outTimeUs / 1_000;
    return { outTimeUs, driftMs: nowMs - startedAtMs - outTimeUs / 1_000 };
  });
}

/** `http_errors` is a list of statuses, or a count. */
function failuresOf(clients: PeerVector['input']): number {
  return clients.reduce(
    (sum: number, { http_errors: errors = 0, timeouts = 0 }) =>
      sum + (Array.isArray(errors) ? errors.length : errors) + timeouts,
    0,
  );
}

function requestsOf(clients: PeerVector['input']): number {
  return clients.reduce(
    (sum: number, { manifest = 0, segment = 0, init = 0, http_open: opens = 0 }) =>
      sum + manifest + segment + init + opens,
    0,
  );
}

function hasNoDials(client: Readonly<Record<string, number>>): boolean {
  return ['tcp_success', 'tcp_refused', 'tcp_timeout'].every((count) => (client[count] ?? 0) === 0);
}
