// Each source of the origin's account as it stands: is it answering, how old is its word, what does its host do now.
// It adds nothing up and compares nothing; a rate is between the last two good answers, an unknown figure is missing.
import type { OriginSampleEvent } from '../events.ts';
import { msToSeconds } from '../units.ts';
import type { OriginSourceRow } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

/** Assumed until a source says how often it is asked: the slowest step of the adaptive interval. */
const DEFAULT_INTERVAL_SECONDS = 10;

interface Source {
  last: OriginSampleEvent;
  good: OriginSampleEvent | undefined;
  goodBefore: OriginSampleEvent | undefined;
  intervalSeconds: number;
}

type Total = 'requestsTotal' | 'networkSentBytesTotal' | 'networkReceivedBytesTotal' | 'bytesSentTotal';

export class OriginSources {
  readonly #sources = new Map<string, Source>();

  sampled(event: OriginSampleEvent): void {
    const source = this.#sources.get(event.source) ?? {
      last: event,
      good: undefined,
      goodBefore: undefined,
      intervalSeconds: DEFAULT_INTERVAL_SECONDS,
    };
    this.#sources.set(event.source, source);
    source.last = event;
    source.intervalSeconds = event.intervalSeconds ?? source.intervalSeconds;
    if (event.ok) [source.goodBefore, source.good] = [source.good, event];
  }

  /** In the order in which they were first heard of. `stale`: those that the account does not count on any more. */
  read(atMs: number, stale: ReadonlySet<string>): readonly OriginSourceRow[] {
    return [...this.#sources].map(([name, source]) => rowOf(name, source, atMs, stale.has(name)));
  }
}

function rowOf(
  name: string,
  { last, good, goodBefore, intervalSeconds }: Source,
  atMs: number,
  isStale: boolean,
): OriginSourceRow {
  const rate = (total: Total): number | undefined => rateBetween(goodBefore, good, total);
  const ownSent = rate('bytesSentTotal');
  return withoutAbsent<OriginSourceRow>({
    source: name,
    ok: last.ok,
    isStale,
    reason: last.reason,
    ageMs: good === undefined ? undefined : Math.max(0, atMs - good.atMs),
    intervalSeconds,
    cpuRatio: good?.cpuRatio,
    memoryUsedBytes: good?.memoryUsedBytes,
    memoryTotalBytes: good?.memoryTotalBytes,
    connections: good?.connectionsActive,
    requestsPerSecond: rate('requestsTotal'),
    sentBytesPerSecond: ownSent ?? rate('networkSentBytesTotal'),
    // What its whole host received is no counterpart of what a server says that it sent.
    receivedBytesPerSecond: ownSent === undefined ? rate('networkReceivedBytesTotal') : undefined,
  });
}

/** A count that went back began again from zero. */
function rateBetween(
  before: OriginSampleEvent | undefined,
  now: OriginSampleEvent | undefined,
  total: Total,
): number | undefined {
  const [from, to] = [before?.[total], now?.[total]];
  if (before === undefined || now === undefined || from === undefined || to === undefined) return undefined;
  const seconds = msToSeconds(now.atMs - before.atMs);
  return seconds > 0 ? (to < from ? to : to - from) / seconds : undefined;
}
