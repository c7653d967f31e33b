// Shows the log one sample of each kind of line that looks like an event and matches no rule, so that a new FFmpeg's words
// are seen once and not a thousand times. It counts nothing (the parser does) and remembers a bounded number of kinds.
import type { Log } from '../log.ts';
import type { LogLine } from './stderr-line.ts';

/** A new FFmpeg brings a handful of new sentences; more kinds than this are noise, of which the count is enough. */
const MAX_SHAPES = 64;
/** The sentence is in the beginning; URLs and lists follow. */
const MAX_SHAPE_CHARS = 120;
const MAX_SAMPLE_CHARS = 500;

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
    const { context, level, message } = line;
    const text = message.slice(0, MAX_SAMPLE_CHARS);
    this.#log.warn({ client, context, ...(level === undefined ? {} : { level }), text }, 'ffmpeg_line_unknown');
    if (this.#shapes.size === MAX_SHAPES)
      this.#log.warn({ shapes: MAX_SHAPES }, 'ffmpeg_lines_unknown_no_more_samples');
  }
}

/** Who says it, how loudly and in which words: what differs from one occurrence to the next is taken out. */
export function shapeOf({ context, level, message }: LogLine): string {
  const words = message
    .slice(0, MAX_SAMPLE_CHARS)
    .replace(/'[^']*'|"[^"]*"/g, "'…'")
    .replace(/[a-z+]{2,20}:\/\/\S+/gi, 'URL')
    .replace(/0x[0-9a-f]+|-?\d+(?:\.\d+)?/gi, 'N');
  return `${context} ${level ?? ''} ${words}`.slice(0, MAX_SHAPE_CHARS);
}
