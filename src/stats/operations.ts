// What the run and the instrument do over and over, each with how often, how long and in vain how many times.
// It times nothing and reads no clock: who does the work says when and how long; `observe` takes it from events where they tell.
import type { Event, TransferEvent } from '../events.ts';
import { OperationWindow } from './operation-window.ts';
import { LOWEST_ERROR_STATUS } from './status-codes.ts';
import { OPERATION_NAMES, type OperationName, type OperationSummary } from './summary.ts';

/** What is asked for when nobody says otherwise, and what the screen and the metrics show, seconds. */
export const DEFAULT_WINDOW_SECONDS = 300;

/** Names that tools of old ask for, beside the name that stands here. */
export const OPERATION_ALIASES: Readonly<Record<string, OperationName>> = {
  docker_stats_collection: 'stats_collection',
};

export class OperationBook {
  readonly #windows: ReadonlyMap<OperationName, OperationWindow>;

  /** `beganAtMs`: from here on everything that happens is told. */
  constructor(beganAtMs: number) {
    this.#windows = new Map(OPERATION_NAMES.map((name) => [name, new OperationWindow(beganAtMs)]));
  }

  /** It ended at `atMs` (monotonic) and took `durationMs`; a failure counts with its duration. */
  record(name: OperationName, atMs: number, durationMs: number, isFailure = false): void {
    this.#windows.get(name)?.record(atMs, durationMs, isFailure ? 1 : 0, 1);
  }

  /** The same duration, `count` times. */
  recordMany(name: OperationName, atMs: number, durationMs: number, count: number): void {
    this.#windows.get(name)?.record(atMs, durationMs, 0, count);
  }

  /** What an event tells of an operation; most tell nothing. */
  observe(event: Event): void {
    switch (event.type) {
      case 'transfer':
        this.#transfer(event);
        break;
      case 'playlist':
      case 'variants':
        if (event.readMs !== undefined) this.record('hls_manifest_generation', event.atMs, event.readMs);
        break;
      case 'origin-sample':
        if (event.tookMs !== undefined) this.record('origin_scrape', event.atMs, event.tookMs, !event.ok);
        break;
      case 'listing':
        if (event.tookMs !== undefined) this.record('segment_size_scrape', event.atMs, event.tookMs, !event.ok);
        break;
      default:
    }
  }

  /** All operations over the last `windowSeconds` (1 to 900). */
  read(nowMs: number, windowSeconds: number = DEFAULT_WINDOW_SECONDS): OperationSummary[] {
    return [...this.#windows].map(([name, window]) => ({ name, ...window.read(nowMs, windowSeconds) }));
  }

  /** Transfers that we ended ourselves say nothing about the origin. */
  #transfer(event: TransferEvent): void {
    const { kind, termination, status, phases, startedAtMs, totalMs } = event;
    if (event.stopping || termination.startsWith('K')) return;
    const name = FETCHES[kind];
    if (name === undefined) return;
    const endedAtMs = startedAtMs + totalMs;
    const isFailure = termination !== '--' || (status !== undefined && status >= LOWEST_ERROR_STATUS);
    this.record(name, endedAtMs, totalMs, isFailure);
    if (name !== 'hls_segment_fetch' || phases.waitMs === undefined) return;
    this.record('hls_segment_ttfb', endedAtMs, phases.waitMs, isFailure);
  }
}

const FETCHES: Readonly<Partial<Record<TransferEvent['kind'], OperationName>>> = {
  'multivariant-playlist': 'hls_manifest_fetch',
  'media-playlist': 'hls_manifest_fetch',
  segment: 'hls_segment_fetch',
  part: 'hls_segment_fetch',
  key: 'hls_key_fetch',
};
