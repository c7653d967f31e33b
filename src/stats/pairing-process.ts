// The attempts of one client process that are not judged yet: its request lines and its transfers, until both sides are
// complete enough to say which belong together. It counts nothing itself (the tally does) and reads no clock.
import type { ByteRange, TransferEvent } from '../events.ts';
import { canonicalUrl, resourceKey } from '../hls/resource.ts';
import { FailedRequests } from './failed-requests.ts';
import { align } from './pairing-align.ts';
import { type AttemptGroup, everyGroup, groupOf, type PairingTally, type PendingCounts } from './pairing-tally.ts';

/** Ten minutes of a busy client's requests, should every transfer stay open; then the oldest pending ones are dropped. */
export const MAX_PENDING = 1024;

/** Within this time a repetition is FFmpeg's retry, not the next reload, where the log does not say that it dialled. */
const RETRY_WITHIN_MS = 1000;

/** How long the other side of an attempt may be on its way to us: a batch of records, or a line in a pipe. */
const GRACE_MS = 2000;
/** Settlings, too: after a loop delay one settling may run before what waited in the pipes is read. */
const SETTLINGS_BEFORE_PAIRING = 1;
const SETTLINGS_BEFORE_GIVING_UP = 2;

/** One HTTP attempt (`request: GET`), or one logical open (`HLS request`) where the log's level has no GET lines. */
export type PairingUnit = 'request' | 'hls-request';

/** The parser's guess; it may get better while the line waits, as the log goes on. */
interface KindNote {
  readonly guess: AttemptGroup;
}

export interface LineFacts {
  readonly url: string;
  readonly range?: ByteRange;
  readonly atMs: number;
  readonly note: KindNote;
  readonly isLate: boolean;
  readonly isNewConnection: boolean | undefined;
}

/** What became of a line: undefined until it is judged, true where it went to a connection that was gone already. */
export interface LineFate {
  readonly isDead: boolean | undefined;
}

/** One settling: its number and instant; `isFinal` when nothing more can come. */
export interface Settling {
  readonly number: number;
  readonly atMs: number;
  readonly isFinal: boolean;
}

interface Waiting {
  key: string;
  /** The first settling that saw it. */
  seen: Settling | undefined;
}

interface WaitingLine extends Waiting, LineFate {
  readonly atMs: number;
  isDead: boolean | undefined;
  readonly note: KindNote;
  isLate: boolean;
  isRepeated: boolean;
  /** A later line of the same resource has its transfer: FFmpeg asks again only when the former attempt is over. */
  isPassed: boolean;
}

interface WaitingTransfer extends Waiting {
  readonly url: string;
  readonly range: ByteRange | undefined;
  readonly startedAtMs: number;
  readonly connection: number;
  readonly requestIndex: number;
  readonly group: AttemptGroup;
  readonly stopping: boolean;
  /** The process had asked for it before and not got it. */
  readonly isRetry: boolean;
}

interface Bucket {
  readonly lines: WaitingLine[];
  readonly transfers: WaitingTransfer[];
}

export class ProcessPairing {
  readonly #tally: PairingTally;
  /** What would name requests in a log of which no line has come. */
  readonly #expected: PairingUnit | 'none';
  readonly #failed = new FailedRequests();
  readonly #lines = new Set<WaitingLine>();
  readonly #transfers = new Set<WaitingTransfer>();
  #unit: PairingUnit = 'hls-request';
  #hasLines = false;
  #newestLine: WaitingLine | undefined;
  #stopAtMs = Number.POSITIVE_INFINITY;
  #isOver = false;
  /** The first of the settlings in a row that saw none of the client's transfers open. */
  #quietSince: Settling | undefined;

  constructor(tally: PairingTally, expected: PairingUnit | 'none' = 'hls-request') {
    this.#tally = tally;
    this.#expected = expected;
  }

  /** Undefined until the first line. */
  get unit(): PairingUnit | undefined {
    return this.#hasLines ? this.#unit : undefined;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0 && this.#transfers.size === 0;
  }

