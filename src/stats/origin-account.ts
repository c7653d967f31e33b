// The origin's account: whole-host or whole-server counters as its exporters gave them, other traffic included. Its octets are those
// of the most exact source that speaks: the access log, else a server's own counter, else the host's network devices.
// It scrapes nothing and explains nothing away except for the derived row `segment content` (MEASURING section 6).
import type {
  ConnectionEvent,
  ListingEvent,
  OriginRequestEvent,
  OriginSampleEvent,
  OriginSourceName,
  SampleEvent,
} from '../events.ts';
import { MS_PER_SECOND, secondsToMs } from '../units.ts';
import type { JoinReading } from './access-log-join.ts';
import { type FlowAccount, FlowBytes } from './flow-bytes.ts';
import { type CutTotals, type FlowCut, flowCut, middle } from './flow-cut.ts';
import type { FlowSource } from './flow-terms.ts';
import { LogBytes } from './log-bytes.ts';
import type { OriginBytes } from './origin-bytes.ts';
import type { Summary } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

/** A source that has been silent for this many of its intervals is stale. */
const STALE_INTERVALS = 3;
/** Scrapes between two readings of the meters: a few sources, each at most twice a second. */
const MAX_UNCUT = 16;
/** Assumed until a source says how often it is asked: the slowest step of the adaptive interval. */
const DEFAULT_INTERVAL_MS: number = secondsToMs(10);

type OwnRequest = Pick<OriginSampleEvent | ListingEvent, 'ownBytes' | 'ownReceivedBytes'>;
/** Who answered: a program of its own, or the server of the stream, whatever was asked of it. */
type Answerer = OriginSourceName | 'stream';

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

/** That of the option table, for journals that were written before it was recorded. */
const DEFAULT_WINDOW_MS: number = secondsToMs(30);

const NO_TOTALS: CutTotals = { tlsBytes: 0, ownRequests: 0, ownBytes: 0, ownReceivedBytes: 0, ownServedBytes: 0 };

export class OriginAccount {
  readonly #place: Omit<FlowSource, 'isServer'>;
  readonly #windowMs: number;
  readonly #sources = new Map<OriginSourceName, SourceState>();
  readonly #log: LogBytes;
  #flow: FlowBytes | undefined;
  #flowSource: OriginSourceName | undefined;
  #totals: CutTotals = NO_TOTALS;
  /** Octets of answers to our own requests, by the source that gave them. */
  readonly #served = new Map<Answerer, number>();
  #lastReason: string | undefined;
  #meters: SampleEvent | undefined;
  /** Scrapes without a cut since the last reading of the meters. */
  readonly #uncut: { readonly event: OriginSampleEvent; readonly totals: CutTotals }[] = [];

  /** `windowMs`: of the rates between scrapes. */
  constructor(place: Omit<FlowSource, 'isServer'>, windowMs: number = DEFAULT_WINDOW_MS) {
    this.#place = place;
    this.#windowMs = windowMs;
    this.#log = new LogBytes(windowMs);
  }

  listing(event: ListingEvent): void {
    this.#asked('stream', event);
  }

  connection({ tlsBytes }: ConnectionEvent): void {
    this.#totals = { ...this.#totals, tlsBytes: this.#totals.tlsBytes + tlsBytes };
  }

