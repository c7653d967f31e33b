// Pairs whose kinds are still to be compared: a log names what was an initialization section only some lines later, and the
// pair may be committed by then. It counts through the tally, which takes nothing back.
import type { Settling } from './pairing-settling.ts';
import type { AttemptGroup, PairingTally } from './pairing-tally.ts';

/** The parser's guess; it may get better as the log goes on. */
export interface KindNote {
  readonly guess: AttemptGroup;
  /** false while it may; not given = it does not. */
  readonly isFinal?: boolean;
}

interface Pair {
  readonly note: KindNote;
  readonly group: AttemptGroup;
}

export class PairedKinds {
  readonly #tally: PairingTally;
  /** Only those of the last announcement stay here for longer than a settling. */
  #unsure: Pair[] = [];

  constructor(tally: PairingTally) {
    this.#tally = tally;
  }

  /** `group`: what the tap saw. */
  paired(note: KindNote, group: AttemptGroup): void {
    this.#unsure.push({ note, group });
  }

  /** `isOver`: the process says no more. */
  settle({ isFinal }: Settling, isOver: boolean): void {
    const pairs = this.#unsure;
    if (pairs.length === 0) return;
    this.#unsure = [];
    for (const { note, group } of pairs) {
      if (note.isFinal === false && !isOver && !isFinal) this.#unsure.push({ note, group });
      else if (note.guess !== group) this.#tally.wrongKind(group);
    }
  }
}
