// Sums over facts that need no state between lines: what HTTP contexts said at their end, and steps of media sequences.
// Playlists cannot mix here: every line carries both of its numbers.
import type { ParsedEvent } from '../events.ts';
import type { Summary } from './summary.ts';

type HttpStatistics = NonNullable<Summary['parser']['httpStatistics']>;
type SequenceSteps = Summary['parser']['sequence'];

export class HttpStatisticsTally {
  #sums: HttpStatistics | undefined;

  record(event: ParsedEvent & { readonly rule: 'http-statistics' }): void {
    if (event.requests === undefined) return;
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
    return this.#sums;
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

const NO_STATISTICS: HttpStatistics = {
  connections: 0,
  requests: 0,
  retries: 0,
  reconnections: 0,
  redirects: 0,
};
