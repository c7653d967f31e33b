// The options of `analyze`: what is read, and which of many clients is meant. Pure data: a type and its rows.
import type { Command, OptionTable } from './option.ts';

export interface AnalyzeOptions {
  /** A path, or `-` for stdin. */
  readonly stderr?: string;
  readonly truth?: string;
  readonly sizes?: string;
  readonly events?: string;
  readonly logClient?: number;
  readonly logProcess?: number;
}

const ANALYZE: readonly Command[] = ['analyze'];

export const analyzeOptions: OptionTable<AnalyzeOptions> = {
  stderr: {
    name: 'stderr',
    type: 'path',
    placeholder: 'LOG',
    group: 'Analysis',
    commands: ANALYZE,
    help: 'Saved stderr of one FFmpeg process, - for stdin; arrivals.jsonl beside it tells when its octets came',
  },
  truth: {
    name: 'truth',
    type: 'path',
    placeholder: 'FILE',
    group: 'Analysis',
    commands: ANALYZE,
    help: 'What was really requested: a journal of ours, or one JSON line per request as a server saw it',
  },
  sizes: {
    name: 'sizes',
    type: 'path',
    placeholder: 'JSON',
    group: 'Analysis',
    commands: ANALYZE,
    help: "Listing with segment sizes, in the form of nginx's autoindex_format json",
  },
  events: {
    name: 'events',
    type: 'path',
    placeholder: 'FILE',
    group: 'Analysis',
    commands: ANALYZE,
    help: 'What a parser of your own made of the log, as JSON lines: it is scored in place of ours',
  },
  logClient: {
    name: 'log-client',
    type: 'integer',
    unit: 'client',
    minimum: 1,
    maximum: 5000,
    group: 'Analysis',
    commands: ANALYZE,
    help: 'Whose log it is, where the truth has several clients; when not given: the one whose door is in the log',
  },
  logProcess: {
    name: 'log-process',
    type: 'integer',
    unit: 'process',
    minimum: 1,
    maximum: 999_999,
    group: 'Analysis',
    commands: ANALYZE,
    help: "Which of that client's processes, where a journal has several",
  },
};
