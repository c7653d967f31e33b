// One table: every way to know a stream's bytes without counting them, each held against the tap (DESIGN section 2).
// Each row names its reference and says why it has no figure; a row never borrows another row's figure silently.
import { ESTIMATOR_FACTS } from './estimator-facts.ts';
import { hybrid, playback, refresh } from './estimator-media.ts';
import {
  ALL_KINDS,
  type EstimatorInput,
  NO_LISTING,
  pending,
  type Row,
  type Score,
  SEGMENTS,
  scored,
  unavailable,
} from './estimator-score.ts';
import { statistics } from './estimator-statistics.ts';
import { whyUnread } from './log-reach.ts';
import type { EstimatorScore } from './summary.ts';

const LOOKED_UP = 'content of 2xx segments of the run, without those whose lookup is not decided';

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

/** It is told by more lines than ours, so a level at which our parser has nothing may still give it something. */
function lookupOriginal(input: EstimatorInput): Score {
  const { attempts, successes, bytes } = input.original;
  const { segmentBytes, segments } = input.all;
  if (input.logLevel === 'none') return unavailable('lookup-original', SEGMENTS, whyUnread('none') ?? '');
  if (input.listings === 0) return unavailable('lookup-original', SEGMENTS, NO_LISTING);
  if (attempts === 0) return pending('lookup-original', SEGMENTS, 'no segment is complete yet');
  return scored(
    input,
    { name: 'lookup-original', status: 'ok', reference: SEGMENTS, bytes },
    { bytes: segmentBytes, opinions: successes, attempts: segments },
  );
}

function lookup(input: EstimatorInput): Score {
  const { attempts, successes, bytes, open, unread } = input.lookup;
  const { all, undecided, learnedFolder } = input;
  const unreadLog = whyUnread(input.logLevel);
  if (unreadLog !== undefined) return unavailable('lookup', LOOKED_UP, unreadLog);
  if (input.listings === 0) return unavailable('lookup', LOOKED_UP, NO_LISTING);
  const waiting = `${open} complete segments wait for a newer listing`;
  if (attempts === 0) return pending('lookup', LOOKED_UP, open > 0 ? waiting : 'no segment is complete yet');
  const reasons = [
    ...(open > 0 ? [waiting] : []),
    ...(unread > 0 ? [`${unread} segments left out: their processes were stopped while reading them`] : []),
    ...(learnedFolder === undefined ? [] : [`the listing's names were found under ${learnedFolder}`]),
  ];
  return scored(
    input,
    { name: 'lookup', status: 'ok', reasons, reference: LOOKED_UP, bytes },
    { bytes: all.segmentBytes - undecided.bytes, opinions: successes, attempts: all.segments - undecided.segments },
  );
}

function declared(input: EstimatorInput): Score {
  const { declaredLines, declaredBytes, contentBytes, transfers } = input.all;
  if (declaredLines === 0) return unavailable('declared', ALL_KINDS, 'needs --stats-loglevel trace');
  return scored(
    input,
    { name: 'declared', status: 'ok', reference: ALL_KINDS, bytes: declaredBytes },
    { bytes: contentBytes, opinions: declaredLines, attempts: transfers },
  );
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

function progress(input: EstimatorInput): Score {
  const bytes = input.all.progressBytes;
  if (bytes === undefined) return unavailable('progress', ALL_KINDS, 'total_size is N/A with null output');
  return scored(
    input,
    { name: 'progress', status: 'ok', reference: ALL_KINDS, bytes },
    { bytes: input.all.contentBytes },
  );
}

function statusline(): Score {
  return unavailable('statusline', ALL_KINDS, 'size= is N/A with null output, and clients run with -nostats');
}

function origin(input: EstimatorInput): Score {
  const reference = 'segment content by the meters, between first and last scrape';
  if (input.origin === undefined) return unavailable('origin', reference, 'no origin source counts bytes');
  const reasons = ['bytes sent minus the other explained terms'];
  const { bytes, referenceBytes } = input.origin;
  return scored(input, { name: 'origin', status: 'derived', reasons, reference, bytes }, { bytes: referenceBytes });
}
