// The last minute of anything that adds up, as slots of time, the oldest of which are made anew.
// It reads no clock: instants come with what happened, in any order; what is older than the minute is not kept.
import { SECONDS_PER_MINUTE, secondsToMs } from '../units.ts';

/** The current slot and the eleven before it: 55 to 60 s. */
const SLOTS = 12;
const MINUTE_MS: number = secondsToMs(SECONDS_PER_MINUTE);

interface Slot<Value> {
  readonly number: number;
  readonly value: Value;
}

export class Minute<Value> {
  readonly #create: () => Value;
  readonly #slots: (Slot<Value> | undefined)[] = [];
  readonly #count: number;

  /** Fewer slots take less memory and forget more at once: the window is between `1 - 1 / slots` and all of a minute long. */
  constructor(create: () => Value, slots: number = SLOTS) {
    this.#create = create;
    this.#count = slots;
  }

  /** What the slot of that instant holds, to add to; undefined when a later one has taken its place. */
  at(atMs: number): Value | undefined {
    const number = this.slotNumber(atMs);
    const place = ((number % this.#count) + this.#count) % this.#count;
    const present = this.#slots[place];
    if (present !== undefined && present.number >= number) return present.number === number ? present.value : undefined;
    const value = this.#create();
    this.#slots[place] = { number, value };
    return value;
  }

  /** The number of the slot that `atMs` falls into: within one slot only new values change what is read. */
  slotNumber(atMs: number): number {
    return Math.floor((atMs * this.#count) / MINUTE_MS);
  }

  /** The slots of the minute before `atMs`. */
  before(atMs: number): Value[] {
    const newest = this.slotNumber(atMs);
    const values: Value[] = [];
    for (const slot of this.#slots) {
      if (slot !== undefined && slot.number > newest - this.#count && slot.number <= newest) values.push(slot.value);
    }
    return values;
  }
}
