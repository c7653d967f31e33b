// The one place that knows pino: the run's log, JSON or text lines.
// It does not decide what is worth a line; screens and summaries never go through it.
import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pino } from 'pino';

/** What a room may say: an object of facts first, then the event's name. */
export interface Log {
  debug(facts: object, event: string): void;
  info(facts: object, event: string): void;
  warn(facts: object, event: string): void;
  error(facts: object, event: string): void;
}

interface LogOptions {
  readonly format: 'json' | 'text';
  readonly verbose: boolean;
  /** Write here instead of stderr. */
  readonly file?: string;
  /** Called with each finished line, so that a screen can show the last ones. */
  readonly onLine?: (line: string) => void;
  /** false while a screen owns the terminal. */
  readonly toStderr: () => boolean;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A log whose destination may change while it runs: stderr, or a file, and always the ring that the screen shows. */
export function createLog(options: LogOptions): Log {
  const file = options.file === undefined ? undefined : createWriteStream(options.file, { flags: 'a', mode: 0o600 });
  file?.on('error', (error) => process.stderr.write(`hls-swarm: log file ${options.file}: ${error.message}\n`));
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = options.format === 'json' ? chunk.toString() : `${asText(chunk.toString())}\n`;
      options.onLine?.(text.trimEnd());
      file?.write(text);
      if (file === undefined && options.toStderr()) process.stderr.write(text);
      done();
    },
  });
  return pino(
    {
      level: options.verbose ? 'debug' : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'event',
    },
    destination,
  );
}

function asText(line: string): string {
  const { level, time, event, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries(facts).map(([key, value]) => `${key}=${quoted(value)}`);
  return [time, String(level).toUpperCase(), event, ...pairs].join(' ');
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
