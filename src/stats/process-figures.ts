// Per client, the figures that estimators are built from: what FFmpeg's own statistics said and what the tap carried for
// the same process. Ended processes are folded into totals, so memory does not grow with restarts. It scores nothing.
import type { ParsedEvent, ProgressEvent, TransferEvent } from '../events.ts';
import { resourceKey } from '../hls/resource.ts';
import { MS_PER_SECOND, usToMs } from '../units.ts';

/** `hybrid` trusts the lookup this long after a process began, the playback position afterwards. */
const HYBRID_LOOKUP_MS: number = 10 * MS_PER_SECOND;

/** At a stop two segments of each rendition may be under way; more renditions than this are rare and cost exactness only. */
const MAX_RECENT_SEGMENTS = 32;

export interface ProcessFigures {
  readonly client: number;
  readonly process: number;
  startedAtMs: number | undefined;
  isRunning: boolean;
  wasStopped: boolean;
  statisticsLines: number;
  statisticsBytes: number;
  declaredLines: number;
  declaredBytes: number;
  httpStatisticsLines: number;
  httpRequests: number;
  /** The tap's. */
  transfers: number;
  progressBytes: number | undefined;
  outTimeMs: number | undefined;
  hybridOutTimeMs: number | undefined;
  hybridLookupBytes: number;
  newSequenceNumbers: number;
  /** The tap's: content of every kind for this process, and of segments without what was cut at the stop. */
  contentBytes: number;
  segmentBytes: number;
  /** The tap's, by URL and range: the last segments that were carried whole, or at least not cut at the stop. */
  readonly recentSegments: Map<string, number>;
  /** Segments that the log had begun and not ended when the process was stopped. */
  readonly unreadSegments: Set<string>;
}

export type FigureTotals = Omit<
  ProcessFigures,
  | 'recentSegments'
  | 'unreadSegments'
  | 'client'
  | 'process'
  | 'startedAtMs'
  | 'isRunning'
  | 'wasStopped'
  | 'outTimeMs'
  | 'hybridOutTimeMs'
> & {
  readonly outTimeMs: number;
  readonly hybridOutTimeMs: number;
  /** What the tap carried of unread segments: part of `segmentBytes`. */
  readonly unreadSegmentBytes: number;
  readonly processes: number;
  readonly stopped: number;
};

export class FigureBook {
  readonly #current = new Map<number, ProcessFigures>();
  #ended: FigureTotals = NO_FIGURES;

  started(client: number, process: number, atMs: number): void {
    const figures = this.at(client, process);
    if (figures !== undefined) figures.startedAtMs = atMs;
  }

  /** The figures of that process; undefined for one that ended before the client's current one. */
  at(client: number, process: number): ProcessFigures | undefined {
    const current = this.#current.get(client);
    if (current !== undefined && current.process === process) return current;
    if (current !== undefined && current.process > process) return undefined;
    if (current !== undefined) this.#ended = plus(this.#ended, current);
    const begun = newFigures(client, process);
    this.#current.set(client, begun);
    return begun;
  }

  ended(client: number, process: number, wasStopped: boolean): void {
    const figures = this.at(client, process);
    if (figures === undefined) return;
    figures.isRunning = false;
    figures.wasStopped ||= wasStopped;
  }

  transfer(event: TransferEvent): void {
    if (event.process === 0) return;
    const eventBytes = contentGiven(event);
    const segmentBytes = event.kind === 'segment' && !event.stopping ? eventBytes : 0;
    const figures = this.at(event.client, event.process);
    if (figures === undefined) {
      const { contentBytes, segmentBytes: before } = this.#ended;
      this.#ended = {
        ...this.#ended,
        transfers: this.#ended.transfers + 1,
        contentBytes: contentBytes + eventBytes,
        segmentBytes: before + segmentBytes,
      };
      return;
    }
    figures.transfers += 1;
    figures.contentBytes += eventBytes;
    figures.segmentBytes += segmentBytes;
    if (segmentBytes > 0) noteSegment(figures.recentSegments, resourceKey(event.url, event.range), segmentBytes);
  }

  parsed(event: ParsedEvent): void {
    const figures = this.at(event.client, event.process);
    if (figures === undefined) return;
    if (event.rule === 'avio-statistics') {
      figures.statisticsLines += 1;
      figures.statisticsBytes += event.bytesRead;
    } else if (event.rule === 'content-length') {
      figures.declaredLines += 1;
      figures.declaredBytes += event.bytes;
    } else if (event.rule === 'http-statistics') {
      figures.httpStatisticsLines += 1;
      figures.httpRequests += event.requests ?? 0;
    } else if (event.rule === 'sequence-change') {
      figures.newSequenceNumbers += Math.max(0, event.to - event.from);
    }
  }

  progress(event: ProgressEvent): void {
    const figures = this.at(event.client, event.process);
    if (figures === undefined) return;
    if (event.totalSizeBytes !== undefined) figures.progressBytes = event.totalSizeBytes;
    if (event.outTimeUs === undefined) return;
    figures.outTimeMs = usToMs(event.outTimeUs);
    if (isYoung(figures, event.atMs)) figures.hybridOutTimeMs = figures.outTimeMs;
  }

  /** Sums over processes that have ended, or over all. */
  totals(which: 'ended' | 'all'): FigureTotals {
    let sum = this.#ended;
    for (const figures of this.#current.values()) {
      if (which === 'all' || !figures.isRunning) sum = plus(sum, figures);
    }
    return sum;
  }

  get running(): number {
    let count = 0;
    for (const figures of this.#current.values()) if (figures.isRunning) count += 1;
    return count;
  }
}

