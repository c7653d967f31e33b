// Why not one media byte came, as far as anybody said: the end of the sentence that a run ends with. Pure.
// It weighs no evidence; the commonest word of the nearest witness is given, and the journal has all of them.
import type { Termination } from '../events.ts';
import { errorStatuses } from '../stats/error-statuses.ts';
import type { Snapshot } from '../stats/summary.ts';
import { TERMINATION_WORDS } from '../stats/termination-words.ts';
import { formatCount } from '../units.ts';

type Commonest = readonly [name: string, count: number];

/** `; FFmpeg: Protocol not found (4 clients)`, else a status, else how transfers ended; empty when nothing was said. */
export function noMediaCause({ clients, summary }: Snapshot): string {
  const reasons = clients.flatMap(({ exitReason }) => (exitReason === undefined ? [] : [exitReason]));
  const groups = Map.groupBy(reasons, (text) => text);
  const reason = commonest(Array.from(groups, ([text, all]) => [text, all.length]));
  if (reason !== undefined) return `; FFmpeg: ${reason[0]} (${formatCount(reason[1], 'client')})`;
  const { byKind = {}, terminations = {} } = summary.proxy ?? {};
  const status = commonest([...errorStatuses(byKind), ...Object.entries(summary.parser.httpErrors ?? {})]);
  if (status !== undefined) return `; status ${status[0]} ${times(status[1])}`;
  const ending = commonest(Object.entries(terminations).filter(([code]) => code !== '--'));
  if (ending === undefined) return '';
  return `; ${ending[0]}: ${TERMINATION_WORDS[ending[0] as Termination]} ${times(ending[1])}`;
}

/** The first of equals. */
function commonest(counts: Iterable<Commonest>): Commonest | undefined {
  return [...counts]
    .filter(([, count]) => count > 0)
    .reduce<Commonest | undefined>((best, one) => (best !== undefined && best[1] >= one[1] ? best : one), undefined);
}

function times(count: number): string {
  return count === 1 ? '(once)' : `(${count} times)`;
}
