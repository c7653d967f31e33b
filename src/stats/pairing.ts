// Pairs what the parser read of each HTTP attempt with the tap's transfers (MEASURING section 5) and counts both sides.
// It guesses no kinds, reads no clock and keeps nothing that is judged: settle it once per second, finish it once.
import type { ParsedEvent, TransferEvent } from '../events.ts';
import type { AttemptCounts } from './agreement.ts';
import { type LineFate, type PairingUnit, ProcessPairing } from './pairing-process.ts';
import type { Settling } from './pairing-settling.ts';
import { type AttemptGroup, everyGroup, PairingTally, type PendingCounts } from './pairing-tally.ts';
import type { AttemptTotals } from './summary.ts';

type RequestEvent = ParsedEvent & { readonly rule: 'request' };
type HlsRequestEvent = ParsedEvent & { readonly rule: 'hls-request' };

/** What the reader of the log knows besides the line. */
export interface RequestNote {
  /** The parser's own guess; it names the group of a line that has no transfer. */
  readonly guess: AttemptGroup;
  /** false while the log's next lines may correct the guess. Not given = they do not. */
  readonly isFinal?: boolean;
  /** The line arrived while the main loop was more than 20 ms late: the pair counts, its timing does not. */
  readonly isLate?: boolean;
  /** FFmpeg dialled for this request. Not given = the log does not say. */
  readonly isNewConnection?: boolean;
}

export interface OpenTransfers {
  /** Whether a transfer of this client was open at the instant of the settling. */
  hasOpenTransfers(client: number): boolean;
}

export interface PairingReading {
  /** `mixed` when the processes' logs had different levels; missing before the first line. */
  readonly unit?: PairingUnit | 'mixed';
  readonly groups: Readonly<Record<AttemptGroup, AttemptCounts>>;
  readonly totals: AttemptTotals;
}

/** Lines and transfers of one process may come in any order among each other; lines in the order of the log. */
export class Pairing {
  readonly #tally = new PairingTally();
  readonly #expected: PairingUnit | 'none' | undefined;
  /** By client, then by process number. */
  readonly #clients = new Map<number, Map<number, ProcessPairing>>();
  readonly #units = new Set<PairingUnit>();
  #settlings = 0;
  #atMs = 0;

  /** `expected`: what names requests in the logs, where their level is known. */
  constructor(expected?: PairingUnit | 'none') {
    this.#expected = expected;
  }

  /** The answer tells, once the line is judged, what became of it. */
  request(event: RequestEvent, note: RequestNote): LineFate | undefined {
    return this.#line('request', event, note);
  }

  /** Counts only while the process's log has no GET lines (a level below debug). */
  hlsRequest(event: HlsRequestEvent, note: RequestNote): void {
    this.#line('hls-request', event, note);
  }

  /** A transfer without a process of ours behind the door (`process` 0) has no log to agree with. */
  transfer(event: TransferEvent): void {
    if (event.process > 0) this.#processOf(event.client, event.process).transfer(event);
  }

  /** The client's former processes are gone, and their connections with them. */
  processStarted(client: number, process: number): void {
    for (const [number, former] of this.#clients.get(client) ?? []) if (number < process) former.over();
  }

  /** From this instant on the process's attempts are left out on both sides. */
  processStopping(client: number, process: number, atMs: number): void {
    this.#processOf(client, process).stopping(atMs);
  }

  processEnded(client: number, process: number): void {
    this.#processOf(client, process).over();
  }

  /**
   * The main loop was more than 20 ms late between two instants: pairs of lines that arrived then count, their timing does
   * not. A line waits for at least one settling, so it is enough to say this right before the settling of that second.
   */
  linesWereLate(fromMs: number, toMs: number): void {
    for (const processes of this.#clients.values()) {
      for (const process of processes.values()) process.linesWereLate(fromMs, toMs);
    }
  }

  /** The same for requests: a thread of the tap was so late that it may have seen them long after their lines had come. */
  requestsWereLate(fromMs: number, toMs: number): void {
    for (const processes of this.#clients.values()) {
      for (const process of processes.values()) process.requestsWereLate(fromMs, toMs);
    }
  }

  /** Without `open` every client may have a transfer open, so a line alone stays pending until its process has ended. */
  settle(nowMs: number, open?: OpenTransfers): void {
    this.#atMs = nowMs;
    this.#tally.tick(nowMs);
    this.#settlings += 1;
    const settling: Settling = { number: this.#settlings, atMs: nowMs, isFinal: false };
    for (const [client, processes] of this.#clients) {
      const mayBeOpen = open?.hasOpenTransfers(client) ?? true;
      for (const process of processes.values()) process.settle(settling, mayBeOpen);
      forgetFormer(processes);
    }
  }

  /** The run is over and every record has come: nothing stays pending. */
  finish(): void {
    this.#settlings += 1;
    const settling: Settling = { number: this.#settlings, atMs: this.#atMs, isFinal: true };
    for (const processes of this.#clients.values()) {
      for (const process of processes.values()) process.settle(settling, false);
    }
  }

  read(): PairingReading {
    const pending = this.#pending();
    const [unit] = this.#units;
    return {
      ...(unit === undefined ? {} : { unit: this.#units.size > 1 ? 'mixed' : unit }),
      groups: this.#tally.readGroups(pending),
      totals: this.#tally.readTotals(pending),
    };
  }

  /** Errors of start times of one group by the bins of a picture. */
  readStartErrors(group: AttemptGroup): readonly number[] {
    return this.#tally.readStartErrors(group);
  }

  #line(unit: PairingUnit, event: RequestEvent | HlsRequestEvent, note: RequestNote): LineFate | undefined {
    const process = this.#processOf(event.client, event.process);
    const fate = process.line(unit, {
      url: event.url,
      ...(event.rule === 'request' && event.range !== undefined ? { range: event.range } : {}),
      atMs: event.atMs,
      note,
      isLate: note.isLate ?? false,
      isNewConnection: note.isNewConnection,
    });
    if (process.unit !== undefined) this.#units.add(process.unit);
    return fate;
  }

  #processOf(client: number, process: number): ProcessPairing {
    const processes = this.#clients.get(client);
    const present = processes?.get(process);
    if (present !== undefined) return present;
    const created = new ProcessPairing(this.#tally, this.#expected);
    if (processes === undefined) this.#clients.set(client, new Map([[process, created]]));
    else processes.set(process, created);
    return created;
  }

  #pending(): PendingCounts {
    const lines = everyGroup(() => 0);
    const transfers = everyGroup(() => 0);
    for (const processes of this.#clients.values()) {
      for (const process of processes.values()) process.addPending({ lines, transfers });
    }
    return { lines, transfers };
  }
}

/** A client that restarts for ever must not grow: of its former processes only those with something pending stay. */
function forgetFormer(processes: Map<number, ProcessPairing>): void {
  if (processes.size < 2) return;
  const newest = Math.max(...processes.keys());
  for (const [number, process] of processes) if (number < newest && process.isEmpty) processes.delete(number);
}
