// Figures of clients and sums over clients against the recorded behaviour of go-ffmpeg-hls-swarm: each vector is played
// into a ledger as the events that it stands for. Throughput windows are in throughput.test.ts.
import assert from 'node:assert/strict';
import type { Event, ProgressEvent } from '../../src/events.ts';
import { errorRate } from '../../src/report/compatible-figures.ts';
import { isRead } from '../../src/stats/log-reach.ts';
import { FigureBook } from '../../src/stats/process-figures.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { holds } from '../support/peer-vectors.ts';
import { BASE, life, openLedger, parsed, play, RUN } from './ledger-traffic.ts';

/** What the vectors say of one client. */
interface PeerClient {
  readonly id: number;
  readonly manifest?: number;
  readonly segment?: number;
  readonly init?: number;
  readonly unknown?: number;
  readonly size?: number;
  readonly http_errors?: readonly number[];
  readonly timeouts?: number;
  readonly reconnections?: number;
  readonly speed?: number;
  readonly drift_s?: number;
  readonly age_s?: number;
  /** Progress read and dropped, stderr read and dropped. */
  readonly lines?: LineCounts;
}

type LineCounts = readonly [number, number, number, number];

const NAMES = { manifest: 'a.m3u8', segment: 'seg1.ts', init: 'init.mp4', unknown: 'thing' } as const;
const HIGH_DRIFT_MS = 5_000;
/** Share of lines above which both call themselves degraded, where nothing else is asked. */
const DROP_THRESHOLD = 0.01;
const NO_REQUESTS = { manifest: 0, segment: 0, init: 0, unknown: 0 };
/** Long enough for any drift and age of the vectors. */
const NOW_MS = 60_000;

function repeated(count: number | undefined, event: () => Event): Event[] {
  return Array.from({ length: count ?? 0 }, event);
}

function progress(client: number, atMs: number, more: Partial<ProgressEvent>, process = 1): ProgressEvent {
  return { type: 'progress', client, process, atMs, isEnd: false, ...more };
}

/** Of all clients together, as the line pipeline reports them; the peer's reads include what it dropped. */
function linesOf(counts: readonly LineCounts[], atMs: number): Event {
  const sum = (place: number): number => counts.reduce((total, each) => total + (each[place] ?? 0), 0);
  return {
    type: 'lines',
    atMs,
    progressLines: sum(0) - sum(1),
    droppedProgressLines: sum(1),
    stderrLines: sum(2) - sum(3),
    droppedStderrLines: sum(3),
    unparsedLines: 0,
    overlongLines: 0,
  };
}

function eventsOf(client: PeerClient): Event[] {
  const { id, speed = 0, drift_s: driftSeconds, age_s: ageSeconds = NOW_MS / 1_000, size } = client;
  const startMs = NOW_MS - ageSeconds * 1_000;
  return [
    life(id, startMs, 'start'),
    ...Object.entries(NAMES).flatMap(([kind, name]) =>
      repeated(client[kind as keyof typeof NAMES], () =>
        parsed(id, startMs, { rule: 'request', method: 'GET', url: BASE + name }),
      ),
    ),
    ...(client.http_errors ?? []).map((status) => parsed(id, startMs, { rule: 'http-error', status, text: '' })),
    ...repeated(client.timeouts, () => parsed(id, startMs, { rule: 'timeout', text: 'timed out' })),
    ...repeated(client.reconnections, () => parsed(id, startMs, { rule: 'reconnect', offset: 0, delaySeconds: 0 })),
    // A speed or a size of 0 is the peer's word for N/A.
    progress(id, NOW_MS, {
      ...(speed > 0 ? { speed } : {}),
      ...(size === undefined || size === 0 ? {} : { totalSizeBytes: size }),
      ...(driftSeconds === undefined ? {} : { outTimeUs: (ageSeconds - driftSeconds) * 1e6 }),
    }),
  ];
}

/** Without a tap: all that these vectors know is the log and the progress. */
function snapshotOf(clients: readonly PeerClient[]): Snapshot {
  // A target of 0: rows are of those that were heard of.
  const ledger = openLedger({ run: { ...RUN, clients: 0, isTapped: false } });
  const lines = clients.flatMap((client) => (client.lines === undefined ? [] : [client.lines]));
  play([...clients.flatMap(eventsOf), ...(lines.length === 0 ? [] : [linesOf(lines, NOW_MS)])], ledger);
  return ledger.snapshot(NOW_MS, NOW_MS);
}

