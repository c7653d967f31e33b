// What the log says about clients, under the names that go-ffmpeg-hls-swarm's logs have, at most so many lines a second: a
// thousand clients that crash in a loop have one cause. It decides nothing; the journal has every event.
import type { ClientEvent } from '../events.ts';
import type { Log } from '../log.ts';
import { msToSeconds } from '../units.ts';

/** As many as a reader can make use of. */
export const MAX_LINES_PER_SECOND = 20;

const NAMES: Readonly<Record<ClientEvent['event'], string>> = {
  start: 'client_started',
  stop: 'client_stopping',
  exit: 'client_exited',
  'restart-scheduled': 'client_restart_scheduled',
};
/** These are how a client should leave. */
const EXPECTED: ReadonlySet<ClientEvent['category']> = new Set(['success', 'stopped']);

/** Shared by all clients: one reader, one limit. */
export class ClientLog {
  readonly #log: Log;
  readonly #nowMs: () => number;
  #second = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #leftOut = 0;

  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  note(event: ClientEvent): void {
    const { client, process, category, reason, exitCode, signal, uptimeMs, delayMs } = event;
    const facts = {
      client,
      process,
      ...(category === undefined ? {} : { category }),
      ...(reason === undefined ? {} : { reason }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(uptimeMs === undefined ? {} : { uptimeMs: Math.round(uptimeMs) }),
      ...(delayMs === undefined ? {} : { delayMs: Math.round(delayMs) }),
    };
    const name = NAMES[event.event];
    if (event.event === 'start' || EXPECTED.has(category)) this.#log.debug(facts, name);
    else if (event.event === 'exit') this.#limited('warn', facts, name);
    else if (event.event === 'restart-scheduled') this.#limited('info', facts, name);
    // Only what is to be replaced is stopped for a reason.
    else if (reason === undefined) this.#log.debug(facts, name);
    else this.#limited('warn', facts, 'client_stalling');
  }

  /** A client that will not run again; `exitReason`: what its last process said. */
  ended(facts: {
    readonly client: number;
    readonly category: ClientEvent['category'];
    readonly reason: string;
    readonly exitReason: string | undefined;
  }): void {
    this.#limited('info', facts, 'client_ended');
  }

  /** Tells what is still untold. */
  close(): void {
    if (this.#leftOut > 0) this.#log.warn({ lines: this.#leftOut }, 'client_lines_left_out');
    this.#leftOut = 0;
  }

  #limited(level: 'info' | 'warn', facts: object, name: string): void {
    const second = Math.floor(msToSeconds(this.#nowMs()));
    if (second !== this.#second) {
      this.close();
      this.#second = second;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines > MAX_LINES_PER_SECOND) this.#leftOut += 1;
    else this.#log[level](facts, name);
  }
}
