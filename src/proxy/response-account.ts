// The account of one upstream connection's answers: which octets are head, framing, content or excess, and whose they are.
// It owns no socket and relays nothing; it is told what was read and says what that meant.
import { WORKER_SLOT } from '../meters.ts';
import type { TapContext } from './context.ts';
import type { Framing } from './http1/framing.ts';
import type { ResponseHead } from './http1/head.ts';
import { type ResponseObserver, ResponseReader } from './http1/response-reader.ts';
import { takeFirst } from './http1/take-first.ts';
import { readResponseFacts } from './response-facts.ts';
import type { Transfer } from './transfer.ts';

/** Who wants to know as answers come in. */
export interface AnswerObserver {
  /** Some answer on this client connection is still to come. */
  readonly isAnswerDue: boolean;
  /** The first octet of a (perhaps interim) answer to this transfer is the next of the client's stream. */
  answering(transfer: Transfer): void;
  answered(transfer: Transfer, contentEncoding: string | undefined): void;
  content(transfer: Transfer, octets: Buffer, start: number, end: number): void;
}

export interface FramingProblem {
  readonly phase: 'head' | 'body';
  readonly text: string;
}

const SWITCHING_PROTOCOLS = 101;

export class ResponseAccount implements ResponseObserver {
  /** Transfers whose answer is still due, in the order of their requests. */
  readonly due: Transfer[] = [];
  /** The last complete message promised that the origin closes. */
  closePromised = false;
  readBytes = 0;
  excessBytes = 0;
  /** After a 101 the protocol is another one: what follows is relayed unseen, counted, and never mixed with content. */
  isOpaque = false;
  opaqueBytes = 0;
  framingProblem: FramingProblem | undefined;
  readonly #context: TapContext;
  readonly #observer: AnswerObserver;
  readonly #reader: ResponseReader = new ResponseReader(this);
  #accountedBytes = 0;
  /** Octets read up to the end of the last complete answer: all of them have their account by then. */
  #completeAtBytes = 0;
  #readAtMs = 0;
  #messageAtMs = 0;
  #completed: Transfer | undefined;

  constructor(context: TapContext, observer: AnswerObserver) {
    this.#context = context;
    this.#observer = observer;
  }

  /** The ledger's law for this connection: octets read that are in no head, framing, content or excess. 0, or we erred. */
  get imbalanceBytes(): number {
    return this.readBytes - this.#accountedBytes;
  }

  /** Octets of an answer's unfinished head are here already. */
  get hasPartialHead(): boolean {
    return this.#reader.unframedBytes > 0;
  }

  /** Octets read after the last one of a complete answer. */
  get bytesSinceComplete(): number {
    return this.readBytes - this.#completeAtBytes;
  }

  expect(transfer: Transfer): void {
    this.due.push(transfer);
    this.#reader.expect(transfer.start.method);
  }

  /** Careful, the hot path: once per read. */
  read(octets: Buffer, bytes: number, atMs: number): void {
    this.#readAtMs = atMs;
    this.readBytes += bytes;
    this.#completed = undefined;
    this.#context.meter(WORKER_SLOT.readBytes, bytes);
    this.#reader.read(octets, bytes);
  }

  /** The origin's side ended cleanly: may complete a close-delimited message. */
  end(atMs: number): ReturnType<ResponseReader['end']> {
    this.#readAtMs = atMs;
    return this.#reader.end();
  }

  /** The connection is gone: octets of an unfinished head and octets that did not frame still have to be somebody's. */
  abandon(): void {
    const bytes = this.#reader.unframedBytes;
    const [transfer] = this.due;
    if (bytes === 0) return;
    if (this.framingProblem !== undefined || transfer === undefined) {
      this.excess(bytes);
      return;
    }
    this.#enterHeaders(transfer);
    this.#countHead(bytes);
  }

  firstOctet(): void {
    this.#messageAtMs = this.#readAtMs;
    const [transfer] = this.due;
    if (transfer !== undefined) this.#observer.answering(transfer);
  }

  interim(head: ResponseHead): void {
    this.#accountedBytes += head.bytes;
    this.#context.meter(WORKER_SLOT.interimHeadBytes, head.bytes);
    const [transfer] = this.due;
    if (transfer !== undefined) transfer.interimHeadBytes += head.bytes;
  }

  head(head: ResponseHead, framing: Framing): void {
    this.#countHead(head.bytes);
    const [transfer] = this.due;
    if (transfer === undefined) return;
    this.#enterHeaders(transfer);
    const isEmpty = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0);
    if (!isEmpty) transfer.enter('receive', this.#readAtMs);
    transfer.hasUnknownLength = framing.kind === 'close';
    const { facts, contentEncoding, closePromised, setsPathCookie } = readResponseFacts(
      head,
      framing,
      transfer.start.url,
      this.#context.behaviour.recordFields,
    );
    transfer.response = facts;
    if (setsPathCookie && transfer.start.url.startsWith('http:')) this.#context.meter(WORKER_SLOT.pathCookies, 1);
    this.closePromised = closePromised;
    this.isOpaque = head.status === SWITCHING_PROTOCOLS;
    this.#observer.answered(transfer, contentEncoding);
  }

  content(octets: Buffer, start: number, end: number): void {
    if (this.isOpaque) {
      this.#accountedBytes += end - start;
      this.opaqueBytes += end - start;
      this.#context.meter(WORKER_SLOT.opaqueBytes, end - start);
      return;
    }
    this.#accountedBytes += end - start;
    this.#context.meter(WORKER_SLOT.contentBytes, end - start);
    const transfer = this.due[0];
    if (transfer === undefined) return;
    transfer.contentBytes += end - start;
    transfer.bodyRead(this.#readAtMs);
    this.#observer.content(transfer, octets, start, end);
  }

  framing(bytes: number): void {
    this.#accountedBytes += bytes;
    this.#context.meter(WORKER_SLOT.framingBytes, bytes);
    const [transfer] = this.due;
    if (transfer !== undefined) transfer.framingBytes += bytes;
  }

  complete(): void {
    this.#completeAtBytes = this.#accountedBytes;
    this.#completed = takeFirst(this.due);
    this.#completed?.enter('deliver', this.#readAtMs);
  }

  excess(bytes: number): void {
    this.#accountedBytes += bytes;
    this.excessBytes += bytes;
    this.#context.meter(WORKER_SLOT.excessBytes, bytes);
    if (this.#completed !== undefined) this.#completed.hasExcess = true;
  }

  problem(phase: 'head' | 'body', text: string): void {
    this.framingProblem = { phase, text };
  }

  #countHead(bytes: number): void {
    this.#accountedBytes += bytes;
    this.#context.meter(WORKER_SLOT.responseHeadBytes, bytes);
    const transfer = this.due[0];
    if (transfer !== undefined) transfer.responseHeadBytes += bytes;
  }

  /** An answer can come before the write's own callback: then `wait` is empty and `send` ends with the first octet. */
  #enterHeaders(transfer: Transfer): void {
    if (transfer.phase === 'send') transfer.enter('wait', this.#messageAtMs);
    transfer.enter('headers', this.#messageAtMs);
  }
}
