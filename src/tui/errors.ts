// The errors panel: HTTP status codes as the proxy and as the log saw them, and how transfers ended other than complete.
// It counts a client's leaving and our own stop as endings, not as faults: only faults are coloured.
import { TERMINATIONS, type Termination } from '../events.ts';
import { errorStatuses } from '../stats/error-statuses.ts';
import { isRead } from '../stats/log-reach.ts';
import type { Snapshot } from '../stats/summary.ts';
import { TERMINATION_WORDS } from '../stats/termination-words.ts';
import { cell, type Line } from './cells.ts';
import { endingLevel } from './endings.ts';
import { count, item, judged, UNKNOWN } from './figures.ts';
import type { Panel, Row } from './panel.ts';

type Count = readonly [string, number];

/** Endings that get a row of their own; the rest share one. */
const ENDING_ROWS = 3;

export function errorsPanel({ summary }: Snapshot): Panel {
  const { proxy, parser } = summary;
  const { byKind = {}, terminations = {} } = proxy ?? {};
  const isUnseen = proxy === undefined || proxy.hasTunnels;
  const statuses = [...errorStatuses(byKind)];
  const endings = TERMINATIONS.filter((code) => code !== '--' && (terminations[code] ?? 0) > 0)
    .map((code) => [code, terminations[code] ?? 0] as const)
    .toSorted(([, one], [, other]) => other - one);
  const hasEnded = Object.values(terminations).some((transfers) => transfers > 0);
  return {
    title: 'Errors',
    heading: 'Errors and endings',
    rows: [
      { label: 'HTTP', items: isUnseen && statuses.length === 0 ? [item(UNKNOWN)] : codes(statuses) },
      { label: 'in the log', items: logged(parser) },
      ...(proxy === undefined ? [] : endingRows(endings, hasEnded)),
    ],
    brief:
      proxy === undefined
        ? [[cell('in the log '), ...(logged(parser)[0] ?? [])], ...logged(parser).slice(1)]
        : [
            ...(statuses.length === 0 ? [item(`HTTP ${isUnseen ? UNKNOWN : 'none'}`)] : codes(statuses)),
            ...(endings.length === 0
              ? [item(hasEnded ? 'all transfers ended complete' : 'no transfer has ended')]
              : endings.map(([code, transfers]): Line => [...ending(code, transfers)])),
          ],
    priorities: { line: 32, lines: 56, panel: 64 },
  };
}

function logged(parser: Snapshot['summary']['parser']): readonly Line[] {
  if (!isRead(parser)) return [item('not read')];
  const { httpErrors, timeouts, reconnections } = parser;
  return [
    ...codes(Object.entries(httpErrors)),
    item(`timeouts ${count(timeouts)}`),
    item(`reconnections ${count(reconnections)}`),
  ];
}

function codes(counts: readonly Count[]): readonly Line[] {
  if (counts.length === 0) return [item('none')];
  return counts.map(([code, responses]): Line => [judged(`${code} x${count(responses)}`, 'warn')]);
}

/** `endings`: those other than complete. */
function endingRows(endings: readonly (readonly [Termination, number])[], hasEnded: boolean): readonly Row[] {
  if (endings.length === 0) return [{ label: 'endings', items: [item(hasEnded ? 'all complete' : 'none ended')] }];
  const rest = endings.slice(ENDING_ROWS);
  const more = rest.map(([code, transfers]) => item(`${code} x${count(transfers)}`));
  return [
    ...endings
      .slice(0, ENDING_ROWS)
      .map(
        ([code, transfers], index): Row => ({ label: index === 0 ? 'endings' : '', items: [ending(code, transfers)] }),
      ),
    ...(more.length === 0 ? [] : [{ label: '', items: more }]),
  ];
}

function ending(code: Termination, transfers: number): Line {
  const text = `${code} x${count(transfers)} ${TERMINATION_WORDS[code]}`;
  return [judged(text, endingLevel(code))];
}
