// What a provoked ending is: the code it is about and how the outside brings it about. Types and the way to run one.
// The scenarios are in the files beside it, the codes that have none here are named in endings.test.ts.
import type { Termination } from '../../../src/events.ts';
import type { Closer, ScriptedOrigin } from '../../support/scripted-origin.ts';
import type { TapBench } from '../../support/tap.ts';

export interface EndingScenario {
  /** The code that it is there for; others may come with it. */
  readonly code: Termination;
  readonly name: string;
  /** Provokes it with its own sockets and checks the records; the laws are checked by the bench. */
  readonly run: (bench: TapBench) => Promise<void>;
}

/** Resolves when the origin saw its only connection end, and who began it is as told. */
export async function closedBy(origin: ScriptedOrigin, closer: Closer): Promise<void> {
  await origin.waitFor(
    ({ connections }) => connections.length === 1 && connections.every((seen) => seen.closedBy === closer),
  );
}
