// One table: every way to know a stream's bytes without counting them, each held against the tap (DESIGN section 2).
// Each row names its reference and says why it has no figure; a row never borrows another row's figure silently.
import { msToSeconds } from '../units.ts';
import { errorRatio } from './agreement.ts';
import type { LookupTotals } from './lookup.ts';
import type { OriginalTotals } from './original-inference.ts';
import type { FigureTotals } from './process-figures.ts';
import type { EstimatorScore } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

export interface EstimatorInput {
  /** false: nothing was counted, so nothing can be scored. */
  readonly isTapped: boolean;
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

type Row = (input: EstimatorInput) => EstimatorScore;

const ROWS: readonly Row[] = [
  lookupOriginal,
  lookup,
  statistics,
  progress,
  playback,
  refresh,
  hybrid,
  declared,
  httpStatistics,
  origin,
];

/** The whole table, always in the same order. */
export function scoreEstimators(input: EstimatorInput): EstimatorScore[] {
  return ROWS.map((row) => row(input));
}

function lookupOriginal(input: EstimatorInput): EstimatorScore {
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

function lookup(input: EstimatorInput): EstimatorScore {
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
function statistics(input: EstimatorInput): EstimatorScore {
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

function progress(input: EstimatorInput): EstimatorScore {
  const bytes = input.all.progressBytes;
  if (bytes === undefined) return unavailable('progress', ALL_KINDS, 'total_size is N/A with null output');
  return scored(input, { name: 'progress', status: 'ok', reference: ALL_KINDS, bytes }, input.all.contentBytes);
}

function playback(input: EstimatorInput): EstimatorScore {
  const rate = mediaRate(input);
  if (rate === undefined) return unavailable('playback', SEGMENTS, NO_MEDIA_RATE);
  const bytes = Math.round(msToSeconds(input.all.outTimeMs) * rate.bytesPerSecond);
  return scored(
    input,
    { name: 'playback', status: 'derived', reason: rate.reason, reference: SEGMENTS, bytes },
    segments(input),
  );
}

function refresh(input: EstimatorInput): EstimatorScore {
  const { meanSegmentBytes, all } = input;
  if (meanSegmentBytes === undefined) return unavailable('refresh', SEGMENTS, 'no segment-size listing was read');
  const bytes = Math.round(all.newSequenceNumbers * meanSegmentBytes);
  const reason = 'new media sequence numbers x mean listed size; segments of the first playlist are not new';
  return scored(input, { name: 'refresh', status: 'derived', reason, reference: SEGMENTS, bytes }, segments(input));
}

function hybrid(input: EstimatorInput): EstimatorScore {
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

function declared(input: EstimatorInput): EstimatorScore {
  const { declaredLines, declaredBytes, contentBytes } = input.all;
  if (declaredLines === 0) return unavailable('declared', ALL_KINDS, 'needs --stats-loglevel trace');
  return scored(input, { name: 'declared', status: 'ok', reference: ALL_KINDS, bytes: declaredBytes }, contentBytes);
}

function httpStatistics(input: EstimatorInput): EstimatorScore {
  const lines = input.all.httpStatisticsLines;
  const reason =
    lines === 0 ? 'needs FFmpeg 8.1 or newer' : `${lines} lines; they count requests and latency, not bytes`;
  return unavailable('http-statistics', 'requests per connection', reason);
}

function origin(input: EstimatorInput): EstimatorScore {
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

type Unscored = { readonly [Key in keyof EstimatorScore]: EstimatorScore[Key] | undefined } & {
  readonly bytes: number;
};

function scored(input: EstimatorInput, score: Unscored, referenceBytes: number): EstimatorScore {
  const isScored = input.isTapped;
  return withoutAbsent<EstimatorScore>({
    name: score.name,
    status: score.status,
    reason: score.reason,
    reference: score.reference,
    bytes: score.bytes,
    referenceBytes: isScored ? referenceBytes : undefined,
    errorRatio: isScored ? errorRatio(score.bytes, referenceBytes) : undefined,
    coverage: score.coverage,
  } as { [Key in keyof EstimatorScore]: EstimatorScore[Key] | undefined });
}

function unavailable(name: string, reference: string, reason: string): EstimatorScore {
  return { name, status: 'unavailable', reason, reference };
}

function pending(name: string, reference: string, reason: string): EstimatorScore {
  return { name, status: 'pending', reason, reference };
}
