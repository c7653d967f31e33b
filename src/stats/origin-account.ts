// The origin's account: whole-host or whole-server counters as its exporters gave them, other traffic included.
// It scrapes nothing and explains nothing away except for the derived row `segment content` (MEASURING section 6).
import { KINDS, type Kind, type ListingEvent, type OriginSampleEvent, type SampleEvent } from '../events.ts';
import { MS_PER_SECOND, secondsToMs } from '../units.ts';
import { RateWindow } from './rate-window.ts';
import type { Summary } from './summary.ts';
import { ThroughputTracker } from './throughput.ts';
import { withoutAbsent } from './without-absent.ts';

type SourceName = OriginSampleEvent['source'];

/** A source that has been silent for this many of its intervals is stale. */
const STALE_INTERVALS = 3;
/** Scrapes between two meter readings: a few sources, each at most twice a second. */
const MAX_WAITING = 16;
/** Assumed until a source says how often it is asked: the slowest step of the adaptive interval. */
const DEFAULT_INTERVAL_MS: number = secondsToMs(10);

/** What the tap's meters said at a scrape: the terms of a reconciliation with a source that counts by flow. */
export interface MeterCut {
  readonly contentBytesByKind: Readonly<Record<Kind | 'open', number>>;
  readonly responseHeadBytes: number;
  readonly interimHeadBytes: number;
  readonly framingBytes: number;
  /** Our own listings and scrapes, both ways. */
  readonly ownBytes: number;
}

/** The difference of two cuts with the origin's bytes between them. */
export interface FlowAccount {
  readonly source: SourceName;
  /** The first scrape: the zero of both sides. */
  readonly sinceMs: number;
  readonly originBytes: number;
  readonly explained: MeterCut;
}

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
  readonly sinceMs: number;
  readonly all: ThroughputTracker;
  readonly segment: ThroughputTracker;
  readonly rates: RateWindow;
  readonly base: MeterCut;
  now: MeterCut;
  bookedAtMs: number;
}

/** That of the option table, for journals that were written before it was recorded. */
const DEFAULT_WINDOW_MS: number = secondsToMs(30);

export class OriginAccount {
  readonly #windowMs: number;
  readonly #sources = new Map<SourceName, SourceState>();
  #byteSource: ByteSource | undefined;
  #highestSegmentBytes = 0;
  #ownBytes = 0;
  #lastReason: string | undefined;
  #meters: SampleEvent | undefined;
  /** Scrapes since the last meter reading. */
  readonly #waiting: { readonly event: OriginSampleEvent; readonly ownBytes: number }[] = [];

  /** `windowMs`: of the rates between scrapes. */
  constructor(windowMs: number = DEFAULT_WINDOW_MS) {
    this.#windowMs = windowMs;
  }

  listing(event: ListingEvent): void {
    this.#ownBytes += event.ownBytes ?? 0;
  }

