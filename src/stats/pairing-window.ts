// What pairing has judged in about the last minute, by group of kinds: the live half of the agreement.
// It judges nothing and reads no clock; an attempt counts at the instant at which it was judged, some seconds after it began.
import { secondsToMs } from '../units.ts';
import { ErrorAccumulator, type WindowCounts } from './agreement.ts';

/** The last minute as whole slots: the current one and the eleven before it, so 55 to 60 s. */
const WINDOW_SLOTS = 12;
const SLOT_MS: number = secondsToMs(5);

const WINDOW_VERDICTS = ['matched', 'missed', 'spurious', 'deadConnection'] as const;
export type WindowVerdict = (typeof WINDOW_VERDICTS)[number];

interface Slot {
  readonly number: number;
  readonly counts: Record<WindowVerdict, number>;
  readonly errors: ErrorAccumulator;
}

export class PairingWindow {
  readonly #slots: (Slot | undefined)[] = [];

  count(verdict: WindowVerdict, atMs: number): void {
    this.#slotOf(atMs).counts[verdict] += 1;
  }

  startError(errorMs: number, atMs: number): void {
    this.#slotOf(atMs).errors.add(errorMs);
  }

  /** Over the minute before `atMs`. */
  read(atMs: number): WindowCounts {
    const newest = Math.floor(atMs / SLOT_MS);
    const counts = noCounts();
    const errors = new ErrorAccumulator();
    for (const slot of this.#slots) {
      if (slot === undefined || slot.number <= newest - WINDOW_SLOTS || slot.number > newest) continue;
      for (const verdict of WINDOW_VERDICTS) counts[verdict] += slot.counts[verdict];
      errors.merge(slot.errors);
    }
    return { ...counts, startErrorMs: errors.read() };
  }

  /** Instants come in order. */
  #slotOf(atMs: number): Slot {
    const number = Math.floor(atMs / SLOT_MS);
    const place = number % WINDOW_SLOTS;
    const present = this.#slots[place];
    if (present?.number === number) return present;
    const slot: Slot = { number, counts: noCounts(), errors: new ErrorAccumulator() };
    this.#slots[place] = slot;
    return slot;
  }
}

function noCounts(): Record<WindowVerdict, number> {
  return { matched: 0, missed: 0, spurious: 0, deadConnection: 0 };
}