  /** Undefined for a line that names no attempt, as others of the same log do. */
  line(unit: PairingUnit, facts: LineFacts): LineFate | undefined {
    if (unit === 'request' && this.#unit === 'hls-request') this.#switchToRequests();
    if (unit !== this.#unit) return undefined;
    this.#hasLines = true;
    this.#tally.sawLine();
    const line: WaitingLine = {
      key: this.#keyOf(facts.url, facts.range),
      seen: undefined,
      atMs: facts.atMs,
      note: facts.note,
      isLate: facts.isLate,
      isRepeated: false,
      isPassed: false,
      isDead: undefined,
    };
    if (this.#newestLine !== undefined && isRetryOf(this.#newestLine, line, facts)) this.#newestLine.isRepeated = true;
    this.#newestLine = line;
    this.#lines.add(line);
    const dropped = dropOldest(this.#lines);
    if (dropped !== undefined) this.#dropLine(dropped);
    return line;
  }

  transfer(event: TransferEvent): void {
    const group = groupOf(event.kind);
    this.#tally.sawTransfer(group);
    this.#transfers.add({
      key: this.#keyOf(event.url, event.range),
      seen: undefined,
      url: event.url,
      range: event.range,
      startedAtMs: event.startedAtMs,
      connection: event.connection,
      requestIndex: event.requestIndex,
      group,
      stopping: event.stopping,
      isRetry: this.#failed.transfer(event),
    });
    if (dropOldest(this.#transfers) !== undefined) this.#tally.droppedTransfer();
  }

  /** Lines that arrived after `fromMs` and up to `toMs` met a loop that was late. */
  linesWereLate(fromMs: number, toMs: number): void {
    for (const line of this.#lines) if (line.atMs > fromMs && line.atMs <= toMs) line.isLate = true;
  }

  stopping(atMs: number): void {
    this.#stopAtMs = Math.min(this.#stopAtMs, atMs);
  }

  /** The process is gone, and its connections with it. */
  over(): void {
    this.#isOver = true;
  }

  /** Judges what can be judged. `mayBeOpen`: the client may have a transfer whose record is still to come. */
  settle(settling: Settling, mayBeOpen: boolean): void {
    if (mayBeOpen && !this.#isOver) this.#quietSince = undefined;
    else this.#quietSince ??= settling;
    for (const bucket of this.#buckets(settling)) {
      const alone = bucket.transfers.length > 0 && bucket.lines.length > 0 ? this.#pair(bucket, settling) : bucket;
      for (const line of alone.lines) this.#giveUpLine(line, settling);
      for (const transfer of alone.transfers) this.#giveUpTransfer(transfer, settling);
    }
  }

  pending(): PendingCounts {
    const lines = everyGroup(() => 0);
    const transfers = everyGroup(() => 0);
    for (const line of this.#lines) lines[line.note.guess] += 1;
    for (const transfer of this.#transfers) transfers[transfer.group] += 1;
    return { lines, transfers };
  }

  /** The first GET line says that the log has them: logical opens are no attempts then. */
  #switchToRequests(): void {
    this.#unit = 'request';
    for (const line of this.#lines) this.#dropLine(line);
    this.#lines.clear();
    this.#newestLine = undefined;
    for (const transfer of this.#transfers) transfer.key = this.#keyOf(transfer.url, transfer.range);
  }

  #dropLine(line: WaitingLine): void {
    line.isDead = false;
    this.#tally.droppedLine();
  }

  /** A logical open names no range, only an offset. */
  #keyOf(url: string, range: ByteRange | undefined): string {
    return this.#unit === 'request' ? resourceKey(url, range) : canonicalUrl(url);
  }

  #buckets(settling: Settling): Iterable<Bucket> {
    const buckets = new Map<string, Bucket>();
    const bucketOf = (waiting: Waiting): Bucket => {
      waiting.seen ??= settling;
      const present = buckets.get(waiting.key);
      if (present !== undefined) return present;
      const bucket: Bucket = { lines: [], transfers: [] };
      buckets.set(waiting.key, bucket);
      return bucket;
    };
    for (const line of this.#lines) bucketOf(line).lines.push(line);
    for (const transfer of this.#transfers) bucketOf(transfer).transfers.push(transfer);
    return buckets.values();
  }

  /** Commits the pairs that have waited, and returns what has no partner. A pair that has not waited yet is neither. */
  #pair({ lines, transfers }: Bucket, settling: Settling): Bucket {
    lines.sort((a, b) => a.atMs - b.atMs);
    transfers.sort(
      (a, b) => a.startedAtMs - b.startedAtMs || a.connection - b.connection || a.requestIndex - b.requestIndex,
    );
    const paired = new Set<Waiting>();
    let passed = 0;
    for (const [i, j] of align(lines, transfers)) {
      const [line, transfer] = [lines[i], transfers[j]];
      if (line === undefined || transfer === undefined) continue;
      paired.add(line).add(transfer);
      if (!hasWaited(line, settling) || !hasWaited(transfer, settling)) continue;
      this.#commit(line, transfer);
      passed = i;
    }
    for (const line of lines.slice(0, passed)) line.isPassed = true;
    return {
      lines: lines.filter((line) => !paired.has(line)),
      transfers: transfers.filter((transfer) => !paired.has(transfer)),
    };
  }

  #commit(line: WaitingLine, transfer: WaitingTransfer): void {
    this.#lines.delete(line);
    this.#transfers.delete(transfer);
    line.isDead = false;
    const isAfterStop = line.atMs >= this.#stopAtMs || this.#isStopped(transfer);
    if (isAfterStop) this.#tally.excluded(transfer.group, 'pair');
    else
      this.#tally.matched(transfer.group, {
        startErrorMs: line.atMs - transfer.startedAtMs,
        isLate: line.isLate,
        isWrongKind: line.note.guess !== transfer.group,
      });
  }

  #giveUpLine(line: WaitingLine, settling: Settling): void {
    if (!isGivenUp(line.seen, settling)) return;
    if (!line.isPassed && !isGivenUp(this.#quietSince, settling)) return;
    this.#lines.delete(line);
    line.isDead = line.isRepeated;
    if (line.atMs >= this.#stopAtMs) this.#tally.excluded(line.note.guess, 'line');
    else this.#tally.count(line.note.guess, line.isRepeated ? 'deadConnection' : 'spurious');
  }

  #giveUpTransfer(transfer: WaitingTransfer, settling: Settling): void {
    if (!isGivenUp(transfer.seen, settling)) return;
    this.#transfers.delete(transfer);
    if (this.#isStopped(transfer)) this.#tally.excluded(transfer.group, 'transfer');
    else if (this.#isAnnounced(transfer)) this.#tally.count(transfer.group, 'missed');
    else this.#tally.outOfUnit();
  }

  /** Whether a log of its level names such a request: an opening is one line, however often FFmpeg tries. */
  #isAnnounced({ group, isRetry }: WaitingTransfer): boolean {
    const unit = this.#hasLines ? this.#unit : this.#expected;
    if (unit !== 'hls-request') return unit === 'request';
    return (group === 'segment' || group === 'init') && !isRetry;
  }

  #isStopped(transfer: WaitingTransfer): boolean {
    return transfer.stopping || transfer.startedAtMs >= this.#stopAtMs;
  }
}

/** FFmpeg tries again on a new connection with its very next request when it finds a kept one dead. */
function isRetryOf(former: WaitingLine, line: WaitingLine, { isNewConnection }: LineFacts): boolean {
  if (former.key !== line.key) return false;
  return isNewConnection ?? line.atMs - former.atMs <= RETRY_WITHIN_MS;
}

function hasWaited({ seen }: Waiting, settling: Settling): boolean {
  return settling.isFinal || settling.number - (seen ?? settling).number >= SETTLINGS_BEFORE_PAIRING;
}

function isGivenUp(since: Settling | undefined, settling: Settling): boolean {
  if (settling.isFinal) return true;
  if (since === undefined) return false;
  return settling.number - since.number >= SETTLINGS_BEFORE_GIVING_UP && settling.atMs - since.atMs >= GRACE_MS;
}

/** Sets keep the order of arrival, so the first one is the oldest. */
function dropOldest<Item>(waiting: Set<Item>): Item | undefined {
  if (waiting.size <= MAX_PENDING) return undefined;
  const [oldest] = waiting;
  if (oldest !== undefined) waiting.delete(oldest);
  return oldest;
}
