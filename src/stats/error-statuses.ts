// Final statuses that are errors, summed over kinds: what screen and summary both list.
// It judges nothing; a 404 may be what the test wanted.
import type { Kind } from '../events.ts';
import { LOWEST_ERROR_STATUS } from './status-codes.ts';
import type { KindSummary } from './summary.ts';

/** Count by status code of 400 and above, in the order of the codes. */
export function errorStatuses(byKind: Readonly<Partial<Record<Kind, KindSummary>>>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { statusCodes } of Object.values(byKind)) {
    for (const [code, responses] of Object.entries(statusCodes)) {
      if (Number(code) >= LOWEST_ERROR_STATUS) counts.set(code, (counts.get(code) ?? 0) + responses);
    }
  }
  return new Map([...counts].toSorted(([one], [other]) => one.localeCompare(other)));
}
