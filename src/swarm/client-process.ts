// One FFmpeg process: its pipes cut into lines, the lines handed to parsers that live and die with it, its CPU and progress.
// It does not restart anything and decides nothing about the ending (client.ts does).
import type { Clock } from '../clock.ts';
import type { Emit } from '../events.ts';
import type { Log } from '../log.ts';
import { type Environment, type Program, type ProgramExit, type StartProgram, startProgram } from '../process.ts';
import { Arrivals, type ChunkReader } from './arrivals.ts';
import type { ClientLog } from './client-log.ts';
import { processCpuSeconds } from './cpu-usage.ts';
import { LastWords } from './last-words.ts';
import { LineBudget } from './line-budget.ts';
import { LineSplitter } from './line-splitter.ts';
import { Playout } from './playout.ts';
import { ProgressParser } from './progress-parser.ts';
import { arrival, type StartingGate, waitAt } from './starting-gate.ts';
import { StderrFile } from './stderr-file.ts';
import { StderrParser } from './stderr-parser.ts';
import type { UnknownLines } from './unknown-lines.ts';

export interface ProcessDependencies {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly log: Log;
  /** Shared by all clients: a new sentence of FFmpeg is shown once, not once per client. */
  readonly unknownLines?: UnknownLines;
  /** Shared for the same reason: what clients do is told at most so many times a second. */
  readonly clientLog?: ClientLog;
  /** Default: a fork of this process, which is fine for a few. */
  readonly startProgram?: StartProgram;
  /** Handed the reading of each chunk of stderr, to be done at once: whoever wants to know how long it takes. */
  readonly timed?: (work: () => void) => void;
  /** Shared by all clients; default: what comes is read at once. */
  readonly arrivals?: Arrivals;
}

export interface ProcessOptions {
  readonly client: number;
  /** 1 = the client's first. */
  readonly process: number;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly stats: boolean;
  /** Lines per stream that are taken within 100 ms; more are dropped and counted. */
  readonly statsBuffer: number;
  readonly stderrDir?: string;
  /** Repeat every stderr line in the log at debug level. */
  readonly verbose: boolean;
  /** The program waits there until `letGo()`; absent = it goes at once. */
  readonly gate?: StartingGate;
}

/** Running totals of one process's lines. */
export interface LineCounts {
  readonly stderrLines: number;
  readonly progressLines: number;
  readonly unparsedLines: number;
  readonly droppedStderrLines: number;
  readonly droppedProgressLines: number;
  readonly overlongLines: number;
}

export const NO_LINES: LineCounts = {
  stderrLines: 0,
  progressLines: 0,
  unparsedLines: 0,
  droppedStderrLines: 0,
  droppedProgressLines: 0,
  overlongLines: 0,
};

export interface ProcessEnding extends ProgramExit {
  readonly uptimeMs: number;
  readonly cpuSeconds?: number;
  /** What FFmpeg said about it, right before. */
  readonly lastWords?: string;
}

/**
 * From its first frame until it has read what else the playlist listed, if the origin is not what it waits for. One that gave way
 * at its first frame would have one segment of three, and on a full machine would stall before it had the third.
 */
const CATCH_UP_MS = 250;

export class ClientProcess {
  /** Resolved after the last line was parsed and every file written. */
  readonly ended: Promise<ProcessEnding>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: ProcessOptions;
  readonly #program: Program;
  readonly #arrivals: Arrivals;
  readonly #stderr: LineSplitter;
  readonly #progress: LineSplitter;
  readonly #stderrParser: StderrParser;
  readonly #progressParser: ProgressParser;
  readonly #stderrBudget: LineBudget;
  readonly #progressBudget: LineBudget;
  readonly #file: StderrFile | undefined;
  readonly #lastWords: LastWords = new LastWords();
  readonly #playout: Playout = new Playout();
  #startedAtMs: number;
  #stderrLines = 0;
  #progressLines = 0;
  #cpuSeconds: number | undefined;
  #catchingUp: NodeJS.Timeout | undefined;

