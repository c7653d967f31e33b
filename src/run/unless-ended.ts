// The first wish to end cuts a start short, whatever it is waiting for. It undoes nothing: who began it cleans up behind it.
import { CannotMeasure } from './exit-codes.ts';
import { aborted, type Terminal } from './terminal.ts';

/** What `step` gives. @throws CannotMeasure at once when the run is ended meanwhile: "ended before ..." */
export async function unlessEnded<Result>(
  { ending }: Pick<Terminal, 'ending'>,
  step: Promise<Result>,
  before: string,
): Promise<Result> {
  await Promise.race([aborted(ending), step]);
  if (ending.aborted) throw new CannotMeasure(`ended before ${before}`);
  return step;
}
