// The findings: what the run found out about the stream, the origin and the instrument, each with its next step.
// Subjects of one finding stand together, causes before what follows from them; what has no room is counted, and the summary has it all.
import { type FindingGroup, groupFindings } from '../stats/finding-groups.ts';
import { FINDINGS } from '../stats/findings.ts';
import type { Snapshot } from '../stats/summary.ts';
import { formatElapsed } from '../units.ts';
import type { Block, Step } from './arrange.ts';
import { cell, cutMiddle, fit, type Line, type Style, safeText, textWidth, titleRule, wrapText } from './cells.ts';
import { count, SHAPES } from './figures.ts';

/** Of one finding: enough to see what they have in common. */
const MOST_SUBJECTS = 2;

export function findingsSteps(snapshot: Snapshot, columns: number): Block {
  const groups = groupFindings(snapshot.summary.findings);
  const [first] = groups;
  if (first === undefined) return [{ priority: 68, lines: [fit([cell('no findings', 'dim')], columns)] }];
  const short = inShort(first, groups.length - 1, columns);
  const full = groups.map((group) => inFull(group, snapshot.atMs, columns));
  return [
    { priority: 15, lines: [short] },
    { priority: 45, lines: [short, ...nextStep(first, columns)] },
    ...full.map(
      (_, index): Step => ({
        priority: index === 0 ? 66 : 80 + index,
        lines: [titleRule(panelTitle(groups.length - index - 1), columns), ...full.slice(0, index + 1).flat()],
      }),
    ),
  ];
}

/** One line: the code, how often, of what. */
function inShort(group: FindingGroup, others: number, columns: number): Line {
  const [{ subject = '' } = {}, ...same] = group.findings;
  const start = `${SHAPES.warn} ${group.code}${times(group)}: `;
  const more = `${same.length > 0 ? ` and ${count(same.length)} more` : ''}${others > 0 ? ` (+ ${others} other ${others > 1 ? 'findings' : 'finding'})` : ''}`;
  const shown = cutMiddle(safeText(subject), columns - textWidth(start) - textWidth(more));
  return fit([cell(start, 'warn'), cell(`${shown}${more}`)], columns);
}

function panelTitle(hidden: number): string {
  return hidden > 0 ? `Findings, causes first; ${hidden} more are not shown` : 'Findings, causes first';
}

function inFull(group: FindingGroup, atMs: number, columns: number): readonly Line[] {
  const age = formatElapsed(Math.max(0, atMs - group.sinceMs));
  const shown = group.findings.length > MOST_SUBJECTS + 1 ? group.findings.slice(0, MOST_SUBJECTS) : group.findings;
  const hidden = group.findings.length - shown.length;
  return [
    ...paragraph(`${SHAPES.warn} `, `${FINDINGS[group.code].sentence} ${seen(group, age)}`, columns, 'warn'),
    ...shown.flatMap(({ subject, evidence }) =>
      paragraph('  ', `${safeText(subject)}: ${safeText(evidence)}`, columns, 'plain'),
    ),
    ...(hidden > 0 ? paragraph('  ', `and ${count(hidden)} more like it`, columns, 'plain') : []),
    ...nextStep(group, columns),
  ];
}

function nextStep({ code }: FindingGroup, columns: number): readonly Line[] {
  return paragraph('  → ', FINDINGS[code].next, columns, 'plain');
}

function paragraph(start: string, text: string, columns: number, style: Style): readonly Line[] {
  const width = textWidth(start);
  return wrapText(text, columns - width).map((line, index) =>
    fit([cell(index === 0 ? start : ' '.repeat(width), style), cell(line, style)], columns),
  );
}

function seen({ count: occurrences }: FindingGroup, age: string): string {
  return occurrences > 1 ? `Seen ${count(occurrences)} times, first ${age} ago.` : `Seen ${age} ago.`;
}

function times({ count: occurrences }: FindingGroup): string {
  return occurrences > 1 ? ` (x${count(occurrences)})` : '';
}
