// The one place that knows pino: the run's log, JSON or text lines, and the file that log lines are appended to.
// It does not decide what is worth a line; screens and summaries never go through it.
import { closeSync, constants, openSync, write } from 'node:fs';
import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { MIB, MS_PER_SECOND } from './units.ts';

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
  /** What a text may not show is taken out of every line. */
  readonly redact?: (text: string) => string;
  /** Called with each finished line, so that a screen can show the last ones. */
  readonly onLine?: (line: string) => void;
  /** false while a screen owns the terminal. */
  readonly toStderr: () => boolean;
}

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
const writeOctets = promisify(write);
/** Characters that may wait for a slow disk or reader: some 60,000 lines. */
const WAITING_LIMIT: number = 16 * MIB;
/** Between two attempts on a full pipe. */
const RETRY_MS = 20;
const CLOSE_LIMIT_MS: number = MS_PER_SECOND;
const NOT_KEEPING_UP = 'its reader or disk does not keep up; lines are lost';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A log whose destination may change while it runs: stderr, or a file, and always the ring that the screen shows. */
export function createLog(options: LogOptions): Log {
  const file = options.file === undefined ? undefined : openLogFile(options.file);
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const line = options.redact?.(chunk.toString()) ?? chunk.toString();
      const text = options.format === 'json' ? line : `${asText(line)}\n`;
      options.onLine?.(text.trimEnd());
      file?.write(text);
      if (options.file === undefined && options.toStderr()) process.stderr.write(text);
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

/** Lines that are appended, in order, by a writer that never waits in the kernel: a pipe that nobody reads holds nobody up. */
export class LineFile {
  readonly #file: number;
  readonly #onFailure: (reason: string) => void;
  #waiting: string[] = [];
  #waitingLength = 0;
  #writing: Promise<void> | undefined;
  #isOverdue = false;
  #hasFailed = false;

  /**
   * Opens or creates the file, for its owner only. `onFailure` gets a clause, once; what is written from then on is lost.
   * @throws the system's error; ENXIO: a pipe that nobody reads
   */
  constructor(path: string, onFailure: (reason: string) => void) {
    this.#file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
    this.#onFailure = onFailure;
  }

  write(line: string): void {
    if (this.#hasFailed) return;
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    if (this.#waitingLength > WAITING_LIMIT) this.#fail(NOT_KEEPING_UP);
    else this.#writing ??= this.#writeWaiting();
  }

  /** Resolves when the last line is in the file or can never be: the reader of a pipe has a second. Call it once. */
  async close(): Promise<void> {
    const limit = setTimeout(() => {
      this.#isOverdue = true;
    }, CLOSE_LIMIT_MS);
    await this.#writing;
    clearTimeout(limit);
    this.#hasFailed = true;
    closeSync(this.#file);
  }

  async #writeWaiting(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const octets = Buffer.from(this.#waiting.splice(0).join(''));
        this.#waitingLength = 0;
        for (let bytes = 0; bytes < octets.length && !this.#hasFailed; )
          bytes += await this.#writeSome(octets.subarray(bytes));
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
    this.#writing = undefined;
  }

  /** How many octets were taken; after a pause none, when a pipe is full. */
  async #writeSome(octets: Buffer): Promise<number> {
    try {
      return (await writeOctets(this.#file, octets)).bytesWritten;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      if (this.#isOverdue) throw new Error(NOT_KEEPING_UP);
      await pause(RETRY_MS);
      return 0;
    }
  }

  #fail(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#waiting = [];
    this.#onFailure(reason);
  }
}

/** A log that cannot be kept is said on stderr, and the run goes on without it. */
function openLogFile(path: string): LineFile | undefined {
  const tell = (reason: string): void => void process.stderr.write(`hls-swarm: log file ${path}: ${reason}\n`);
  try {
    return new LineFile(path, tell);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    return undefined;
  }
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
