// What the origin's access log says it sent, over time: every line when it is read, and what of it is left for segments once
// the join has explained the rest (MEASURING sections 6 and 9). Sampled with the tap's meters, so that both sides' windows agree.
// It reads no file and joins nothing.
import type { OriginRequestEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';
import type { JoinReading } from './access-log-join.ts';
import { explainedBytes } from './flow-terms.ts';
import type { OriginBytes } from './origin-bytes.ts';
import { RateWindow } from './rate-window.ts';
import { ThroughputTracker } from './throughput.ts';

/** The log is looked at once a second at least. */
const LOOK_INTERVAL_MS: number = secondsToMs(1);
/** The last samples of a run may be milliseconds apart: the lines in between are no rate of anything. */
const SHORTEST_RATE_MS: number = LOOK_INTERVAL_MS / 2;

export class LogBytes {
  readonly #all = new ThroughputTracker();
  readonly #segment = new ThroughputTracker();
  readonly #rates: RateWindow;
  #requests = 0;
  #highestSegmentBytes = 0;
  #joined: JoinReading | undefined;
  #sinceMs: number | undefined;
  #untilMs = 0;
  #ratedAtMs = Number.NEGATIVE_INFINITY;

  /** `windowMs`: of the rates between two samples. */
  constructor(windowMs: number) {
    this.#rates = new RateWindow(windowMs);
  }

  /** Lines so far, our own requests' too. */
  get requests(): number {
    return this.#requests;
  }

  logged({ bytesSent }: OriginRequestEvent): void {
    this.#requests += 1;
    this.#all.add(bytesSent);
  }

  /** `joined` is absent while there is no line. */
  sample(atMs: number, joined: JoinReading | undefined): void {
    this.#sinceMs ??= atMs;
    this.#untilMs = atMs;
    this.#joined = joined;
    this.#all.sample(atMs);
    if (atMs - this.#ratedAtMs >= SHORTEST_RATE_MS) {
      this.#ratedAtMs = atMs;
      this.#rates.add(atMs, this.#all.totalBytes);
    }
    if (joined !== undefined) {
      const { segmentContent, ...others } = joined.explained;
      // A line that is found after it was given up as foreign changes terms: no reset and no negative rate.
      this.#highestSegmentBytes = Math.max(this.#highestSegmentBytes, joined.originBytes - explainedBytes(others));
      this.#segment.setTotal(this.#highestSegmentBytes);
    }
    this.#segment.sample(atMs);
  }

  /** Undefined before the first line: there may be no log of this origin at all. */
  read(): OriginBytes | undefined {
    if (this.#joined === undefined) return undefined;
    const { originBytes, explained, longestLagMs } = this.#joined;
    const { ownRequests = 0, foreign = 0, inFlight = 0, ...tap } = explained;
    return {
      source: 'access-log',
      all: this.#all,
      segment: this.#segment,
      rates: this.#rates,
      sinceMs: this.#sinceMs ?? this.#untilMs,
      untilMs: this.#untilMs,
      // A server that writes its lines in batches is behind by as much.
      intervalMs: Math.max(LOOK_INTERVAL_MS, longestLagMs),
      compared: { originBytes, tapBytes: explainedBytes(tap), tapSegmentBytes: explained.segmentContent },
    };
  }
}
