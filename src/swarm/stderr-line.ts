// Takes one line of FFmpeg's log apart: stamp, context, level, message.
// It judges nothing and keeps nothing but the second that it read last.
import { LOG_LEVELS } from '../events.ts';

/** A log line taken apart; `message` is what follows stamp, context and level. */
export interface LogLine {
  readonly loggedAtWallMs: number | undefined;
  /** `` when the line has no `[name @ 0x..]`. */
  readonly context: string;
  readonly pointer: string;
  /** Absent when FFmpeg ran without the level flag. */
  readonly level: string | undefined;
  readonly message: string;
}

/** As FFmpeg prints them; `none` is our own word. */
const LEVELS: ReadonlySet<string> = new Set(LOG_LEVELS.filter((level) => level !== 'none'));
const LONGEST_LEVEL: number = Math.max(...[...LEVELS].map(({ length }) => length));
const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /;
const STAMP_LENGTH = '2026-01-30 16:25:36.940 '.length;
const SECOND_LENGTH = '2026-01-30 16:25:36'.length;
const CONTEXT = /^[^\s[\]]+ @ (?:0x)?[0-9a-fA-F]+$/;
const BEFORE_POINTER = ' @ ';
const HEX_PREFIX = '0x';
/** Longest bracket that can be a context or a level; demuxer names run to about 30 characters. */
const MAX_BRACKET_CHARS = 160;

/** `[stamp] {[context @ 0x..] | [level]} message`, brackets in any order; of two contexts the last one speaks. */
export function readLine(text: string, stamps: StampReader): LogLine {
  const isStamped = STAMP.test(text);
  let position = isStamped ? STAMP_LENGTH : 0;
  let context = '';
  let pointer = '';
  let level: string | undefined;
  while (text[position] === '[') {
    const close = text.indexOf(']', position);
    if (close < 0 || close - position > MAX_BRACKET_CHARS) break;
    const inner = text.slice(position + 1, close);
    if (inner.length <= LONGEST_LEVEL && LEVELS.has(inner)) {
      if (level !== undefined) break;
      level = inner;
    } else {
      // A test and two cuts: what it found as a list would be dearer, of thousands of lines a second.
      if (!CONTEXT.test(inner)) break;
      const at = inner.indexOf(BEFORE_POINTER);
      context = inner.slice(0, at);
      pointer = inner.slice(at + BEFORE_POINTER.length).replace(HEX_PREFIX, '');
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
export class StampReader {
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
