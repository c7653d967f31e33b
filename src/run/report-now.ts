// The report of now, as the person at the screen asks for it with a key: where it goes, and what is said of it.
// It formats nothing; the report at the end takes its place where both have one name.
import { stat } from 'node:fs/promises';
import { writeReport } from '../report/report-file.ts';
import type { Summary } from '../stats/summary.ts';

/**
 * Writes to the path of `--report`, or beside where we were started under the run's own name: also where that path is a
 * device or a pipe, whose reader expects one report. Resolves to the path; rejects with a sentence.
 */
export async function writeReportNow(asked: string | undefined, summary: Summary | undefined): Promise<string> {
  if (summary === undefined) throw new Error('nothing has been measured yet');
  const path = asked !== undefined && (await isReplaceable(asked)) ? asked : `hls-swarm-${summary.run.id}.json`;
  await writeReport(path, summary);
  return path;
}

async function isReplaceable(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there === undefined || there.isFile();
}
