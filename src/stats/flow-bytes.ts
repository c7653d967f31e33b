// What a source that counts as octets flow says the origin sent (a server's counter, a network device), with the tap's meters cut
// at the same instants: all of it, and what of it is left for segments (MEASURING section 6).
// It scrapes nothing, and does not choose between sources.
import type { OriginSampleEvent, OriginSourceName } from '../events.ts';
import { type FlowCut, minus } from './flow-cut.ts';
import { answeredBytes, type Explained, explain, explainedBytes, type FlowSource } from './flow-terms.ts';
import type { OriginBytes } from './origin-bytes.ts';
import { RateWindow } from './rate-window.ts';
import { ThroughputTracker } from './throughput.ts';

/** The difference of two cuts with the origin's bytes between them. */
export interface FlowAccount {
  readonly source: OriginSourceName;
  /** The first scrape: the zero of both sides. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly originBytes: number;
  readonly cut: FlowCut;
  readonly explained: Explained;
  /** Half of what passed the tap while the last answer was awaited. */
  readonly uncertaintyBytes: number;
}

export class FlowBytes {
  readonly #flow: FlowSource;
  readonly #name: OriginSourceName;
  readonly #sinceMs: number;
  readonly #all: ThroughputTracker;
  readonly #segment = new ThroughputTracker();
  readonly #rates: RateWindow;
  readonly #base: FlowCut;
  #now: FlowCut;
  #highestSegmentBytes = 0;
  #uncertaintyBytes = 0;
  #bookedAtMs: number;

  /** The first reading is the zero of both accounts. */
  constructor({ source, atMs }: OriginSampleEvent, total: number, cut: FlowCut, flow: FlowSource, windowMs: number) {
    this.#flow = flow;
    this.#name = source;
    this.#sinceMs = atMs;
    this.#bookedAtMs = atMs;
    this.#all = new ThroughputTracker(total);
    this.#rates = new RateWindow(windowMs);
    this.#base = cut;
    this.#now = cut;
  }

  get isServer(): boolean {
    return this.#flow.isServer;
  }

  /** One more reading of the same counter, the first one too. */
  add(atMs: number, total: number, cut: FlowCut, uncertaintyBytes: number): void {
    this.#now = cut;
    this.#uncertaintyBytes = uncertaintyBytes;
    this.#bookedAtMs = atMs;
    this.#rates.add(atMs, total);
    this.#all.setTotal(total);
    this.#all.sample(atMs);
    const { segmentContent, ...others } = explain(minus(cut, this.#base), this.#flow);
    // A cut may be off by what passed meanwhile: the remainder may dip, which is no reset and no negative rate.
    this.#highestSegmentBytes = Math.max(this.#highestSegmentBytes, this.#all.totalBytes - explainedBytes(others));
    this.#segment.setTotal(this.#highestSegmentBytes);
    this.#segment.sample(atMs);
  }

  account(): FlowAccount {
    const cut = minus(this.#now, this.#base);
    return {
      source: this.#name,
      sinceMs: this.#sinceMs,
      untilMs: this.#bookedAtMs,
      originBytes: this.#all.totalBytes,
      cut,
      explained: explain(cut, this.#flow),
      uncertaintyBytes: this.#uncertaintyBytes,
    };
  }

  /** `intervalMs`: how often it is asked. */
  read(intervalMs: number): OriginBytes {
    const { originBytes, explained, cut } = this.account();
    return {
      source: this.#name,
      all: this.#all,
      segment: this.#segment,
      rates: this.#rates,
      sinceMs: this.#sinceMs,
      untilMs: this.#bookedAtMs,
      intervalMs,
      compared: { originBytes, tapBytes: answeredBytes(cut), tapSegmentBytes: explained.segmentContent },
    };
  }
}
