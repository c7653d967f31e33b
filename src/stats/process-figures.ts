// Per client, the figures that estimators are built from: what FFmpeg's own statistics said and what the tap carried for
// the same process. Ended processes are folded into totals, so memory does not grow with restarts. It scores nothing.
import type { ClientEvent, ParsedEvent, ProgressEvent, TransferEvent } from '../events.ts';
import { MS_PER_SECOND, usToMs } from '../units.ts';
import { type Figures, type FigureTotals, NO_FIGURES, newFigures, plus } from './figure-totals.ts';
import { SegmentReference, UndecidedSegments } from './segment-reference.ts';

/** `hybrid` trusts the lookup this long after a process began, the playback position afterwards. */
const HYBRID_LOOKUP_MS: number = 10 * MS_PER_SECOND;
/** FFmpeg's `-map 0` on a rich multivariant playlist stays far below. */
const MAX_PLAYLISTS_PER_PROCESS = 64;
const LOWEST_OK_STATUS = 200;
const HIGHEST_OK_STATUS = 299;

export interface ProcessFigures extends Figures {
  readonly client: number;
  readonly process: number;
  readonly reference: SegmentReference;
  startedAtMs: number | undefined;
}

export class FigureBook {
  /** The tap's side of lookups that are not decided, all processes together. */
  readonly undecided: UndecidedSegments = new UndecidedSegments();
  readonly #current = new Map<number, ProcessFigures>();
  /** The client's process before: its last records and lines may come when the next one has begun. */
  readonly #former = new Map<number, ProcessFigures>();
  #folded: FigureTotals = NO_FIGURES;
  /** As summed last. Whoever changes a figure asks for its process first. */
  #ended: FigureTotals | undefined;
  #all: FigureTotals | undefined;

  started(client: number, process: number, atMs: number): void {
    const figures = this.at(client, process);
    if (figures !== undefined) figures.startedAtMs = atMs;
  }

  /** The figures of that process; undefined for one that ended two processes ago. */
  at(client: number, process: number): ProcessFigures | undefined {
    this.#ended = undefined;
    this.#all = undefined;
    const current = this.#current.get(client);
    if (current?.process === process) return current;
    const former = this.#former.get(client);
    if (current !== undefined && current.process > process) return former?.process === process ? former : undefined;
    if (former !== undefined) this.#folded = plus(this.#folded, former);
    if (current !== undefined) {
      current.ending ??= 'unknown';
      this.#former.set(client, current);
    }
    const begun = newProcess(client, process, this.undecided);
    this.#current.set(client, begun);
    return begun;
  }

  /** Its exit, with how it ended where that is known. */
  ended({ client, process, category, signal }: ClientEvent): void {
    const figures = this.at(client, process);
    if (figures === undefined) return;
    figures.ending = category ?? 'unknown';
    figures.isKilled = category === 'signal' || signal !== undefined;
  }

  transfer(event: TransferEvent): void {
    if (event.process === 0) return;
    const bytes = contentGiven(event);
    const isOk = isOkStatus(event.status);
    const isSegment = event.kind === 'segment' && isOk && !event.stopping && bytes > 0;
    const figures = this.at(event.client, event.process);
    if (figures === undefined) {
      this.#late(bytes, isSegment);
      return;
    }
    figures.transfers += 1;
    figures.contentBytes += bytes;
    if (!isOk) figures.refusedBytes += bytes;
    if (event.integrity !== 'complete') figures.cutBytes += bytes;
    if (event.kind === 'key') figures.keys += 1;
    if (!isSegment) return;
    figures.segments += 1;
    figures.segmentBytes += bytes;
    figures.reference.carried(event.url, event.range, bytes);
  }

  parsed(event: ParsedEvent): void {
    const figures = this.at(event.client, event.process);
    if (figures === undefined) return;
    switch (event.rule) {
      case 'avio-statistics':
        figures.statisticsLines += 1;
        figures.statisticsBytes += event.bytesRead;
        break;
      case 'content-length':
        figures.declaredLines += 1;
        figures.declaredBytes += event.bytes;
        break;
      case 'http-statistics':
        figures.httpStatisticsLines += 1;
        figures.httpRequests += event.requests ?? 0;
        break;
      case 'sequence-change':
        figures.sequenceChanges += 1;
        figures.newSequenceNumbers += Math.max(0, event.to - event.from);
        break;
      case 'hls-request':
        if (figures.playlists.size < MAX_PLAYLISTS_PER_PROCESS) figures.playlists.add(event.playlist);
        break;
      case 'no-longer-receiving':
        figures.playlists.delete(event.playlist);
        break;
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
    if (which === 'ended') {
      this.#ended ??= this.#sum(which);
      return this.#ended;
    }
    this.#all ??= this.#sum(which);
    return this.#all;
  }

  #sum(which: 'ended' | 'all'): FigureTotals {
    let sum = this.#folded;
    for (const figures of this.#former.values()) sum = plus(sum, figures);
    for (const figures of this.#current.values()) {
      if (which === 'all' || figures.ending !== undefined) sum = plus(sum, figures);
    }
    return sum;
  }

  get running(): number {
    let count = 0;
    for (const { ending } of this.#current.values()) if (ending === undefined) count += 1;
    return count;
  }

  /** Of a process whose figures are folded already: in the totals of what was carried, not among its own any more. */
  #late(bytes: number, isSegment: boolean): void {
    const { transfers, contentBytes, segments, segmentBytes } = this.#folded;
    this.#folded = {
      ...this.#folded,
      transfers: transfers + 1,
      contentBytes: contentBytes + bytes,
      segments: segments + (isSegment ? 1 : 0),
      segmentBytes: segmentBytes + (isSegment ? bytes : 0),
    };
  }
}

/** Within the first seconds of the process, in which `hybrid` trusts the lookup. */
export function isYoung({ startedAtMs }: ProcessFigures, atMs: number): boolean {
  return startedAtMs !== undefined && atMs - startedAtMs <= HYBRID_LOOKUP_MS;
}

function isOkStatus(status: number | undefined): boolean {
  return status !== undefined && status >= LOWEST_OK_STATUS && status <= HIGHEST_OK_STATUS;
}

/** A cut on purpose keeps octets from the client that the tap had read already: no log can know of them. */
function contentGiven(event: TransferEvent): number {
  const { injected, contentBytes, deliveredBytes } = event;
  if (injected !== 'truncate' && injected !== 'reset') return contentBytes;
  const otherBytes = event.responseHeadBytes + event.interimHeadBytes + event.framingBytes;
  return Math.max(0, Math.min(contentBytes, deliveredBytes - otherBytes));
}

function newProcess(client: number, process: number, undecided: UndecidedSegments): ProcessFigures {
  return { ...newFigures(), client, process, reference: new SegmentReference(undecided), startedAtMs: undefined };
}
