// The parser's connections: dials that FFmpeg told of, how they ended, and those that did not go to the client's own door.
// It joins a dial's lines as far as the log does: by the [tcp] context's pointer and the address. No figure of the tap ever
// reaches it.
import type { ParsedEvent } from '../events.ts';
import { PhaseQuantiles } from './quantiles.ts';
import type { ParserReading } from './summary.ts';

/** FFmpeg calls the door by this address; a connection elsewhere did not go through it. */
const DOOR_ADDRESS = '127.0.0.1';
/** A name has a handful of addresses, and FFmpeg tries few of them at a time. */
const MAX_PENDING_DIALS = 16;

/** What is known of one process's dials; dies with it. */
export interface ProcessConnections {
  /** Dialled since its last request line. */
  hasDialled: boolean;
  /** Attempts without an ending yet, by address and port within their context: when each began, and in which context. */
  readonly pending: Map<string, PendingDial>;
  announcedBypasses: number;
}

interface PendingDial {
  readonly pointer: string;
  readonly atMs: number;
}

type DialEvent = ParsedEvent & { readonly rule: 'tcp-start' | 'tcp-connected' };
type FailedDialEvent = ParsedEvent & { readonly rule: 'tcp-failed' };

export function noConnections(): ProcessConnections {
  return { hasDialled: false, pending: new Map(), announcedBypasses: 0 };
}

/** Whether the process dialled since this was asked last. */
export function takeDialled(process: ProcessConnections | undefined): boolean {
  const hasDialled = process?.hasDialled ?? false;
  if (process !== undefined) process.hasDialled = false;
  return hasDialled;
}

export class ParserConnections {
  readonly #doorPorts: ReadonlyMap<number, number>;
  readonly #failed = new Map<string, number>();
  readonly #connectMs = new PhaseQuantiles();
  #started = 0;
  #connected = 0;
  #bypassed = 0;

  constructor(doorPorts: ReadonlyMap<number, number>) {
    this.#doorPorts = doorPorts;
  }

  /** Connections that FFmpeg made to anything but its own door. */
  get bypassed(): number {
    return this.#bypassed;
  }

  get timeouts(): number {
    return this.#failed.get('timeout') ?? 0;
  }

  /** One connection prints a start and, when it succeeds, a success: a bypass counts once, also where only one was seen. */
  dialled(event: DialEvent, process: ProcessConnections | undefined): void {
    const isStart = event.rule === 'tcp-start';
    if (process !== undefined) process.hasDialled = true;
    if (isStart) this.#dialStarted(event, process);
    else this.#dialConnected(event, process);
    const doorPort = this.#doorPorts.get(event.client);
    if (doorPort === undefined || (event.port === doorPort && event.address === DOOR_ADDRESS)) return;
    const wasAnnounced = !isStart && process !== undefined && process.announcedBypasses > 0;
    if (process !== undefined) process.announcedBypasses += isStart ? 1 : wasAnnounced ? -1 : 0;
    if (!wasAnnounced) this.#bypassed += 1;
  }

  failed(event: FailedDialEvent, process: ProcessConnections | undefined): void {
    this.#failed.set(event.reason, (this.#failed.get(event.reason) ?? 0) + 1);
    if (process === undefined) return;
    // `127.0.0.1 port 9`; a name, or no target at all, ends the oldest of its context.
    const pointer = event.pointer ?? '';
    const key = keyOf(pointer, event.target.replace(' port ', ' '));
    const oldest = [...process.pending].find(([, dial]) => dial.pointer === pointer)?.[0];
    process.pending.delete(process.pending.has(key) || oldest === undefined ? key : oldest);
  }

  read(atMs: number): ParserReading['tcp'] {
    return {
      started: this.#started,
      connected: this.#connected,
      failed: Object.fromEntries(this.#failed),
      connectMs: this.#connectMs.read(atMs),
    };
  }

  #dialStarted({ address, port, pointer = '', atMs }: DialEvent, process: ProcessConnections | undefined): void {
    this.#started += 1;
    if (process === undefined) return;
    process.pending.set(keyOf(pointer, `${address} ${port}`), { pointer, atMs });
    const [oldest] = process.pending.keys();
    if (process.pending.size > MAX_PENDING_DIALS && oldest !== undefined) process.pending.delete(oldest);
  }

  #dialConnected({ address, port, pointer = '', atMs }: DialEvent, process: ProcessConnections | undefined): void {
    this.#connected += 1;
    const dial = process?.pending.get(keyOf(pointer, `${address} ${port}`));
    // Lines that came in one read have one instant: how far apart they were printed nobody knows.
    if (dial !== undefined && atMs > dial.atMs) this.#connectMs.record(atMs - dial.atMs, atMs);
    // The first address of a name that answers wins, and FFmpeg says no more of the others.
    for (const [key, other] of process?.pending ?? []) if (other.pointer === pointer) process?.pending.delete(key);
  }
}

function keyOf(pointer: string, target: string): string {
  return `${pointer} ${target}`;
}
