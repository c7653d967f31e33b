// The origin's access log followed from its end: one `origin-request` per line, one `origin-sample` a second on how the log
// itself is. Survives rotation (by rename, by copytruncate), a file that appears later, and lines that are none.
// It joins nothing and knows no server's format: the mapping does. What was written before we began is not read.
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Emit } from '../events.ts';
import type { Log } from '../log.ts';
import { type LogMapping, readLogRecord } from '../stats/access-log-line.ts';
import { formatCount, msToSeconds, secondsToMs } from '../units.ts';
import { Schedule, type Timers } from './adaptive-interval.ts';
import { MAX_LINE_BYTES } from './log-lines.ts';
import { FLUSH_LIMIT_MS, isAbsent, RotatedLog } from './rotated-log.ts';
import { createFailureLog } from './scraper.ts';

export interface AccessLogDeps {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly log: Log;
  readonly timers?: Timers;
}

export interface AccessLogOptions {
  readonly path: string;
  readonly mapping: LogMapping;
}

/** inotify sees no writes of other hosts on a network file system, nor a link's target: once a second we look ourselves. */
export const LOOK_INTERVAL_MS: number = secondsToMs(1);
/** A busy log changes thousands of times a second: they are read together. */
const READ_DELAY_MS = 100;
const MAX_QUOTED_CHARS = 200;

export class AccessLogFollower {
  readonly #deps: AccessLogDeps;
  readonly #options: AccessLogOptions;
  readonly #schedule: Schedule;
  readonly #failures: { note(reason: string | undefined): void };
  readonly #files: RotatedLog;
  #watcher: FSWatcher | undefined;
  #timer: unknown;
  #pass: Promise<void> = Promise.resolve();
  #missing: string | undefined;
  #lines = 0;
  #unusable = 0;
  #bytesSent = 0;
  #firstProblem: string | undefined;
  #silence: string | undefined;
  #onLines: (() => void) | undefined;
  #isStopped = false;

