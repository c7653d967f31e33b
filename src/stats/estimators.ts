// One table: every way to know a stream's bytes without counting them, each held against the tap (DESIGN section 2).
// Each row names its reference and says why it has no figure; a row never borrows another row's figure silently.
import { msToSeconds } from '../units.ts';
import { errorRatio } from './agreement.ts';
import { ESTIMATOR_FACTS } from './estimator-facts.ts';
import type { LookupTotals } from './lookup.ts';
import type { OriginalTotals } from './original-inference.ts';
import type { FigureTotals } from './process-figures.ts';
import type { EstimatorName, EstimatorScore } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

export interface EstimatorInput {
  /** false: nothing was counted, so nothing can be scored. */
  readonly isTapped: boolean;
  /** Requests went through tunnels: what was counted is no reference for a log that knows of all. */
  readonly isPartlyUnseen?: boolean;
  readonly listings: number;
  readonly lookup: LookupTotals;
  readonly original: OriginalTotals;
  readonly all: FigureTotals;
  readonly ended: FigureTotals;
  readonly running: number;
  readonly meanSegmentBytes: number | undefined;
  readonly meanSegmentSeconds: number | undefined;
  readonly declaredBytesPerMediaSecond: number | undefined;
  /** Origin's segment content by subtraction, and the tap's in the same interval. */
  readonly origin: { readonly bytes: number; readonly referenceBytes: number } | undefined;
}

const SEGMENTS = 'segment content of the run, cut off at stops';
const LOOKED_UP = 'segment content of the run, without what was being read at stops';
const ENDED = 'content of all kinds, ended processes';
const ALL_KINDS = 'content of all kinds, whole run';

type Score = EstimatorScore & { readonly name: EstimatorName };
type Row = (input: EstimatorInput) => Score;

const ROWS: readonly Row[] = [
  lookupOriginal,
  lookup,
  statistics,
  declared,
  httpStatistics,
  progress,
  statusline,
  playback,
  refresh,
  hybrid,
  origin,
];

/** The whole table, always in the same order. */
export function scoreEstimators(input: EstimatorInput): EstimatorScore[] {
  return ROWS.map((row) => {
    const read = row(input);
    const score = input.isPartlyUnseen === true ? unavailable(read.name, read.reference, 'unseen in tunnels') : read;
    return { ...score, ...ESTIMATOR_FACTS[score.name] };
  });
}

function lookupOriginal(input: EstimatorInput): Score {
  const { attempts, successes, bytes } = input.original;
  if (input.listings === 0) return unavailable('lookup-original', SEGMENTS, 'no segment-size listing was read');
  if (attempts === 0) return pending('lookup-original', SEGMENTS, 'no segment is complete yet');
  const coverage = successes / attempts;
  return scored(
    input,
    { name: 'lookup-original', status: 'ok', reference: SEGMENTS, bytes, coverage },
    segments(input),
  );
}

function lookup(input: EstimatorInput): Score {
  const { attempts, successes, bytes, open, unread } = input.lookup;
  if (input.listings === 0) return unavailable('lookup', LOOKED_UP, 'no segment-size listing was read');
  if (attempts === 0) return pending('lookup', LOOKED_UP, 'no segment is complete yet');
  const reasons = [
    ...(open > 0 ? [`${open} complete segments wait for a newer listing`] : []),
    ...(unread > 0 ? [`${unread} segments left out: their processes were stopped while reading them`] : []),
  ];
  const reason = reasons.length > 0 ? reasons.join('; ') : undefined;
  const coverage = successes / attempts;
  return scored(
    input,
    { name: 'lookup', status: 'ok', reason, reference: LOOKED_UP, bytes, coverage },
    segments(input) - input.all.unreadSegmentBytes,
  );
}

/** Exact for a process that ends at ENDLIST; what a stopped one had received and not read is `unread`. */
function statistics(input: EstimatorInput): Score {
  const { ended, running, all } = input;
  if (ended.processes === 0)
    return pending('statistics', ENDED, 'printed when connections close, at the end at the latest');
  if (all.statisticsLines === 0) return unavailable('statistics', ENDED, 'the log has no AVIOContext lines');
  const bytes = ended.statisticsBytes;
  const unread = ended.contentBytes - bytes;
  const reasons = [
    ...(running > 0 ? [`${running} processes still run`] : []),
    ...(ended.stopped > 0 && unread > 0 ? [`${unread} bytes unread, ${ended.stopped} processes were stopped`] : []),
  ];
  const score = {
    name: 'statistics',
    status: running > 0 ? 'pending' : 'ok',
    reason: reasons.length > 0 ? reasons.join('; ') : undefined,
    reference: ENDED,
    bytes,
    coverage: ended.processes / (ended.processes + running),
  } as const;
  return scored(input, score, ended.contentBytes);
}

function progress(input: EstimatorInput): Score {
  const bytes = input.all.progressBytes;
  if (bytes === undefined) return unavailable('progress', ALL_KINDS, 'total_size is N/A with null output');
  return scored(input, { name: 'progress', status: 'ok', reference: ALL_KINDS, bytes }, input.all.contentBytes);
}

