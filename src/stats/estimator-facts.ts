// What each estimator of bytes is made of, when it has no figure, and how it is known to err: words for people. Pure data.
// It scores nothing (estimators.ts does); the error of a run is measured, what stands here is its expected direction.
import type { EstimatorName } from './summary.ts';

export interface EstimatorFacts {
  readonly inputs: string;
  /** When it is pending or unavailable. */
  readonly absence: string;
  readonly knownBias: string;
}

export const ESTIMATOR_FACTS: Readonly<Record<EstimatorName, EstimatorFacts>> = {
  'lookup-original': {
    inputs: "next 'HLS request' of a client as completion; size by last path part from the listing",
    absence: 'no listing; no segment complete yet',
    knownBias:
      'high: failed and aborted segments count in full, byte ranges as whole files; low by the last segment of each process',
  },
  lookup: {
    inputs:
      "'HLS request' and 'request: GET' lines by URL and range; size from the listing, less what 'Stream ends prematurely' says",
    absence: 'no listing; no segment complete yet; below level verbose',
    knownBias:
      'low by every miss; high by what a reset in the middle of a body cut off, of which FFmpeg 5.1 says nothing',
  },
  statistics: {
    inputs: "'AVIOContext Statistics: N bytes read' lines, level verbose",
    absence:
      'pending until the connections of a process close: with keep-alive at its end; killed processes are left out: ' +
      'the connections that they still had print none',
    knownBias:
      'exact at ENDLIST; AES-128 low by the padding of each segment; a stopped process low by what it had not read; ' +
      'blind to the bodies of errors and redirects',
  },
  declared: {
    inputs: 'Content-Length field lines, level trace',
    absence: 'below level trace (which costs 5 times the log octets of debug, 4 times its lines)',
    knownBias: 'high by what was declared and never came; chunked bodies and bodies until close are missing',
  },
  'http-statistics': {
    inputs: "'http Statistics' lines of FFmpeg 8.1 and later",
    absence: 'never has bytes: it is scored on requests; pending until the contexts close',
    knownBias: 'requests: none known for a process that ends by itself; killed processes print none',
  },
  progress: {
    inputs: 'total_size of -progress',
    absence: 'N/A with null output, which the clients of a run have',
    knownBias: 'counts what was written, without the container around what was read',
  },
  statusline: {
    inputs: "size= of FFmpeg's status line",
    absence: 'N/A with null output; the clients of a run print no status line (-nostats)',
    knownBias: 'as progress, in whole KiB',
  },
  playback: {
    inputs:
      'out_time of -progress x playlists played x bytes per media second (mean listed size / EXTINF), else x BANDWIDTH',
    absence: 'neither a listing with EXTINF nor BANDWIDTH; no progress',
    knownBias:
      'low by what is fetched ahead of play; with BANDWIDTH, a peak rate, high; blind to repeated requests; wrong where more ' +
      'renditions are listed than played, and, below level verbose, where several are played',
  },
  refresh: {
    inputs: 'new media sequence numbers in the log x mean listed size',
    absence: 'no listing; below level debug; no new numbers yet, which VOD never has',
    knownBias: 'low by the segments of the first playlist; high by listed segments that were never fetched',
  },
  hybrid: {
    inputs: 'lookup for the first 10 s of a process, playback afterwards',
    absence: 'no listing, no bytes per media second, or no progress',
    knownBias:
      'that of lookup at the start, that of playback afterwards; a seam of up to two segments; low while sizes wait for a listing',
  },
  origin: {
    inputs: "the origin's bytes sent minus the other explained terms",
    absence: 'no origin source counts bytes',
    knownBias: 'other traffic of that host or server; high by what was in flight to clients that left',
  },
};
