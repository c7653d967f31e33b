// One run of hls-swarm watched from outside: the CPU of each of its parts as Linux counts it, its memory, descriptors and zombies,
// and what it says of itself over HTTP. It judges nothing and stops nothing but what it started.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Summary } from '../../src/stats/summary.ts';
import { type HlsSwarm, startHlsSwarm } from '../../test/support/program.ts';
import { cpuSeconds, residentBytes } from './process-figures.ts';

/** Seconds of CPU so far; those of clients by process, as they come and go. */
export interface PartsCpu {
  readonly atMs: number;
  /** Of the tap's thread, as the thread itself tells; undefined without a tap. */
  readonly tap: number | undefined;
  /** The rest of the same process, whatever the thread. */
  readonly main: number;
  /** The small process that forks the clients. */
  readonly launcher: number;
  readonly clients: ReadonlyMap<number, number>;
}

/** Cores in use between two readings. */
export interface PartsCores {
  readonly tap: number | undefined;
  readonly main: number;
  readonly launcher: number;
  /** Of clients that were there at both. */
  readonly clients: number;
}

export interface WatchOptions {
  /** Absent: the embedded origin. */
  readonly url?: string;
  readonly clients: number;
  readonly rampPerSecond: number;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const READY_LIMIT_MS = 60_000;
/** There is a new one once a second, and with a row for each of 1,000 clients it takes what is measured 10 ms to tell. */
const SNAPSHOT_LOOK_MS = 1_000;

export class SwarmRun {
  readonly program: HlsSwarm;
  readonly #options: WatchOptions;
  #control: string | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { url, clients, rampPerSecond, args, env } = options;
    const load = ['--clients', String(clients), '--ramp-rate', String(rampPerSecond)];
    const faces = ['--no-tui', '--metrics', '127.0.0.1:0', '--skip-preflight'];
    this.program = startHlsSwarm(
      [...(url === undefined ? ['demo'] : ['run', url]), ...load, ...faces, ...args],
      env ?? {},
    );
  }

  get pid(): number {
    return this.program.pid;
  }

  /** Resolves when its control server answers. */
  async ready(): Promise<void> {
    this.#control = await this.program.controlUrl();
  }

  /** Undefined before the first. */
  async snapshot(): Promise<Summary | undefined> {
    const response = await fetch(`${this.#control}/snapshot`);
    return response.ok ? ((await response.json()) as Summary) : undefined;
  }

  /** Resolves when the first client of the ramp has been let go. */
  async firstRunning(limitMs: number = READY_LIMIT_MS): Promise<void> {
    await this.#untilSaid(({ clients }) => clients.active > 0, 'the first client', limitMs);
  }

  /** Resolves when all clients are running at once. */
  async allRunning(limitMs: number = READY_LIMIT_MS): Promise<void> {
    const wanted = this.#options.clients;
    await this.#untilSaid(({ clients }) => clients.active >= wanted, `${wanted} clients at once`, limitMs);
  }

  /** Resolves when every client has had its first segment. */
  async allPlaying(limitMs: number): Promise<void> {
    const wanted = this.#options.clients;
    const havePlayed = ({ clients }: Summary): boolean => (clients.playback.startupMs.n ?? 0) >= wanted;
    await this.#untilSaid(havePlayed, `${wanted} clients with a segment`, limitMs);
  }

  /** Absent before the first client. */
  get launcherPid(): number | undefined {
    return childrenOf(this.pid).find((pid) => commandOf(pid).includes('launcher-main'));
  }

  clientPids(): readonly number[] {
    const { launcherPid } = this;
    return launcherPid === undefined ? [] : childrenOf(launcherPid);
  }

  async cpu(): Promise<PartsCpu> {
    const tap = (await this.snapshot())?.instrument.tapCpuSeconds;
    const { launcherPid } = this;
    const clients = new Map(this.clientPids().map((pid) => [pid, cpuSecondsOf(pid)] as const));
    return {
      atMs: performance.now(),
      tap,
      main: cpuSeconds(this.pid).all - (tap ?? 0),
      launcher: launcherPid === undefined ? 0 : cpuSecondsOf(launcherPid),
      clients,
    };
  }

  get residentBytes(): number {
    return residentOf(this.pid);
  }

  get launcherResidentBytes(): number {
    const { launcherPid } = this;
    return launcherPid === undefined ? 0 : residentOf(launcherPid);
  }

  /** How many main has open. */
  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Asks twice a second: each answer costs what is measured some milliseconds. */
  async #untilSaid(holds: (summary: Summary) => boolean, what: string, limitMs: number): Promise<void> {
    const isSaid = async (): Promise<boolean> => {
      const summary = await this.snapshot();
      if (summary !== undefined && holds(summary)) return true;
      await pause(SNAPSHOT_LOOK_MS);
      return false;
    };
    await this.program.until(isSaid, what, limitMs);
  }

  /** Pids of ours that ended and were not waited for. */
  zombies(): readonly number[] {
    return [...childrenOf(this.pid), ...this.clientPids()].filter((pid) => stateOf(pid) === 'Z');
  }
}

export function coresBetween(before: PartsCpu, after: PartsCpu): PartsCores {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const both = [...after.clients].filter(([pid]) => before.clients.has(pid));
  const used = both.reduce((sum, [pid, now]) => sum + now - (before.clients.get(pid) ?? now), 0);
  return {
    tap: after.tap === undefined || before.tap === undefined ? undefined : (after.tap - before.tap) / seconds,
    main: (after.main - before.main) / seconds,
    launcher: (after.launcher - before.launcher) / seconds,
    clients: used / seconds,
  };
}

/** Living children as the kernel lists them; none when it has gone. */
function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** `R`, `S`, `Z`, ...; undefined when there is no such process. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  } catch {
    return undefined;
  }
}

/**
 * Gone, or dead and left to whoever inherited it: nothing of ours can wait for the child of a killed parent. Who asks for 1,000 takes
 * part in what is measured: most are gone when asked for, and that is cheap to see.
 */
export function hasDied(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || [undefined, 'Z', 'X'].includes(stateOf(pid));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** 0 when it is gone: the others may still be looked at. */
export function cpuSecondsOf(pid: number): number {
  try {
    return cpuSeconds(pid).all;
  } catch {
    return 0;
  }
}

/** 0 when it is gone. */
function residentOf(pid: number): number {
  try {
    return residentBytes(pid, 'now');
  } catch {
    return 0;
  }
}
