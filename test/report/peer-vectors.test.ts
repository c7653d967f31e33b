// What go-ffmpeg-hls-swarm's collector says of what happened (../shared/peer), held against our metrics, vector by vector.
// Where we differ is in ../support/peer-differences-metrics.ts.
import assert from 'node:assert/strict';
import type { Event } from '../../src/events.ts';
import type { ProgramExit } from '../../src/process.ts';
import type { MetricFacts } from '../../src/report/metric-definition.ts';
import { createMetrics } from '../../src/report/metrics.ts';
import { Sketch } from '../../src/stats/sketch.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { exitCategory } from '../../src/swarm/restart-policy.ts';
import { aTransfer, life, openLedger, play, RUN, sample } from '../stats/ledger-traffic.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { holds } from '../support/peer-vectors.ts';
import { parsePrometheusText } from './prometheus-text.ts';

const FACTS: MetricFacts = { url: RUN.url, configuredDurationSeconds: 0, isTapped: true, hasClientSeries: false };
/** What a sketch's answer may be off by. */
const SKETCH_ERROR = 0.01;
/** Of Linux. */
const HIGHEST_SIGNAL = 64;

interface PeerTotals {
  readonly manifest: number;
  readonly segment: number;
  readonly bytes: number;
}
interface PeerClient {
  readonly id: number;
  readonly speed?: number;
}

async function scrape(snapshot: Snapshot, facts: Partial<MetricFacts> = {}): Promise<ReadonlyMap<string, number>> {
  return parsePrometheusText(await createMetrics({ latest: () => snapshot, facts: { ...FACTS, ...facts } }).render());
}

function read(events: readonly Event[], run: Partial<typeof RUN> = {}, atMs = 10_000): Snapshot {
  return play(events, openLedger({ run: { ...RUN, ...run } })).snapshot(atMs, 0);
}

/** Requests of both kinds, all octets with the first of them. */
function requested({ manifest, segment, bytes }: PeerTotals): Event[] {
  const facts = { startedAtMs: 100, contentBytes: 0, responseHeadBytes: 0 };
  const transfers = [
    ...Array.from({ length: manifest }, () => aTransfer({ ...facts, kind: 'media-playlist' })),
    ...Array.from({ length: segment }, (_, at) => aTransfer({ ...facts, contentBytes: at === 0 ? bytes : 0 })),
  ];
  return [...transfers, sample(1_000, transfers)];
}

/** A status as Go tells it: 128 and the number of a signal, for a process that a signal ended. */
function exitOf(status: number): ProgramExit {
  const signal = status - 128;
  return signal >= 1 && signal <= HIGHEST_SIGNAL ? { signal: String(signal) } : { code: status };
}

function playing({ id, speed = 1 }: PeerClient): Event[] {
  const facts = { client: id, process: 1, atMs: 1_000, outTimeUs: 1_000_000, speed, isEnd: false };
  return [life(id, 0, 'start'), { type: 'progress', ...facts }];
}

async function clientSeries(events: readonly Event[], hasClientSeries: boolean): Promise<number> {
  const values = await scrape(read(events, { clients: 0 }), { hasClientSeries });
  return [...values.keys()].filter((series) => series.startsWith('hls_swarm_client_speed{')).length;
}

function ranked(values: readonly number[], share: number): number | undefined {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch.quantile(share);
}

function isClose(ours: number | undefined, expected: number, within: number): boolean {
  return ours !== undefined && Math.abs(ours - expected) <= within * expected;
}

holds('collector', {
  // Totals of the run so far, however often they are read.
  deltas: async ({ input, expected }) => {
    for (const totals of input) {
      const values = await scrape(read(requested(totals)));
      if (totals !== input.at(-1)) continue;
      for (const [name, value] of Object.entries(expected)) assert.equal(values.get(`hls_swarm_${name}`), value, name);
    }
  },
  events: async (vector) => {
    const { started, restarted } = vector['input'];
    const again = (at: number): Event[] => {
      const [client, process] = [(at % started) + 1, Math.floor(at / started) + 1];
      return [
        life(client, 1_000 + at, 'exit', { process, category: 'error' }),
        life(client, 1_250 + at, 'start', { process: process + 1 }),
      ];
    };
    const events = Array.from({ length: started }, (_, at) => life(at + 1, 0, 'start'));
    const values = await scrape(read([...events, ...Array.from({ length: restarted }, (_, at) => again(at)).flat()]));
    const { starts, restarts } = vector['expected'];
    const isOurs = differenceOf('collector', vector, 'starts') !== undefined;
    assert.equal(values.get('hls_swarm_client_starts_total'), isOurs ? starts + restarts : starts);
    assert.equal(values.get('hls_swarm_client_restarts_total'), restarts);
  },
  exit_category: ({ input, expected, truth }) => {
    assert.equal(exitCategory(exitOf(input), { isStopping: false, isLive: false }), truth ?? expected);
  },
  summary: ({ input, expected }) => {
    const { clients } = read([], { clients: input.target }).summary;
    const { target, starts, peakActive: peak, exitCodes: exit_codes } = clients;
    assert.deepEqual({ target, starts, peak, exit_codes }, { target: input.target, ...expected });
  },
  // Nothing is sorted here: the ranks of a sketch come in order by themselves.
  sort: ({ input, expected }) => {
    if (input.length === 0) assert.equal(ranked(input, 1), undefined);
    for (const [at, value] of expected.entries())
      assert.ok(isClose(ranked(input, (at + 1) / input.length), value, SKETCH_ERROR), `rank ${at}`);
  },
  percentile: ({ input, expected }) => {
    assert.ok(isClose(ranked(input.sorted, input.p), expected, SKETCH_ERROR));
  },
  remaining: async ({ input, expected }) => {
    const events = [life(1, 0, 'start')];
    const snapshot = read(events, { durationSeconds: input.duration_s }, input.elapsed_s * 1_000);
    assert.equal((await scrape(snapshot)).get('hls_swarm_test_remaining_seconds'), expected);
  },
  per_client: async ({ input, expected }) => {
    const removed: readonly number[] = input.remove ?? [];
    const events = [
      ...(input.clients ?? []).flatMap(playing),
      ...removed.map((id) => life(id, 2_000, 'exit', { category: 'success' })),
    ];
    const series = await clientSeries(events, input.enabled);
    if (expected.series !== undefined) assert.equal(series, expected.series);
  },
  drop_rate: async ({ input, expected }) => {
    const values = await scrape(
      read([
        {
          type: 'lines',
          atMs: 1_000,
          stderrLines: input.stderr_read - input.stderr_dropped,
          progressLines: input.progress_read - input.progress_dropped,
          unparsedLines: 0,
          droppedStderrLines: input.stderr_dropped,
          droppedProgressLines: input.progress_dropped,
          overlongLines: 0,
        },
      ]),
    );
    for (const name of ['stats_drop_rate', 'stats_peak_drop_rate'])
      if (expected[name] !== undefined) assert.equal(values.get(`hls_swarm_${name}`), expected[name], name);
    for (const what of ['parsed', 'dropped'])
      for (const stream of ['progress', 'stderr'])
        assert.equal(values.get(`hls_swarm_stats_lines_${what}_total{stream="${stream}"}`), expected[what][stream]);
  },
  info: async ({ input, expected }) => {
    const values = await scrape(read([], { variant: input.variant }), { url: input.url });
    const labels = { version: RUN.version, ...expected.labels };
    const written = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    assert.equal(values.get(`${expected.name}{${written.join(',')}}`), expected.value);
  },
});
