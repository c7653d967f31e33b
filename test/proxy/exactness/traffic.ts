// Traffic whose every octet is known: answers of all framings cut into pieces with pauses, and what the first so many octets
// of them are. The reference is the way in which they were made: nothing of the tap reads them.
import type { Random } from '../../../src/random.ts';
import { knownOctets } from '../../support/scripted-answers.ts';
import { type Action, send, wait } from '../../support/scripted-origin.ts';

/** What an octet of an answer is. An interim or a final head counts as one only when it is whole. */
type Span = readonly [kind: 'interim' | 'head' | 'framing' | 'content', octets: Buffer];

export interface Answer {
  readonly spans: readonly Span[];
  readonly octets: Buffer;
}

/** What a part of an answer must be counted as. */
export interface Counted {
  readonly interimHeadBytes: number;
  readonly responseHeadBytes: number;
  readonly framingBytes: number;
  readonly contentBytes: number;
}

const LARGEST_BYTES = 120_000;
const MOST_PIECES = 5;
const LONGEST_PAUSE_MS = 12;

/** A length or chunks, perhaps after an interim head; small or large. */
export function randomAnswer(random: Random, seed: number): Answer {
  const bytes = Math.floor(random.next() < 0.3 ? random.next() * 200 : random.next() * LARGEST_BYTES);
  const content = knownOctets(seed + 1, bytes);
  const interim: Span[] =
    random.next() < 0.2 ? [['interim', Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')]] : [];
  const spans = [...interim, ...(random.next() < 0.5 ? withLength(content) : inChunks(random, content))];
  return { spans, octets: Buffer.concat(spans.map(([, octets]) => octets)) };
}

/** The octets in a few pieces with pauses between them. */
export function inPieces(random: Random, octets: Buffer): readonly Action[] {
  const pieces = 1 + Math.floor(random.next() * MOST_PIECES);
  const cuts = Array.from({ length: pieces - 1 }, () => Math.floor(random.next() * octets.length)).sort(
    (a, b) => a - b,
  );
  const bounds = [0, ...cuts, octets.length];
  return bounds
    .slice(1)
    .flatMap((end, index) => [
      wait(Math.floor(random.next() * LONGEST_PAUSE_MS)),
      send(octets.subarray(bounds[index], end)),
    ]);
}

/** The first so many octets of an answer; a head that is not whole counts as one of a final answer that was begun. */
export function counted({ spans }: Answer, bytes: number): Counted {
  const sums = { interim: 0, head: 0, framing: 0, content: 0 };
  let left = bytes;
  for (const [kind, octets] of spans) {
    const part = Math.min(left, octets.length);
    sums[kind === 'interim' && part < octets.length ? 'head' : kind] += part;
    left -= part;
  }
  return {
    interimHeadBytes: sums.interim,
    responseHeadBytes: sums.head,
    framingBytes: sums.framing,
    contentBytes: sums.content,
  };
}

/** Octets up to the end of the final head. */
export function headEnd({ spans }: Answer): number {
  const position = spans.findIndex(([kind]) => kind === 'head');
  return spans.slice(0, position + 1).reduce((sum, [, octets]) => sum + octets.length, 0);
}

function withLength(content: Buffer): readonly Span[] {
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`);
  return [
    ['head', head],
    ['content', content],
  ];
}

function inChunks(random: Random, content: Buffer): readonly Span[] {
  const spans: Span[] = [['head', Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')]];
  for (let start = 0; start < content.length; ) {
    const data = content.subarray(start, start + 1 + Math.floor(random.next() * LARGEST_BYTES));
    spans.push(['framing', Buffer.from(`${data.length.toString(16)};x=y\r\n`)], ['content', data]);
    spans.push(['framing', Buffer.from('\r\n')]);
    start += data.length;
  }
  return [...spans, ['framing', Buffer.from('0\r\nX-Sum: 1\r\n\r\n')]];
}
