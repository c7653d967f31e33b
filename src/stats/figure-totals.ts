// Sums of process figures: over processes that have ended, or over all. What FFmpeg's own statistics can be held against is
// kept apart per process, so that each difference has its true cause. It scores nothing.
import type { ExitCategory } from '../events.ts';

/** What one process's log said, and what the tap carried for it. */
export interface Figures {
  statisticsLines: number;
  statisticsBytes: number;
  declaredLines: number;
  declaredBytes: number;
  httpStatisticsLines: number;
  httpRequests: number;
  progressBytes: number | undefined;
  outTimeMs: number | undefined;
  hybridOutTimeMs: number | undefined;
  newSequenceNumbers: number;
  sequenceChanges: number;
  /** Playlists whose segments it asks for; the log says when it asks for one no longer. */
  readonly playlists: Set<number>;
  /** The tap's: transfers and content of every kind. */
  transfers: number;
  contentBytes: number;
  /** Of that, bodies of answers that are not 2xx: FFmpeg reads none of them. */
  refusedBytes: number;
  /** Content of transfers that did not come whole. */
  cutBytes: number;
  keys: number;
  /** 2xx segments, without what was cut at the stop. */
  segments: number;
  segmentBytes: number;
  /** Why the process is over; undefined while it runs. */
  ending: ExitCategory | 'unknown' | undefined;
  /** A signal ended it, another's or ours: it had no time to print what a process prints at its end. */
  isKilled: boolean;
}

/** Processes whose log has statistics lines, against what the tap carried for them in 2xx answers. */
export interface StatisticsTotals {
  readonly processes: number;
  /** Processes that had transfers and printed no line, though nobody killed them. */
  readonly uncovered: number;
  /** Processes that had transfers and were killed: the connections that they still had printed nothing. */
  readonly killed: number;
  readonly bytes: number;
  readonly contentBytes: number;
  readonly refusedBytes: number;
  /** Content - bytes of processes that did not play to the end, and how many of those there are. */
  readonly unreadBytes: number;
  readonly unfinished: number;
  /** Of those, how many we stopped. */
  readonly stopped: number;
  /** Content - bytes of processes that did: within what the padding of encrypted segments makes, of transfers that were
   *  cut, or for no known reason. */
  readonly paddingBytes: number;
  readonly lostBytes: number;
  readonly unexplainedBytes: number;
}

export interface FigureTotals
  extends Readonly<
    Omit<
      Figures,
      'playlists' | 'ending' | 'isKilled' | 'outTimeMs' | 'hybridOutTimeMs' | 'refusedBytes' | 'keys' | 'cutBytes'
    >
  > {
  readonly processes: number;
  /** Missing while no progress was read. */
  readonly outTimeMs: number | undefined;
  readonly hybridOutTimeMs: number;
  /** `out_time` once for each playlist that the process plays. */
  readonly playedMs: number;
  readonly hybridPlayedMs: number;
  readonly statistics: StatisticsTotals;
}

/** AES-128 in CBC mode adds 1 to 16 octets to each segment. */
const MOST_PADDING_BYTES = 16;

/** Of a process and of a sum alike, at the beginning. */
const NOTHING_YET = {
  statisticsLines: 0,
  statisticsBytes: 0,
  declaredLines: 0,
  declaredBytes: 0,
  httpStatisticsLines: 0,
  httpRequests: 0,
  progressBytes: undefined,
  outTimeMs: undefined,
  newSequenceNumbers: 0,
  sequenceChanges: 0,
  transfers: 0,
  contentBytes: 0,
  segments: 0,
  segmentBytes: 0,
} as const;

/** Of a process that has just begun. */
export function newFigures(): Figures {
  return {
    ...NOTHING_YET,
    hybridOutTimeMs: undefined,
    playlists: new Set(),
    refusedBytes: 0,
    cutBytes: 0,
    keys: 0,
    ending: undefined,
    isKilled: false,
  };
}

export const NO_FIGURES: FigureTotals = {
  ...NOTHING_YET,
  processes: 0,
  hybridOutTimeMs: 0,
  playedMs: 0,
  hybridPlayedMs: 0,
  statistics: {
    processes: 0,
    uncovered: 0,
    killed: 0,
    bytes: 0,
    contentBytes: 0,
    refusedBytes: 0,
    unreadBytes: 0,
    unfinished: 0,
    stopped: 0,
    paddingBytes: 0,
    lostBytes: 0,
    unexplainedBytes: 0,
  },
};

export function plus(sum: FigureTotals, one: Figures): FigureTotals {
  // A log that names no playlists is taken for one of a single playlist.
  const playlists = Math.max(1, one.playlists.size);
  return {
    processes: sum.processes + 1,
    statisticsLines: sum.statisticsLines + one.statisticsLines,
    statisticsBytes: sum.statisticsBytes + one.statisticsBytes,
    declaredLines: sum.declaredLines + one.declaredLines,
    declaredBytes: sum.declaredBytes + one.declaredBytes,
    httpStatisticsLines: sum.httpStatisticsLines + one.httpStatisticsLines,
    httpRequests: sum.httpRequests + one.httpRequests,
    progressBytes: plusKnown(sum.progressBytes, one.progressBytes),
    outTimeMs: plusKnown(sum.outTimeMs, one.outTimeMs),
    hybridOutTimeMs: sum.hybridOutTimeMs + (one.hybridOutTimeMs ?? 0),
    playedMs: sum.playedMs + playlists * (one.outTimeMs ?? 0),
    hybridPlayedMs: sum.hybridPlayedMs + playlists * (one.hybridOutTimeMs ?? 0),
    newSequenceNumbers: sum.newSequenceNumbers + one.newSequenceNumbers,
    sequenceChanges: sum.sequenceChanges + one.sequenceChanges,
    transfers: sum.transfers + one.transfers,
    contentBytes: sum.contentBytes + one.contentBytes,
    segments: sum.segments + one.segments,
    segmentBytes: sum.segmentBytes + one.segmentBytes,
    statistics: plusStatistics(sum.statistics, one),
  };
}

function plusStatistics(sum: StatisticsTotals, one: Figures): StatisticsTotals {
  if (one.isKilled) return one.transfers === 0 ? sum : { ...sum, killed: sum.killed + 1 };
  if (one.statisticsLines === 0) return one.transfers === 0 ? sum : { ...sum, uncovered: sum.uncovered + 1 };
  const contentBytes = one.contentBytes - one.refusedBytes;
  const shortBytes = contentBytes - one.statisticsBytes;
  const isUnfinished = one.ending !== 'success' && shortBytes >= 0;
  const isPadding = one.keys > 0 && shortBytes >= 0 && shortBytes <= MOST_PADDING_BYTES * one.segments;
  const isLost = shortBytes >= 0 && shortBytes <= one.cutBytes;
  const cause = isUnfinished ? 'unreadBytes' : isPadding ? 'paddingBytes' : isLost ? 'lostBytes' : 'unexplainedBytes';
  return {
    ...sum,
    processes: sum.processes + 1,
    bytes: sum.bytes + one.statisticsBytes,
    contentBytes: sum.contentBytes + contentBytes,
    refusedBytes: sum.refusedBytes + one.refusedBytes,
    unfinished: sum.unfinished + (isUnfinished ? 1 : 0),
    stopped: sum.stopped + (isUnfinished && one.ending === 'stopped' ? 1 : 0),
    // Too much here does not make up for too little there.
    [cause]: sum[cause] + Math.abs(shortBytes),
  };
}

function plusKnown(sum: number | undefined, one: number | undefined): number | undefined {
  return one === undefined ? sum : (sum ?? 0) + one;
}
