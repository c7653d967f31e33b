// Turns the lines of one FFmpeg process into facts: what FFmpeg believed, in the order in which it said it.
// It reads no clock, merges nothing by time or URL, never throws, and dies with its process: a new process gets a new parser.
import type { ParsedFact, ParsedRule } from '../events.ts';
import { parseRange } from '../hls/resource.ts';
import { MAX_FACT_CHARS } from './stderr-rule.ts';
import { EVENT_CONTEXTS, isFatalContext, rulesFor } from './stderr-rules.ts';

export type EmitFact = (fact: ParsedFact, atMs: number, loggedAtWallMs?: number) => void;

/** Totals of one process. */
export interface ParserCounters {
  readonly lines: number;
  /** Lines that gave a fact. */
  readonly parsed: number;
  /** Lines that look like events and match no rule: 0 in a fault-free run of an FFmpeg that we know. */
  readonly unparsed: number;
  readonly byRule: Readonly<Partial<Record<ParsedRule, number>>>;
}

/** A log line taken apart; `message` is what follows stamp, context and level. */
interface LogLine {
  readonly loggedAtWallMs: number | undefined;
  /** `` when the line has no `[name @ 0x..]`. */
  readonly context: string;
  readonly pointer: string;
  /** Absent when FFmpeg ran without the level flag. */
  readonly level: string | undefined;
  readonly message: string;
}

/** A request line that waits for its fields: they follow as bare lines up to a blank one. */
interface HeldRequest {
  readonly method: string;
  readonly target: string;
  readonly scheme: 'http' | 'https';
  readonly atMs: number;
  readonly loggedAtWallMs: number | undefined;
  host: string | undefined;
  range: string | undefined;
}

const LEVELS: ReadonlySet<string> = new Set([
  'quiet',
  'panic',
  'fatal',
  'error',
  'warning',
  'info',
  'verbose',
  'debug',
  'trace',
]);
/** Lines at these levels may be anything; not knowing them is no failing of the parser. */
const CHATTY_LEVELS: ReadonlySet<string> = new Set(['debug', 'trace']);
const FATAL_LEVELS: ReadonlySet<string> = new Set(['error', 'fatal', 'panic']);
const BAD_LEVELS: ReadonlySet<string> = new Set(['warning', ...FATAL_LEVELS]);

