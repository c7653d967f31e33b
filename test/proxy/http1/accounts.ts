// What the property tests of http1 share: observers that write an account down, and octets cut into pieces.
// No assertions; the messages are in messages.ts.
import fc from 'fast-check';
import type { RequestObserver } from '../../../src/proxy/http1/request-reader.ts';
import { type ResponseObserver, ResponseReader } from '../../../src/proxy/http1/response-reader.ts';

/** One line per event; neighbouring pieces of content (in latin1) and of framing are added up. */
export type Account = string[];

/** Adds up pieces, so that accounts of differently split octets are equal. */
export class Pieces {
  readonly lines: Account = [];
  #name = '';
  #content = '';
  #bytes = 0;

  add(name: string, bytes: number, content = ''): void {
    if (name !== this.#name) this.flush();
    this.#name = name;
    this.#bytes += bytes;
    this.#content += content;
  }

  event(line: string): void {
    this.flush();
    this.lines.push(line);
  }

  flush(): void {
    if (this.#bytes > 0) this.lines.push(`${this.#name} ${this.#bytes} ${this.#content}`);
    this.#bytes = 0;
    this.#content = '';
  }
}

/** The account of one response reader, and its reported octets by sort. */
export class ResponseRecorder implements ResponseObserver {
  readonly #pieces = new Pieces();
  reportedBytes = 0;
  problems = 0;

  get account(): Account {
    this.#pieces.flush();
    return this.#pieces.lines;
  }

  firstOctet(): void {
    this.#pieces.event('first');
  }

  interim(head: Parameters<ResponseObserver['interim']>[0]): void {
    this.reportedBytes += head.bytes;
    this.#pieces.event(`interim ${head.status} ${head.bytes}`);
  }

  head(...[head, framing]: Parameters<ResponseObserver['head']>): void {
    this.reportedBytes += head.bytes;
    const length = framing.kind === 'length' ? ` ${framing.length}` : '';
    this.#pieces.event(`head ${head.status} ${head.bytes} ${framing.kind}${length}`);
  }

  content(octets: Buffer, start: number, end: number): void {
    this.reportedBytes += end - start;
    this.#pieces.add('content', end - start, octets.toString('latin1', start, end));
  }

  framing(bytes: number): void {
    this.reportedBytes += bytes;
    this.#pieces.add('framing', bytes);
  }

  complete(): void {
    this.#pieces.event('complete');
  }

  excess(bytes: number): void {
    this.reportedBytes += bytes;
    this.#pieces.add('excess', bytes);
  }

  problem(phase: 'head' | 'body', text: string): void {
    this.problems += 1;
    this.#pieces.event(`problem ${phase} ${text}`);
  }
}

export class RequestRecorder implements RequestObserver {
  readonly #pieces = new Pieces();

  get account(): Account {
    this.#pieces.flush();
    return this.#pieces.lines;
  }

  firstOctet(): void {
    this.#pieces.event('first');
  }

  head(...[head, framing]: Parameters<RequestObserver['head']>): void {
    this.#pieces.event(`head ${head.method} ${head.target} ${head.text.length} ${framing.kind}`);
  }

  body(octets: Buffer): void {
    this.#pieces.add('body', octets.length, octets.toString('latin1'));
  }

  complete(): void {
    this.#pieces.event('complete');
  }

  problem(text: string): void {
    this.#pieces.event(`problem ${text}`);
  }
}

/** Reads the octets in the given pieces through one buffer that is overwritten each time, as a pooled buffer is. */
export function readResponses(
  methods: readonly string[],
  octets: Buffer,
  cuts: readonly number[],
): [ResponseRecorder, ResponseReader] {
  const recorder = new ResponseRecorder();
  const reader = new ResponseReader(recorder);
  for (const method of methods) reader.expect(method);
  const pooled = Buffer.alloc(octets.length + 1, '\n');
  for (const piece of split(octets, cuts)) {
    piece.copy(pooled);
    reader.read(pooled, piece.length);
    pooled.fill('\n');
  }
  return [recorder, reader];
}

/** Cuts octets at the given places, which may be any numbers. */
export function split(octets: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (octets.length + 1)))].sort((a, b) => a - b);
  const bounds = [0, ...places, octets.length];
  return bounds.slice(1).map((end, index) => octets.subarray(bounds[index], end));
}

export function everyOctet(octets: Buffer): number[] {
  return Array.from(octets, (_, index) => index);
}

export const arbitraryCuts: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 4_000 }), { maxLength: 30 });
