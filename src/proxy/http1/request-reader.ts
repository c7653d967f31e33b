// Reads what one client connection sends: heads to be sent on rewritten, bodies to be sent on as they are. Sans I/O; it
// limits no pipelining (the door does) and keeps no octet but the pieces of an unfinished head, and the last head, which the next
// one is compared with.
import { KIB } from '../../units.ts';
import { ChunkedReader } from './chunked-reader.ts';
import { type Framing, requestFraming } from './framing.ts';
import { CR, isTokenOctet, LF, quoteOctet } from './grammar.ts';
import { parseRequestHead, type RequestHead } from './head.ts';
import { HeadCollector } from './head-collector.ts';

export interface RequestObserver {
  /** First octet of a request line. */
  firstOctet(): void;
  head(head: RequestHead, framing: Framing): void;
  /** Octets of the body as sent, chunk framing included; a view that is valid during the call only. */
  body(octets: Buffer): void;
  complete(): void;
  /** Once; the reader is dead afterwards. */
  problem(text: string): void;
}

type Phase = 'between' | 'empty-line' | 'after-empty-line' | 'in-head' | 'length' | 'chunked' | 'dead';

/** Of a head that is kept: players' are shorter. */
const MAX_KEPT_LENGTH: number = 2 * KIB;
/** Chunk framing and content go on alike. */
const SILENT: { content(): void; framing(): void } = { content: () => undefined, framing: () => undefined };

/** One empty line before a request line is dropped (RFC 9112 section 2.2: old clients send one after a body). */
export class RequestReader {
  readonly #observer: RequestObserver;
  readonly #heads = new HeadCollector();
  readonly #chunks = new ChunkedReader(SILENT);
  #phase: Phase = 'between';
  #remaining = 0;
  #before: RequestHead | undefined;

  constructor(observer: RequestObserver) {
    this.#observer = observer;
  }

  /** How many octets it took: all, or those before what is no HTTP any more (after a CONNECT, or a problem). */
  read(octets: Buffer): number {
    let at = 0;
    while (at < octets.length && this.#phase !== 'dead') at = this.#step(octets, at);
    return at;
  }

  #step(octets: Buffer, at: number): number {
    switch (this.#phase) {
      case 'between':
      case 'empty-line':
      case 'after-empty-line':
        return this.#start(octets, at);
      case 'in-head':
        return this.#readHead(octets, at);
      case 'length':
        return this.#readLength(octets, at);
      case 'chunked':
        return this.#readChunks(octets, at);
      case 'dead':
        return octets.length;
    }
  }

  #start(octets: Buffer, at: number): number {
    const octet = octets[at] ?? 0;
    if (this.#phase === 'empty-line') {
      if (octet !== LF) return this.#die(`a request begins with CR and ${quoteOctet(octet)}`, at);
      this.#phase = 'after-empty-line';
      return at + 1;
    }
    if (this.#phase === 'between' && octet === CR) {
      this.#phase = 'empty-line';
      return at + 1;
    }
    this.#phase = 'in-head';
    this.#observer.firstOctet();
    // A client that speaks TLS or a binary protocol may never send an empty line to wait for.
    if (!isTokenOctet(octet)) return this.#die(`a request begins with ${quoteOctet(octet)}, not with a method`, at);
    return this.#readHead(octets, at);
  }

  #readHead(octets: Buffer, at: number): number {
    const collected = this.#heads.take(octets, at, octets.length);
    if (collected === undefined) return octets.length;
    if ('problem' in collected) return this.#die(collected.problem, at);
    const head = parseRequestHead(collected.text, this.#before);
    if ('problem' in head) return this.#die(head.problem, collected.next);
    this.#before = collected.text.length <= MAX_KEPT_LENGTH ? head : undefined;
    const framing = requestFraming(head);
    if ('problem' in framing) return this.#die(framing.problem, collected.next);
    this.#begin(head, framing);
    return collected.next;
  }

  #begin(head: RequestHead, framing: Framing): void {
    this.#remaining = framing.kind === 'length' ? framing.length : 0;
    if (framing.kind === 'chunked') this.#chunks.start();
    const hasBody = framing.kind === 'chunked' || this.#remaining > 0;
    if (hasBody) this.#phase = framing.kind === 'chunked' ? 'chunked' : 'length';
    this.#observer.head(head, framing);
    if (!hasBody) this.#complete();
    // What follows belongs to whatever the tunnel carries; a length field means nothing here.
    if (head.method === 'CONNECT') this.#phase = 'dead';
  }

  #readLength(octets: Buffer, at: number): number {
    const stop = Math.min(octets.length, at + this.#remaining);
    this.#remaining -= stop - at;
    this.#observer.body(octets.subarray(at, stop));
    if (this.#remaining === 0) this.#complete();
    return stop;
  }

  #readChunks(octets: Buffer, at: number): number {
    const next = this.#chunks.read(octets, at, octets.length);
    if (next > at) this.#observer.body(octets.subarray(at, next));
    if (this.#chunks.isDone) this.#complete();
    else if (this.#chunks.problem !== undefined) return this.#die(this.#chunks.problem, next);
    return next;
  }

  #complete(): void {
    this.#phase = 'between';
    this.#observer.complete();
  }

  #die(text: string, next: number): number {
    this.#phase = 'dead';
    this.#observer.problem(text);
    return next;
  }
}
