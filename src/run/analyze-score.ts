// Plays a log and what was really requested into the ledger of a run, in order of time, and reads the account and the score.
// It decides nothing about either side: parser account, pairing and estimators are those of every run.
import { version } from '../config/version.ts';
import type { ClientEvent, Event, LinesEvent, ListingEvent, RunEvent, SampleEvent } from '../events.ts';
import { NO_METERS } from '../meters.ts';
import { Ledger } from '../stats/ledger.ts';
import type { Snapshot } from '../stats/summary.ts';
import { MS_PER_SECOND } from '../units.ts';
import type { Candidate, Reference, Statement } from './analyze-material.ts';

export interface ScoreInput {
  /** With an instant for every statement, unless nobody knows any. */
  readonly candidate: Candidate;
  readonly reference: Reference | undefined;
  readonly sizes: ListingEvent['entries'] | undefined;
}

/** A saved listing is the whole of it. */
const NO_WINDOW: number = Number.MAX_SAFE_INTEGER;
/** Said with each sample where instants came from the order alone: then no line may time anything. */
const UNTIMED_DELAY_MS: number = MS_PER_SECOND;

interface Timed {
  readonly atMs: number;
  readonly event: Event;
}

/** The snapshot at the end, everything judged. */
export function score(input: ScoreInput): Snapshot {
  const { candidate, reference } = input;
  const ledger = new Ledger({
    run: runOf(candidate, reference),
    segmentCacheWindow: NO_WINDOW,
    statsDropThreshold: 1,
  });
  const timeline = timelineOf(input);
  const hasSamples = timeline.some(({ event }) => event.type === 'sample');
  const seconds = new Seconds(ledger, isTimed(candidate));
  for (const { event, atMs } of timeline) {
    if (!hasSamples) seconds.upTo(atMs);
    ledger.record(event);
  }
  const endMs = timeline.at(-1)?.atMs ?? 0;
  if (!hasSamples) seconds.end(endMs);
  ledger.finish(endMs);
  return ledger.snapshot(endMs, endMs);
}

/** Whether the statements' instants are of their own, and not made of the truth's. */
export function isTimed({ timeSource }: Candidate): boolean {
  return timeSource !== 'order' && timeSource !== 'none';
}

/** The URL that FFmpeg was given with -i: it names it when the input is open, and opens it first of all. */
export function inputUrl(statements: readonly Statement[]): string | undefined {
  const named = statements.find(({ fact }) => fact.rule === 'input-opened');
  const first = named ?? statements.find(({ fact }) => fact.rule === 'open' || fact.rule === 'request');
  return first !== undefined && 'url' in first.fact ? first.fact.url : undefined;
}

/** The ledger's ticks: one at each whole second in which something is, so that no attempt waits for ever. */
class Seconds {
  readonly #ledger: Ledger;
  readonly #isTimed: boolean;
  #nextMs: number | undefined;

  constructor(ledger: Ledger, isTimed: boolean) {
    this.#ledger = ledger;
    this.#isTimed = isTimed;
  }

  upTo(atMs: number): void {
    // One second before the first line, so that it lies between two ticks as every line does.
    if (this.#nextMs === undefined) this.#tick(atMs - MS_PER_SECOND);
    if (this.#nextMs !== undefined && atMs > this.#nextMs) {
      this.#tick(this.#nextMs);
      // A gap of hours has nothing to settle in it.
      this.#nextMs = Math.max(this.#nextMs, atMs - ((atMs - this.#nextMs) % MS_PER_SECOND));
    }
  }

  /** What came since the last tick has its tick too. */
  end(atMs: number): void {
    this.#tick(atMs);
  }

  #tick(atMs: number): void {
    this.#nextMs = atMs + MS_PER_SECOND;
    const { meters, contentBytesByKind } = NO_METERS;
    const sample: SampleEvent = {
      type: 'sample',
      atMs,
      wallMs: atMs,
      meters,
      contentBytesByKind,
      tapLoopDelayP99Ms: 0,
      mainLoopDelayP99Ms: 0,
      ...(this.#isTimed ? {} : { mainLoopDelayMaxMs: UNTIMED_DELAY_MS }),
      tapCpuSeconds: 0,
      mainCpuSeconds: 0,
      clientsActive: 1,
      clientsStarted: 1,
    };
    this.#ledger.record(sample);
  }
}

function timelineOf({ candidate, reference, sizes }: ScoreInput): Timed[] {
  const { client = 1, process = 1 } = reference ?? {};
  const isJournal = reference?.source === 'journal';
  const timeline: Timed[] = candidate.statements.map(({ fact, atMs = 0 }) => ({
    atMs,
    event: { type: 'parsed', client, process, atMs, ...fact },
  }));
  for (const event of reference?.transfers ?? []) {
    // A journal's samples say how much was open, so its records come when they came.
    timeline.push({ atMs: event.startedAtMs + (isJournal ? event.totalMs : 0), event });
  }
  for (const event of reference?.context ?? []) {
    if ('atMs' in event && event.type !== 'end') timeline.push({ atMs: event.atMs, event });
  }
  timeline.sort((one, other) => one.atMs - other.atMs);
  const firstMs = timeline[0]?.atMs ?? 0;
  const lastMs = Math.max(timeline.at(-1)?.atMs ?? 0, endOf(reference) ?? 0);
  const before = isJournal ? [] : [life(firstMs, 'start')];
  const after = isJournal ? [] : [life(lastMs, 'exit', wasStopped(candidate.statements) ? 'stopped' : 'success')];
  if (sizes !== undefined) before.push({ type: 'listing', atMs: firstMs, url: '', ok: true, entries: sizes });
  return [
    ...before.map((event) => ({ atMs: firstMs, event })),
    ...timeline,
    ...[...after, linesOf(candidate, lastMs)].map((event) => ({ atMs: lastMs, event })),
  ];
}

function endOf(reference: Reference | undefined): number | undefined {
  const end = reference?.context.find(({ type }) => type === 'end');
  return end?.type === 'end' ? end.atMs : undefined;
}

function wasStopped(statements: readonly Statement[]): boolean {
  return statements.some(({ fact }) => fact.rule === 'exit-reason');
}

function life(atMs: number, event: 'start' | 'exit', category?: ClientEvent['category']): Event {
  return { type: 'client', client: 1, process: 1, atMs, event, ...(category === undefined ? {} : { category }) };
}

function linesOf({ name, lines, unparsedLines, overlongLines }: Candidate, atMs: number): LinesEvent {
  return {
    type: 'lines',
    atMs,
    // Events of another parser are no lines of a log.
    stderrLines: name === 'parser' ? lines : 0,
    progressLines: 0,
    unparsedLines,
    droppedStderrLines: 0,
    droppedProgressLines: 0,
    overlongLines,
  };
}

function runOf({ statements }: Candidate, reference: Reference | undefined): RunEvent {
  return {
    type: 'run',
    id: '',
    startedAt: '',
    startedAtWallMs: 0,
    url: inputUrl(statements) ?? reference?.transfers[0]?.url ?? '',
    clients: 1,
    variant: 'all',
    version,
    ffmpeg: '',
    node: '',
    proxyWorkers: 0,
    seed: 0,
    durationSeconds: 0,
    isLive: true,
    isTapped: reference !== undefined,
    hasAccessLog: false,
  };
}
