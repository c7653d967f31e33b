// The last minute of anything that adds up, as slots of time, the oldest of which are made anew: 55 to 60 s of it.
// It reads no clock: instants come with what happened, in any order; what is older than the minute is not kept.
import { secondsToMs } from '../units.ts';

const SLOTS = 12;
const SLOT_MS: number = secondsToMs(5);

export class Minute<Value> {
  readonly #create: () => Value;
  readonly #slots: ({ readonly number: number; readonly value: Value } | undefined)[] = [];

  constructor(create: () => Value) {
    this.#create = create;
  }

  /** What the slot of that instant holds, to add to; undefined when a later one has taken its place. */
  at(atMs: number): Value | undefined {
    const number = Math.floor(atMs / SLOT_MS);
    const place = ((number % SLOTS) + SLOTS) % SLOTS;
    const present = this.#slots[place];
    if (present !== undefined && present.number >= number) return present.number === number ? present.value : undefined;
    const value = this.#create();
    this.#slots[place] = { number, value };
    return value;
  }

  /** The slots of the minute before `atMs`. */
  before(atMs: number): readonly Value[] {
    const newest = Math.floor(atMs / SLOT_MS);
    return this.#slots.flatMap((slot) =>
      slot !== undefined && slot.number > newest - SLOTS && slot.number <= newest ? [slot.value] : [],
    );
  }
}
