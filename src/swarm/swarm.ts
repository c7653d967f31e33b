// All clients of a run: started on the ramp's schedule, watched, stopped together.
// It measures nothing itself and draws nothing; what happens goes out through `emit`.
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock.ts';
import type { Emit, LinesEvent } from '../events.ts';
import type { Log } from '../log.ts';
import { type Environment, type StartProgram, withoutProxyVariables } from '../process.ts';
import { type Random, seededRandom } from '../random.ts';
import { secondsToMs } from '../units.ts';
import { type ClientArguments, type ClientCommand, clientArguments, clientEnvironment } from './arguments.ts';
import { Arrivals } from './arrivals.ts';
import type { Capabilities } from './capabilities.ts';
import { Client, type ClientState } from './client.ts';
import { ClientLog } from './client-log.ts';
import { addLines, droppedShare, type LineCounts, NO_LINES, type ProcessDependencies } from './client-process.ts';
import { rampSchedule } from './ramp.ts';
import { CLIENT_BACKOFF, RestartPolicy } from './restart-policy.ts';
import type { StartingGates } from './starting-gate.ts';
import { UnknownLines } from './unknown-lines.ts';

export interface SwarmDependencies {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly log: Log;
  /** How clients are started; default: by a fork of this process. */
  readonly startProgram?: StartProgram;
  /** Handed the reading of each chunk of the clients' stderr, to be done at once. */
  readonly timed?: (work: () => void) => void;
}

/** What every client is started with, and how the swarm as a whole behaves. */
export interface SwarmOptions extends Omit<ClientCommand, 'client' | 'doorUrl'> {
  readonly clients: number;
  readonly rampRatePerSecond: number;
  readonly rampJitterMs: number;
  readonly seed: number;
  readonly capabilities: Capabilities;
  /** true also when it is not known whether the stream ends. */
  readonly isLive: boolean;
  readonly statsBuffer: number;
  /** Per client; 0 = unlimited. */
  readonly maxRestarts: number;
  /** A client whose stream has ended plays it again. Default false. */
  readonly loops?: boolean;
  readonly restartOnStall: boolean;
  readonly targetDurationMs: number;
  readonly stderrDir?: string;
  readonly verbose: boolean;
  /** Ours by default; variables that choose a proxy are taken out. */
  readonly env?: Environment;
  /** The proxy URL of a client's door; absent or undefined = direct. */
  readonly doorUrl?: (client: number) => string | undefined;
  readonly beforeStart?: (client: number, process: number) => void;
  readonly beforeStop?: (client: number) => void;
  /** A live stream came to its end before the eyes of this process: it was given a playlist with ENDLIST. */
  readonly hasEnded?: (client: number, process: number) => boolean;
}

export interface ClientStatus {
  readonly client: number;
  readonly state: ClientState;
  readonly process: number;
  readonly restarts: number;
  readonly pid?: number;
  readonly uptimeMs?: number;
  readonly cpuSeconds?: number;
  /** Of all its processes. */
  readonly lines: LineCounts;
}

/** Stalls are looked for at each turn, and the CPU of some clients, in turn: of up to 80 every 2 s, of 1,000 every 25 s. */
const WATCH_INTERVAL_MS = 250;
/** One that links and one that the first waits for. */
const PREPARED_PER_CORE = 2;
const TELL_INTERVAL_MS: number = secondsToMs(5);
const CPU_TURNS = 8;
/** A look at /proc takes 30 us: these cost a thousandth of a core, however many clients there are. */
const CPU_LOOKS_PER_TURN = 10;

export class Swarm {
  /** Resolved when every client has ended for good: all of a VOD played, restarts used up, or `stop()`. */
  readonly finished: Promise<void>;
  readonly #dependencies: SwarmDependencies;
  readonly #arrivals: Arrivals;
  readonly #clients: readonly Client[];
  readonly #schedule: readonly number[];
  readonly #hasProgress: boolean;
  /** As the log tells it. */
  readonly #ramp: { readonly clients: number; readonly ratePerSecond: number };
  #nextToStart = 0;
  #rampTimer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  #nextToLookAt = 0;