/** Within the first seconds of the process, in which `hybrid` trusts the lookup. */
export function isYoung(figures: ProcessFigures, atMs: number): boolean {
  return figures.startedAtMs !== undefined && atMs - figures.startedAtMs <= HYBRID_LOOKUP_MS;
}

/** A cut on purpose keeps octets from the client that the tap had read already: no log can know of them. */
function contentGiven(event: TransferEvent): number {
  const { injected, contentBytes, deliveredBytes } = event;
  if (injected !== 'truncate' && injected !== 'reset') return contentBytes;
  const otherBytes = event.responseHeadBytes + event.interimHeadBytes + event.framingBytes;
  return Math.max(0, Math.min(contentBytes, deliveredBytes - otherBytes));
}

function newFigures(client: number, process: number): ProcessFigures {
  return {
    client,
    process,
    startedAtMs: undefined,
    isRunning: true,
    wasStopped: false,
    statisticsLines: 0,
    statisticsBytes: 0,
    declaredLines: 0,
    declaredBytes: 0,
    httpStatisticsLines: 0,
    httpRequests: 0,
    transfers: 0,
    progressBytes: undefined,
    outTimeMs: undefined,
    hybridOutTimeMs: undefined,
    hybridLookupBytes: 0,
    newSequenceNumbers: 0,
    contentBytes: 0,
    segmentBytes: 0,
    recentSegments: new Map(),
    unreadSegments: new Set(),
  };
}

function noteSegment(segments: Map<string, number>, key: string, bytes: number): void {
  segments.set(key, bytes);
  const [oldest] = segments.keys();
  if (segments.size > MAX_RECENT_SEGMENTS && oldest !== undefined) segments.delete(oldest);
}

function unreadBytes({ recentSegments, unreadSegments }: ProcessFigures): number {
  let bytes = 0;
  for (const key of unreadSegments) bytes += recentSegments.get(key) ?? 0;
  return bytes;
}

function plus(sum: FigureTotals, one: ProcessFigures): FigureTotals {
  return {
    processes: sum.processes + 1,
    stopped: sum.stopped + (one.wasStopped ? 1 : 0),
    statisticsLines: sum.statisticsLines + one.statisticsLines,
    statisticsBytes: sum.statisticsBytes + one.statisticsBytes,
    declaredLines: sum.declaredLines + one.declaredLines,
    declaredBytes: sum.declaredBytes + one.declaredBytes,
    httpStatisticsLines: sum.httpStatisticsLines + one.httpStatisticsLines,
    httpRequests: sum.httpRequests + one.httpRequests,
    transfers: sum.transfers + one.transfers,
    progressBytes: one.progressBytes === undefined ? sum.progressBytes : (sum.progressBytes ?? 0) + one.progressBytes,
    outTimeMs: sum.outTimeMs + (one.outTimeMs ?? 0),
    hybridOutTimeMs: sum.hybridOutTimeMs + (one.hybridOutTimeMs ?? 0),
    hybridLookupBytes: sum.hybridLookupBytes + one.hybridLookupBytes,
    newSequenceNumbers: sum.newSequenceNumbers + one.newSequenceNumbers,
    contentBytes: sum.contentBytes + one.contentBytes,
    segmentBytes: sum.segmentBytes + one.segmentBytes,
    unreadSegmentBytes: sum.unreadSegmentBytes + unreadBytes(one),
  };
}

const NO_FIGURES: FigureTotals = {
  processes: 0,
  stopped: 0,
  statisticsLines: 0,
  statisticsBytes: 0,
  declaredLines: 0,
  declaredBytes: 0,
  httpStatisticsLines: 0,
  httpRequests: 0,
  transfers: 0,
  progressBytes: undefined,
  outTimeMs: 0,
  hybridOutTimeMs: 0,
  hybridLookupBytes: 0,
  newSequenceNumbers: 0,
  contentBytes: 0,
  segmentBytes: 0,
  unreadSegmentBytes: 0,
};
