// The attempts of one client process that are not judged yet: its request lines and its transfers, until both sides are
// complete enough to say which belong together. It counts nothing itself (the tally does) and reads no clock.
import type { ByteRange, TransferEvent } from '../events.ts';
import { canonicalUrl, resourceKey } from '../hls/resource.ts';
import { FailedRequests } from './failed-requests.ts';
import { align } from './pairing-align.ts';
import { type Bucket, bucketsOf, type Waiting } from './pairing-buckets.ts';
import { type KindNote, PairedKinds } from './pairing-kinds.ts';
import { hasWaited, isGivenUp, type Settling } from './pairing-settling.ts';
import { type AttemptGroup, groupOf, type PairingTally } from './pairing-tally.ts';

/** Ten minutes of a busy client's requests, should every transfer stay open; then the oldest pending ones are dropped. */
export const MAX_PENDING = 1024;

/** Within this time a repetition is FFmpeg's retry, not the next reload, where the log does not say that it dialled. */
const RETRY_WITHIN_MS = 1000;

/** One HTTP attempt (`request: GET`), or one logical open (`HLS request`) where the log's level has no GET lines. */
export type PairingUnit = 'request' | 'hls-request';

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
  isLate: boolean;
  readonly connection: number;
  readonly requestIndex: number;
  readonly group: AttemptGroup;
  readonly isRedirect: boolean;
  readonly stopping: boolean;
  /** The process had asked for it before and not got it. */
  readonly isRetry: boolean;
}

export class ProcessPairing {
  readonly #tally: PairingTally;
  /** What would name requests in a log of which no line has come. */
  readonly #expected: PairingUnit | 'none';
  readonly #failed = new FailedRequests();
  readonly #kinds: PairedKinds;
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
    this.#kinds = new PairedKinds(tally);
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
      isPaired: false,
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
      isPaired: false,
      url: event.url,
      range: event.range,
      startedAtMs: event.startedAtMs,
      isLate: false,
      connection: event.connection,
      requestIndex: event.requestIndex,
      group,
      isRedirect: event.kind === 'redirect',
      stopping: event.stopping,
      isRetry: this.#failed.transfer(event),
    });
    if (dropOldest(this.#transfers) !== undefined) this.#tally.droppedTransfer();
  }

  /** Lines that arrived after `fromMs` and up to `toMs` met a loop that was late. */
  linesWereLate(fromMs: number, toMs: number): void {
    for (const line of this.#lines) if (line.atMs > fromMs && line.atMs <= toMs) line.isLate = true;
  }

  /** Transfers that began then met a thread of the tap that was late. */
  requestsWereLate(fromMs: number, toMs: number): void {
    for (const transfer of this.#transfers)
      if (transfer.startedAtMs > fromMs && transfer.startedAtMs <= toMs) transfer.isLate = true;
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
    for (const bucket of bucketsOf(this.#lines, this.#transfers, settling)) {
      if (!bucket.hasWaited && !settling.isFinal) continue;
      if (bucket.transfers.length > 0 && bucket.lines.length > 0) this.#pair(bucket, settling);
      for (const line of bucket.lines) if (!line.isPaired) this.#giveUpLine(line, settling);
      for (const transfer of bucket.transfers) if (!transfer.isPaired) this.#giveUpTransfer(transfer, settling);
    }
    this.#kinds.settle(settling, this.#isOver);
  }

  /** Adds what is not judged yet. */
  addPending({ lines, transfers }: Record<'lines' | 'transfers', Record<AttemptGroup, number>>): void {
    for (const line of this.#lines) lines[line.note.guess] += 1;
    for (const transfer of this.#transfers) transfers[transfer.group] += 1;
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

  /** Commits the pairs that have waited. A pair that has not waited yet stays, and is not alone. */
  #pair({ lines, transfers }: Bucket<WaitingLine, WaitingTransfer>, settling: Settling): void {
    if (lines.length > 1) lines.sort((a, b) => a.atMs - b.atMs);
    if (transfers.length > 1)
      transfers.sort(
        (a, b) => a.startedAtMs - b.startedAtMs || a.connection - b.connection || a.requestIndex - b.requestIndex,
      );
    let passed = 0;
    for (const [i, j] of align(lines, transfers)) {
      const [line, transfer] = [lines[i], transfers[j]];
      if (line === undefined || transfer === undefined) continue;
      line.isPaired = true;
      transfer.isPaired = true;
      if (!hasWaited(line, settling) || !hasWaited(transfer, settling)) continue;
      this.#commit(line, transfer);
      passed = i;
    }
    for (let i = 0; i < passed; i += 1) {
      const line = lines[i];
      if (line !== undefined) line.isPassed = true;
    }
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
        isLate: line.isLate || transfer.isLate,
      });
    // No log says that an origin will redirect: what was asked for is not wrong then.
    if (!isAfterStop && !transfer.isRedirect) this.#kinds.paired(line.note, transfer.group);
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

/** Sets keep the order of arrival, so the first one is the oldest. */
function dropOldest<Item>(waiting: Set<Item>): Item | undefined {
  if (waiting.size <= MAX_PENDING) return undefined;
  const [oldest] = waiting;
  if (oldest !== undefined) waiting.delete(oldest);
  return oldest;
}
