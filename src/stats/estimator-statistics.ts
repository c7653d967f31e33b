// The estimator `statistics`: the octets that FFmpeg says it read, process by process, and the true cause of each difference.
// Only processes that printed such lines are scored; the others are said, not guessed.
import { type EstimatorInput, pending, type Score, scored, unavailable } from './estimator-score.ts';
import type { StatisticsTotals } from './figure-totals.ts';
import { reaches } from './log-reach.ts';

const ENDED =
  'content of 2xx answers of all kinds, processes that ended by themselves or at our request and printed such lines';

export function statistics(input: EstimatorInput): Score {
  const { ended, running, logLevel } = input;
  const { processes, uncovered, killed, bytes, contentBytes } = ended.statistics;
  if (!reaches(logLevel, 'verbose')) return unavailable('statistics', ENDED, 'AVIOContext lines come at level verbose');
  if (ended.processes === 0)
    return pending('statistics', ENDED, 'printed when connections close, at the end at the latest');
  if (processes === 0) return unavailable('statistics', ENDED, whyNone(ended.statistics));
  const told = input.isTapped ? causes(ended.statistics) : [];
  const reasons = [...(running > 0 ? [`${running} processes still run`] : []), ...told];
  return scored(
    input,
    { name: 'statistics', status: running > 0 ? 'pending' : 'ok', reasons, reference: ENDED, bytes },
    { bytes: contentBytes, opinions: processes, attempts: processes + uncovered + killed + running },
  );
}

function whyNone({ uncovered, killed }: StatisticsTotals): string {
  const areAllKilled = killed > 0 && uncovered === 0;
  return areAllKilled
    ? 'every process that ended with transfers was killed'
    : 'no process that ended printed AVIOContext lines';
}

/** Why bytes and reference differ, and what neither of them has. */
function causes(totals: StatisticsTotals): string[] {
  const { unreadBytes, unfinished, stopped, paddingBytes, lostBytes, unexplainedBytes, refusedBytes } = totals;
  const { uncovered, killed } = totals;
  const ending = stopped === unfinished ? 'were stopped' : 'ended before the stream did';
  const told: readonly (readonly [amount: number, words: string])[] = [
    [unreadBytes, `${unreadBytes} bytes unread, ${unfinished} processes ${ending}`],
    [paddingBytes, `${paddingBytes} bytes of AES-128 padding`],
    [lostBytes, `${lostBytes} bytes of transfers that were cut off, not read`],
    [unexplainedBytes, `${unexplainedBytes} bytes unexplained`],
    [refusedBytes, `${refusedBytes} bytes of error and redirect answers left out, FFmpeg reads none`],
    [uncovered, `${uncovered} processes ended without such lines, left out`],
    [killed, `${killed} processes were killed before they had printed all such lines, left out`],
  ];
  return told.flatMap(([amount, words]) => (amount > 0 ? [words] : []));
}
