// The run's journal: every event that the statistics need as one JSON object per line, from `run` to `summary`.
// It never slows a caller down and never throws at one: what the disk does not take is counted as lost, and said once.
import { type FileHandle, rm } from 'node:fs/promises';
import type { Event, LostEvent } from '../events.ts';
import type { Summary } from '../stats/summary.ts';
import { KIB, MIB } from '../units.ts';
import { journalLine } from './journal-line.ts';
import { LineBatches } from './line-batches.ts';
import { openOutput, outputProblem, READER_LIMIT_MS, stalledReader, writeSome } from './output-file.ts';

/** A batch is handed to the disk when it is this large, or after the delay below: few writes, and little lost by a kill. */
const BATCH_BYTES: number = 256 * KIB;
const BATCH_DELAY_MS = 100;
/** What a slow disk may leave waiting in memory: minutes of a large swarm; beyond it records are lost, not the run. */
const QUEUE_LIMIT_BYTES: number = 64 * MIB;
/** URLs in a journal are not redacted, so nobody else may read it. */
const MODE = 0o600;
/** Behind each record, the last one too. */
const BREAK = '\n';

export interface JournalOptions {
  /** `count` more records were lost, to a full queue or a failing disk. */
  readonly onLost: (count: number) => void;
  /** Said once, when the journal ends early. */
  readonly onFailure?: (message: string) => void;
  /** Bytes that may wait for the disk. */
  readonly queueLimitBytes?: number;
}

export interface Journal {
  /**
   * Queues one record (`batch` events are not kept). What comes before the `run` event waits for it, because `run` is
   * the first line. A `lost` event may be written from within `onLost`: it is told with the next record that finds
   * room, or before the summary.
   */
  write(event: Event): void;
  /** Resolves when all that was queued is written, or the journal has failed: at a pipe whose reader stalls, in a second. */
  flush(): Promise<void>;
  /** The run ends without a summary: closes the file, and removes it if it is new and empty. Harmless after `end`. */
  abandon(): Promise<void>;
  /** Writes the `summary` record as the last line and closes the file. Never rejects: see `failure`. */
  end(summary: Summary): Promise<void>;
  /** Why the file ends early; undefined while all is well. */
  readonly failure: string | undefined;
  readonly lostRecords: number;
}

/** Creates the file; one that is there is emptied by the first record only. Rejects with a message that names the path. */
export async function openJournal(path: string, options: JournalOptions): Promise<Journal> {
  try {
    const { file, isCreated } = await openOutput(path, MODE);
    const isRegular = (await file.stat()).isFile();
    if (isRegular) await file.chmod(MODE);
    return new FileJournal(path, { file, isRegular, isCreated }, options);
  } catch (error) {
    throw new Error(`--journal: cannot open '${path}' for writing: ${outputProblem(error)}`);
  }
}

interface OpenFile {
  readonly file: FileHandle;
  readonly isRegular: boolean;
  readonly isCreated: boolean;
}

class FileJournal implements Journal {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #isRegular: boolean;
  readonly #isCreated: boolean;
  readonly #options: JournalOptions;
  readonly #limitBytes: number;
  readonly #queue = new LineBatches(BATCH_BYTES);
  #queuedBytes = 0;
  /** The end of the last batch that is in the file as a whole, and what the disk took of the next one. */
  #completeBytes = 0;
  #partialBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #hasRun = false;
  #isEnded = false;
  /** The end does not wait any longer for the reader of a pipe. */
  #isOverdue = false;
  #untoldLoss: LostEvent | undefined;
  failure: string | undefined;
  lostRecords = 0;

  constructor(path: string, { file, isRegular, isCreated }: OpenFile, options: JournalOptions) {
    this.#path = path;
    this.#file = file;
    this.#isRegular = isRegular;
    this.#isCreated = isCreated;
    this.#options = options;
    this.#limitBytes = options.queueLimitBytes ?? QUEUE_LIMIT_BYTES;
  }