const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /;
const STAMP_LENGTH = '2026-01-30 16:25:36.940 '.length;
const SECOND_LENGTH = '2026-01-30 16:25:36'.length;
const CONTEXT = /^([^\s[\]]+) @ (?:0x)?([0-9a-fA-F]+)$/;
/** Longest bracket that can be a context or a level; demuxer names run to about 30 characters. */
const MAX_BRACKET_CHARS = 160;
/** A status text ends in CR; where a log lost its CRs the next record sits behind it on the same line. */
const STATUS_TEXT = /^(?:frame|size)=/;
const GLUED_RECORD = /(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\[[^\s[\]]+ @ (?:0x)?[0-9a-fA-F]+\] /;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *(.*)$/;

export class StderrParser {
  readonly #emit: EmitFact;
  readonly #stamps = new StampReader();
  readonly #counters = { lines: 0, parsed: 0, unparsed: 0, byRule: {} as Partial<Record<ParsedRule, number>> };
  #held: HeldRequest | undefined;
  /** The [tcp] context whose last attempt failed: FFmpeg repeats the failure once more when it gives up. */
  #failedPointer: string | undefined;

  constructor(emit: EmitFact) {
    this.#emit = emit;
  }

  get counters(): ParserCounters {
    return this.#counters;
  }

  /** Takes one line without its break; `atMs` = its arrival. A request is emitted when its fields are complete. */
  line(text: string, atMs: number): void {
    this.#counters.lines += 1;
    if (this.#held !== undefined) {
      if (this.#takeField(this.#held, text)) return;
      this.#release();
    }
    if (text !== '') this.#record(text, atMs, true);
  }

  /** The process ended: what waits for more lines is emitted. */
  end(): void {
    this.#release();
  }

  #record(text: string, atMs: number, mayBeGlued: boolean): void {
    const line = readLine(text, this.#stamps);
    if (mayBeGlued && line.context === '' && STATUS_TEXT.test(line.message)) {
      const glued = GLUED_RECORD.exec(line.message);
      if (glued !== null) this.#record(line.message.slice(glued.index), atMs, false);
      return;
    }
    const rules = rulesFor(line.context);
    if (rules === undefined) return;
    const rule = rules.find(({ starts }) => line.message.startsWith(starts));
    if (rule === undefined) {
      this.#outsideTheTable(line, atMs);
      return;
    }
    if (rule.pattern === undefined) return;
    const match = rule.pattern.exec(line.message);
    if (match === null) {
      this.#counters.unparsed += 1;
      return;
    }
    const fact = rule.build?.(match, line.context);
    if (fact !== undefined) this.#fact(fact, line, atMs);
  }

  #fact(fact: ParsedFact, line: LogLine, atMs: number): void {
    if (fact.rule === 'request') {
      this.#held = {
        method: fact.method,
        target: fact.url,
        scheme: line.context === 'https' ? 'https' : 'http',
        atMs,
        loggedAtWallMs: line.loggedAtWallMs,
        host: undefined,
        range: undefined,
      };
      return;
    }
    if (fact.rule === 'tcp-failed' && this.#isRepeated(line)) return;
    this.#count(fact, atMs, line.loggedAtWallMs);
  }

  /** Each failed attempt has a line of its own at level verbose; the summary counts only where those are not printed. */
  #isRepeated(line: LogLine): boolean {
    const isSummary = line.message.startsWith('Connection to ');
    const isRepeated = isSummary && line.pointer !== '' && line.pointer === this.#failedPointer;
    this.#failedPointer = isSummary ? undefined : line.pointer;
    return isRepeated;
  }

  /** Errors are told in many words; what counts is who says it and at which level. */
  #outsideTheTable(line: LogLine, atMs: number): void {
    const isEventContext = EVENT_CONTEXTS.has(line.context);
    const isFatal = isFatalContext(line.context) && FATAL_LEVELS.has(line.level ?? '');
    const isTimeout =
      (isEventContext || isFatal) && BAD_LEVELS.has(line.level ?? '') && /timed out/i.test(line.message);
    if (isTimeout || isFatal) {
      const text = line.message.slice(0, MAX_FACT_CHARS);
      this.#count({ rule: isTimeout ? 'timeout' : 'fatal', text }, atMs, line.loggedAtWallMs);
    } else if (isEventContext && !CHATTY_LEVELS.has(line.level ?? '')) {
      this.#counters.unparsed += 1;
    }
  }

  #count(fact: ParsedFact, atMs: number, loggedAtWallMs: number | undefined): void {
    this.#counters.parsed += 1;
    this.#counters.byRule[fact.rule] = (this.#counters.byRule[fact.rule] ?? 0) + 1;
    this.#emit(fact, atMs, loggedAtWallMs);
  }

  /** true when the line belongs to the held request; a blank line completes it. */
  #takeField(held: HeldRequest, text: string): boolean {
    if (text === '') {
      this.#release();
      return true;
    }
    const field = FIELD_LINE.exec(text);
    if (field === null) return false;
    const name = field[1]?.toLowerCase();
    if (name === 'host') held.host = field[2]?.trim();
    if (name === 'range') held.range = field[2]?.trim();
    return true;
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const range = parseRange(held.range);
    const isPath = held.target.startsWith('/');
    const url = isPath && held.host !== undefined ? `${held.scheme}://${held.host}${held.target}` : held.target;
    const fact: ParsedFact = { rule: 'request', method: held.method, url, ...(range === undefined ? {} : { range }) };
    this.#count(fact, held.atMs, held.loggedAtWallMs);
  }
}

/** `[stamp] {[context @ 0x..] | [level]} message`, brackets in any order; of two contexts the last one speaks. */
function readLine(text: string, stamps: StampReader): LogLine {
  const isStamped = STAMP.test(text);
  let position = isStamped ? STAMP_LENGTH : 0;
  let context = '';
  let pointer = '';
  let level: string | undefined;
  while (text[position] === '[') {
    const close = text.indexOf(']', position);
    if (close < 0 || close - position > MAX_BRACKET_CHARS) break;
    const inner = text.slice(position + 1, close);
    const named = LEVELS.has(inner) ? null : CONTEXT.exec(inner);
    if (named !== null) {
      context = named[1] ?? '';
      pointer = named[2] ?? '';
    } else if (LEVELS.has(inner) && level === undefined) {
      level = inner;
    } else {
      break;
    }
    position = text[close + 1] === ' ' ? close + 2 : close + 1;
  }
  return {
    loggedAtWallMs: isStamped ? stamps.read(text) : undefined,
    context,
    pointer,
    level,
    message: text.slice(position),
  };
}

/** FFmpeg stamps with local time and no zone; lines come in bursts, so the calendar is asked once per second of log. */
class StampReader {
  #second = '';
  #secondMs = 0;

  /** undefined when the stamp is no date. */
  read(text: string): number | undefined {
    const second = text.slice(0, SECOND_LENGTH);
    if (second !== this.#second) {
      this.#second = second;
      // A date and time without a zone is local time (ECMA-262).
      this.#secondMs = Date.parse(second.replace(' ', 'T'));
    }
    const wallMs = this.#secondMs + Number(text.slice(SECOND_LENGTH + 1, STAMP_LENGTH - 1));
    return Number.isNaN(wallMs) ? undefined : wallMs;
  }
}
