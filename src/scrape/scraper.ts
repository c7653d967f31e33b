// What all scrapers share: what they are handed, what they offer, and the loop that turns one answer into one event.
// It keeps no history and judges no number; a failed scrape is an event too.
import type { Clock } from '../clock.ts';
import type { Emit, OriginSampleEvent } from '../events.ts';
import type { Fetched, Fetcher } from '../fetch.ts';
import type { Log } from '../log.ts';
import { MIB, msToSeconds, secondsToMs } from '../units.ts';
import { intervalMs, Schedule, type Timers } from './adaptive-interval.ts';
import { parsePrometheusText, type Sample } from './prometheus-text.ts';

export interface ScraperDeps {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly fetcher: Fetcher;
  readonly log: Log;
  /** 0 <= x < 1, from the run's seed. */
  readonly random: () => number;
  readonly timers?: Timers;
}

export interface Scraper {
  /** Scrapes at once, then by the timetable. */
  start(): void;
  setActiveClients(activeClients: number): void;
  /** A scrape that begins after this call; resolves when its event is out. */
  scrapeNow(): Promise<void>;
  /** No event comes after it. */
  stop(): Promise<void>;
}

/** Values of one scrape; absent = the source does not say. */
export type OriginReading = Omit<
  OriginSampleEvent,
  'type' | 'source' | 'atMs' | 'ok' | 'reason' | 'intervalSeconds' | 'ownBytes'
>;

export interface OriginScraperOptions {
  readonly url: string;
  /** `--origin-metrics-interval`; absent = by load. */
  readonly fixedIntervalMs?: number;
  readonly timeoutMs?: number;
}

export interface OriginSource {
  readonly name: OriginSampleEvent['source'];
  /** Stateful (deltas); undefined when no family of this source is in the samples. */
  readonly read: (samples: readonly Sample[]) => OriginReading | undefined;
  /** For the failure text: which families were looked for. */
  readonly families: string;
}

/** Largest answer: a node_exporter of a large host sends about 300 KiB. */
const MAX_ANSWER_BYTES: number = 2 * MIB;
/** As long as the peer waited; also half of the longest interval. */
export const DEFAULT_SCRAPE_TIMEOUT_MS: number = secondsToMs(5);
/** Scrapes of many instruments must not fall on one instant. */
const JITTER_RATIO = 0.1;

/** One source of origin numbers, scraped on the load's timetable; emits `origin-sample`. */
export function createOriginScraper(deps: ScraperDeps, options: OriginScraperOptions, source: OriginSource): Scraper {
  const { clock, emit, fetcher } = deps;
  const failures = createFailureLog(deps.log, `${source.name}_scrape_error`);
  const schedule: Schedule = createSchedule(
    deps,
    (activeClients) =>
      intervalMs({
        activeClients,
        ...(options.fixedIntervalMs === undefined ? {} : { fixedMs: options.fixedIntervalMs }),
      }),
    (interval) => interval * JITTER_RATIO,
    async (signal) => {
      const answer = await fetcher.fetchText(options.url, {
        purpose: 'metrics',
        timeoutMs: options.timeoutMs ?? DEFAULT_SCRAPE_TIMEOUT_MS,
        maxBytes: MAX_ANSWER_BYTES,
        signal,
      });
      if (signal.aborted) return;
      const atMs = clock.nowMs();
      const outcome = answer.ok ? readAnswer(answer, source) : answer;
      failures.note('reason' in outcome ? outcome.reason : undefined);
      emit({
        type: 'origin-sample',
        source: source.name,
        atMs,
        ...('reason' in outcome ? { ok: false, reason: outcome.reason } : { ok: true, ...outcome.reading }),
        intervalSeconds: msToSeconds(schedule.currentIntervalMs),
        ownBytes: answer.ownBytes,
      });
    },
  );
  return scraperOf(schedule);
}

/** Drops the keys whose value is not known: absent is absent. */
export function definedOnly(values: { readonly [Name in keyof OriginReading]: number | undefined }): OriginReading {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as OriginReading;
}

export function createSchedule(
  deps: ScraperDeps,
  interval: (activeClients: number) => number,
  jitterMs: (intervalMs: number) => number,
  task: (signal: AbortSignal) => Promise<void>,
): Schedule {
  return new Schedule({
    intervalMs: interval,
    jitterMs,
    random: deps.random,
    nowMs: () => deps.clock.nowMs(),
    task,
    ...(deps.timers === undefined ? {} : { timers: deps.timers }),
  });
}

export function scraperOf(schedule: Schedule): Scraper {
  return {
    start: () => schedule.start(),
    setActiveClients: (activeClients) => schedule.setActiveClients(activeClients),
    scrapeNow: () => schedule.runNow(),
    stop: () => schedule.stop(),
  };
}

/** One log line when a source begins to fail, when its reason changes, and when it is back: not one per scrape. */
export function createFailureLog(log: Log, event: string): { note(reason: string | undefined): void } {
  let last: string | undefined;
  return {
    note(reason) {
      if (reason === last) return;
      if (reason === undefined) log.info({}, event.replace('_error', '_recovered'));
      else log.warn({ reason }, event);
      last = reason;
    },
  };
}

function readAnswer(answer: Fetched, source: OriginSource): { reason: string } | { reading: OriginReading } {
  if (answer.status !== 200) return { reason: `status ${answer.status} instead of 200` };
  const exposition = parsePrometheusText(answer.text);
  if (!exposition.ok) return { reason: exposition.reason };
  const reading = source.read(exposition.samples);
  return reading === undefined
    ? { reason: `none of the families ${source.families} is in the answer: is this a ${source.name}?` }
    : { reading };
}
