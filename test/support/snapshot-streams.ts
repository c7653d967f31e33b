// The snapshot of a run against endless MPEG-TS, for the tests of the faces: six streams, three of them in trouble.
// It computes no statistic; the rest is the hand-made run of snapshot.ts without its playlists and segments.
import type { Snapshot, StreamRow } from '../../src/stats/summary.ts';
import { makeSnapshot } from './snapshot.ts';
import { makeKindSummary, makeThroughput } from './snapshot-parts.ts';
import { proxyOf } from './tapped.ts';

const STATES: readonly StreamRow['state'][] = ['silent', 'client-blocked', 'waiting', 'flowing', 'flowing', 'flowing'];

export function makeStreamSnapshot(): Snapshot {
  const snapshot = makeSnapshot();
  const { summary } = snapshot;
  return {
    ...snapshot,
    streams: STATES.map(makeStreamRow),
    summary: {
      ...summary,
      run: { ...summary.run, url: 'http://origin.example:17080/live.ts' },
      proxy: {
        ...proxyOf(summary),
        byKind: { stream: makeKindSummary(2) },
        streams: {
          open: 6,
          opened: 13,
          endings: { sD: 5, SD: 1, cD: 1 },
          contentBytes: 61_234_567,
          longestGapMs: 5_100,
          clientBlockedMs: 2_400,
          throughput: makeThroughput(1_300_000, 61_234_567),
          transportStream: { packets: 325_715, syncLosses: 1, continuityErrors: 12 },
        },
      },
    },
  };
}

function makeStreamRow(state: StreamRow['state'], index: number): StreamRow {
  return {
    client: index + 1,
    connection: 2 * index + 1,
    requestIndex: 1,
    ageMs: 43_000 - index * 1_700,
    contentBytes: state === 'waiting' ? 0 : 9_000_000 + index * 111_111,
    ...(state === 'waiting' ? {} : { bytesPerSecond: state === 'silent' ? 0 : 260_000 + index * 9_000 }),
    longestGapMs: state === 'silent' ? 5_100 : 40 + index,
    clientBlockedMs: state === 'client-blocked' ? 2_400 : 0,
    state,
    transportStream: { packets: 50_000, syncLosses: index % 2, continuityErrors: index },
  };
}