  /** One scrape. Its bytes are booked with the meter reading nearest in time, which may be the next one. */
  sampled(event: OriginSampleEvent): void {
    this.#ownBytes += event.ownBytes ?? 0;
    const state = this.#stateOf(event);
    state.last = event.ok ? event : { ...state.last, ok: false };
    if (event.intervalSeconds !== undefined) state.intervalMs = secondsToMs(event.intervalSeconds);
    if (!event.ok) {
      this.#lastReason = event.reason;
      return;
    }
    state.lastOkAtMs = event.atMs;
    count(state.requests, event.requestsTotal);
    this.#waiting.push({ event, ownBytes: this.#ownBytes });
    if (this.#waiting.length > MAX_WAITING) this.#book(this.#meters);
  }

  /** The tap's meters, once per second. */
  metersRead(sample: SampleEvent): void {
    this.#book(sample);
    this.#meters = sample;
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
    const { name, sinceMs, all, base, now } = this.#byteSource;
    return { source: name, sinceMs, originBytes: all.totalBytes, explained: minus(now, base) };
  }

  read(hasAccessLog: boolean): Summary['origin'] {
    const states = [...this.#sources.values()];
    const sources: string[] = [...this.#sources.keys(), ...(hasAccessLog ? ['access-log'] : [])];
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

  /** Books the waiting scrapes against the nearer of the last reading and `next`; before the first one nothing passed. */
  #book(next: SampleEvent | undefined): void {
    for (const { event, ownBytes } of this.#waiting.splice(0)) {
      const last = this.#meters;
      const isNextNearer = next !== undefined && last !== undefined && next.atMs - event.atMs < event.atMs - last.atMs;
      this.#addBytes(event, cutOf(isNextNearer ? next : last, ownBytes));
    }
  }

  /** A server's own count of sent octets beats a host's network counter; the first reading is the zero of both accounts. */
  #addBytes(event: OriginSampleEvent, cut: MeterCut): void {
    const isBetter = event.bytesSentTotal !== undefined && this.#byteSource?.name === 'node_exporter';
    const total = event.bytesSentTotal ?? event.networkSentBytesTotal;
    if (total === undefined) return;
    if (this.#byteSource === undefined || isBetter) {
      const all = new ThroughputTracker(total);
      this.#byteSource = {
        name: event.source,
        sinceMs: event.atMs,
        all,
        segment: new ThroughputTracker(),
        rates: new RateWindow(this.#windowMs),
        base: cut,
        now: cut,
        bookedAtMs: event.atMs,
      };
      this.#highestSegmentBytes = 0;
    }
    const source = this.#byteSource;
    if (source.name !== event.source) return;
    source.now = cut;
    source.bookedAtMs = event.atMs;
    source.rates.add(event.atMs, total);
    source.all.setTotal(total);
    source.all.sample(event.atMs);
    const explained = minus(cut, source.base);
    // Meters and scrape are up to half a second apart: the remainder may dip, which is no reset and no negative rate.
    this.#highestSegmentBytes = Math.max(
      this.#highestSegmentBytes,
      source.all.totalBytes - otherThanSegments(explained),
    );
    source.segment.setTotal(this.#highestSegmentBytes);
    source.segment.sample(event.atMs);
  }
}

/** Everything explained in a cut that is not segment content. */
export function otherThanSegments(cut: MeterCut): number {
  const { segment, ...others } = cut.contentBytesByKind;
  const content = Object.values(others).reduce((sum, bytes) => sum + bytes, 0);
  return content + cut.responseHeadBytes + cut.interimHeadBytes + cut.framingBytes + cut.ownBytes;
}

function cutOf(sample: SampleEvent | undefined, ownBytes: number): MeterCut {
  return {
    contentBytesByKind: sample?.contentBytesByKind ?? noContent(),
    responseHeadBytes: sample?.meters['responseHeadBytes'] ?? 0,
    interimHeadBytes: sample?.meters['interimHeadBytes'] ?? 0,
    framingBytes: sample?.meters['framingBytes'] ?? 0,
    ownBytes,
  };
}

function minus(now: MeterCut, base: MeterCut): MeterCut {
  const content = noContent();
  for (const kind of [...KINDS, 'open'] as const) {
    content[kind] = now.contentBytesByKind[kind] - base.contentBytesByKind[kind];
  }
  return {
    contentBytesByKind: content,
    responseHeadBytes: now.responseHeadBytes - base.responseHeadBytes,
    interimHeadBytes: now.interimHeadBytes - base.interimHeadBytes,
    framingBytes: now.framingBytes - base.framingBytes,
    ownBytes: now.ownBytes - base.ownBytes,
  };
}

function noContent(): Record<Kind | 'open', number> {
  return Object.fromEntries([...KINDS, 'open'].map((kind) => [kind, 0])) as Record<Kind | 'open', number>;
}

function count(counter: Counter, total: number | undefined): void {
  if (total === undefined) return;
  if (counter.last !== undefined) counter.sum += total < counter.last ? total : total - counter.last;
  counter.last = total;
}
