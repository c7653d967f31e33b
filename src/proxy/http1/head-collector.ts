// Finds the end of a head in octets that come in pieces of any size, and keeps the pieces until it is there.
// It checks line ends and the size, so that a sender that never ends a head is noticed; it parses nothing.
import { KIB } from '../../units.ts';
import { CR, type HeadProblem, LF } from './grammar.ts';
import { headTooLarge, MAX_HEAD_BYTES } from './head.ts';

/** `octets` is a view: valid until the next call of `take()` or until the buffer that was read from changes. */
export interface CollectedHead {
  readonly octets: Buffer;
  /** Index after the head's last octet in the buffer that was read. */
  readonly next: number;
}

/** Holds almost every head that comes in pieces without growing. */
const FIRST_CAPACITY_BYTES: number = 4 * KIB;
const NOTHING: Buffer = Buffer.alloc(0);

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
    const view = octets.subarray(start, end);
    let from = 0;
    for (;;) {
      const at = view.indexOf(LF, from);
      const position = this.#heldBytes + (at === -1 ? view.length - 1 : at);
      if (position >= MAX_HEAD_BYTES) return headTooLarge();
      if (at === -1) {
        this.#hold(view);
        return undefined;
      }
      if (this.#octetBefore(view, at) !== CR)
        return { problem: 'a line of the head ends with LF alone; CRLF is required' };
      if (position === this.#lineStart + 1) return this.#finish(view.subarray(0, at + 1), start + at + 1);
      this.#lineStart = position + 1;
      from = at + 1;
    }
  }

  #octetBefore(view: Buffer, at: number): number | undefined {
    return at > 0 ? view[at - 1] : this.#store[this.#heldBytes - 1];
  }

  #finish(view: Buffer, next: number): CollectedHead {
    let head = view;
    if (this.#heldBytes > 0) {
      this.#hold(view);
      head = this.#store.subarray(0, this.#heldBytes);
    }
    this.#heldBytes = 0;
    this.#lineStart = 0;
    return { octets: head, next };
  }

  #hold(view: Buffer): void {
    const needed = this.#heldBytes + view.length;
    if (needed > this.#store.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(MAX_HEAD_BYTES, Math.max(FIRST_CAPACITY_BYTES, 2 * needed)));
      this.#store.copy(larger, 0, 0, this.#heldBytes);
      this.#store = larger;
    }
    view.copy(this.#store, this.#heldBytes);
    this.#heldBytes = needed;
  }
}
