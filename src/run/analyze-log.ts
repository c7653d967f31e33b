// Reads a saved FFmpeg log: the same splitter and parser as in a run, with times from where there are any.
// It opens no file and judges nothing.
import { LineSplitter } from '../swarm/line-splitter.ts';
import { StderrParser } from '../swarm/stderr-parser.ts';
import { secondsToMs } from '../units.ts';
import type { Candidate, Statement, TimeSource } from './analyze-material.ts';
import { SignsReader } from './analyze-signs.ts';
import { type InputFile, type JsonRecord, type Reading, readJsonLines, refusal, type Stdin } from './input-file.ts';
import { isAmount } from './json-amount.ts';

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

/**
 * FFmpeg writes whole lines, or a line's context, level and text one after the other: most chunks end at a break or behind a
 * bracket. In a log that they are not of, one of thirty does.
 */
const LEAST_SHARE_AT_BREAKS = 0.25;
/** Fewer chunks prove nothing. */
const FEWEST_CHUNKS = 8;

/** @throws CannotMeasure when the chunks are not those of this log; a log that was cut off behind may have more of them */
export function checkArrivals(file: InputFile, arrivals: readonly Arrival[], octets: Buffer): void {
  const end = arrivals.reduce((furthest, { offset, length }) => Math.max(furthest, offset + length), 0);
  if (end < octets.length) {
    throw refusal(file, `is not of that log: it ends at octet ${end}, the log at ${octets.length}; ${REMEDY}`);
  }
  const ends = arrivals.map(({ offset, length }) => offset + length).filter((at) => at > 0 && at < octets.length);
  const breaks = ends.filter((at) => isBreak(octets, at)).length;
  if (end === octets.length || ends.length < FEWEST_CHUNKS || breaks >= ends.length * LEAST_SHARE_AT_BREAKS) return;
  throw refusal(
    file,
    `is not of that log: it ends at octet ${end}, the log at ${octets.length}, and ${breaks} of ${ends.length} chunks end where a line does; ${REMEDY}`,
  );
}

const REMEDY = 'put it elsewhere, or give the log on stdin (--stderr -), and nothing is timed by it';
const BREAKS: ReadonlySet<number> = new Set([0x0a, 0x0d]);
const BRACKET_AND_SPACE = '] ';

function isBreak(octets: Buffer, at: number): boolean {
  return BREAKS.has(octets[at - 1] ?? 0) || octets.toString('latin1', at - 2, at) === BRACKET_AND_SPACE;
}

/**
 * `arrivals` in order of their offsets; octets that none of them has came with the last one.
 * @throws CannotMeasure when not one line is of FFmpeg's; a log without any line is one of a level that said nothing
 */
export function readLog(file: InputFile, octets: Buffer, arrivals: readonly Arrival[]): Candidate {
  const signs = new SignsReader();
  const statements: Statement[] = [];
  const hasArrivals = arrivals.length > 0;
  let hasStamps = false;
  const parser = new StderrParser((fact, atMs, loggedAtWallMs) => {
    hasStamps ||= loggedAtWallMs !== undefined;
    statements.push({ fact, atMs: hasArrivals ? atMs : loggedAtWallMs });
  });
  const splitter = new LineSplitter({
    onLine: (text, atMs) => {
      signs.line(text, atMs);
      parser.line(text, atMs);
    },
  });
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
  if (octets.length > 0 && statements.length === 0 && !signs.looksLikeFfmpeg) {
    throw refusal(file, `is no log of FFmpeg: ${whatElse(octets)}`);
  }
  return {
    name: 'parser',
    statements: hasArrivals || !hasStamps ? statements : withEveryTime(statements),
    timeSource: timeSourceOf(hasArrivals, hasStamps),
    signs: signs.read(statements, hasArrivals),
    lines: splitter.counters.lines,
    unparsedLines: parser.counters.unparsed,
    overlongLines: splitter.counters.overlongLines,
  };
}

/** What is taken for a log now and then; all of them begin with octets of their own. */
const OTHER_FORMATS: readonly (readonly [string, string])[] = [
  ['1f8b', 'it is compressed by gzip; decompress it first (gunzip -c FILE | hls-swarm analyze --stderr -)'],
  ['28b52ffd', 'it is compressed by zstd; decompress it first (zstd -dc FILE | hls-swarm analyze --stderr -)'],
  ['fffe', 'it is UTF-16; FFmpeg writes UTF-8'],
  ['feff', 'it is UTF-16; FFmpeg writes UTF-8'],
];

function whatElse(octets: Buffer): string {
  const known = OTHER_FORMATS.find(([magic]) => octets.subarray(0, magic.length / 2).toString('hex') === magic);
  return known?.[1] ?? 'none of its lines is one that FFmpeg prints';
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
