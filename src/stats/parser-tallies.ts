// Small sums over facts: what HTTP contexts said at their end, steps of media sequences, what waited too long.
// Playlists cannot mix here: a line about a sequence carries both of its numbers.
import type { ParsedEvent, ParsedRule } from '../events.ts';
import type { ParserReading } from './summary.ts';

type HttpStatistics = NonNullable<ParserReading['httpStatistics']>;
type Counts = Omit<HttpStatistics, 'latencyMeanMs' | 'latencyMaxMs'>;
type SequenceSteps = ParserReading['sequence'];

export class HttpStatisticsTally {
  #sums: Counts | undefined;
  /** Of each client's last line of counts: the line of times behind it is about the same requests. */
  readonly #lastRequests = new Map<number, number>();
  #timedRequests = 0;
  #latencySumMs = 0;
  #latencyMaxMs = 0;

  record(event: ParsedEvent & { readonly rule: 'http-statistics' }): void {
    if (event.requests === undefined) {
      this.#recordTimes(event);
      return;
    }
    this.#lastRequests.set(event.client, event.requests);
    const { connections, requests, retries, reconnections, redirects } = this.#sums ?? NO_STATISTICS;
    this.#sums = {
      connections: connections + (event.connections ?? 0),
      requests: requests + event.requests,
      retries: retries + (event.retries ?? 0),
      reconnections: reconnections + (event.reconnections ?? 0),
      redirects: redirects + (event.redirects ?? 0),
    };
  }

  /** Undefined until a context has said something: FFmpeg before 8.1 never does. */
  read(): HttpStatistics | undefined {
    if (this.#sums === undefined || this.#timedRequests === 0) return this.#sums;
    const latencyMeanMs = this.#latencySumMs / this.#timedRequests;
    return { ...this.#sums, latencyMeanMs, latencyMaxMs: this.#latencyMaxMs };
  }

  #recordTimes({ client, averageMs, maxMs }: ParsedEvent & { readonly rule: 'http-statistics' }): void {
    const requests = this.#lastRequests.get(client);
    if (requests === undefined || averageMs === undefined || maxMs === undefined) return;
    this.#lastRequests.delete(client);
    this.#timedRequests += requests;
    this.#latencySumMs += requests * averageMs;
    this.#latencyMaxMs = Math.max(this.#latencyMaxMs, maxMs);
  }
}

export class SequenceTally {
  #changes = 0;
  #segments = 0;
  #jumps = 0;
  #wentBack = 0;

  record({ from, to }: { readonly from: number; readonly to: number }): void {
    this.#changes += 1;
    this.#segments += Math.max(0, to - from);
    if (to > from + 1) this.#jumps += 1;
    if (to < from) this.#wentBack += 1;
  }

  read(): SequenceSteps {
    return { changes: this.#changes, segments: this.#segments, jumps: this.#jumps, wentBack: this.#wentBack };
  }
}

/** What is known of one process's waiting; dies with it. */
export interface ProcessTimeouts {
  /** Something was said to have timed out since it dialled or asked for something last. */
  hasTimedOut: boolean;
}

/** Requests and dials that waited too long: each once, though FFmpeg may say it where it happened and in its last words too. */
export class TimeoutTally {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  record(event: ParsedEvent, process: ProcessTimeouts): void {
    if (BEGINNINGS.has(event.rule)) process.hasTimedOut = false;
    const isTold = isTimeout(event);
    const isEcho = isTold && process.hasTimedOut && isSaidAfterwards(event);
    if (!isTold || isEcho) return;
    process.hasTimedOut = true;
    this.#count += 1;
  }
}

function isTimeout(event: ParsedEvent): boolean {
  if (event.rule === 'tcp-failed') return event.reason === 'timeout';
  return event.rule === 'timeout' || (event.rule === 'keepalive-failed' && /timed out/i.test(event.reason));
}

function isSaidAfterwards(event: ParsedEvent): boolean {
  return event.rule === 'keepalive-failed' || (event.rule === 'timeout' && event.isLastWord === true);
}

/** From here on it is another request. */
const BEGINNINGS: ReadonlySet<ParsedRule> = new Set(['tcp-start', 'open', 'hls-request', 'request']);
const NO_STATISTICS: Counts = {
  connections: 0,
  requests: 0,
  retries: 0,
  reconnections: 0,
  redirects: 0,
};
