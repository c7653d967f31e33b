// The origin's account: whole-host or whole-server counters as its exporters gave them, other traffic included.
// It scrapes nothing and explains nothing away except for the derived row `segment content` (MEASURING section 6).
import type { ConnectionEvent, ListingEvent, OriginSampleEvent, SampleEvent } from '../events.ts';
import { MS_PER_SECOND, secondsToMs } from '../units.ts';
import { type CutTotals, type FlowCut, flowCut, middle, minus } from './flow-cut.ts';
import { type Explained, explain, explainedBytes, type FlowSource } from './flow-terms.ts';
import { RateWindow } from './rate-window.ts';
import type { Summary } from './summary.ts';
import { ThroughputTracker } from './throughput.ts';
import { withoutAbsent } from './without-absent.ts';

type SourceName = OriginSampleEvent['source'];

/** A source that has been silent for this many of its intervals is stale. */
const STALE_INTERVALS = 3;
/** Scrapes between two readings of the meters: a few sources, each at most twice a second. */
const MAX_UNCUT = 16;
/** Assumed until a source says how often it is asked: the slowest step of the adaptive interval. */
const DEFAULT_INTERVAL_MS: number = secondsToMs(10);

/** The difference of two cuts with the origin's bytes between them. */
export interface FlowAccount {
  readonly source: SourceName;
  /** The first scrape: the zero of both sides. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly originBytes: number;
  readonly cut: FlowCut;
  readonly explained: Explained;
  /** Half of what passed the tap while the last answer was awaited. */
  readonly uncertaintyBytes: number;
}

type OwnRequest = Pick<OriginSampleEvent | ListingEvent, 'ownBytes' | 'ownReceivedBytes'>;

interface SourceState {
  readonly firstAtMs: number;
  last: OriginSampleEvent;
  lastOkAtMs: number | undefined;
  intervalMs: number;
  requests: Counter;
}

/** A cumulative count from its first reading on; a source that restarts counts from zero. */
interface Counter {
  last: number | undefined;
  sum: number;
}

interface ByteSource {
  readonly name: SourceName;
  /** Octets of answers, not of a device. */
  readonly isServer: boolean;
  readonly sinceMs: number;
  readonly all: ThroughputTracker;
  readonly segment: ThroughputTracker;
  readonly rates: RateWindow;
  readonly base: FlowCut;
  now: FlowCut;
  uncertaintyBytes: number;
  bookedAtMs: number;
}

/** That of the option table, for journals that were written before it was recorded. */
const DEFAULT_WINDOW_MS: number = secondsToMs(30);

const NO_TOTALS: CutTotals = { tlsBytes: 0, ownRequests: 0, ownBytes: 0, ownReceivedBytes: 0, ownServedBytes: 0 };

export class OriginAccount {
  readonly #place: Omit<FlowSource, 'isServer'>;
  readonly #windowMs: number;
  readonly #sources = new Map<SourceName, SourceState>();
  #byteSource: ByteSource | undefined;
  #highestSegmentBytes = 0;
  #totals: CutTotals = NO_TOTALS;
  /** Octets of answers to our own requests, by the source that gave them. */
  readonly #served = new Map<SourceName | 'listing', number>();
  #lastReason: string | undefined;
  #meters: SampleEvent | undefined;
  /** Scrapes without a cut since the last reading of the meters. */
  readonly #uncut: { readonly event: OriginSampleEvent; readonly totals: CutTotals }[] = [];

  /** `windowMs`: of the rates between scrapes. */
  constructor(place: Omit<FlowSource, 'isServer'>, windowMs: number = DEFAULT_WINDOW_MS) {
    this.#place = place;
    this.#windowMs = windowMs;
  }

  listing(event: ListingEvent): void {
    this.#asked('listing', event);
  }

  connection({ tlsBytes }: ConnectionEvent): void {
    this.#totals = { ...this.#totals, tlsBytes: this.#totals.tlsBytes + tlsBytes };
  }

  /** One scrape. When its counters were read this scrape's own answer had not been sent. */
  sampled(event: OriginSampleEvent): void {
    this.#booked(event);
    this.#asked(event.source, event);
  }