  write(event: Event): void {
    if (event.type === 'batch') return;
    if (event.type === 'lost') {
      // Losses come when there is no room for a record, least of all for one that tells of them: they add up and wait.
      this.#untoldLoss = { ...event, records: event.records + (this.#untoldLoss?.records ?? 0) };
      return;
    }
    if (this.failure !== undefined || this.#isEnded) {
      this.#lose(1);
      return;
    }
    const line = journalLine(event);
    const bytes = bytesOf(line);
    if (this.#queuedBytes + bytes > this.#limitBytes) {
      this.#lose(1);
      return;
    }
    this.#tellLoss();
    this.#push(line, bytes, event.type === 'run');
    if (!this.#hasRun) return;
    if (this.#queuedBytes >= BATCH_BYTES) this.#startDraining();
    else this.#timer ??= setTimeout(() => this.#startDraining(), BATCH_DELAY_MS);
  }

  async flush(): Promise<void> {
    const limit = setTimeout(() => {
      this.#isOverdue = true;
    }, READER_LIMIT_MS);
    this.#startDraining();
    await this.#draining;
    clearTimeout(limit);
    this.#isOverdue = false;
  }

  async abandon(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#hasRun) await this.flush();
    if (this.#isCreated && (await this.#file.stat()).size === 0) await rm(this.#path, { force: true });
    await this.#file.close();
  }

  async end(summary: Summary): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.failure === undefined) {
      this.#tellLoss();
      this.#push(JSON.stringify({ type: 'summary', ...summary }));
    } else this.#lose(1);
    await this.flush();
    await this.#file.close().catch((error: unknown) => this.#fail(error, []));
  }

  #tellLoss(): void {
    if (this.#untoldLoss === undefined) return;
    this.#push(journalLine(this.#untoldLoss));
    this.#untoldLoss = undefined;
  }

  #push(line: string, bytes: number = bytesOf(line), isRun = false): void {
    if (isRun) this.#queue.addFirst(line, bytes);
    else this.#queue.add(line, bytes);
    this.#hasRun ||= isRun;
    this.#queuedBytes += bytes;
  }

  #startDraining(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.lines > 0) this.#draining ??= this.#drain();
  }

  /** Called with a queue that is not empty, so that it has an await between its start and its end. */
  async #drain(): Promise<void> {
    while (this.#queue.lines > 0) {
      const lines = this.#queue.take();
      try {
        await this.#writeWhole(Buffer.from([...lines, ''].join(BREAK)));
      } catch (error) {
        await this.#fail(error, lines);
        break;
      }
      this.#queuedBytes -= this.#partialBytes;
      this.#completeBytes += this.#partialBytes;
      this.#partialBytes = 0;
    }
    this.#draining = undefined;
  }

  /** A disk that fills up takes a part of a write before it refuses one; so does a pipe. */
  async #writeWhole(batch: Buffer): Promise<void> {
    if (this.#isRegular && this.#completeBytes === 0) await this.#file.truncate(0);
    while (this.#partialBytes < batch.length) {
      const bytesWritten = await writeSome(this.#file, batch, this.#partialBytes);
      if (bytesWritten === 0 && this.#isOverdue) throw stalledReader();
      this.#partialBytes += bytesWritten;
    }
  }

  /** Ends the journal for good at its last complete line; `lines` is the batch that did not get through as a whole. */
  async #fail(error: unknown, lines: readonly string[]): Promise<void> {
    if (this.failure !== undefined) return;
    this.failure = `journal '${this.#path}' ends early: ${reasonOf(error)}; records from here on are lost and the run counts as invalid`;
    const waiting = this.#queue.lines;
    this.#queue.clear();
    this.#queuedBytes = 0;
    const kept = await this.#cutToCompleteLine(lines);
    this.#options.onFailure?.(this.failure);
    this.#lose(lines.length - kept + waiting);
  }

  /** How many of `lines` are in the file as a whole; what follows them is cut off. */
  async #cutToCompleteLine(lines: readonly string[]): Promise<number> {
    let keptBytes = 0;
    let kept = 0;
    for (const line of lines) {
      const bytes = bytesOf(line);
      if (keptBytes + bytes > this.#partialBytes) break;
      keptBytes += bytes;
      kept += 1;
    }
    if (this.#isRegular) await this.#file.truncate(this.#completeBytes + keptBytes).catch(() => {});
    return kept;
  }

  #lose(count: number): void {
    if (count === 0) return;
    this.lostRecords += count;
    this.#options.onLost(count);
  }
}

/** With its break. */
function bytesOf(line: string): number {
  return Buffer.byteLength(line) + BREAK.length;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
