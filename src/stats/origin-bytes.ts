// What the best source of the origin's account says of octets, whichever it is: the shape in which all faces read it. Types only.
import type { OriginSourceName } from '../events.ts';
import type { RateWindow } from './rate-window.ts';
import type { ThroughputTracker } from './throughput.ts';

export interface OriginBytes {
  readonly source: OriginSourceName;
  /** All that the origin says it sent. */
  readonly all: ThroughputTracker;
  /** What of it is left for segment content. */
  readonly segment: ThroughputTracker;
  readonly rates: RateWindow;
  /** Its first word and its last; differences end there. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** How old its word may be. */
  readonly intervalMs: number;
  /** Octets that can be held against each other: of the same instants, or of the same requests. */
  readonly compared: {
    readonly originBytes: number;
    /** Response octets of every kind as the tap read them, and those of segment content. */
    readonly tapBytes: number;
    readonly tapSegmentBytes: number;
  };
}
