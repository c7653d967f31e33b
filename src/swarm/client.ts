// One FFmpeg client over its whole life: it starts processes one after another, says what happened, and ends for good once.
// It does not parse (client-process.ts) and does not decide about restarts (restart-policy.ts).
import type { ClientEvent, ExitCategory } from '../events.ts';
import type { Environment } from '../process.ts';
import { formatMs } from '../units.ts';
import { ClientLog } from './client-log.ts';
import {
  addLines,
  ClientProcess,
  type LineCounts,
  NO_LINES,
  type ProcessDependencies,
  type ProcessEnding,
} from './client-process.ts';
import { exitCategory, type RestartPolicy } from './restart-policy.ts';
import type { StartingGate } from './starting-gate.ts';

export type ClientState = 'created' | 'starting' | 'running' | 'backoff' | 'stopping' | 'stopped';

export interface ClientOptions {
  /** 1-based. */
  readonly client: number;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** true when the stream is not known to end. */
  readonly isLive: boolean;
  /** Default true; false for MPEG-TS over HTTP. */
  readonly isHls?: boolean;
  /** Restart when there has been nothing to play for longer than this; absent = never. */
  readonly stallRestartMs?: number;
  readonly stats: boolean;
  readonly statsBuffer: number;
  readonly stderrDir?: string;
  readonly verbose: boolean;
  /** Called right before a process is started: name it at the door, lower the stop flag. */
  readonly beforeStart?: (client: number, process: number) => void;
  /** Called before the first signal is sent: raise the stop flag. */
  readonly beforeStop?: (client: number) => void;
  /** Asked when a process left a live stream: it was given a playlist with ENDLIST. Default: nobody knows, so no. */
  readonly hasEnded?: (client: number, process: number) => boolean;
}

/** Number of a client's first process. */
const FIRST = 1;

export class Client {
  /** Resolved when the client will never run again. */
  readonly finished: Promise<void>;
  readonly #dependencies: ProcessDependencies;
  readonly #options: ClientOptions;
  readonly #log: ClientLog;
  readonly #policy: RestartPolicy;
  readonly #finish: () => void;
  #state: ClientState = 'created';
  #processNumber = 0;
  #process: ClientProcess | undefined;
  /** The first process, waiting at its gate: nothing of this client has begun yet. */
  #held: ClientProcess | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  /** Why we are stopping the running process, when it is to be replaced. */
  #replaceReason: string | undefined;
  #endedLines: LineCounts = NO_LINES;
  #endedCpuSeconds: number | undefined;

