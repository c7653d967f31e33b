// The course of a run for its report: a point per tick until there are too many, then each stands for two, four, eight ticks.
// It reads no clock and draws nothing. However long the run, it takes 0.2 MB, and as much for a line per process. Counts are those
// at the end of a point, so none is lost when points become one; of gauges the largest stays.
import type { ClientEvent, Event, ExitCategory } from '../events.ts';
import { msToSeconds, secondsToMs } from '../units.ts';
import { errorStatuses } from './error-statuses.ts';
import type { Snapshot, Summary } from './summary.ts';

/** About as many as a screen has columns of pixels; a run of 20 minutes has one per second. */
const MAX_POINTS = 1_200;
/** Processes with a line of their own. */
export const MAX_LIVES = 2_000;

/** Running totals. */
const TOTALS = ['proxyBytes', 'parserBytes', 'originBytes', 'segments', 'httpErrors', 'troubled'] as const;
/** Values of an instant. */
const GAUGES = ['activeClients', 'stalledClients', 'waitP50Ms', 'waitP95Ms', 'behindLiveP95Ms', 'tapDelayMs'] as const;
export type TimelineColumn = (typeof TOTALS)[number] | (typeof GAUGES)[number];
type Values = Readonly<Record<TimelineColumn, number | undefined>>;

/** One FFmpeg process; seconds of the run. Without an end it ran until the run ended. */
export interface ProcessLife {
  readonly client: number;
  readonly process: number;
  readonly startSeconds: number;
  readonly endSeconds?: number;
  readonly category?: ExitCategory;
}

export interface TimelineReading {
  /** Ticks, which are seconds, that a point stands for. */
  readonly stepSeconds: number;
  /** Seconds since the first client start (or the first request at a door), rising. */
  readonly seconds: readonly number[];
  /** Beside each second; undefined = not known then. */
  readonly columns: Readonly<Record<TimelineColumn, readonly (number | undefined)[]>>;
  readonly lives: readonly ProcessLife[];
  /** All that were started, those without a line included. */
  readonly processes: number;
}

interface Point {
  readonly atMs: number;
  readonly values: Values;
}

interface Life {
  readonly client: number;
  readonly process: number;
  readonly startMs: number;
  endMs?: number;
  category?: ExitCategory;
}

export class Timeline {
  readonly #maxPoints: number;
  #points: Point[] = [];
  #ticksPerPoint = 1;
  /** Of ticks that are no whole point yet. */
  #pending: Point | undefined;
  #pendingTicks = 0;
  #beganAtMs: number | undefined;
  readonly #lives: Life[] = [];
  /** The last one of each client. */
  readonly #lastLives: Map<number, Life> = new Map();
  #processes = 0;

  constructor(maxPoints: number = MAX_POINTS) {
    this.#maxPoints = maxPoints;
  }

  /** The lives of processes; other events tell it nothing. */
  observe(event: Event): void {
    if (event.type !== 'client') return;
    if (event.event === 'start') this.#started(event);
    else if (event.event === 'exit') this.#ended(event);
  }

  /** One tick; of an instant that is not after the last one it is left out. */
  add(snapshot: Snapshot): void {
    const { atMs, elapsedSeconds, summary } = snapshot;
    const newest = this.#pending ?? this.#points.at(-1);
    if (newest !== undefined && atMs <= newest.atMs) return;
    if (elapsedSeconds > 0) this.#beganAtMs ??= atMs - secondsToMs(elapsedSeconds);
    this.#pending = joined(this.#pending, { atMs, values: valuesOf(summary) });
    this.#pendingTicks += 1;
    if (this.#pendingTicks < this.#ticksPerPoint) return;
    this.#points.push(this.#pending);
    this.#pending = undefined;
    this.#pendingTicks = 0;
    if (this.#points.length >= this.#maxPoints) this.#halve();
  }

  read(): TimelineReading {
    const points = this.#pending === undefined ? this.#points : [...this.#points, this.#pending];
    const began = this.#beganAtMs ?? points[0]?.atMs ?? 0;
    // The first tick comes right before the first start.
    const since = (atMs: number): number => Math.max(0, msToSeconds(atMs - began));
    const columns = [...TOTALS, ...GAUGES].map((name) => [name, points.map(({ values }) => values[name])] as const);
    return {
      stepSeconds: this.#ticksPerPoint,
      seconds: points.map(({ atMs }) => since(atMs)),
      columns: Object.fromEntries(columns) as Record<TimelineColumn, (number | undefined)[]>,
      lives: this.#lives.map(({ startMs, endMs, ...life }) => ({
        ...life,
        startSeconds: since(startMs),
        ...(endMs === undefined ? {} : { endSeconds: since(endMs) }),
      })),
      processes: this.#processes,
    };
  }

  #started({ client, process, atMs }: ClientEvent): void {
    this.#processes += 1;
    const life: Life = { client, process, startMs: atMs };
    this.#lastLives.set(client, life);
    if (this.#lives.length < MAX_LIVES) this.#lives.push(life);
  }

  #ended({ client, process, atMs, category }: ClientEvent): void {
    const life = this.#lastLives.get(client);
    if (life?.process !== process) return;
    life.endMs = atMs;
    if (category !== undefined) life.category = category;
  }

  /** An odd one at the end waits for its other half. */
  #halve(): void {
    const halves: Point[] = [];
    for (let at = 0; at + 1 < this.#points.length; at += 2) {
      const [first, second] = [this.#points[at], this.#points[at + 1]];
      if (first !== undefined && second !== undefined) halves.push(joined(first, second));
    }
    if (this.#points.length % 2 === 1) {
      this.#pending = this.#points.at(-1);
      this.#pendingTicks = this.#ticksPerPoint;
    }
    this.#points = halves;
    this.#ticksPerPoint *= 2;
  }
}

function valuesOf({ clients, proxy, parser, origin, instrument }: Summary): Values {
  const wait = proxy?.byKind.segment?.phases.waitMs.window;
  return {
    proxyBytes: proxy?.throughput?.totalBytes,
    parserBytes: parser.throughput?.totalBytes,
    originBytes: origin.segmentThroughput?.totalBytes,
    segments: proxy?.byKind.segment?.transfers,
    httpErrors: proxy === undefined ? undefined : sum(errorStatuses(proxy.byKind).values()),
    troubled: proxy === undefined ? undefined : troubledTransfers(proxy.terminations),
    activeClients: clients.active,
    stalledClients: clients.playback.stalled,
    waitP50Ms: wait?.p50,
    waitP95Ms: wait?.p95,
    behindLiveP95Ms: clients.playback.behindLiveMs.window?.p95,
    tapDelayMs: instrument.eventLoopDelayMs.tapP99,
  };
}

/** Neither complete nor ended by ourselves. */
function troubledTransfers(terminations: Readonly<Record<string, number>>): number {
  return sum(
    Object.entries(terminations).map(([code, transfers]) => (code === '--' || code.startsWith('K') ? 0 : transfers)),
  );
}

function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

function joined(first: Point | undefined, second: Point): Point {
  if (first === undefined) return second;
  const gauges = GAUGES.map((name) => [name, largest(first.values[name], second.values[name])] as const);
  return { atMs: second.atMs, values: { ...second.values, ...(Object.fromEntries(gauges) as Partial<Values>) } };
}

function largest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
