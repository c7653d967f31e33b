// Finds the end of a head in octets that come in pieces of any size, and keeps the pieces until it is there.
// It checks line ends and the size, so that a sender that never ends a head is noticed; it parses nothing.
import { KIB } from '../../units.ts';
import { CR, type HeadProblem, LF } from './grammar.ts';
import { headTooLarge, MAX_HEAD_BYTES } from './head.ts';

/** A whole head, latin1: one character per octet. */
export interface CollectedHead {
  readonly text: string;
  /** Index after the head's last octet in the buffer that was read. */
  readonly next: number;
}

/** Holds almost every head that comes in pieces without growing. */
const FIRST_CAPACITY_BYTES: number = 4 * KIB;
const NOTHING: Buffer = Buffer.alloc(0);
/** Nearly all heads are shorter. */
const FIRST_LOOK_BYTES: number = KIB;
const BARE_LF: HeadProblem = { problem: 'a line of the head ends with LF alone; CRLF is required' };

export class HeadCollector {
  #store: Buffer = NOTHING;
  #heldBytes = 0;
  /** Where the current line starts, counted from the head's first octet. */
  #lineStart = 0;

  /** Octets of an unfinished head. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Reads octets[start, end); undefined = all of them were kept, the head goes on. After a problem, start anew. */
  take(octets: Buffer, start: number, end: number): CollectedHead | HeadProblem | undefined {
    if (this.#heldBytes === 0) {
      const whole = wholeHead(octets, start, end);
      if (whole !== undefined) return whole;
    }
    // Counted from the head's first octet, index `at` of the buffer is `at + ahead`.
    const ahead = this.#heldBytes - start;
    const limit = Math.min(end, MAX_HEAD_BYTES - ahead);
    // What lies beyond the limit is found too when there is none before it, and means nothing.
    for (let at = octets.indexOf(LF, start); at !== -1 && at < limit; at = octets.indexOf(LF, at + 1)) {
      const before = at > start ? octets[at - 1] : this.#store[this.#heldBytes - 1];
      if (before !== CR) return BARE_LF;
      if (at + ahead === this.#lineStart + 1) return this.#finish(octets, start, at + 1);
      this.#lineStart = at + ahead + 1;
    }
    if (limit < end) return headTooLarge();
    this.#hold(octets, start, end);
    return undefined;
  }

  #finish(octets: Buffer, start: number, next: number): CollectedHead {
    let text: string;
    if (this.#heldBytes === 0) text = octets.toString('latin1', start, next);
    else {
      this.#hold(octets, start, next);
      text = this.#store.toString('latin1', 0, this.#heldBytes);
    }
    this.#heldBytes = 0;
    this.#lineStart = 0;
    return { text, next };
  }

  #hold(octets: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#store.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(MAX_HEAD_BYTES, Math.max(FIRST_CAPACITY_BYTES, 2 * needed)));
      this.#store.copy(larger, 0, 0, this.#heldBytes);
      this.#store = larger;
    }
    octets.copy(this.#store, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }
}

/** A head that is here from its first octet to its last: looked for in a text, which costs half of looking in octets. */
function wholeHead(octets: Buffer, start: number, end: number): CollectedHead | HeadProblem | undefined {
  const text = octets.toString('latin1', start, Math.min(end, start + FIRST_LOOK_BYTES));
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', lineStart)) {
    if (at === 0 || text.charCodeAt(at - 1) !== CR) return BARE_LF;
    if (at === lineStart + 1) return { text: text.slice(0, at + 1), next: start + at + 1 };
    lineStart = at + 1;
  }
  return undefined;
}
