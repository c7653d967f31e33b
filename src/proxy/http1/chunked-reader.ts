// The chunked transfer coding (RFC 9112 section 7.1), read as it comes in pieces of any size: which octets are content
// and which are framing (size lines, extensions, CRLFs, trailers). It keeps no octet and copies none.
import { KIB } from '../../units.ts';
import { COLON, CR, isTextOctet, isTokenOctet, LF, quoteOctet, SEMICOLON, SPACE, TAB } from './grammar.ts';

export interface ChunkedObserver {
  content(octets: Buffer, start: number, end: number): void;
  framing(bytes: number): void;
}

/** Size and extensions without the CRLF; real servers use under 20 octets. */
export const MAX_SIZE_LINE_BYTES: number = 4 * KIB;
/** All trailer lines with their CRLFs. */
export const MAX_TRAILER_BYTES: number = 16 * KIB;

type State =
  | 'size-start'
  | 'size'
  | 'before-extension'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer-start'
  | 'trailer-name'
  | 'trailer-value'
  | 'trailer-lf'
  | 'last-lf'
  | 'done'
  | 'dead';

const HEX_BASE = 16;

/** One body at a time; `start()` makes it ready for the next. */
export class ChunkedReader {
  readonly #observer: ChunkedObserver;
  #state: State = 'size-start';
  /** Of the chunk's size line while it is read, then octets of its data still to come. */
  #remaining = 0;
  /** Octets of the size line or of the trailers so far. */
  #lineBytes = 0;
  #problem: string | undefined;

  constructor(observer: ChunkedObserver) {
    this.#observer = observer;
  }

  /** The final empty line has been read. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Why the body cannot be framed; the octet that showed it was not consumed, and none will be. */
  get problem(): string | undefined {
    return this.#problem;
  }

  start(): void {
    this.#state = 'size-start';
    this.#remaining = 0;
    this.#lineBytes = 0;
    this.#problem = undefined;
  }

  /** Reads octets[start, end) up to the end of the body; returns the index after the last octet that belongs to it. */
  read(octets: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.#state !== 'done' && this.#state !== 'dead') {
      at = this.#state === 'data' ? this.#readData(octets, at, end) : this.#readFraming(octets, at, end);
    }
    return at;
  }

  #readData(octets: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#remaining);
    this.#remaining -= stop - start;
    if (this.#remaining === 0) this.#state = 'data-cr';
    this.#observer.content(octets, start, stop);
    return stop;
  }

  /** A run of framing octets is reported in one call. */
  #readFraming(octets: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.#state !== 'data') {
      const next = this.#next(octets[at] ?? 0);
      this.#state = next;
      if (next === 'dead') break;
      at += 1;
      if (next === 'done') break;
    }
    if (at > start) this.#observer.framing(at - start);
    return at;
  }

  #next(octet: number): State {
    switch (this.#state) {
      case 'size-start':
      case 'size':
      case 'before-extension':
      case 'extension':
        return this.#inSizeLine(octet);
      case 'size-lf':
        return octet === LF ? this.#afterSizeLine() : this.#refuse('the CR of a chunk size line', octet);
      case 'data-cr':
        return octet === CR ? 'data-lf' : this.#refuse('the data of a chunk', octet);
      case 'data-lf':
        return octet === LF ? 'size-start' : this.#refuse('the CR that ends a chunk', octet);
      case 'last-lf':
        return octet === LF ? 'done' : this.#refuse('the CR that ends the trailers', octet);
      default:
        return this.#inTrailers(octet);
    }
  }

  #inSizeLine(octet: number): State {
    if (this.#state === 'size-start') this.#lineBytes = 0;
    if (octet === CR && (this.#state === 'size' || this.#state === 'extension')) return 'size-lf';
    this.#lineBytes += 1;
    if (this.#lineBytes > MAX_SIZE_LINE_BYTES)
      return this.#die(`a chunk size line has more than ${MAX_SIZE_LINE_BYTES} octets`);
    if (this.#state === 'extension') return isTextOctet(octet) ? 'extension' : this.#refuse('a chunk extension', octet);
    if (this.#state !== 'before-extension' && hexDigit(octet) !== -1) return this.#addDigit(hexDigit(octet));
    if (this.#state === 'size-start') return this.#refuse('the start of a chunk size line', octet);
    if (octet === SEMICOLON) return 'extension';
    return octet === SPACE || octet === TAB ? 'before-extension' : this.#refuse('a chunk size', octet);
  }

  #addDigit(digit: number): State {
    const size = (this.#state === 'size-start' ? 0 : this.#remaining) * HEX_BASE + digit;
    if (!Number.isSafeInteger(size)) return this.#die('a chunk size is above 2^53 - 1');
    this.#remaining = size;
    return 'size';
  }

  #afterSizeLine(): State {
    if (this.#remaining > 0) return 'data';
    this.#lineBytes = 0;
    return 'trailer-start';
  }

  #inTrailers(octet: number): State {
    if (this.#state === 'trailer-start' && octet === CR) return 'last-lf';
    this.#lineBytes += 1;
    if (this.#lineBytes > MAX_TRAILER_BYTES)
      return this.#die(`the trailers have more than ${MAX_TRAILER_BYTES} octets`);
    if (this.#state === 'trailer-lf')
      return octet === LF ? 'trailer-start' : this.#refuse('the CR of a trailer line', octet);
    if (this.#state === 'trailer-value') {
      if (octet === CR) return 'trailer-lf';
      return isTextOctet(octet) ? 'trailer-value' : this.#refuse('a trailer value', octet);
    }
    if (isTokenOctet(octet)) return 'trailer-name';
    if (octet === COLON && this.#state === 'trailer-name') return 'trailer-value';
    return this.#refuse(this.#state === 'trailer-name' ? 'a trailer name' : 'the start of a trailer line', octet);
  }

  #refuse(where: string, octet: number): State {
    return this.#die(`${quoteOctet(octet)} is not allowed after ${where}`);
  }

  #die(problem: string): State {
    this.#problem = problem;
    return 'dead';
  }
}

/** 0 to 15, or -1. */
function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