function rateOf(snapshot: Snapshot): number | undefined {
  const facts = { url: '', configuredDurationSeconds: 0, isTapped: false, hasClientSeries: false };
  return errorRate({ snapshot, facts });
}

interface PeerUpdate {
  readonly now_ms: number;
  readonly out_time_us: number;
  readonly new_process?: boolean;
}

/** One client's positions, and how far its last process is behind its own clock by what it told last. */
function playDrift(updates: readonly PeerUpdate[]): { readonly snapshot: Snapshot; readonly driftMs: number } {
  let process = 1;
  let startedAtMs = 0;
  let driftMs = 0;
  const events: Event[] = [life(1, 0, 'start')];
  for (const { now_ms: nowMs, out_time_us: outTimeUs, new_process: isNew = false } of updates) {
    if (isNew) {
      // The process began when it had played what it tells now.
      startedAtMs = nowMs - outTimeUs / 1_000;
      events.push(life(1, startedAtMs, 'exit', { process, category: 'error' }));
      process += 1;
      events.push(life(1, startedAtMs, 'start', { process }));
    }
    driftMs = nowMs - startedAtMs - outTimeUs / 1_000;
    events.push(progress(1, nowMs, { outTimeUs }, process));
  }
  const nowMs = updates.at(-1)?.now_ms ?? 0;
  return { snapshot: play(events).snapshot(nowMs, nowMs), driftMs };
}

function statusesOf(codes: readonly number[]): Readonly<Record<string, number>> {
  return snapshotOf([{ id: 1, http_errors: codes }]).summary.parser.httpErrors ?? {};
}

/** The peer's bucket 0 is our `other`. */
function renamed(expected: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(expected).map(([code, count]) => [code === '0' ? 'other' : code, count]));
}

function close(ours: number | undefined, expected: number, tolerance = 1e-6): void {
  assert.ok(ours !== undefined && Math.abs(ours - expected) <= tolerance, `${ours} for ${expected}`);
}

holds('client_stats', {
  counters: ({ input, expected }) => {
    // Each pair is a client of its own with the same number: a kind may come again.
    const steps: readonly [string, number][] = input;
    const { requests } = snapshotOf(steps.map(([kind, count]) => ({ id: 1, [kind]: count }))).summary.parser;
    const { playlist: manifest, segment, init, other: unknown } = requests ?? {};
    assert.deepEqual({ manifest, segment, init, unknown }, { ...NO_REQUESTS, ...expected });
  },
  http_error: ({ input, expected }) => {
    const { distinct, each, ...counts } = expected;
    const ours = statusesOf(input);
    if (distinct === undefined) assert.deepEqual(ours, renamed(counts));
    else assert.deepEqual([Object.keys(ours).length, new Set(Object.values(ours))], [distinct, new Set([each])]);
  },
  bytes: ({ input, expected, truth }) => {
    const book = new FigureBook();
    const read: number[] = [];
    let process = 1;
    for (const [what, size] of input) {
      if (what === 'read') read.push(book.totals('all').progressBytes ?? 0);
      else if (what === 'size') book.progress(progress(1, 0, size === 0 ? {} : { totalSizeBytes: size }, process));
      // Whatever the word for it: FFmpeg began again.
      else process += 1;
    }
    assert.deepEqual(read, truth ?? expected);
  },
  drift: (vector) => {
    const { snapshot, driftMs } = playDrift(vector['input'].updates ?? [vector['input']]);
    const isOurs = (figure: string): boolean => differenceOf('client_stats', vector, figure) !== undefined;
    const wanted = {
      ...vector['expected'],
      ...vector['truth'],
      ...(isOurs('current_ms') ? { current_ms: driftMs, high: driftMs > HIGH_DRIFT_MS } : {}),
      ...(isOurs('max_ms') ? { max_ms: driftMs } : {}),
    };
    const { clients, drift } = snapshot;
    close((clients[0]?.driftSeconds ?? Number.NaN) * 1_000, wanted.current_ms, 1);
    if (wanted.max_ms !== undefined) close((drift.maxSeconds ?? Number.NaN) * 1_000, wanted.max_ms, 1);
    if (wanted.high !== undefined) assert.equal(drift.highClients > 0, wanted.high);
  },
  drops: ({ input, expected }) => {
    const ledger = openLedger();
    const { progress_read, progress_dropped, stderr_read, stderr_dropped } = input;
    ledger.record(linesOf([[progress_read, progress_dropped, stderr_read, stderr_dropped]], 1));
    const { dropRate } = ledger.snapshot(1, 1);
    close(dropRate.current, expected.rate);
    if (expected.peak !== undefined) close(dropRate.peak, expected.peak);
    for (const percent of [1, 10]) {
      const isDegraded = expected[`degraded_at_${percent}pct`];
      if (isDegraded !== undefined) assert.equal(dropRate.current > percent / 100, isDegraded);
    }
  },
  summary: ({ input, expected }) => {
    const { http_error: statuses, client_id: id, ...more } = input;
    const { summary, clients } = snapshotOf([{ id, ...more, http_errors: statuses }]);
    const { requests, httpErrors } = summary.parser;
    const bytes = summary.agreement.estimators.find(({ name }) => name === 'progress')?.bytes;
    const row = clients.find(({ client }) => client === id);
    assert.deepEqual(
      // The peer's 0 for what FFmpeg does not tell is absent here.
      [row?.client, requests?.playlist, requests?.segment, bytes ?? 0, httpErrors, row?.speed ?? 0],
      [
        expected.client_id,
        expected.manifest,
        expected.segment,
        expected.total_bytes,
        expected.http_errors,
        expected.speed,
      ],
    );
  },
});

