// What all scrapers share: what they are handed, what they offer, and the loop that turns one answer into one event.
// It keeps no history and judges no number; a failed scrape is an event too.
import type { Clock } from '../clock.ts';
import type { Emit, MeterCut, OriginSampleEvent } from '../events.ts';
import type { Fetched, Fetcher } from '../fetch.ts';
import type { Log } from '../log.ts';
import { MIB, msToSeconds, secondsToMs } from '../units.ts';
import { intervalMs, Schedule, type Timers } from './adaptive-interval.ts';
import { BYTES_METRIC, type BytesMetric } from './bytes-metric.ts';
import { parsePrometheusText, type Sample } from './prometheus-text.ts';

export interface ScraperDeps {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly fetcher: Fetcher;
  readonly log: Log;
  /** 0 <= x < 1, from the run's seed. */
  readonly random: () => number;
  readonly timers?: Timers;
  /** What we have counted ourselves at this instant; absent where nothing is tapped. */
  readonly readMeters?: () => MeterCut;
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
  'type' | 'source' | 'atMs' | 'ok' | 'reason' | 'intervalSeconds' | 'ownBytes' | 'ownReceivedBytes' | 'cuts' | 'tookMs'
>;

export interface OriginScraperOptions {
  readonly url: string;
  /** Looked for in each answer as well: a source of its own. */
  readonly bytesMetric?: BytesMetric;
  /** `--origin-metrics-interval`; absent = by load. */
  readonly fixedIntervalMs?: number;
  readonly timeoutMs?: number;
  /** The address is the stream's own server's. */
  readonly isFromStreamServer?: boolean;
}

type Outcome = ({ readonly ok: true; readonly reason?: string } & OriginReading) | NoReading;
interface NoReading {
  readonly ok: false;
  readonly reason: string;
}

export interface OriginSource {
  readonly name: OriginSampleEvent['source'];
  /** Stateful (deltas); undefined when no family of this source is in the samples. */
  readonly read: (samples: readonly Sample[]) => OriginReading | undefined;
  /** What was asked for and is not in these samples, or why they are of no use, as a clause. */
  readonly complaint?: (samples: readonly Sample[]) => string | undefined;
  /** Another form of answer than Prometheus text, as samples; undefined when the text is not in it. */
  readonly otherForm?: (text: string) => readonly Sample[] | undefined;
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
  const countFailures = createFailureLog(deps.log, `${BYTES_METRIC}_error`);
  const schedule: Schedule = createSchedule(
    deps,
    (activeClients) =>
      intervalMs({
        activeClients,
        ...(options.fixedIntervalMs === undefined ? {} : { fixedMs: options.fixedIntervalMs }),
      }),
    (interval) => interval * JITTER_RATIO,
    async (signal) => {
      const askedAtMs = clock.nowMs();
      // The source reads its counters after we asked and before it answers: the cut is between these two readings.
      const asked = deps.readMeters?.();
      let answered = asked;
      const answer = await fetcher.fetchText(options.url, {
        onAnswer: () => (answered = deps.readMeters?.()),
        purpose: 'metrics',
        timeoutMs: options.timeoutMs ?? DEFAULT_SCRAPE_TIMEOUT_MS,
        maxBytes: MAX_ANSWER_BYTES,
        signal,
      });
      if (signal.aborted) return;
      const shared = {
        type: 'origin-sample',
        atMs: clock.nowMs(),
        intervalSeconds: msToSeconds(schedule.currentIntervalMs),
        ...(asked === undefined || answered === undefined ? {} : { cuts: [asked, answered] as const }),
      } as const;
      const { ownBytes, ownReceivedBytes } = answer;
      const own = {
        ...{ ownBytes, ownReceivedBytes, tookMs: clock.nowMs() - askedAtMs },
        ...(options.isFromStreamServer === true ? { isFromStreamServer: true as const } : {}),
      };
      const samples = answer.ok ? samplesOf(answer, source) : { reason: answer.reason };
      const counted = options.bytesMetric?.read(source.name, samples);
      const outcome: Outcome = 'reason' in samples ? { ok: false, ...samples } : readSamples(samples, source);
      // An answer that holds nothing but the counter is there for the counter.
      const isOnlyCounter = counted?.ok === true && !outcome.ok;
      // The counter first: it was read before the answer, whose octets come with the other event, was sent.
      if (counted !== undefined) {
        countFailures.note(counted.ok ? undefined : counted.reason);
        emit({ ...shared, source: BYTES_METRIC, ...counted, ...(isOnlyCounter ? own : {}) });
      }
      if (isOnlyCounter) return;
      failures.note(outcome.reason);
      emit({ ...shared, source: source.name, ...outcome, ...own });
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

function samplesOf(answer: Fetched, source: OriginSource): readonly Sample[] | { readonly reason: string } {
  if (answer.status !== 200) return { reason: `status ${answer.status} instead of 200` };
  const others = source.otherForm?.(answer.text);
  if (others !== undefined) return others;
  const exposition = parsePrometheusText(answer.text);
  return exposition.ok ? exposition.samples : { reason: exposition.reason };
}

function readSamples(samples: readonly Sample[], source: OriginSource): Outcome {
  const reading = source.read(samples);
  const complaint = source.complaint?.(samples);
  if (reading !== undefined) return { ok: true, ...reading, ...(complaint === undefined ? {} : { reason: complaint }) };
  const families = `none of the families ${source.families} is in the answer: is this a ${source.name}?`;
  return { ok: false, reason: complaint ?? families };
}