  /** One scrape. When its counters were read this scrape's own answer had not been sent. */
  sampled(event: OriginSampleEvent): void {
    this.#booked(event);
    this.#asked(event.isFromStreamServer === true ? 'stream' : event.source, event);
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
    // Its lines are counted one by one.
    if (event.source === 'access-log') return;
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

  /** A line of the origin's access log. */
  logged(event: OriginRequestEvent): void {
    this.#log.logged(event);
  }

  /** What the log has come to by now, held against the tap; absent before its first line. */
  logRead(atMs: number, joined: JoinReading | undefined): void {
    this.#log.sample(atMs, joined);
  }

  /** By the most exact source; undefined where none tells of octets. */
  get bytes(): OriginBytes | undefined {
    return this.#log.read() ?? this.#flow?.read(this.slowestIntervalMs);
  }

  get slowestIntervalMs(): number {
    return Math.max(MS_PER_SECOND, ...[...this.#sources.values()].map((state) => state.intervalMs));
  }

  /** Sources without a good answer for three intervals, and since when. */
  staleSources(atMs: number): { readonly source: OriginSourceName; readonly sinceMs: number }[] {
    return [...this.#sources].flatMap(([source, { lastOkAtMs, firstAtMs, intervalMs }]) => {
      const sinceMs = lastOkAtMs ?? firstAtMs;
      return atMs - sinceMs > STALE_INTERVALS * intervalMs ? [{ source, sinceMs }] : [];
    });
  }

  readFlow(): FlowAccount | undefined {
    return this.#flow?.account();
  }

  /** `beganAtMs`: of the run; a log is read from then on, other sources from their first answer. */
  read(hasAccessLog: boolean, beganAtMs: number | undefined): Omit<Summary['origin'], 'collections'> {
    const states = [...this.#sources.values()];
    const bytes = this.bytes;
    const sinceMs = bytes?.source === 'access-log' ? beganAtMs : undefined;
    const sources: string[] = [...new Set([...this.#sources.keys(), ...(hasAccessLog ? ['access-log'] : [])])];
    const available = hasAccessLog || states.some((state) => state.lastOkAtMs !== undefined);
    const latest = <Field extends keyof OriginSampleEvent>(field: Field): OriginSampleEvent[Field] | undefined =>
      states.find((state) => state.lastOkAtMs !== undefined && state.last[field] !== undefined)?.last[field];
    const requests = hasAccessLog
      ? this.#log.requests
      : states.find((state) => state.requests.last !== undefined)?.requests.sum;
    const node = this.#sources.get('node_exporter') ?? this.#sources.get('embedded');
    return withoutAbsent({
      available,
      sources,
      reason: available ? undefined : (this.#lastReason ?? 'no origin metrics were read'),
      bytesSource: bytes?.source,
      bytesSent: bytes?.all.totalBytes,
      requests,
      cpuRatio: latest('cpuRatio'),
      memoryUsedBytes: latest('memoryUsedBytes'),
      memoryTotalBytes: latest('memoryTotalBytes'),
      connections: latest('connectionsActive'),
      networkSentBytes: node?.last.networkSentBytesTotal,
      throughput: bytes?.all.read(sinceMs),
      segmentThroughput: bytes?.segment.read(sinceMs),
      rateWindow: bytes?.rates.read(),
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
  #asked(source: Answerer, { ownBytes, ownReceivedBytes = ownBytes }: OwnRequest): void {
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
    return { ...this.#totals, ownServedBytes: (this.#served.get(source) ?? 0) + (this.#served.get('stream') ?? 0) };
  }

  /** A server's own count of sent octets beats a host's network counter; the first reading is the zero of both accounts. */
  #addBytes(event: OriginSampleEvent, cut: FlowCut, uncertaintyBytes: number): void {
    const isServer = event.bytesSentTotal !== undefined;
    const total = event.bytesSentTotal ?? event.networkSentBytesTotal;
    if (total === undefined) return;
    if (this.#flow === undefined || (isServer && !this.#flow.isServer)) {
      this.#flow = new FlowBytes(event, total, cut, { ...this.#place, isServer }, this.#windowMs);
      this.#flowSource = event.source;
    }
    if (this.#flowSource === event.source && this.#flow.isServer === isServer)
      this.#flow.add(event.atMs, total, cut, uncertaintyBytes);
  }
}

function count(counter: Counter, total: number | undefined): void {
  if (total === undefined) return;
  if (counter.last !== undefined) counter.sum += total < counter.last ? total : total - counter.last;
  counter.last = total;
}
