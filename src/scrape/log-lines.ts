// Cuts the octets of a growing log into lines: LF or CR LF, a line only when its end is there. Pure but for what it holds.
// It reads no file and understands no line.
import { KIB } from '../units.ts';

/** nginx writes at most about 8 KiB of request line; ten times that is no line of an access log. */
export const MAX_LINE_BYTES: number = 64 * KIB;
const LF = 0x0a;
const CR = 0x0d;

export interface LineTaker {
  line(text: string): void;
  /** A line that was longer than the limit; nothing of it is kept. */
  overlong(): void;
}

export class LogLines {
  readonly #taker: LineTaker;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isSkipping: boolean;
  #isOverlong = false;

  /** `isInsideLine`: what comes first is the rest of a line that began before us, and no line. */
  constructor(taker: LineTaker, isInsideLine = false) {
    this.#taker = taker;
    this.#isSkipping = isInsideLine;
  }

  /** The octets may be overwritten afterwards. */
  add(octets: Buffer): void {
    let start = 0;
    for (let feed = octets.indexOf(LF); feed >= 0; feed = octets.indexOf(LF, start)) {
      this.#end(octets.subarray(start, feed));
      start = feed + 1;
    }
    if (start === octets.length || this.#isSkipping) return;
    this.#heldBytes += octets.length - start;
    if (this.#heldBytes > MAX_LINE_BYTES) this.#skip();
    else this.#held.push(Buffer.from(octets.subarray(start)));
  }

  /** The file was cut to nothing: what had no end yet will never get one. */
  restart(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#isSkipping = false;
    this.#isOverlong = false;
  }

  #end(rest: Buffer): void {
    const isSkipped = this.#isSkipping;
    const isOverlong = this.#isOverlong || this.#heldBytes + rest.length > MAX_LINE_BYTES;
    const whole = isSkipped || isOverlong ? rest : Buffer.concat([...this.#held, rest]);
    this.restart();
    if (isOverlong) this.#taker.overlong();
    if (isSkipped || isOverlong) return;
    const text = whole.toString('utf8', 0, whole.at(-1) === CR ? whole.length - 1 : whole.length);
    if (text !== '') this.#taker.line(text);
  }

  #skip(): void {
    this.#held = [];
    this.#isSkipping = true;
    this.#isOverlong = true;
  }
}