  #booked(event: OriginSampleEvent): void {
    const state = this.#stateOf(event);
    state.last = event.ok ? event : { ...state.last, ok: false };
    if (event.intervalSeconds !== undefined) state.intervalMs = secondsToMs(event.intervalSeconds);
    if (!event.ok) {
      this.#lastReason = event.reason;
      return;
    }
    state.lastOkAtMs = event.atMs;
    count(state.requests, event.requestsTotal);
    const totals = this.#totalsFor(event);
    if (event.cuts !== undefined) {
      const [asked, answered] = event.cuts.map((read) => flowCut(read, totals)) as [FlowCut, FlowCut];
      // The source read its counters between the two.
      const uncertaintyBytes = Math.ceil((answered.readBytes - asked.readBytes) / 2);
      this.#addBytes(event, middle(asked, answered), uncertaintyBytes);
      return;
    }
    this.#uncut.push({ event, totals });
    if (this.#uncut.length > MAX_UNCUT) this.#bookUncut(undefined);
  }

  /** The tap's meters, once per second: for scrapes that bring no cut of their own. */
  metersRead(sample: SampleEvent): void {
    this.#bookUncut(sample);
    this.#meters = sample;
  }

  /** Without a tap, and in old journals: with the nearer of the last reading and `next`; before the first one nothing passed. */
  #bookUncut(next: SampleEvent | undefined): void {
    const last = this.#meters;
    for (const { event, totals } of this.#uncut.splice(0)) {
      const isNextNearer = next !== undefined && last !== undefined && next.atMs - event.atMs < event.atMs - last.atMs;
      this.#addBytes(event, flowCut(isNextNearer ? next : last, totals), 0);
    }
  }

  /** Tracker of all bytes the origin sent, and of those that are left for segments; for differences. */
  get trackers(): { readonly all: ThroughputTracker; readonly segment: ThroughputTracker } | undefined {
    return this.#byteSource;
  }

  /** The byte source's last booked scrape; differences end there. */
  get lastBytesAtMs(): number | undefined {
    return this.#byteSource?.bookedAtMs;
  }

  get slowestIntervalMs(): number {
    return Math.max(MS_PER_SECOND, ...[...this.#sources.values()].map((state) => state.intervalMs));
  }

  get hasSources(): boolean {
    return this.#sources.size > 0;
  }

  /** Sources without a good answer for three intervals, and since when. */
  staleSources(atMs: number): { readonly source: SourceName; readonly sinceMs: number }[] {
    return [...this.#sources].flatMap(([source, { lastOkAtMs, firstAtMs, intervalMs }]) => {
      const sinceMs = lastOkAtMs ?? firstAtMs;
      return atMs - sinceMs > STALE_INTERVALS * intervalMs ? [{ source, sinceMs }] : [];
    });
  }

  readFlow(): FlowAccount | undefined {
    if (this.#byteSource === undefined) return undefined;
    const { name, sinceMs, bookedAtMs, all, base, now, uncertaintyBytes, isServer } = this.#byteSource;
    const cut = minus(now, base);
    const explained = explain(cut, { ...this.#place, isServer });
    const originBytes = all.totalBytes;
    return { source: name, sinceMs, untilMs: bookedAtMs, originBytes, cut, explained, uncertaintyBytes };
  }

  read(hasAccessLog: boolean): Omit<Summary['origin'], 'collections'> {
    const states = [...this.#sources.values()];
    const sources: string[] = [...new Set([...this.#sources.keys(), ...(hasAccessLog ? ['access-log'] : [])])];
    const available = hasAccessLog || states.some((state) => state.lastOkAtMs !== undefined);
    const latest = <Field extends keyof OriginSampleEvent>(field: Field): OriginSampleEvent[Field] | undefined =>
      states.find((state) => state.lastOkAtMs !== undefined && state.last[field] !== undefined)?.last[field];
    const requests = states.find((state) => state.requests.last !== undefined)?.requests.sum;
    const node = this.#sources.get('node_exporter') ?? this.#sources.get('embedded');
    return withoutAbsent({
      available,
      sources,
      reason: available ? undefined : (this.#lastReason ?? 'no origin metrics were read'),
      bytesSent: this.#byteSource?.all.totalBytes,
      requests,
      cpuRatio: latest('cpuRatio'),
      memoryUsedBytes: latest('memoryUsedBytes'),
      memoryTotalBytes: latest('memoryTotalBytes'),
      connections: latest('connectionsActive'),
      networkSentBytes: node?.last.networkSentBytesTotal,
      throughput: this.#byteSource?.all.read(),
      segmentThroughput: this.#byteSource?.segment.read(),
      rateWindow: this.#byteSource?.rates.read(),
      scrapeIntervalSeconds: states.length === 0 ? undefined : this.slowestIntervalMs / MS_PER_SECOND,
    });
  }

  #stateOf(event: OriginSampleEvent): SourceState {
    const known = this.#sources.get(event.source);
    if (known !== undefined) return known;
    const state: SourceState = {
      firstAtMs: event.atMs,
      last: event,
      lastOkAtMs: undefined,
      intervalMs: DEFAULT_INTERVAL_MS,
      requests: { last: undefined, sum: 0 },
    };
    this.#sources.set(event.source, state);
    return state;
  }

  /** What has no octets of ours was not asked for: a log that is followed, a second reading of one answer. */
  #asked(source: SourceName | 'listing', { ownBytes, ownReceivedBytes = ownBytes }: OwnRequest): void {
    if (ownBytes === undefined || ownReceivedBytes === undefined) return;
    const { ownRequests, ...own } = this.#totals;
    this.#totals = {
      ...this.#totals,
      ownRequests: ownRequests + 1,
      ownBytes: own.ownBytes + ownBytes,
      ownReceivedBytes: own.ownReceivedBytes + ownReceivedBytes,
    };
    this.#served.set(source, (this.#served.get(source) ?? 0) + ownReceivedBytes);
  }

  #totalsFor({ source }: OriginSampleEvent): CutTotals {
    return { ...this.#totals, ownServedBytes: (this.#served.get(source) ?? 0) + (this.#served.get('listing') ?? 0) };
  }

  /** A server's own count of sent octets beats a host's network counter; the first reading is the zero of both accounts. */
  #addBytes(event: OriginSampleEvent, cut: FlowCut, uncertaintyBytes: number): void {
    const isServer = event.bytesSentTotal !== undefined;
    const total = event.bytesSentTotal ?? event.networkSentBytesTotal;
    if (total === undefined) return;
    if (this.#byteSource === undefined || (isServer && !this.#byteSource.isServer)) {
      this.#byteSource = this.#opened(event, total, cut, isServer);
      this.#highestSegmentBytes = 0;
    }
    const source = this.#byteSource;
    if (source.name !== event.source || source.isServer !== isServer) return;
    source.now = cut;
    source.uncertaintyBytes = uncertaintyBytes;
    source.bookedAtMs = event.atMs;
    source.rates.add(event.atMs, total);
    source.all.setTotal(total);
    source.all.sample(event.atMs);
    const { segmentContent, ...others } = explain(minus(cut, source.base), { ...this.#place, isServer });
    // A cut may be off by what passed meanwhile: the remainder may dip, which is no reset and no negative rate.
    this.#highestSegmentBytes = Math.max(this.#highestSegmentBytes, source.all.totalBytes - explainedBytes(others));
    source.segment.setTotal(this.#highestSegmentBytes);
    source.segment.sample(event.atMs);
  }

  #opened(event: OriginSampleEvent, total: number, cut: FlowCut, isServer: boolean): ByteSource {
    return {
      name: event.source,
      isServer,
      sinceMs: event.atMs,
      all: new ThroughputTracker(total),
      segment: new ThroughputTracker(),
      rates: new RateWindow(this.#windowMs),
      base: cut,
      now: cut,
      uncertaintyBytes: 0,
      bookedAtMs: event.atMs,
    };
  }
}

function count(counter: Counter, total: number | undefined): void {
  if (total === undefined) return;
  if (counter.last !== undefined) counter.sum += total < counter.last ? total : total - counter.last;
  counter.last = total;
}
