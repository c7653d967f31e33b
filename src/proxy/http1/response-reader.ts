// Reads what one origin connection sends: attributes octets to the responses that are due, first in first out, and says
// of each octet what it is. Sans I/O; it keeps no octet but the pieces of an unfinished head, and never guesses: what it
// cannot frame ends it.
import { ChunkedReader } from './chunked-reader.ts';
import { type Framing, responseFraming } from './framing.ts';
import { quoteOctet } from './grammar.ts';
import { parseResponseHead, type ResponseHead } from './head.ts';
import { HeadCollector } from './head-collector.ts';
import { takeFirst } from './take-first.ts';

export interface ResponseObserver {
  /** First octet of a message (interim or final), before anything else of it. */
  firstOctet(): void;
  /** 1xx other than 101. */
  interim(head: ResponseHead): void;
  /** Final head (101 too, with framing `close`). */
  head(head: ResponseHead, framing: Framing): void;
  /** octets[start, end) is content; valid during the call only. */
  content(octets: Buffer, start: number, end: number): void;
  framing(bytes: number): void;
  /** The message is complete; the next octet belongs to the next response that is due. */
  complete(): void;
  /** Octets when no response is due, whatever they are. A later `expect()` starts afresh with the octets after it. */
  excess(bytes: number): void;
  /** Once; the reader is dead afterwards. */
  problem(phase: 'head' | 'body', text: string): void;
}

/** Where the origin's end of the connection found the reader. */
export type ResponseEnd = 'idle' | 'before-head' | 'in-head' | 'in-body' | 'closed';

/** Real servers send one or two (100, 103); more is a storm that would keep a transfer open for ever. */
export const MAX_INTERIM_RESPONSES = 100;

const FIRST_OCTET = 0x48;

type Phase = 'between' | 'in-head' | 'length' | 'chunked' | 'close' | 'dead';

export class ResponseReader {
  readonly #observer: ResponseObserver;
  readonly #heads = new HeadCollector();
  readonly #chunks: ChunkedReader;
  readonly #methods: string[] = [];
  #phase: Phase = 'between';
  #end: ResponseEnd | undefined;
  #remaining = 0;
  #interims = 0;
  #refusedBytes = 0;

  constructor(observer: ResponseObserver) {
    this.#observer = observer;
    this.#chunks = new ChunkedReader(observer);
  }

  /** Responses still due, the one being read included. */
  get pending(): number {
    return this.#methods.length;
  }

  /**
   * Octets read that no call has reported (and none will, unless the head goes on): of an unfinished head, of one that
   * was refused, and everything after a problem. All octets read = heads + content + framing + excess + these.
   */
  get unframedBytes(): number {
    return this.#refusedBytes + this.#heads.heldBytes;
  }

  /** A request with this method was written to the origin. */
  expect(method: string): void {
    this.#methods.push(method);
  }

  /** Reads octets[0, length); `octets` may be used again by the caller afterwards. */
  read(octets: Buffer, length: number): void {
    if (this.#phase === 'length' && length < this.#remaining) {
      this.#remaining -= length;
      this.#observer.content(octets, 0, length);
      return;
    }
    let at = 0;
    while (at < length) at = this.#step(octets, at, length);
  }

  /** The origin closed its end. `closed`: a close-delimited body ended cleanly. `before-head`: also after an interim. */
  end(): ResponseEnd {
    if (this.#end !== undefined) return this.#end;
    const found = this.#whereNow();
    this.#end = found;
    if (found === 'closed') this.#complete('dead');
    this.#phase = 'dead';
    return found;
  }

  #whereNow(): ResponseEnd {
    if (this.#phase === 'between') return this.#methods.length === 0 ? 'idle' : 'before-head';
    if (this.#phase === 'close') return 'closed';
    return this.#phase === 'in-head' ? 'in-head' : 'in-body';
  }

  /** Consumes at least one octet of octets[at, end); returns the index of the next. */
  #step(octets: Buffer, at: number, end: number): number {
    switch (this.#phase) {
      case 'between':
        return this.#methods.length === 0 ? this.#readExcess(at, end) : this.#startHead(octets, at, end);
      case 'in-head':
        return this.#readHead(octets, at, end);
      case 'length':
        return this.#readLength(octets, at, end);
      case 'chunked':
        return this.#readChunks(octets, at, end);
      case 'close':
        this.#observer.content(octets, at, end);
        return end;
      case 'dead':
        this.#refusedBytes += end - at;
        return end;
    }
  }

  #readExcess(at: number, end: number): number {
    this.#observer.excess(end - at);
    return end;
  }

  #startHead(octets: Buffer, at: number, end: number): number {
    this.#phase = 'in-head';
    this.#observer.firstOctet();
    const octet = octets[at] ?? 0;
    // A sender of something else (HTTP/0.9, a raw stream) may never send an empty line to wait for.
    if (octet !== FIRST_OCTET)
      return this.#die('head', `a response begins with ${quoteOctet(octet)}, not with HTTP/1.`, at);
    return this.#readHead(octets, at, end);
  }

  #readHead(octets: Buffer, at: number, end: number): number {
    const collected = this.#heads.take(octets, at, end);
    if (collected === undefined) return end;
    if ('problem' in collected) return this.#die('head', collected.problem, at);
    const head = parseResponseHead(collected.text);
    const method = this.#methods[0] ?? '';
    const framing = 'problem' in head ? head : responseFraming(head, method);
    if ('problem' in head || 'problem' in framing) {
      this.#refusedBytes += collected.text.length;
      return this.#die('head', 'problem' in framing ? framing.problem : '', collected.next);
    }
    if (head.status < 200 && head.status !== 101) return this.#interim(head, collected.next);
    this.#final(head, framing);
    return collected.next;
  }

  #interim(head: ResponseHead, next: number): number {
    this.#interims += 1;
    this.#phase = 'between';
    this.#observer.interim(head);
    if (this.#interims <= MAX_INTERIM_RESPONSES) return next;
    return this.#die('head', `more than ${MAX_INTERIM_RESPONSES} interim responses to one request`, next);
  }

  #final(head: ResponseHead, framing: Framing): void {
    this.#interims = 0;
    this.#remaining = framing.kind === 'length' ? framing.length : 0;
    if (framing.kind === 'chunked') this.#chunks.start();
    const isEmpty = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0);
    this.#phase = framing.kind === 'none' ? 'between' : framing.kind;
    this.#observer.head(head, framing);
    if (isEmpty) this.#complete('between');
  }

  #readLength(octets: Buffer, at: number, end: number): number {
    const stop = Math.min(end, at + this.#remaining);
    this.#remaining -= stop - at;
    this.#observer.content(octets, at, stop);
    if (this.#remaining === 0) this.#complete('between');
    return stop;
  }

  #readChunks(octets: Buffer, at: number, end: number): number {
    const next = this.#chunks.read(octets, at, end);
    if (this.#chunks.isDone) this.#complete('between');
    else if (this.#chunks.problem !== undefined) return this.#die('body', this.#chunks.problem, next);
    return next;
  }

  #complete(phase: Phase): void {
    this.#phase = phase;
    takeFirst(this.#methods);
    this.#observer.complete();
  }

  /** `next`: the first octet that was not accounted for; the loop counts it and all after it as unframed. */
  #die(phase: 'head' | 'body', text: string, next: number): number {
    this.#phase = 'dead';
    this.#end = phase === 'head' ? 'in-head' : 'in-body';
    this.#observer.problem(phase, text);
    return next;
  }
}
