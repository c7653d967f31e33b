// Reads a saved FFmpeg log: the same splitter and parser as in a run, with times from where there are any.
// It opens no file and judges nothing.
import { LineSplitter } from '../swarm/line-splitter.ts';
import { StderrParser } from '../swarm/stderr-parser.ts';
import { secondsToMs } from '../units.ts';
import type { Candidate, Statement, TimeSource } from './analyze-material.ts';
import { type InputFile, type JsonRecord, type Reading, readJsonLines, type Stdin } from './input-file.ts';

/** When each chunk of a log was read: its instant, where it began, how long it was. */
export interface Arrival {
  readonly atMs: number;
  readonly offset: number;
  readonly length: number;
}

/** Lines of `{t, off, len}`, Unix seconds and octets; in order of their offsets. */
export async function readArrivals(file: InputFile, stdin: Stdin): Promise<readonly Arrival[]> {
  const arrivals: Arrival[] = [];
  for await (const arrival of readJsonLines(file, stdin, readArrival)) arrivals.push(arrival);
  return arrivals.sort((one, other) => one.offset - other.offset);
}

/** `arrivals` in order of their offsets; octets that none of them has came with the last one. */
export function readLog(octets: Buffer, arrivals: readonly Arrival[]): Candidate {
  const statements: Statement[] = [];
  const hasArrivals = arrivals.length > 0;
  let hasStamps = false;
  const parser = new StderrParser((fact, atMs, loggedAtWallMs) => {
    hasStamps ||= loggedAtWallMs !== undefined;
    statements.push({ fact, atMs: hasArrivals ? atMs : loggedAtWallMs });
  });
  const splitter = new LineSplitter({ onLine: (text, atMs) => parser.line(text, atMs) });
  let end = 0;
  let lastAtMs = 0;
  for (const { atMs, offset, length } of arrivals) {
    splitter.push(octets.subarray(end, offset + length), atMs);
    end = Math.max(end, offset + length);
    lastAtMs = atMs;
  }
  splitter.push(octets.subarray(end), lastAtMs);
  splitter.end();
  parser.end();
  return {
    name: 'parser',
    statements: hasArrivals || !hasStamps ? statements : withEveryTime(statements),
    timeSource: timeSourceOf(hasArrivals, hasStamps),
    lines: splitter.counters.lines,
    unparsedLines: parser.counters.unparsed,
    overlongLines: splitter.counters.overlongLines,
  };
}

function timeSourceOf(hasArrivals: boolean, hasStamps: boolean): TimeSource {
  if (hasArrivals) return 'arrivals';
  return hasStamps ? 'stamps' : 'none';
}

/** Some lines have no stamp, as the first of a process; they were printed when their neighbours were. */
export function withEveryTime(statements: readonly Statement[]): Statement[] {
  let lastAtMs = statements.find(({ atMs }) => atMs !== undefined)?.atMs;
  return statements.map(({ fact, atMs }) => {
    lastAtMs = atMs ?? lastAtMs;
    return { fact, atMs: lastAtMs };
  });
}

function readArrival({ t, off, len }: JsonRecord): Reading<Arrival> {
  const isRight = isAmount(t) && isAmount(off) && isAmount(len);
  if (!isRight) return { problem: 'is no arrival; allowed: {"t": Unix seconds, "off": octets, "len": octets}' };
  return { value: { atMs: secondsToMs(t), offset: off, length: len } };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
