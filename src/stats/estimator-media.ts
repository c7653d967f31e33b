// The estimators that go by media time: `playback`, `refresh` and `hybrid`. How many bytes a media second has comes from the
// listing and EXTINF, else from BANDWIDTH. None of them has a figure before what it is made of was seen.
import { msToSeconds } from '../units.ts';
import {
  type EstimatorInput,
  NO_LISTING,
  pending,
  type Score,
  SEGMENTS,
  scored,
  unavailable,
} from './estimator-score.ts';
import { reaches, whyUnread } from './log-reach.ts';
import type { EstimatorName } from './summary.ts';

const NO_NUMBERED_FILES = 'the listing names no numbered segments';

export function playback(input: EstimatorInput): Score {
  const rate = mediaRate(input);
  if ('missing' in rate) return unavailable('playback', SEGMENTS, rate.missing);
  const unseen = outTimeUnseen('playback', input);
  if (unseen !== undefined) return unseen;
  const bytes = Math.round(rate.bytesSince(0));
  return scored(
    input,
    { name: 'playback', status: 'derived', reasons: [rate.reason], reference: SEGMENTS, bytes },
    { bytes: input.all.segmentBytes },
  );
}

export function refresh(input: EstimatorInput): Score {
  const { meanSegmentBytes, all, listings, running, logLevel } = input;
  if (listings === 0) return unavailable('refresh', SEGMENTS, NO_LISTING);
  if (meanSegmentBytes === undefined) return unavailable('refresh', SEGMENTS, NO_NUMBERED_FILES);
  if (!reaches(logLevel, 'debug')) return unavailable('refresh', SEGMENTS, 'sequence changes come at level debug');
  if (all.sequenceChanges === 0) {
    const reason = 'no media sequence has changed; VOD has no new numbers';
    return running > 0 ? pending('refresh', SEGMENTS, reason) : unavailable('refresh', SEGMENTS, reason);
  }
  const bytes = Math.round(all.newSequenceNumbers * meanSegmentBytes);
  const reasons = ['new media sequence numbers x mean listed size; segments of the first playlist are not new'];
  return scored(
    input,
    { name: 'refresh', status: 'derived', reasons, reference: SEGMENTS, bytes },
    { bytes: all.segmentBytes },
  );
}

export function hybrid(input: EstimatorInput): Score {
  const unread = whyUnread(input.logLevel);
  if (unread !== undefined) return unavailable('hybrid', SEGMENTS, unread);
  if (input.listings === 0) return unavailable('hybrid', SEGMENTS, NO_LISTING);
  const rate = mediaRate(input);
  if ('missing' in rate) return unavailable('hybrid', SEGMENTS, rate.missing);
  const unseen = outTimeUnseen('hybrid', input);
  if (unseen !== undefined) return unseen;
  const bytes = Math.round(input.lookup.youngBytes + rate.bytesSince('young'));
  return scored(
    input,
    { name: 'hybrid', status: 'derived', reasons: [rate.reason], reference: SEGMENTS, bytes },
    { bytes: input.all.segmentBytes },
  );
}

function outTimeUnseen(name: EstimatorName, { all, running, logLevel }: EstimatorInput): Score | undefined {
  if (all.outTimeMs !== undefined) return undefined;
  if (logLevel === 'none') return unavailable(name, SEGMENTS, 'progress is not read (--no-stats)');
  const reason = 'no out_time was read (-progress)';
  return running > 0 ? pending(name, SEGMENTS, reason) : unavailable(name, SEGMENTS, reason);
}

interface MediaRate {
  readonly reason: string;
  /** Bytes of what was played since the start of each process, or since it was no longer `young` (estimator `hybrid`). */
  readonly bytesSince: (since: 0 | 'young') => number;
}

/** Measured sizes over EXTINF where there is a listing, else BANDWIDTH, which is a peak rate. */
function mediaRate(input: EstimatorInput): MediaRate | { readonly missing: string } {
  const { meanSegmentBytes, meanSegmentSeconds, declaredBytesPerMediaSecond, listings, all } = input;
  if (meanSegmentBytes !== undefined && meanSegmentSeconds !== undefined && meanSegmentSeconds > 0) {
    const bytesPerSecond = meanSegmentBytes / meanSegmentSeconds;
    return {
      reason: 'out_time x playlists played x listed sizes / EXTINF',
      bytesSince: (since) => msToSeconds(all.playedMs - (since === 0 ? 0 : all.hybridPlayedMs)) * bytesPerSecond,
    };
  }
  if (declaredBytesPerMediaSecond !== undefined) {
    return {
      reason: 'out_time x BANDWIDTH',
      bytesSince: (since) =>
        msToSeconds((all.outTimeMs ?? 0) - (since === 0 ? 0 : all.hybridOutTimeMs)) * declaredBytesPerMediaSecond,
    };
  }
  if (listings === 0) return { missing: 'no segment-size listing was read, and no BANDWIDTH' };
  return {
    missing: meanSegmentBytes === undefined ? NO_NUMBERED_FILES : 'no playlist with EXTINF went through the tap',
  };
}
