// Who is to blame for the ending of a transfer, as a level: one place for the panel, the screen and the last events.
// The words for each code are in stats/termination-words.ts.
import type { Termination } from '../events.ts';
import type { Level } from './figures.ts';

/** The origin, the way to it, a bad request or answer; an internal error must never happen. Clients and we may leave. */
export function endingLevel(code: Termination): Level {
  if (code === 'ID') return 'bad';
  return /^[SsPRX]/.test(code) ? 'warn' : 'good';
}
