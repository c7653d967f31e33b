// Reads FFmpeg captures for the parser's tests: the committed ones, or those that only the laboratory's folder has.
// It judges nothing; what a capture should say is in the tests.
import { existsSync, readFileSync } from 'node:fs';
import type { ParsedFact, ParsedRule } from '../../src/events.ts';
import { LineSplitter } from '../../src/swarm/line-splitter.ts';
import { type ParserCounters, StderrParser } from '../../src/swarm/stderr-parser.ts';

const COMMITTED = new URL('../fixtures/ffmpeg/', import.meta.url);
const LABORATORY = new URL('../../../shared/ffmpeg/captures/', import.meta.url);

/** One request as the server received it. */
export interface TrueRequest {
  readonly url: string;
  readonly kind: 'playlist' | 'segment' | 'init' | 'key';
  readonly range?: string;
  readonly status: number;
  readonly bodyBytes: number;
}

export interface SeenFact {
  readonly fact: ParsedFact;
  readonly atMs: number;
  readonly loggedAtWallMs: number | undefined;
}

export interface ParsedLog {
  readonly facts: readonly SeenFact[];
  readonly counters: ParserCounters;
  /** Lines that were counted as unparsed. */
  readonly unparsedLines: readonly string[];
}

/** Where a capture's stderr is, or undefined when this machine has no copy. */
export function captureFile(capture: string): URL | undefined {
  const places = [new URL(`${capture}/stderr.txt`, COMMITTED), new URL(`${capture}/stderr.log`, LABORATORY)];
  return places.find((place) => existsSync(place));
}

/** The `skip` option of a test on a capture. */
export function captureRequirement(capture: string): false | string {
  return captureFile(capture) === undefined ? `the capture ${capture} is only in ../shared, which is absent` : false;
}

export function captureLog(capture: string): Buffer {
  const file = captureFile(capture);
  if (file === undefined) throw new Error(`no capture ${capture}`);
  return readFileSync(file);
}

export function captureTruth(capture: string): readonly TrueRequest[] {
  const file = captureFile(capture);
  if (file === undefined) throw new Error(`no capture ${capture}`);
  const lines = readFileSync(new URL('truth.jsonl', file), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as TrueRequest);
}

/** Splitter and parser over whole octets, or over the chunks given as `[octets, atMs]`. */
export function parseLog(chunks: Iterable<readonly [Buffer, number]>): ParsedLog {
  const facts: SeenFact[] = [];
  const unparsedLines: string[] = [];
  const parser = new StderrParser((fact, atMs, loggedAtWallMs) => facts.push({ fact, atMs, loggedAtWallMs }));
  const splitter = new LineSplitter({
    onLine: (text, atMs) => {
      const before = parser.counters.unparsed;
      parser.line(text, atMs);
      if (parser.counters.unparsed !== before) unparsedLines.push(text);
    },
  });
  for (const [octets, atMs] of chunks) splitter.push(octets, atMs);
  splitter.end();
  parser.end();
  return { facts, counters: parser.counters, unparsedLines };
}

export function parseText(text: string): ParsedLog {
  return parseLog([[Buffer.from(text), 0]]);
}

/** The facts of one rule, in order. */
export function factsOf<Rule extends ParsedRule>(
  log: ParsedLog,
  rule: Rule,
): readonly Extract<ParsedFact, { rule: Rule }>[] {
  return log.facts.map(({ fact }) => fact).filter((fact) => fact.rule === rule) as Extract<
    ParsedFact,
    { rule: Rule }
  >[];
}
