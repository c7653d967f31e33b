// The result of `hls-swarm analyze`: its shape as JSON, and as a page for people. Pure.
// It judges nothing: counts, reasons and scores come as they are.
import { PARSED_KINDS } from '../events.ts';
import type { ParserReading, Summary } from '../stats/summary.ts';
import { agreementSection, estimatorsSection, type SegmentTimes } from './summary-agreement.ts';
import { centred, count, doubleRule, fact, heading, row, wrapped } from './text-layout.ts';

type RequestCounts = ParserReading['requests'];

/**
 * A count that is not the truth's, or that equals it although other things were said than requested. The parts sum to
 * `difference`; what is too many and what is missing stand apart, under one code too.
 */
export interface AnalysisDifference {
  /** `requests.playlist`, `opens.segment`, `httpErrors.404`. */
  readonly of: string;
  readonly parser: number;
  readonly truth: number;
  /** parser - truth. */
  readonly difference: number;
  readonly reasons: readonly { readonly code: string; readonly count: number; readonly sentence: string }[];
}

/** One candidate's account and score, in the summary's shapes. */
export interface AnalysisResult {
  /** Ours, or the events that were handed in. */
  readonly candidate: 'parser' | 'events';
  /** Where the instants come from; with `order` and `none` nothing is timed. */
  readonly timeSource: string;
  readonly parser: ParserReading;
  readonly agreement: Summary['agreement'];
  /** What the segments really took; only a journal knows. */
  readonly segmentTimes?: SegmentTimes;
  readonly differences: readonly AnalysisDifference[];
  /** Lines and requests that no reason accounts for, each by itself: they do not make up for each other. */
  readonly unexplained: number;
}

export interface Analysis extends AnalysisResult {
  readonly schema: 'hls-swarm/analysis@1';
  /** Absent without --truth. */
  readonly truth?: {
    readonly source: 'truth' | 'journal';
    readonly client: number;
    readonly process: number;
    readonly requests: RequestCounts;
    readonly httpErrors: Readonly<Record<string, number>>;
    readonly tunnels: number;
  };
  /** Our parser's result, where a log and events of another parser were given. */
  readonly ours?: AnalysisResult;
}

const COUNT_WIDTHS = [12, 12, 12];
const LABEL = 14;

/** The whole page, ending in a newline. */
export function renderAnalysis(analysis: Analysis, columns: number): string {
  const width = columns - 1;
  const lines = [
    doubleRule(width),
    centred('hls-swarm: analysis of a log', width),
    doubleRule(width),
    ...wrapped(verdict(analysis), width, '  '),
    ...resultSections(analysis, analysis.truth, width),
    ...(analysis.ours === undefined
      ? []
      : [
          '',
          ...centredTitle('The same by our own parser', width),
          ...resultSections(analysis.ours, analysis.truth, width),
        ]),
    doubleRule(width),
  ];
  return `${lines.join('\n')}\n`;
}

function verdict({ truth, differences, unexplained }: Analysis): string {
  if (truth === undefined) return 'No truth to hold it against: name one with --truth.';
  if (differences.length === 0) return 'Every count equals the truth.';
  return unexplained === 0
    ? 'Every count equals the truth, or differs from it for the reasons below.'
    : `${count(unexplained)} differences from the truth, each counted by itself, have no explanation.`;
}

function resultSections(result: AnalysisResult, truth: Analysis['truth'], width: number): readonly string[] {
  const { segmentTimes } = result;
  const shown = { summary: { parser: result.parser, agreement: result.agreement }, segmentTimes };
  return [
    ...accountSection(result, truth, width),
    ...differencesSection(result, truth, width),
    ...(truth === undefined
      ? []
      : agreementSection(shown, width, 'Agreement with the truth (start error = parser - truth)')),
    ...estimatorsSection(shown, width),
  ];
}

function accountSection(
  { candidate, timeSource, parser }: AnalysisResult,
  truth: Analysis['truth'],
  width: number,
): readonly string[] {
  const line = (label: string, said: number, opened: number | undefined, real: number | undefined): string =>
    row(`  ${label}`, [count(said), opened === undefined ? '' : count(opened), count(real)], COUNT_WIDTHS, width);
  const codes = [...new Set([...Object.keys(parser.httpErrors), ...Object.keys(truth?.httpErrors ?? {})])].toSorted();
  return [
    ...heading(`What the ${candidate === 'events' ? 'events say' : 'log says'}`, width),
    row('', ['requests', 'opens', 'truth'], COUNT_WIDTHS, width),
    ...PARSED_KINDS.map((kind) => line(kind, parser.requests[kind], parser.opens[kind], truth?.requests[kind])),
    ...codes.map((code) =>
      line(
        `HTTP ${code}`,
        parser.httpErrors[code] ?? 0,
        undefined,
        truth === undefined ? undefined : (truth.httpErrors[code] ?? 0),
      ),
    ),
    ...fact(
      '  lines',
      `${count(parser.lines)}, of which ${count(parser.unparsedLines)} look like events and are not known`,
      LABEL,
      width,
    ),
    ...fact('  times', TIME_SOURCES[timeSource] ?? timeSource, LABEL, width),
  ];
}

const TIME_SOURCES: Readonly<Record<string, string>> = {
  arrivals: 'when the octets of the log came (arrivals.jsonl)',
  stamps: "FFmpeg's own stamps",
  journal: "the journal's",
  events: 'as the events have them',
  order: 'none in the log: lines and requests were brought together by their order, and nothing is timed',
  none: 'none, nothing is timed',
};

function differencesSection(
  { differences }: AnalysisResult,
  truth: Analysis['truth'],
  width: number,
): readonly string[] {
  if (truth === undefined) return [];
  return [
    ...heading('Differences from the truth, and why', width),
    ...(differences.length === 0 ? ['  none'] : []),
    ...differences.flatMap(({ of, parser, truth: real, difference, reasons }) => [
      `  ${of}: ${count(parser)} for ${count(real)} (${signed(difference)})`,
      ...reasons.flatMap(({ code, count: part, sentence }) =>
        wrapped(`${signed(part)} ${code}: ${sentence}`, width - LABEL, '').map((text) => `    ${text}`),
      ),
    ]),
  ];
}

function signed(value: number): string {
  return value > 0 ? `+${count(value)}` : count(value);
}

function centredTitle(text: string, width: number): readonly string[] {
  return [doubleRule(width), centred(text, width), doubleRule(width)];
}
