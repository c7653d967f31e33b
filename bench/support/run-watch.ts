// Looks at a run again and again while it lasts: how long any zombie stayed, the most that main took, and how many descriptors it
// had before the first client and after the last. It judges nothing.
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { SwarmRun } from './swarm-run.ts';

/** A zombie of more than a second is in two looks. */
const LOOK_MS = 500;
/** For clients: before the first one the idle state is short, and after the last one the program ends soon. */
const CLIENTS_LOOK_MS = 5;

export class RunWatch {
  longestZombieMs = 0;
  peakResidentBytes = 0;
  /** With the doors open, before the first client. */
  idleDescriptors: number | undefined;
  /** After the last client. */
  lastDescriptors: number | undefined;
  /** Between two looks at all processes, once there are clients. */
  #lookMs: number = LOOK_MS;
  /** Aborted when the clients are about to leave. */
  readonly #ending = new AbortController();
  readonly #run: SwarmRun;
  /** Clients at that moment; the last is the next to be missed. To list them all again and again would hold up those that end. */
  #leaving: number[] | undefined;
  readonly #zombieSinceMs: Map<number, number> = new Map();
  #hadClients = false;
  #hasClients = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #isOver = false;
  #loop: Promise<void> | undefined;

  constructor(run: SwarmRun) {
    this.#run = run;
  }

  start(lookMs: number = LOOK_MS): void {
    this.#lookMs = lookMs;
    this.#loop = this.#watch();
  }

  /** The clients are about to leave: from here on whether any is left is looked at all the time. */
  expectEnd(lookMs: number): void {
    this.#lookMs = lookMs;
    this.#leaving = [...this.#run.clientPids()];
    this.#ending.abort();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver && !this.#run.program.hasEnded) {
      try {
        this.#look();
      } catch {
        // It ended while we looked.
      }
      const { signal } = this.#ending;
      if (!this.#hasClients || signal.aborted) await pause(CLIENTS_LOOK_MS);
      else await pause(this.#lookMs, undefined, { signal }).catch(() => {});
    }
  }

  #look(): void {
    const run = this.#run;
    this.#hasClients = this.#areClientsThere();
    this.#hadClients ||= this.#hasClients;
    if (!this.#hadClients) this.idleDescriptors = run.descriptors();
    else if (!this.#hasClients) this.lastDescriptors = run.descriptors();
    if (this.#hasClients && performance.now() - this.#lookedAtMs < this.#lookMs) return;
    this.#lookedAtMs = performance.now();
    this.peakResidentBytes = Math.max(this.peakResidentBytes, run.residentBytes);
    this.#lookForZombies();
  }

  #areClientsThere(): boolean {
    const leaving = this.#leaving;
    if (leaving === undefined) return this.#run.clientPids().length > 0;
    while (leaving.length > 0 && !existsSync(`/proc/${leaving.at(-1)}`)) leaving.pop();
    return leaving.length > 0;
  }

  #lookForZombies(): void {
    const nowMs = performance.now();
    const zombies = new Set(this.#run.zombies());
    for (const pid of this.#zombieSinceMs.keys()) if (!zombies.has(pid)) this.#zombieSinceMs.delete(pid);
    for (const pid of zombies) {
      const sinceMs = this.#zombieSinceMs.get(pid) ?? nowMs;
      this.#zombieSinceMs.set(pid, sinceMs);
      this.longestZombieMs = Math.max(this.longestZombieMs, nowMs - sinceMs);
    }
  }
}
