// Turns the lines of one FFmpeg process into facts: what FFmpeg believed, in the order in which it said it.
// It reads no clock, merges nothing by time or URL, never throws, and dies with its process: a new process gets a new parser.
import type { ParsedFact, ParsedRule } from '../events.ts';
import { parseRange } from '../hls/resource.ts';
import { type LogLine, readLine, StampReader } from './stderr-line.ts';
import { meaningOf } from './stderr-meaning.ts';
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

/** Lines at these levels, and lines of which nobody knows the level, may be anything; not knowing them is no failing of the parser. */
const CHATTY_LEVELS: ReadonlySet<string> = new Set(['debug', 'trace']);
const FATAL_LEVELS: ReadonlySet<string> = new Set(['error', 'fatal', 'panic']);
const BAD_LEVELS: ReadonlySet<string> = new Set(['warning', ...FATAL_LEVELS]);

/** FFmpeg's words for AVERROR_EXIT. */
const INTERRUPTED = 'Immediate exit requested';
/** How FFmpeg's last words begin, for logs without levels: before 6.1 with the URL of the input. */
const LAST_WORDS =
  /^(?:https?:\/\/\S+: (?!corrupt )|Error opening input|Error during demuxing|Error retrieving a packet|Conversion failed!)/;
/** FFmpeg ends this one sentence without a line break, so that the next record stands behind it without a head. */
const ENDLESS_SENTENCE = '#EXT-X-START value isinvalid, it will be ignored';
/** Without the log flag `repeat`, FFmpeg's default, a line like the one before it is only counted. */
const REPETITION = /^ {4}Last message repeated (\d{1,9}) times$/;
/** A day of polls once per second, of one process; more is counted as not understood. */
const MAX_REPETITIONS = 86_400;
/** A status text ends in CR; where a log lost its CRs the next record sits behind it on the same line. */
const STATUS_TEXT = /^(?:frame|size)=/;
const GLUED_RECORD = /(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\[[^\s[\]]+ @ (?:0x)?[0-9a-fA-F]+\] /;
const FIELD_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:.*$/;
const HOST = 'host';
const RANGE = 'range';

export class StderrParser {
  readonly #emit: EmitFact;
  readonly #noteUnknown: NoteUnknown | undefined;
  readonly #stamps = new StampReader();
  readonly #counters = { lines: 0, parsed: 0, unparsed: 0, byRule: {} as Partial<Record<ParsedRule, number>> };
  #held: HeldRequest | undefined;
  /** A request in the clear named its whole URL, as proxies want it: one that names a path then goes through a tunnel. Its
   *  context does not tell: what http redirects to https stays in [http]. */
  #isProxied = false;
  /** The [tcp] context whose last attempt failed: FFmpeg repeats the failure once more when it gives up. */
  #failedPointer: string | undefined;
  /** The [tls] context that failed last: its library tells one failure in several lines. */
  #failedTlsPointer: string | undefined;
  /** What was opened last: the lines about a playlist follow its opening and do not name it. */
  #openedUrl: string | undefined;
  /** What the last line of the log said, when, and how often that was said again. */
  #lastFact: ParsedFact | undefined;
  #lastAtMs = 0;
  #lastRepetitions = 0;
  #repetitions = 0;

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
    if (text === '') return;
    const repetition = REPETITION.exec(text);
    if (repetition === null) this.#record(text, atMs, true);
    else this.#repeat(Number(repetition[1]), atMs);
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
    this.#lastFact = undefined;
    this.#lastRepetitions = 0;
    this.#interpret(withoutEndlessSentence(line), atMs);
  }

  #interpret(line: LogLine, atMs: number): void {
    if (line.message === '') return;
    const rules = rulesFor(line.context);
    if (rules === undefined) return;
    const meaning = meaningOf(line, rules);
    if (meaning === 'outside') this.#outsideTheTable(line, atMs);
    else if (meaning === 'unknown') this.#unknown(line);
    else if (meaning !== 'nothing') this.#fact(meaning, line, atMs);
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
    else this.#count(this.#placed(fact, line), atMs, line.loggedAtWallMs);
  }

  /** The last line was said `count` times more until now. A terminal's log tells the same count anew as it grows. */
  #repeat(count: number, atMs: number): void {
    const more = count - this.#lastRepetitions;
    if (this.#lastFact === undefined || more <= 0) return;
    this.#lastRepetitions = count;
    const told = Math.min(more, MAX_REPETITIONS - this.#repetitions);
    if (told < more) this.#counters.unparsed += 1;
    this.#repetitions += told;
    // What FFmpeg repeats it does at a pace, such as polling; when exactly, nobody can know.
    for (let nth = 1; nth <= told; nth += 1) {
      const guessedAtMs = this.#lastAtMs + ((atMs - this.#lastAtMs) * nth) / (more + 1);
      this.#emitFact({ ...this.#lastFact, isRepetition: true }, guessedAtMs, undefined);
    }
  }

  /** A change of the media sequence belongs to the playlist that was opened for it. */
  #placed(fact: ParsedFact, { pointer }: LogLine): ParsedFact {
    if (fact.rule === 'open') this.#openedUrl = fact.url;
    if (fact.rule === 'sequence-change' && this.#openedUrl !== undefined) return { ...fact, url: this.#openedUrl };
    const isDial = fact.rule === 'tcp-start' || fact.rule === 'tcp-connected' || fact.rule === 'tcp-failed';
    return isDial && pointer !== '' ? { ...fact, pointer } : fact;
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
    const isFatal = isFatalContext(line.context) && isSaidAtTheEnd(line);
    const text = line.message.slice(0, MAX_FACT_CHARS);
    if ((isFatal || isEventContext) && isTimeout(text)) {
      this.#count({ rule: 'timeout', text, ...(isFatal ? { isLastWord: true } : {}) }, atMs, line.loggedAtWallMs);
    } else if (isFatal) {
      // Told to leave while it was opening its input, FFmpeg calls that an error too.
      const rule = text.endsWith(INTERRUPTED) ? 'exit-reason' : 'fatal';
      this.#count({ rule, text }, atMs, line.loggedAtWallMs);
    } else if (line.context === 'tls' && isBad) {
      this.#tlsFailed({ rule: 'tls-failed', text }, line, atMs);
    } else if (isEventContext && line.level !== undefined && !CHATTY_LEVELS.has(line.level)) {
      this.#unknown(line);
    }
  }

  #unknown(line: LogLine): void {
    this.#counters.unparsed += 1;
    this.#noteUnknown?.(line);
  }

  #count(fact: ParsedFact, atMs: number, loggedAtWallMs: number | undefined): void {
    this.#lastFact = fact;
    this.#lastAtMs = atMs;
    this.#emitFact(fact, atMs, loggedAtWallMs);
  }

  #emitFact(fact: ParsedFact, atMs: number, loggedAtWallMs: number | undefined): void {
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
    if (!FIELD_LINE.test(text)) return false;
    const colon = text.indexOf(':');
    if (colon !== HOST.length && colon !== RANGE.length) return true;
    const name = text.slice(0, colon).toLowerCase();
    if (name === HOST || name === RANGE) held[name] = text.slice(colon + 1).trim();
    return true;
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const range = parseRange(held.range);
    const isPath = held.target.startsWith('/');
    if (!isPath) this.#isProxied = true;
    const scheme = this.#isProxied ? 'https' : held.scheme;
    const url = isPath && held.host !== undefined ? `${scheme}://${held.host}${held.target}` : held.target;
    const fact: ParsedFact = { rule: 'request', method: held.method, url, ...(range === undefined ? {} : { range }) };
    this.#count(fact, held.atMs, held.loggedAtWallMs);
  }
}

/** With levels it is the level that tells; without, the words. */
function isSaidAtTheEnd({ level, message }: LogLine): boolean {
  return level === undefined ? LAST_WORDS.test(message) : FATAL_LEVELS.has(level);
}

/** What stands behind the sentence, in the same context. */
function withoutEndlessSentence(line: LogLine): LogLine {
  let { message } = line;
  while (message.startsWith(ENDLESS_SENTENCE)) message = message.slice(ENDLESS_SENTENCE.length);
  return message.length === line.message.length ? line : { ...line, message };
}
