// Turns the lines of one FFmpeg process into facts: what FFmpeg believed, in the order in which it said it.
// It reads no clock, merges nothing by time or URL, never throws, and dies with its process: a new process gets a new parser.
import type { ParsedFact, ParsedRule } from '../events.ts';
import { parseRange } from '../hls/resource.ts';
import { type LogLine, readLine, StampReader } from './stderr-line.ts';
import { isTimeout, MAX_FACT_CHARS } from './stderr-rule.ts';
import { EVENT_CONTEXTS, isFatalContext, rulesFor } from './stderr-rules.ts';

export type EmitFact = (fact: ParsedFact, atMs: number, loggedAtWallMs?: number) => void;
/** Told of each line that looks like an event and matches no rule. */
export type NoteUnknown = (line: LogLine) => void;

/** Totals of one process. */
export interface ParserCounters {
  readonly lines: number;
  /** Lines that gave a fact. */
  readonly parsed: number;
  /** Lines that look like events and match no rule: 0 in a fault-free run of an FFmpeg that we know. */
  readonly unparsed: number;
  readonly byRule: Readonly<Partial<Record<ParsedRule, number>>>;
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

/** Lines at these levels may be anything; not knowing them is no failing of the parser. */
const CHATTY_LEVELS: ReadonlySet<string> = new Set(['debug', 'trace']);
const FATAL_LEVELS: ReadonlySet<string> = new Set(['error', 'fatal', 'panic']);
const BAD_LEVELS: ReadonlySet<string> = new Set(['warning', ...FATAL_LEVELS]);

/** FFmpeg's words for AVERROR_EXIT. */
const INTERRUPTED = 'Immediate exit requested';
/** A status text ends in CR; where a log lost its CRs the next record sits behind it on the same line. */
const STATUS_TEXT = /^(?:frame|size)=/;
const GLUED_RECORD = /(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\[[^\s[\]]+ @ (?:0x)?[0-9a-fA-F]+\] /;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *(.*)$/;

export class StderrParser {
  readonly #emit: EmitFact;
  readonly #noteUnknown: NoteUnknown | undefined;
  readonly #stamps = new StampReader();
  readonly #counters = { lines: 0, parsed: 0, unparsed: 0, byRule: {} as Partial<Record<ParsedRule, number>> };
  #held: HeldRequest | undefined;
  /** The [tcp] context whose last attempt failed: FFmpeg repeats the failure once more when it gives up. */
  #failedPointer: string | undefined;
  /** The [tls] context that failed last: its library tells one failure in several lines. */
  #failedTlsPointer: string | undefined;
  /** What was opened last: the lines about a playlist follow its opening and do not name it. */
  #openedUrl: string | undefined;

  constructor(emit: EmitFact, noteUnknown?: NoteUnknown) {
    this.#emit = emit;
    this.#noteUnknown = noteUnknown;
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
      this.#unknown(line);
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
    if (fact.rule === 'tls-failed') this.#tlsFailed(fact, line, atMs);
    else this.#count(this.#placed(fact), atMs, line.loggedAtWallMs);
  }

  /** A change of the media sequence belongs to the playlist that was opened for it. */
  #placed(fact: ParsedFact): ParsedFact {
    if (fact.rule === 'open') this.#openedUrl = fact.url;
    if (fact.rule !== 'sequence-change' || this.#openedUrl === undefined) return fact;
    return { ...fact, url: this.#openedUrl };
  }

  #tlsFailed(fact: ParsedFact, line: LogLine, atMs: number): void {
    const isRepeated = line.pointer !== '' && line.pointer === this.#failedTlsPointer;
    this.#failedTlsPointer = line.pointer;
    if (!isRepeated) this.#count(fact, atMs, line.loggedAtWallMs);
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
    const isBad = BAD_LEVELS.has(line.level ?? '');
    const isFatal = isFatalContext(line.context) && FATAL_LEVELS.has(line.level ?? '');
    const text = line.message.slice(0, MAX_FACT_CHARS);
    if ((isFatal || (isEventContext && isBad)) && isTimeout(text)) {
      this.#count({ rule: 'timeout', text }, atMs, line.loggedAtWallMs);
    } else if (isFatal) {
      // Told to leave while it was opening its input, FFmpeg calls that an error too.
      const rule = text.endsWith(INTERRUPTED) ? 'exit-reason' : 'fatal';
      this.#count({ rule, text }, atMs, line.loggedAtWallMs);
    } else if (line.context === 'tls' && isBad) {
      this.#tlsFailed({ rule: 'tls-failed', text }, line, atMs);
    } else if (isEventContext && !CHATTY_LEVELS.has(line.level ?? '')) {
      this.#unknown(line);
    }
  }

  #unknown(line: LogLine): void {
    this.#counters.unparsed += 1;
    this.#noteUnknown?.(line);
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