  constructor(deps: AccessLogDeps, options: AccessLogOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#failures = createFailureLog(deps.log, 'access_log_error');
    this.#files = new RotatedLog(options.path, this.#taker, () => deps.clock.nowMs());
    this.#schedule = new Schedule({
      intervalMs: () => LOOK_INTERVAL_MS,
      jitterMs: () => 0,
      random: () => 0,
      nowMs: () => deps.clock.nowMs(),
      task: () => this.#look(),
      ...(deps.timers === undefined ? {} : { timers: deps.timers }),
    });
  }

  /**
   * Goes to the log's end. A log that is not there may still come: servers make theirs when they start, and a rotation may be
   * under way; a folder that is not there will not. Resolves to whether the log is there. @throws Error of one clause
   */
  async open(): Promise<boolean> {
    const { path } = this.#options;
    try {
      await this.#files.open();
      return true;
    } catch (error) {
      if (!isAbsent(error)) throw new Error(reasonOf(error));
      const folder = await stat(dirname(path)).catch(() => undefined);
      if (folder?.isDirectory() !== true) throw new Error(`there is no folder ${dirname(path)}`);
      return false;
    }
  }

  start(): void {
    const { path } = this.#options;
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(path)) this.#readSoon();
      });
      this.#watcher.on('error', (error) => this.#unwatch(error));
    } catch (error) {
      this.#unwatch(error);
    }
    this.#schedule.start();
  }

  /**
   * Reads what the log still gets, for as long as `isAwaited` and at most 12 s: a server may write lines in batches. Call it
   * when the last octet has passed.
   */
  async finish(isAwaited: () => boolean): Promise<void> {
    const { clock, log } = this.#deps;
    const endsAtMs = clock.nowMs() + FLUSH_LIMIT_MS;
    await this.#read();
    if (isAwaited()) log.info({ limitSeconds: msToSeconds(FLUSH_LIMIT_MS) }, 'access_log_awaited');
    while (isAwaited() && clock.nowMs() < endsAtMs && !this.#isStopped)
      await this.#nextLines(Math.min(LOOK_INTERVAL_MS, endsAtMs - clock.nowMs()));
    if (this.#lines === 0 && isAwaited())
      this.#silence = 'not one line came in the whole run: is it the log of this origin?';
    await this.#look();
  }

  /** No event comes after it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#watcher?.close();
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#onLines?.();
    await this.#schedule.stop();
    await this.#pass;
    await this.#files.close();
  }

  get #timers(): Timers {
    return this.#deps.timers ?? { set: setTimeout, clear: (handle) => clearTimeout(handle as NodeJS.Timeout) };
  }

  readonly #taker = {
    line: (text: string): void => {
      this.#lines += 1;
      const problem = this.#take(text);
      if (problem !== undefined) this.#refuse(problem, text);
    },
    overlong: (): void => {
      this.#lines += 1;
      this.#refuse(`is longer than ${MAX_LINE_BYTES} bytes`, '');
    },
  };

  /** The end of a sentence that began with the line, when it cannot be used. */
  #take(text: string): string | undefined {
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch {
      return 'is not JSON';
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'is not a JSON object';
    const read = readLogRecord(record as Readonly<Record<string, unknown>>, this.#options.mapping);
    if ('problem' in read) return read.problem;
    this.#bytesSent += read.request.bytesSent;
    this.#deps.emit({ type: 'origin-request', atMs: this.#deps.clock.nowMs(), ...read.request });
    return undefined;
  }

  /** The first one is shown, the others are counted: a log of another format is wrong in every line. */
  #refuse(problem: string, text: string): void {
    this.#unusable += 1;
    if (this.#firstProblem !== undefined) return;
    this.#firstProblem = problem;
    this.#deps.log.warn({ problem, line: text.slice(0, MAX_QUOTED_CHARS) }, 'access_log_line_unusable');
  }

  async #look(): Promise<void> {
    await this.#read();
    if (this.#isStopped) return;
    const { clock, emit } = this.#deps;
    const failure = this.#missing ?? this.#silence;
    const reason = failure ?? this.#complaint();
    const ok = failure === undefined && (this.#unusable === 0 || this.#unusable < this.#lines);
    this.#failures.note(ok ? undefined : reason);
    emit({
      type: 'origin-sample',
      source: 'access-log',
      atMs: clock.nowMs(),
      ok,
      ...(reason === undefined ? {} : { reason }),
      requestsTotal: this.#lines - this.#unusable,
      bytesSentTotal: this.#bytesSent,
      logLines: this.#lines,
      unusableLogLines: this.#unusable,
      intervalSeconds: msToSeconds(LOOK_INTERVAL_MS),
    });
  }

  #complaint(): string | undefined {
    if (this.#unusable === 0) return undefined;
    return `${this.#unusable} of ${formatCount(this.#lines, 'line')} cannot be used; the first ${this.#firstProblem}`;
  }

  /** One pass at a time over all files; none of it rejects. */
  #read(): Promise<void> {
    this.#pass = this.#pass.then(async () => {
      if (this.#isStopped) return;
      const before = this.#lines;
      this.#missing = await this.#files.read().then(
        () => undefined,
        (error: unknown) => reasonOf(error),
      );
      if (this.#lines > before) this.#onLines?.();
    });
    return this.#pass;
  }

  #readSoon(): void {
    this.#timer ??= this.#timers.set(() => {
      this.#timer = undefined;
      void this.#read();
    }, READ_DELAY_MS);
  }

  /** Resolves when lines have come, or after `limitMs`. */
  async #nextLines(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onLines = resolve;
    const timer = this.#timers.set(resolve, limitMs);
    await promise;
    this.#timers.clear(timer);
    this.#onLines = undefined;
  }

  #unwatch(error: unknown): void {
    this.#deps.log.info({ reason: reasonOf(error) }, 'access_log_not_watched');
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (isAbsent(error)) return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'this user may not read it' : message;
}