  /** Starts the program at once; `onStarted` is called when its pid becomes known later than that. */
  constructor(dependencies: ProcessDependencies, options: ProcessOptions, onStarted: (pid: number) => void) {
    const { clock, emit, log } = dependencies;
    const { client, process, statsBuffer, stderrDir } = options;
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
    this.#arrivals = dependencies.arrivals ?? new Arrivals(clock, 1);
    this.#stderrBudget = new LineBudget(statsBuffer);
    this.#progressBudget = new LineBudget(statsBuffer);
    this.#file = stderrDir === undefined ? undefined : new StderrFile(stderrDir, client, process, log);
    this.#stderrParser = new StderrParser(
      (fact, atMs, loggedAtWallMs) =>
        emit({
          type: 'parsed',
          client,
          process,
          atMs,
          ...(loggedAtWallMs === undefined ? {} : { loggedAtWallMs }),
          ...fact,
        }),
      (line) => dependencies.unknownLines?.note(line, client),
    );
    this.#progressParser = new ProgressParser((block, atMs) => {
      this.#notePlayout(block.outTimeUs, atMs);
      emit({ type: 'progress', client, process, atMs, ...block });
    });
    this.#stderr = new LineSplitter({ onLine: (text, atMs) => this.#onStderrLine(text, atMs) });
    this.#progress = new LineSplitter({ onLine: (text, atMs) => this.#onProgressLine(text, atMs) });
    this.#startedAtMs = clock.nowMs();
    this.#program = this.#start(dependencies.startProgram ?? startProgram, onStarted, dependencies.timed);
    // Who comes again at the end of a backoff, or whose beginning nobody would see the end of, gets no better turn for it.
    if (process > 1 || !options.stats) this.#program.giveWay?.();
    this.ended = this.#program.exited.then((exit) => this.#end(exit));
  }

  /** Absent when the program could not be started, or not yet. */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** When it was let go. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** Resolved when it waits at its gate, or is gone, or after 10 s. */
  untilAtGate(): Promise<void> {
    return arrival(() => this.pid, this.#program.exited);
  }

  /** As last sampled. */
  get cpuSeconds(): number | undefined {
    return this.#cpuSeconds;
  }

  get counts(): LineCounts {
    return {
      stderrLines: this.#stderrLines,
      progressLines: this.#progressLines,
      unparsedLines: this.#stderrParser.counters.unparsed,
      droppedStderrLines: this.#stderrBudget.dropped,
      droppedProgressLines: this.#progressBudget.dropped,
      overlongLines: this.#stderr.counters.overlongLines + this.#progress.counters.overlongLines,
    };
  }

  letGo(): void {
    this.#startedAtMs = this.#clock.nowMs();
    try {
      this.#options.gate?.open();
    } catch (error) {
      // No descriptor left: it would wait for ever. Its next start has no gate.
      this.#log.warn({ client: this.#options.client, reason: (error as Error).message }, 'client_gate_error');
      this.kill();
    }
  }

  /** `out_time` has advanced. */
  get hasPlayed(): boolean {
    return this.#playout.hasBegun;
  }

  /** How long a player has had nothing to play (playout.ts); undefined before it began to. */
  stalledForMs(nowMs: number): number | undefined {
    return this.#playout.stalledForMs(nowMs);
  }

  sampleCpu(): void {
    if (this.#program.pid !== undefined) this.#cpuSeconds = processCpuSeconds(this.#program.pid) ?? this.#cpuSeconds;
  }

  /** SIGTERM, SIGTERM, SIGKILL (process.ts). */
  async stop(): Promise<void> {
    this.sampleCpu();
    await this.#program.stop();
    await this.ended;
  }

  kill(): void {
    this.sampleCpu();
    this.#program.kill();
  }

  #start(start: StartProgram, onStarted: (pid: number) => void, timed: ProcessDependencies['timed']): Program {
    const { path, args, env, stats, gate } = this.#options;
    const stderr = timed === undefined ? this.#stderr : timedReader(this.#stderr, timed);
    return start(path, gate === undefined ? args : [...waitAt(gate.path), ...args], {
      isLeaf: true,
      stdio: { stdout: 'ignore', stderr: 'pipe', ...(stats ? { fd3: 'pipe' } : {}) },
      env,
      onStarted,
      onStderr: (chunk) => {
        this.#file?.write(chunk);
        this.#arrivals.take(stderr, chunk);
      },
      onFd3: (chunk) => this.#arrivals.take(this.#progress, chunk),
    });
  }

  #onStderrLine(text: string, atMs: number): void {
    if (this.#options.verbose) this.#log.debug({ client: this.#options.client, text }, 'ffmpeg_stderr');
    this.#lastWords.note(text, atMs);
    if (!this.#stderrBudget.take(atMs)) return;
    this.#stderrLines += 1;
    if (this.#options.stats) this.#stderrParser.line(text, atMs);
  }

  #onProgressLine(text: string, atMs: number): void {
    if (!this.#progressBudget.take(atMs)) return;
    this.#progressLines += 1;
    this.#progressParser.line(text, atMs);
  }

  #notePlayout(outTimeUs: number | undefined, atMs: number): void {
    const hasPlayed = this.#playout.hasBegun;
    this.#playout.note(outTimeUs, atMs);
    if (hasPlayed || !this.#playout.hasBegun) return;
    this.#options.gate?.close();
    this.#catchingUp = setTimeout(() => this.#program.giveWay?.(), CATCH_UP_MS);
  }

  async #end(exit: ProgramExit): Promise<ProcessEnding> {
    const endedAtMs = this.#clock.nowMs();
    this.#options.gate?.close();
    this.#arrivals.read();
    this.#stderr.end();
    this.#progress.end();
    clearTimeout(this.#catchingUp);
    this.#stderrParser.end();
    await this.#file?.end();
    const lastWords = this.#lastWords.reason(endedAtMs);
    return {
      ...exit,
      uptimeMs: endedAtMs - this.#startedAtMs,
      ...(this.#cpuSeconds === undefined ? {} : { cpuSeconds: this.#cpuSeconds }),
      ...(lastWords === undefined ? {} : { lastWords }),
    };
  }
}

function timedReader(reader: ChunkReader, timed: (work: () => void) => void): ChunkReader {
  return { push: (chunk, atMs) => timed(() => reader.push(chunk, atMs)) };
}

/** Adds line counts of clients or processes. */
export function addLines(left: LineCounts, right: LineCounts): LineCounts {
  return {
    stderrLines: left.stderrLines + right.stderrLines,
    progressLines: left.progressLines + right.progressLines,
    unparsedLines: left.unparsedLines + right.unparsedLines,
    droppedStderrLines: left.droppedStderrLines + right.droppedStderrLines,
    droppedProgressLines: left.droppedProgressLines + right.droppedProgressLines,
    overlongLines: left.overlongLines + right.overlongLines,
  };
}

/** Lines that were thrown away, as a share of all that came. */
export function droppedShare(lines: LineCounts): number {
  const dropped = lines.droppedStderrLines + lines.droppedProgressLines;
  return dropped > 0 ? dropped / (lines.stderrLines + lines.progressLines + dropped) : 0;
}
