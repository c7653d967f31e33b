// The last minute of a stream of numbers: sketches of short slots of time, the oldest of which are written over.
// It reads no clock: values come with their instants, in any order; what is older than the window is not kept.
import { SECONDS_PER_MINUTE, secondsToMs } from '../units.ts';
import { Sketch } from './sketch.ts';

/** The current slot and the eleven before it: 55 to 60 s. */
const WINDOW_SLOTS = 12;
const WINDOW_MS: number = secondsToMs(SECONDS_PER_MINUTE);

interface Slot {
  readonly number: number;
  readonly sketch: Sketch;
}

export class SketchWindow {
  readonly #slots: (Slot | undefined)[] = [];
  readonly #count: number;

  /** Fewer slots take less memory and forget more at once: the window is between `1 - 1 / slots` and all of a minute long. */
  constructor(slots: number = WINDOW_SLOTS) {
    this.#count = slots;
  }

  add(value: number, atMs: number): void {
    this.#slotOf(atMs)?.sketch.add(value);
  }

  /** The number of the slot that `atMs` falls into: within one slot only new values change what is read. */
  slotNumber(atMs: number): number {
    return Math.floor((atMs * this.#count) / WINDOW_MS);
  }

  /** The minute before `atMs`, merged into a sketch of the caller's own. */
  read(atMs: number): Sketch {
    const newest = this.slotNumber(atMs);
    const merged = new Sketch();
    for (const slot of this.#slots) {
      if (slot !== undefined && slot.number > newest - this.#count && slot.number <= newest) merged.merge(slot.sketch);
    }
    return merged;
  }

  /** Undefined when the slot of that instant has been taken by a later one. */
  #slotOf(atMs: number): Slot | undefined {
    const number = this.slotNumber(atMs);
    const place = ((number % this.#count) + this.#count) % this.#count;
    const present = this.#slots[place];
    if (present !== undefined && present.number >= number) return present.number === number ? present : undefined;
    const slot = { number, sketch: new Sketch() };
    this.#slots[place] = slot;
    return slot;
  }
}