/** Our value for each sum that a vector may state. */
function sumsOf(input: readonly PeerClient[]): Readonly<Record<string, unknown>> {
  const { summary, clients, drift, speeds, dropRate, droppedLines, parsedLines } = snapshotOf(input);
  const uptimes = clients.map(({ uptimeMs = 0 }) => uptimeMs / 1_000);
  const sum = uptimes.reduce((total, seconds) => total + seconds, 0);
  const dropped = droppedLines.stderr + droppedLines.progress;
  const quantiles = uptimeQuantilesOf(input);
  return {
    total_clients: clients.length,
    active_clients: summary.clients.active,
    http_errors: summary.parser.httpErrors,
    timeouts: summary.parser.timeouts,
    reconnections: summary.parser.reconnections,
    manifest: summary.parser.requests?.playlist,
    segment: summary.parser.requests?.segment,
    init: summary.parser.requests?.init,
    unknown: summary.parser.requests?.other,
    total_bytes: summary.agreement.estimators.find(({ name }) => name === 'progress')?.bytes ?? 0,
    above_realtime: speeds.above,
    below_realtime: speeds.below,
    average_speed: summary.clients.averageSpeed ?? 0,
    max_drift_s: drift.maxSeconds ?? 0,
    average_drift_s: drift.averageSeconds ?? 0,
    high_drift: drift.highClients,
    lines_read: parsedLines.stderr + parsedLines.progress + dropped,
    lines_dropped: dropped,
    drop_rate: dropRate.current,
    peak_drop_rate: dropRate.peak,
    degraded: dropRate.current > DROP_THRESHOLD,
    min_uptime_s: Math.min(...uptimes),
    max_uptime_s: Math.max(...uptimes),
    avg_uptime_s: sum / uptimes.length,
    p50_uptime_s: quantiles.p50,
    p95_uptime_s: quantiles.p95,
    p99_uptime_s: quantiles.p99,
  };
}

/** Uptimes are those of processes that have ended. */
function uptimeQuantilesOf(input: readonly PeerClient[]): Snapshot['uptimeQuantilesSeconds'] {
  const ended = input.flatMap((client) => [
    ...eventsOf(client),
    life(client.id, NOW_MS, 'exit', { category: 'error', uptimeMs: 1_000 * (client.age_s ?? NOW_MS / 1_000) }),
  ]);
  return play(ended).snapshot(NOW_MS, NOW_MS).uptimeQuantilesSeconds;
}

/** What our definition makes of the drifts: the mean takes both signs, the largest is that of now. */
function driftSumsOf(input: readonly PeerClient[]): Readonly<Record<string, unknown>> {
  const drifts = input.flatMap(({ drift_s: seconds }) => (seconds === undefined ? [] : [seconds]));
  const sum = drifts.reduce((total, seconds) => total + seconds, 0);
  return { average_drift_s: sum / drifts.length, max_drift_s: Math.max(...drifts) };
}