  constructor(dependencies: SwarmDependencies, options: SwarmOptions) {
    this.#dependencies = dependencies;
    this.#hasProgress = options.stats;
    const random = seededRandom(options.seed);
    const { clients, rampRatePerSecond: ratePerSecond, rampJitterMs: jitterMs } = options;
    this.#ramp = { clients, ratePerSecond };
    this.#schedule = rampSchedule({ clients, ratePerSecond, jitterMs }, random.fork('ramp'));
    const { version } = options.capabilities;
    const env = clientEnvironment(withoutProxyVariables(options.env ?? process.env), {
      caFile: options.caFile,
      version,
    });
    const { log, clock } = dependencies;
    const clientLog = new ClientLog(log, () => clock.nowMs());
    this.#arrivals = new Arrivals(clock, clients);
    const shared = { ...dependencies, unknownLines: new UnknownLines(log), clientLog, arrivals: this.#arrivals };
    this.#clients = Array.from({ length: clients }, (_, index) =>
      createClient(shared, options, env, random, index + 1),
    );
    this.finished = Promise.all(this.#clients.map((client) => client.finished)).then(() => {
      clearInterval(this.#watchTimer);
      clientLog.close();
    });
  }

  /**
   * Brings all clients up to where their first request would be, as fast as the machine can, so that the ramp costs no more than
   * playing does; `start()` then lets them go on its schedule. Resolves when all are there.
   */
  async prepare(gates: StartingGates, onPrepared?: (prepared: number) => void): Promise<void> {
    const { clients } = this.#ramp;
    const { log, clock } = this.#dependencies;
    const beganAtMs = clock.nowMs();
    let prepared = 0;
    const tell = (): void => log.info({ clients, prepared }, 'ramp_preparing');
    tell();
    const telling = setInterval(tell, TELL_INTERVAL_MS);
    const waiting = this.#clients.entries();
    const bringUp = async (): Promise<void> => {
      for (const [index, client] of waiting) {
        // Stopped meanwhile.
        if (this.#nextToStart > 0) return;
        await client.hold(gates.of(index + 1));
        prepared += 1;
        onPrepared?.(prepared);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() * PREPARED_PER_CORE }, bringUp));
    clearInterval(telling);
    log.info({ clients, tookMs: Math.round(clock.nowMs() - beganAtMs) }, 'ramp_prepared');
  }

