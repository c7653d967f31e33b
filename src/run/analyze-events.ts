// Reads what somebody else's parser made of a log: JSON lines in the form of a journal's `parsed` records, the least of them.
// It checks their form and believes their content: that is what is scored.
import { type ByteRange, PARSED_KINDS, type ParsedFact, type ParsedKind } from '../events.ts';
import { parseRange } from '../hls/resource.ts';
import { secondsToMs } from '../units.ts';
import { withEveryTime } from './analyze-log.ts';
import type { Candidate, Statement } from './analyze-material.ts';
import { type InputFile, type JsonRecord, type Reading, readJsonLines, refusal, type Stdin } from './input-file.ts';
import { isAmount } from './json-amount.ts';

interface EventLine {
  /** Absent for bytes, which are no line of a log. */
  readonly fact?: ParsedFact;
  readonly segmentBytes?: number;
  readonly unixMs?: number;
  readonly runMs?: number;
}

/** @throws CannotMeasure at the first line that is no event */
export async function readEvents(file: InputFile, stdin: Stdin): Promise<Candidate> {
  const statements: Statement[] = [];
  let segmentBytes: number | undefined;
  let isUnixTime = false;
  let isRunTime = false;
  let lines = 0;
  for await (const line of readJsonLines(file, stdin, readEventLine)) {
    lines += 1;
    isUnixTime ||= line.unixMs !== undefined;
    isRunTime ||= line.runMs !== undefined;
    if (line.segmentBytes !== undefined) segmentBytes = (segmentBytes ?? 0) + line.segmentBytes;
    if (line.fact !== undefined) statements.push({ fact: line.fact, atMs: line.unixMs ?? line.runMs });
  }
  if (lines === 0) throw refusal(file, 'has no events');
  if (isUnixTime && isRunTime) throw refusal(file, 'has both "t" and "atMs"; allowed: one of the two in all lines');
  return {
    name: 'events',
    statements: isUnixTime || isRunTime ? withEveryTime(statements) : statements,
    timeSource: isUnixTime ? 'events' : isRunTime ? 'journal' : 'none',
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    lines,
    unparsedLines: 0,
    overlongLines: 0,
  };
}

type Builder = (record: JsonRecord) => ParsedFact | undefined;

const withUrl =
  (build: (url: string, record: JsonRecord) => ParsedFact): Builder =>
  (record) => {
    const { url } = record;
    return typeof url === 'string' && url !== '' ? build(url, record) : undefined;
  };

/** Each rule that is scored, with the least it needs. */
const BUILDERS: Readonly<Record<string, Builder>> = {
  request: withUrl((url, record) => ({
    rule: 'request',
    method: typeof record['method'] === 'string' ? record['method'] : 'GET',
    url,
    ...rangeOf(record['range']),
    ...kindOf(record['kind']),
  })),
  open: withUrl((url, record) => ({
    rule: 'open',
    url,
    context: typeof record['context'] === 'string' ? record['context'] : '',
    isNewConnection: record['isNewConnection'] === true,
    ...kindOf(record['kind']),
  })),
  'hls-request': withUrl((url, { offset, playlist }) => ({
    rule: 'hls-request',
    url,
    offset: isAmount(offset) ? offset : 0,
    playlist: isAmount(playlist) ? playlist : 0,
  })),
  'http-error': ({ status, text }) =>
    isAmount(status) ? { rule: 'http-error', status, text: typeof text === 'string' ? text : '' } : undefined,
  'avio-statistics': ({ bytesRead, seeks }) =>
    isAmount(bytesRead) ? { rule: 'avio-statistics', bytesRead, seeks: isAmount(seeks) ? seeks : 0 } : undefined,
  'content-length': ({ bytes }) => (isAmount(bytes) ? { rule: 'content-length', bytes } : undefined),
};
const SEGMENT_BYTES = 'segment-bytes';

const FORM = `allowed: {"rule": one of ${[...Object.keys(BUILDERS), SEGMENT_BYTES].join(', ')}; "t": Unix seconds or "atMs": milliseconds of the journal's run, if known; and url, range, kind, status, bytesRead or bytes as the rule needs}`;

function readEventLine(record: JsonRecord): Reading<EventLine> {
  const { rule, t, atMs, kind, bytes } = record;
  if (typeof rule !== 'string') return { problem: `has no "rule"; ${FORM}` };
  if ((t !== undefined && !isAmount(t)) || (atMs !== undefined && !isAmount(atMs))) {
    return { problem: `has a time that is none; ${FORM}` };
  }
  if (kind !== undefined && !PARSED_KINDS.includes(kind as ParsedKind)) {
    return { problem: `has an unknown kind; allowed: ${PARSED_KINDS.join(', ')}` };
  }
  const times = { ...(isAmount(t) ? { unixMs: secondsToMs(t) } : {}), ...(isAmount(atMs) ? { runMs: atMs } : {}) };
  if (rule === SEGMENT_BYTES) {
    return isAmount(bytes) ? { value: { segmentBytes: bytes, ...times } } : { problem: `has no "bytes"; ${FORM}` };
  }
  // A record of a journal is in form, whatever its rule.
  const isOurs = record['type'] === 'parsed';
  const fact = BUILDERS[rule]?.(record) ?? (isOurs ? (record as unknown as ParsedFact) : undefined);
  return fact === undefined ? { problem: `is no event; ${FORM}` } : { value: { fact, ...times } };
}

/** As in a journal, `[0, 99]`, or as in a request, `bytes=0-99`. */
function rangeOf(value: unknown): { readonly range?: ByteRange } {
  if (typeof value === 'string') {
    const range = parseRange(value);
    return range === undefined ? {} : { range };
  }
  if (!Array.isArray(value)) return {};
  const [first, last] = value as unknown[];
  return isAmount(first) && (last === null || isAmount(last)) ? { range: [first, last] } : {};
}

function kindOf(value: unknown): { readonly kind?: ParsedKind } {
  return value === undefined ? {} : { kind: value as ParsedKind };
}
