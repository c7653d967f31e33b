// Takes from a journal what belongs to one log: the transfers of its process, and what else the run knew of it.
// It guesses no client: a log that does not say whose it is must be told.
import type { Event, ParsedEvent, RunEvent, TransferEvent } from '../events.ts';
import type { Reference, Statement } from './analyze-material.ts';
import { type InputFile, refusal } from './input-file.ts';
import type { JournalRecord } from './journal-file.ts';

export interface LogOwner {
  /** `--log-client` and `--log-process`. */
  readonly client?: number;
  readonly process?: number;
  /** What the log says, to find out. */
  readonly statements: readonly Statement[];
}

interface ProcessRecords {
  readonly transfers: TransferEvent[];
  readonly parsed: ParsedEvent[];
  readonly others: Event[];
}

/** Collects the records of the client whose log it is; the process is chosen when all have been seen. */
export class JournalSelection {
  readonly run: RunEvent;
  readonly #file: InputFile;
  readonly #owner: LogOwner;
  readonly #client: number;
  readonly #processes = new Map<number, ProcessRecords>();
  readonly #shared: Event[] = [];
  #tunnels = 0;
  #zeroWallMs: number | undefined;

  /** @throws CannotMeasure when nothing says which client it is */
  constructor(file: InputFile, run: RunEvent, owner: LogOwner) {
    this.run = run;
    this.#file = file;
    this.#owner = owner;
    this.#client = clientOf(file, run, owner);
  }

  add(record: JournalRecord): void {
    if (record.type === 'sample') this.#zeroWallMs ??= record.wallMs - record.atMs;
    if (record.type === 'listing' || record.type === 'variants' || record.type === 'segment-listed')
      this.#shared.push(record);
    else if (record.type === 'sample' || record.type === 'end') this.#shared.push(record);
    else if ('client' in record && 'process' in record && record.client === this.#client) this.#own(record);
  }

  /** @throws CannotMeasure when the client had several processes and it is not clear which */
  reference(): Reference {
    const process = this.#chooseProcess();
    const records = this.#processes.get(process);
    if (records === undefined || records.transfers.length === 0) {
      const whose = `client ${this.#client}${process === 0 ? '' : `, process ${process}`}`;
      const why = this.run.isTapped ? '' : ': that run had no tap (--no-proxy)';
      throw refusal(this.#file, `has no transfers of ${whose}${why}`);
    }
    return {
      source: 'journal',
      client: this.#client,
      process,
      transfers: records.transfers,
      hasKinds: true,
      tunnels: this.#tunnels,
      context: [...this.#shared, ...records.others],
      parsed: records.parsed,
      zeroWallMs: this.#zeroWallMs ?? this.run.startedAtWallMs,
    };
  }

  #own(record: Event & { readonly client: number; readonly process: number }): void {
    const records = this.#processes.get(record.process) ?? { transfers: [], parsed: [], others: [] };
    this.#processes.set(record.process, records);
    if (record.type === 'parsed') records.parsed.push(record);
    else if (record.type === 'transfer') records.transfers.push(record);
    else if (record.type === 'connection') this.#tunnels += record.tls === 'tunnelled' ? 1 : 0;
    else records.others.push(record);
  }

  #chooseProcess(): number {
    const numbers = [...this.#processes].filter(([, { transfers }]) => transfers.length > 0).map(([number]) => number);
    const { process, statements } = this.#owner;
    if (process !== undefined) return process;
    if (numbers.length <= 1) return numbers[0] ?? 0;
    const same = numbers.filter((number) => isSameReading(statements, this.#processes.get(number)?.parsed ?? []));
    const [only] = same;
    if (only !== undefined && same.length === 1) return only;
    throw refusal(
      this.#file,
      `has ${numbers.length} processes of client ${this.#client}; say whose log it is with --log-process, one of: ${numbers.join(', ')}`,
    );
  }
}

/** Whether the journal's reading of a process is that of this log, rule by rule. Nothing is like nothing by chance. */
export function isSameReading(statements: readonly Statement[], parsed: readonly ParsedEvent[]): boolean {
  if (parsed.length === 0) return false;
  return statements.length === parsed.length && statements.every(({ fact }, at) => isSameFact(fact, parsed[at]));
}

function isSameFact(fact: Statement['fact'], parsed: ParsedEvent | undefined): boolean {
  if (fact.rule !== parsed?.rule) return false;
  return fact.rule !== 'request' || (parsed.rule === 'request' && fact.url === parsed.url);
}

/** A tapped client dials its own door, and the log has the door's port. */
function clientOf(file: InputFile, run: RunEvent, { client, statements }: LogOwner): number {
  if (client !== undefined) {
    if (client <= run.clients) return client;
    throw refusal(file, `has ${run.clients} clients; --log-client ${client} is none of them`);
  }
  if (run.clients === 1) return 1;
  for (const { fact } of statements) {
    if (fact.rule !== 'tcp-start' && fact.rule !== 'tcp-connected') continue;
    const door = run.doorPorts?.indexOf(fact.port) ?? -1;
    if (door >= 0) return door + 1;
  }
  throw refusal(
    file,
    `has ${run.clients} clients, and the log names no door of theirs; say whose log it is with --log-client, 1 to ${run.clients}`,
  );
}
