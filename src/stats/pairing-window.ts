// What pairing has judged in about the last minute, by group of kinds: the live half of the agreement.
// It judges nothing and reads no clock; an attempt counts at the instant at which it was judged, some seconds after it began.
import { ErrorAccumulator, type WindowCounts } from './agreement.ts';
import { Minute } from './minute.ts';

const WINDOW_VERDICTS = ['matched', 'missed', 'spurious', 'deadConnection'] as const;
export type WindowVerdict = (typeof WINDOW_VERDICTS)[number];

export class PairingWindow {
  readonly #minute = new Minute(() => ({ counts: noCounts(), errors: new ErrorAccumulator() }));

  count(verdict: WindowVerdict, atMs: number): void {
    const slot = this.#minute.at(atMs);
    if (slot !== undefined) slot.counts[verdict] += 1;
  }

  startError(errorMs: number, atMs: number): void {
    this.#minute.at(atMs)?.errors.add(errorMs);
  }

  /** Over the minute before `atMs`. */
  read(atMs: number): WindowCounts {
    const counts = noCounts();
    const errors = new ErrorAccumulator();
    for (const slot of this.#minute.before(atMs)) {
      for (const verdict of WINDOW_VERDICTS) counts[verdict] += slot.counts[verdict];
      errors.merge(slot.errors);
    }
    return { ...counts, startErrorMs: errors.read() };
  }
}

function noCounts(): Record<WindowVerdict, number> {
  return { matched: 0, missed: 0, spurious: 0, deadConnection: 0 };
}