function playback(input: EstimatorInput): Score {
  const rate = mediaRate(input);
  if (rate === undefined) return unavailable('playback', SEGMENTS, NO_MEDIA_RATE);
  const bytes = Math.round(msToSeconds(input.all.outTimeMs) * rate.bytesPerSecond);
  return scored(
    input,
    { name: 'playback', status: 'derived', reason: rate.reason, reference: SEGMENTS, bytes },
    segments(input),
  );
}

function refresh(input: EstimatorInput): Score {
  const { meanSegmentBytes, all } = input;
  if (meanSegmentBytes === undefined) return unavailable('refresh', SEGMENTS, 'no segment-size listing was read');
  const bytes = Math.round(all.newSequenceNumbers * meanSegmentBytes);
  const reason = 'new media sequence numbers x mean listed size; segments of the first playlist are not new';
  return scored(input, { name: 'refresh', status: 'derived', reason, reference: SEGMENTS, bytes }, segments(input));
}

function hybrid(input: EstimatorInput): Score {
  const rate = mediaRate(input);
  if (rate === undefined) return unavailable('hybrid', SEGMENTS, NO_MEDIA_RATE);
  if (input.listings === 0) return unavailable('hybrid', SEGMENTS, 'no segment-size listing was read');
  const laterSeconds = msToSeconds(input.all.outTimeMs - input.all.hybridOutTimeMs);
  const bytes = Math.round(input.all.hybridLookupBytes + laterSeconds * rate.bytesPerSecond);
  return scored(
    input,
    { name: 'hybrid', status: 'derived', reason: rate.reason, reference: SEGMENTS, bytes },
    segments(input),
  );
}

function declared(input: EstimatorInput): Score {
  const { declaredLines, declaredBytes, contentBytes } = input.all;
  if (declaredLines === 0) return unavailable('declared', ALL_KINDS, 'needs --stats-loglevel trace');
  return scored(input, { name: 'declared', status: 'ok', reference: ALL_KINDS, bytes: declaredBytes }, contentBytes);
}

/** Not bytes: FFmpeg's own count of requests against the tap's, over processes that have ended. */
function httpStatistics(input: EstimatorInput): Score {
  const { httpStatisticsLines: lines, httpRequests } = input.ended;
  const reference = 'requests of all kinds, ended processes';
  const name = 'http-statistics';
  if (lines === 0) return unavailable(name, reference, 'needs FFmpeg 8.1 or newer, and a process that has ended');
  const reason = `${lines} lines; they count requests and latency, not bytes`;
  const score: Score = { name, status: 'ok', reason, reference, requests: httpRequests };
  return input.isTapped ? { ...score, referenceRequests: input.ended.transfers } : score;
}

function statusline(): Score {
  return unavailable('statusline', ALL_KINDS, 'size= is N/A with null output, and clients run with -nostats');
}

function origin(input: EstimatorInput): Score {
  const reference = 'segment content by the meters, between first and last scrape';
  if (input.origin === undefined) return unavailable('origin', reference, 'no origin source counts bytes');
  const reason = 'bytes sent minus the other explained terms';
  const { bytes, referenceBytes } = input.origin;
  return scored(input, { name: 'origin', status: 'derived', reason, reference, bytes }, referenceBytes);
}

const NO_MEDIA_RATE = 'neither a listing nor BANDWIDTH says how many bytes a media second has';

/** Measured sizes over EXTINF where there is a listing, else BANDWIDTH, which is a peak rate. */
function mediaRate(input: EstimatorInput): { readonly bytesPerSecond: number; readonly reason: string } | undefined {
  const { meanSegmentBytes, meanSegmentSeconds, declaredBytesPerMediaSecond } = input;
  if (meanSegmentBytes !== undefined && meanSegmentSeconds !== undefined && meanSegmentSeconds > 0) {
    return { bytesPerSecond: meanSegmentBytes / meanSegmentSeconds, reason: 'out_time x listed sizes / EXTINF' };
  }
  if (declaredBytesPerMediaSecond === undefined) return undefined;
  return { bytesPerSecond: declaredBytesPerMediaSecond, reason: 'out_time x BANDWIDTH' };
}

function segments(input: EstimatorInput): number {
  return input.all.segmentBytes;
}

type Unscored = Pick<Score, 'name' | 'status' | 'reference'> & {
  readonly bytes: number;
  readonly reason?: string | undefined;
  readonly coverage?: number | undefined;
};

function scored(input: EstimatorInput, score: Unscored, referenceBytes: number): Score {
  const isScored = input.isTapped;
  return withoutAbsent<Score>({
    name: score.name,
    status: score.status,
    reason: score.reason,
    reference: score.reference,
    bytes: score.bytes,
    referenceBytes: isScored ? referenceBytes : undefined,
    errorRatio: isScored ? errorRatio(score.bytes, referenceBytes) : undefined,
    coverage: score.coverage,
  } as { [Key in keyof Score]: Score[Key] | undefined });
}

function unavailable(name: EstimatorName, reference: string, reason: string): Score {
  return { name, status: 'unavailable', reason, reference };
}

function pending(name: EstimatorName, reference: string, reason: string): Score {
  return { name, status: 'pending', reason, reference };
}
