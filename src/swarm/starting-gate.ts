// Where FFmpeg waits for its slot in the ramp, loaded and linked, before its first request: it opens a FIFO for writing, which
// lasts until somebody opens it for reading. It starts no program and knows no schedule.
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeNamedPipes, pipesFolder } from '../named-pipes.ts';
import { removeTemporaryFolder } from '../temporary-folder.ts';
import { sleepingCpuSeconds } from './cpu-usage.ts';

/** What makes FFmpeg wait at `path`; it takes the last `-progress` that it is given, and opens each. */
export function waitAt(path: string): readonly string[] {
  return ['-progress', path];
}

/** The gate of one process. */
export class StartingGate {
  readonly path: string;
  readonly #onClosed: () => void;
  #reader: number | undefined;
  #isClosed = false;

  constructor(path: string, onClosed: () => void) {
    this.path = path;
    this.#onClosed = onClosed;
  }

  /**
   * Lets go who waits here, and who comes while it is open.
   * @throws Error when there is no descriptor left
   */
  open(): void {
    this.#reader ??= openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** Whoever was to pass has passed, or is gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#reader !== undefined) closeSync(this.#reader);
    try {
      unlinkSync(this.path);
    } catch {
      // Gone with its folder.
    }
    this.#onClosed();
  }
}

/** Gates for clients 1 to `clients`, in a temporary folder of their own that goes with the last of them. */
export class StartingGates implements Disposable {
  readonly #folder: string;
  #left: number;

  /** @throws Error of one sentence where the system does not give them */
  static async open(clients: number, nowWallMs: number): Promise<StartingGates> {
    const gates = new StartingGates(await pipesFolder('gates', nowWallMs), clients);
    try {
      await makeNamedPipes(Array.from({ length: clients }, (_, index) => gates.#pathOf(index + 1)));
    } catch (error) {
      gates[Symbol.dispose]();
      throw error;
    }
    return gates;
  }

  private constructor(folder: string, clients: number) {
    this.#folder = folder;
    this.#left = clients;
  }

  /** Each is handed out once, to who will close it. */
  of(client: number): StartingGate {
    return new StartingGate(this.#pathOf(client), () => {
      this.#left -= 1;
      if (this.#left === 0) this[Symbol.dispose]();
    });
  }

  [Symbol.dispose](): void {
    removeTemporaryFolder(this.#folder);
  }

  #pathOf(client: number): string {
    return join(this.#folder, String(client));
  }
}

const LOOK_INTERVAL_MS = 10;
/** A machine that swaps takes long; one that takes longer is not waited for, and the start is late by the rest. */
const ARRIVAL_LIMIT_MS = 10_000;

/**
 * Resolved when a program that does nothing but run until it waits does so: asleep at two looks without a tick of CPU between.
 * Also when it is gone, and after 10 s. `pid` is asked again as long as it is not known.
 */
export async function arrival(pid: () => number | undefined, ended: Promise<unknown>): Promise<void> {
  let isGone = false;
  void ended.then(() => (isGone = true));
  let lastSeconds: number | undefined;
  for (let waitedMs = 0; !isGone && waitedMs < ARRIVAL_LIMIT_MS; waitedMs += LOOK_INTERVAL_MS) {
    await pause(LOOK_INTERVAL_MS);
    const known = pid();
    const seconds = known === undefined ? undefined : sleepingCpuSeconds(known);
    if (seconds !== undefined && seconds === lastSeconds) return;
    lastSeconds = seconds;
  }
}