  /** Starts the first client at once and the others on the ramp's schedule. */
  start(): void {
    if (this.#watchTimer !== undefined || this.#nextToStart > 0) return;
    this.#watchTimer = setInterval(() => this.#watch(), WATCH_INTERVAL_MS);
    this.#dependencies.log.info(this.#ramp, 'ramp_starting');
    this.#startDue(this.#dependencies.clock.nowMs());
  }

  /** Ends all clients side by side; at most 3 s and what SIGKILL takes. */
  async stop(): Promise<void> {
    this.#endRamp();
    await Promise.all(this.#clients.map((client) => client.stop()));
    await this.finished;
  }

  /** SIGKILL to every process at once. */
  kill(): void {
    this.#endRamp();
    for (const client of this.#clients) client.kill();
  }

  /** Clients that have a process now. */
  get active(): number {
    return this.#clients.filter((client) => client.isActive).length;
  }

  /** Clients that have been started at least once. */
  get started(): number {
    return this.#clients.filter((client) => client.processNumber > 0).length;
  }

  /** Clients whose process has not played anything yet; undefined without `stats`, where nobody sees it. */
  get starting(): number | undefined {
    return this.#hasProgress ? this.#clients.filter((client) => client.isStarting).length : undefined;
  }

  get isRamping(): boolean {
    return this.#nextToStart < this.#clients.length;
  }

  /** User and system CPU of all FFmpeg processes so far, as last sampled; undefined where the system does not tell. */
  get cpuSeconds(): number | undefined {
    const known = this.#clients.map((client) => client.cpuSeconds).filter((seconds) => seconds !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, seconds) => sum + seconds, 0);
  }

  /** Totals of the line pipeline over all clients and processes, of all that has arrived until now. */
  lines(): LinesEvent {
    this.#arrivals.read();
    const lines = this.#clients.map((client) => client.lines);
    const droppedShares = lines.map(droppedShare).filter((share) => share > 0);
    return {
      type: 'lines',
      atMs: this.#dependencies.clock.nowMs(),
      ...lines.reduce(addLines, NO_LINES),
      ...(droppedShares.length === 0 ? {} : { droppedShares }),
    };
  }

  states(): readonly ClientStatus[] {
    const nowMs = this.#dependencies.clock.nowMs();
    return this.#clients.map((client, index) => statusOf(client, index + 1, nowMs));
  }

  /**
   * At most one process is forked per turn of the loop, so that a steep ramp does not hold up what measures. Those who wait at their
   * gates cost next to nothing: whoever is due is let go, or a loop that has much to read would fall behind the schedule.
   */
  #startDue(rampStartMs: number): void {
    const { clock, log } = this.#dependencies;
    let waitMs = 0;
    do {
      this.#clients[this.#nextToStart]?.start();
      this.#nextToStart += 1;
      const dueMs = this.#schedule[this.#nextToStart];
      if (dueMs === undefined) {
        log.info(this.#ramp, 'ramp_complete');
        return;
      }
      waitMs = Math.max(0, rampStartMs + dueMs - clock.nowMs());
    } while (waitMs === 0 && this.#clients[this.#nextToStart]?.isHeld === true);
    this.#rampTimer = setTimeout(() => this.#startDue(rampStartMs), waitMs);
  }

  #endRamp(): void {
    clearTimeout(this.#rampTimer);
    const wasRamping = this.#watchTimer !== undefined && this.isRamping;
    if (wasRamping) this.#dependencies.log.info({ ...this.#ramp, started: this.#nextToStart }, 'ramp_cancelled');
    this.#nextToStart = this.#clients.length;
  }

  #watch(): void {
    this.#arrivals.read();
    const nowMs = this.#dependencies.clock.nowMs();
    for (const client of this.#clients) client.checkStall(nowMs);
    const looks = Math.min(CPU_LOOKS_PER_TURN, Math.ceil(this.#clients.length / CPU_TURNS));
    for (let look = 0; look < looks; look += 1) {
      this.#clients[this.#nextToLookAt]?.sampleCpu();
      this.#nextToLookAt = (this.#nextToLookAt + 1) % this.#clients.length;
    }
  }
}

/** The command that client number `client` of such a swarm is started with. */
export function swarmArguments(options: SwarmOptions, client: number): ClientArguments {
  const { doorUrl: doorOf, ...shared } = options;
  const doorUrl = doorOf?.(client);
  return clientArguments({ ...shared, client, ...(doorUrl === undefined ? {} : { doorUrl }) }, options.capabilities);
}

function createClient(
  dependencies: ProcessDependencies,
  options: SwarmOptions,
  env: Environment,
  random: Random,
  client: number,
): Client {
  const { isLive, isHls, stats, statsBuffer, verbose, stderrDir, beforeStart, beforeStop, hasEnded } = options;
  return new Client(
    dependencies,
    {
      client,
      path: options.capabilities.path,
      args: swarmArguments(options, client).args,
      env,
      isLive,
      isHls,
      stats,
      statsBuffer,
      verbose,
      ...(options.restartOnStall ? { stallRestartMs: options.targetDurationMs } : {}),
      ...(stderrDir === undefined ? {} : { stderrDir }),
      ...(beforeStart === undefined ? {} : { beforeStart }),
      ...(beforeStop === undefined ? {} : { beforeStop }),
      ...(hasEnded === undefined ? {} : { hasEnded }),
    },
    new RestartPolicy(random.fork(`restart-${client}`), options.maxRestarts, CLIENT_BACKOFF, options.loops ?? false),
  );
}

function statusOf(client: Client, number: number, nowMs: number): ClientStatus {
  const uptimeMs = client.uptimeMs(nowMs);
  const { pid, cpuSeconds } = client;
  return {
    client: number,
    state: client.state,
    process: client.processNumber,
    restarts: client.restarts,
    lines: client.lines,
    ...(pid === undefined ? {} : { pid }),
    ...(uptimeMs === undefined ? {} : { uptimeMs }),
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
  };
}