  constructor(dependencies: ProcessDependencies, options: ClientOptions, policy: RestartPolicy) {
    this.#dependencies = dependencies;
    this.#options = options;
    const { clientLog, clock, log } = dependencies;
    this.#log = clientLog ?? new ClientLog(log, () => clock.nowMs());
    this.#policy = policy;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Number of the current or last process; 0 before the first. */
  get processNumber(): number {
    return this.#processNumber;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Processes started beyond the first, including the one that waits for its backoff. */
  get restarts(): number {
    return this.#policy.restarts;
  }

  get isActive(): boolean {
    return this.#process !== undefined;
  }

  /** There is a process, and it has not played anything yet. */
  get isStarting(): boolean {
    return this.#process !== undefined && this.#state !== 'stopping' && !this.#process.hasPlayed;
  }

  uptimeMs(nowMs: number): number | undefined {
    return this.#process === undefined ? undefined : nowMs - this.#process.startedAtMs;
  }

  /** All processes together, as last sampled; undefined where the system does not tell. */
  get cpuSeconds(): number | undefined {
    return sumOf(this.#endedCpuSeconds, this.#process?.cpuSeconds);
  }

  get lines(): LineCounts {
    return this.#process === undefined ? this.#endedLines : addLines(this.#endedLines, this.#process.counts);
  }

  /** Brings the first process up as far as `gate`; resolves when it is there. `start()` lets it go. */
  async hold(gate: StartingGate): Promise<void> {
    if (this.#state !== 'created' || this.#held !== undefined) return;
    const held = this.#newProcess(FIRST, gate);
    this.#held = held;
    // Gone before its time: the start will be one like any other.
    void held.ended.then(() => {
      if (this.#held === held) this.#held = undefined;
    });
    await held.untilAtGate();
  }

  /** Its first process is there, or on its way to the gate. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  start(): void {
    if (this.#state === 'created') this.#startProcess();
  }

  /** Ends the client for good; resolves when its process is gone and its last line parsed. */
  async stop(): Promise<void> {
    clearTimeout(this.#restartTimer);
    this.#replaceReason = undefined;
    if (this.#process === undefined) {
      this.#state = 'stopping';
      await this.#held?.stop();
      this.#endForGood();
      return;
    }
    this.#beginStop(this.#process);
    await this.finished;
  }

  /** SIGKILL at once; the ending is reported as usual. */
  kill(): void {
    clearTimeout(this.#restartTimer);
    this.#replaceReason = undefined;
    this.#noteStop();
    this.#process?.kill();
    if (this.#process !== undefined) return;
    this.#state = 'stopping';
    this.#held?.kill();
    void Promise.resolve(this.#held?.ended).then(() => this.#endForGood());
  }

  sampleCpu(): void {
    this.#process?.sampleCpu();
  }

  /** Replaces the process when its playback has stood still for too long. */
  checkStall(nowMs: number): void {
    const limitMs = this.#options.stallRestartMs;
    if (limitMs === undefined || this.#state !== 'running' || this.#process === undefined) return;
    const stalledForMs = this.#process.stalledForMs(nowMs);
    if (stalledForMs === undefined || stalledForMs <= limitMs) return;
    this.#replaceReason = `stalled for ${formatMs(stalledForMs)}: all that was read is played, and out_time stands still`;
    this.#beginStop(this.#process);
  }

  #startProcess(): void {
    const { client, beforeStart } = this.#options;
    this.#state = 'starting';
    this.#processNumber += 1;
    beforeStart?.(client, this.#processNumber);
    const started = this.#held ?? this.#newProcess(this.#processNumber);
    this.#held = undefined;
    this.#process = started;
    if (started.pid !== undefined) this.#onStarted(started.pid);
    // Told before, so that nothing it does can seem to have been done before its start.
    started.letGo();
    void started.ended.then((ending) => this.#onEnded(started, ending));
  }

  #newProcess(number: number, gate?: StartingGate): ClientProcess {
    const options = { ...this.#options, process: number, ...(gate === undefined ? {} : { gate }) };
    const made: ClientProcess = new ClientProcess(this.#dependencies, options, (pid) => {
      if (made === this.#process) this.#onStarted(pid);
    });
    return made;
  }

  #onStarted(pid: number): void {
    if (this.#state === 'starting') this.#state = 'running';
    this.#say('start', { pid });
  }

  #beginStop(current: ClientProcess): void {
    if (this.#state === 'stopping') return;
    this.#noteStop();
    void current.stop();
  }

  /** The flag at the door goes up first: whatever the signal breaks must already count as our doing. */
  #noteStop(): void {
    if (this.#process === undefined || this.#state === 'stopping') return;
    // What it said before is not about its stop.
    this.#dependencies.arrivals?.read();
    this.#state = 'stopping';
    this.#options.beforeStop?.(this.#options.client);
    this.#say('stop', this.#replaceReason === undefined ? {} : { reason: this.#replaceReason });
  }

  #onEnded(ended: ClientProcess, ending: ProcessEnding): void {
    const { client, isHls = true, hasEnded } = this.#options;
    const isLive = this.#options.isLive && hasEnded?.(client, this.#processNumber) !== true;
    const category = exitCategory(ending, { isStopping: this.#state === 'stopping', isLive, isHls });
    const reason = this.#replaceReason ?? reasonOf(category, ending);
    this.#endedLines = addLines(this.#endedLines, ended.counts);
    this.#endedCpuSeconds = sumOf(this.#endedCpuSeconds, ending.cpuSeconds);
    this.#process = undefined;
    this.#say('exit', {
      category,
      uptimeMs: ending.uptimeMs,
      ...(ended.pid === undefined ? {} : { pid: ended.pid }),
      ...(ending.code === undefined ? {} : { exitCode: ending.code }),
      ...(ending.signal === undefined ? {} : { signal: ending.signal }),
      ...(reason === undefined ? {} : { reason }),
      ...(ending.cpuSeconds === undefined ? {} : { cpuSeconds: ending.cpuSeconds }),
    });
    if (category === 'stopped' && this.#replaceReason === undefined) this.#endForGood();
    else this.#restartOrEnd(category, ending.uptimeMs, reason);
  }

  #restartOrEnd(category: ExitCategory, uptimeMs: number, reason: string | undefined): void {
    this.#replaceReason = undefined;
    const decision = this.#policy.decide(category, uptimeMs);
    if (!decision.restart) {
      const { client } = this.#options;
      this.#log.ended({ client, category, reason: decision.reason, exitReason: reason });
      this.#endForGood();
      return;
    }
    this.#state = 'backoff';
    this.#say('restart-scheduled', {
      delayMs: decision.delayMs,
      category,
      ...(reason === undefined ? {} : { reason }),
    });
    this.#restartTimer = setTimeout(() => this.#startProcess(), decision.delayMs);
  }

  #endForGood(): void {
    this.#state = 'stopped';
    this.#finish();
  }

  #say(event: ClientEvent['event'], facts: Partial<ClientEvent>): void {
    const { clock, emit } = this.#dependencies;
    const { client } = this.#options;
    const said: ClientEvent = {
      type: 'client',
      client,
      process: this.#processNumber,
      atMs: clock.nowMs(),
      event,
      ...facts,
    };
    emit(said);
    this.#log.note(said);
  }
}

function sumOf(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined ? right : left + (right ?? 0);
}

function reasonOf(category: ExitCategory, ending: ProcessEnding): string | undefined {
  if (ending.failure !== undefined) return ending.failure;
  if (category === 'success' || category === 'stopped') return undefined;
  if (ending.lastWords !== undefined || ending.signal !== undefined) return ending.lastWords;
  return ending.code === 0 ? 'left with 0 although the stream has no end' : `left with ${ending.code} without a word`;
}
