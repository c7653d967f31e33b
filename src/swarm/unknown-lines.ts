// Shows the log the words of each kind of line that looks like an event and matches no rule, so that a new FFmpeg is noticed
// by its sentences and not by a thousand lines. It counts nothing (the parser does) and remembers a bounded number of kinds.
import type { Log } from '../log.ts';
import type { LogLine } from './stderr-line.ts';

/** A new FFmpeg brings a handful of new sentences; more kinds than this are noise, of which the count is enough. */
const MAX_SHAPES = 64;
/** The sentence is in the beginning; URLs and lists follow. */
const MAX_SHAPE_CHARS = 120;
/** Longer than any sentence that holds one URL of ordinary length. */
const MAX_READ_CHARS = 500;

export class UnknownLines {
  readonly #log: Log;
  readonly #shapes = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Shapes seen so far. */
  get size(): number {
    return this.#shapes.size;
  }

  note(line: LogLine, client: number): void {
    if (this.#shapes.size >= MAX_SHAPES) return;
    const shape = shapeOf(line);
    if (this.#shapes.has(shape)) return;
    this.#shapes.add(shape);
    const { context, level } = line;
    const text = wordsOf(line);
    this.#log.warn({ client, context, ...(level === undefined ? {} : { level }), text }, 'ffmpeg_line_unknown');
    if (this.#shapes.size === MAX_SHAPES)
      this.#log.warn({ shapes: MAX_SHAPES }, 'ffmpeg_lines_unknown_no_more_samples');
  }
}

/** Who says it, how loudly and in which words. */
export function shapeOf(line: LogLine): string {
  return `${line.context} ${line.level ?? ''} ${wordsOf(line)}`;
}

/** Without what differs from one occurrence to the next, which is also where secrets are: URLs, names, numbers. */
function wordsOf({ message }: LogLine): string {
  return message
    .slice(0, MAX_READ_CHARS)
    .replace(/[a-z+]{2,20}:\/\/[^\s']+/gi, 'URL')
    .replace(/'[^']*'?|"[^"]*"?/g, "'…'")
    .replace(/0x[0-9a-f]+|-?\d+(?:\.\d+)?/gi, 'N')
    .slice(0, MAX_SHAPE_CHARS);
}
