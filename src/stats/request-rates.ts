// Requests per second over the last five seconds, of playlists and segments: as the tap recorded them, or the log's lines
// where there is no tap. It counts requests, not their outcome.
import type { Kind, ParsedEvent, TransferEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';
import type { RequestKind } from './request-kinds.ts';
import type { Snapshot } from './summary.ts';
import { ThroughputTracker } from './throughput.ts';

const WINDOW_MS: number = secondsToMs(5);
const PLAYLISTS: ReadonlySet<Kind> = new Set(['media-playlist', 'multivariant-playlist']);

/** A tracker counts anything that adds up; here one unit is one request. */
export class RequestRates {
  readonly #playlists = new ThroughputTracker();
  readonly #segments = new ThroughputTracker();

  transfer({ kind }: TransferEvent): void {
    if (PLAYLISTS.has(kind)) this.#playlists.add(1);
    else if (kind === 'segment' || kind === 'part') this.#segments.add(1);
  }

  /** For runs without a tap; below debug level the log announces segments only. */
  line({ rule }: ParsedEvent, guess: RequestKind): void {
    if (rule !== 'request') return;
    if (guess === 'playlist') this.#playlists.add(1);
    else if (guess === 'segment') this.#segments.add(1);
  }

  tick(atMs: number): void {
    this.#playlists.sample(atMs);
    this.#segments.sample(atMs);
  }

  read(): Snapshot['requestRates'] {
    return { playlist: this.#playlists.rate(WINDOW_MS) ?? 0, segment: this.#segments.rate(WINDOW_MS) ?? 0 };
  }
}
