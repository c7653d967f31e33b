// The exit codes that scripts rely on (CONTRACTS), and the one error that means "could not measure".
// Nothing here ends the process; main.ts does.

export const EXIT = {
  measured: 0,
  notMeasured: 1,
  usage: 2,
  bug: 70,
  invalid: 98,
  thresholdHeld: 99,
  interruptedTwice: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The run cannot measure; the message is a sentence for people that names the thing and what to do. Exit 1. */
export class CannotMeasure extends Error {
  override readonly name = 'CannotMeasure';
}