holds('stats_aggregation', {
  aggregate: (vector) => {
    const { input, expected, truth } = vector;
    const ours = sumsOf(input);
    const ourDrifts = driftSumsOf(input);
    const { tolerance_s: tolerance = 1e-3, ...wanted } = { ...expected, ...truth };
    for (const [name, value] of Object.entries(wanted)) {
      const isOurs = differenceOf('stats_aggregation', vector, name) !== undefined;
      if (isOurs && !(name in ourDrifts)) continue;
      assert.ok(name in ours, `nothing of ours answers ${name}`);
      const aim = isOurs ? ourDrifts[name] : value;
      if (typeof aim !== 'number') assert.deepEqual(ours[name], aim, name);
      // Quantiles are of a sketch.
      else close(ours[name] as number | undefined, aim, /^p\d\d_/.test(name) ? 0.01 * aim : tolerance);
    }
  },
  membership: ({ input, expected }) => {
    const present = new Set<number>();
    for (const [what, id] of input as readonly [string, number][]) {
      if (what === 'add') present.add(id);
      if (what === 'remove') present.delete(id);
      if (what === 'reset') present.clear();
    }
    const { clients } = snapshotOf([...present].map((id) => ({ id })));
    if (expected.visited !== undefined)
      assert.deepEqual(
        clients.map(({ client }) => client),
        expected.visited,
      );
    if (expected.summaries !== undefined) assert.equal(clients.length, expected.summaries);
  },
  error_rate: (vector) => {
    const isOurs = differenceOf('stats_aggregation', vector, 'error_rate') !== undefined;
    const wanted = vector['truth'] ?? vector['expected'];
    close(rateOf(snapshotOf(vector['input'])), isOurs ? 1 : wanted.error_rate);
  },
  bulk: ({ input, expected }) => {
    const each = Array.from({ length: input.clients }, (_, index) => ({ id: index + 1, ...input.each }));
    const { summary, clients } = snapshotOf(each);
    const { playlist: manifest, segment } = summary.parser.requests ?? {};
    assert.deepEqual({ manifest, segment, total_clients: clients.length }, expected);
  },
  debug_aggregate: (vector) => {
    const { input } = vector;
    const wanted = { ...vector['expected'], ...vector['truth'] };
    const events: Event[] = input.flatMap((client: Record<string, number> & { segment_wall_ms?: number[] }) => {
      const id = client['id'] ?? 0;
      let atMs = 0;
      const asked = [0, ...(client.segment_wall_ms ?? [])].map((wallMs, number) => {
        atMs += wallMs;
        return parsed(id, atMs, { rule: 'hls-request', url: `${BASE}seg${number}.ts`, offset: 0, playlist: 0 });
      });
      const dials = (count: string, fact: Parameters<typeof parsed>[2]) =>
        repeated(client[count], () => parsed(id, 0, fact));
      return [
        ...(client.segment_wall_ms === undefined ? [] : asked),
        ...dials('tcp_success', { rule: 'tcp-connected', address: '::1', port: 80 }),
        ...dials('tcp_refused', { rule: 'tcp-failed', target: '::1 port 80', reason: 'refused' }),
        ...dials('tcp_timeout', { rule: 'tcp-failed', target: '::1 port 80', reason: 'timeout' }),
        ...dials('http_open', { rule: 'request', method: 'GET', url: `${BASE}seg.ts` }),
        ...dials('http_errors', { rule: 'http-error', status: 404, text: '' }),
        ...dials('segments_failed', { rule: 'segment-failed', segment: 1, playlist: 0 }),
      ];
    });
    const snapshot = play(events, openLedger({ run: { ...RUN, isTapped: false } })).snapshot(NOW_MS, NOW_MS);
    const { parser } = snapshot.summary;
    assert.ok(isRead(parser));
    const { tcp, inferred } = parser;
    const failed = Object.values(tcp.failed).reduce((sum, count) => sum + count, 0);
    if (wanted.p50_ms !== undefined) close(inferred.segmentMs.p50, wanted.p50_ms, 0.01 * wanted.p50_ms);
    if (wanted.tcp_health_ratio !== undefined) {
      const dials = tcp.connected + failed;
      if (differenceOf('stats_aggregation', vector, 'tcp_health_ratio') === undefined)
        close(tcp.connected / dials, wanted.tcp_health_ratio);
      else assert.equal(dials, 0);
    }
    if (wanted.error_rate !== undefined) {
      const isOurs = differenceOf('stats_aggregation', vector, 'error_rate') !== undefined;
      close(rateOf(snapshot), isOurs ? 1 : wanted.error_rate);
    }
    if (wanted.instant_segments_rate !== undefined)
      assert.deepEqual(snapshot.requestRates, {
        playlist: wanted.instant_playlists_rate,
        segment: wanted.instant_segments_rate,
      });
  },
  lookup: ({ expected }) => assert.equal(snapshotOf([]).clients.length, Object.keys(expected.states).length),
});
