// The findings: what the run found out about the stream, the origin and the instrument, each with its next step.
// The latest come first; those for which there is no room are counted, and the summary at the end has them all.
import { FINDINGS } from '../stats/findings.ts';
import type { Finding, Snapshot } from '../stats/summary.ts';
import { formatElapsed } from '../units.ts';
import type { Block, Step } from './arrange.ts';
import { cell, cutMiddle, fit, type Line, type Style, safeText, textWidth, titleRule, wrapText } from './cells.ts';
import { count, SHAPES } from './figures.ts';

/** More than a tall screen holds. */
const MOST_SHOWN = 12;

export function findingsSteps(snapshot: Snapshot, columns: number): Block {
  const findings = snapshot.summary.findings.toSorted((one, other) => other.sinceMs - one.sinceMs);
  const [latest] = findings;
  if (latest === undefined) return [{ priority: 68, lines: [fit([cell('no findings', 'dim')], columns)] }];
  const short = inShort(latest, findings.length - 1, columns);
  const full = findings.slice(0, MOST_SHOWN).map((finding) => inFull(finding, snapshot.atMs, columns));
  return [
    { priority: 15, lines: [short] },
    { priority: 45, lines: [short, ...nextStep(latest, columns)] },
    ...full.map(
      (_, index): Step => ({
        priority: index === 0 ? 66 : 80 + index,
        lines: [titleRule(panelTitle(findings.length - index - 1), columns), ...full.slice(0, index + 1).flat()],
      }),
    ),
  ];
}

/** One line: the code, how often, of what. */
function inShort(finding: Finding, others: number, columns: number): Line {
  const start = `${SHAPES.warn} ${finding.code}${times(finding)}: `;
  const more = others > 0 ? ` (and ${others} more)` : '';
  const subject = cutMiddle(safeText(finding.subject), columns - textWidth(start) - textWidth(more));
  return fit([cell(start, 'warn'), cell(`${subject}${more}`)], columns);
}

function panelTitle(hidden: number): string {
  return hidden > 0 ? `Findings, latest first; ${hidden} more are not shown` : 'Findings, latest first';
}

function inFull(finding: Finding, atMs: number, columns: number): readonly Line[] {
  const age = formatElapsed(Math.max(0, atMs - finding.sinceMs));
  return [
    ...paragraph(`${SHAPES.warn} `, `${FINDINGS[finding.code].sentence} ${seen(finding, age)}`, columns, 'warn'),
    ...paragraph('  ', `${safeText(finding.subject)}: ${safeText(finding.evidence)}`, columns, 'plain'),
    ...nextStep(finding, columns),
  ];
}

function nextStep({ code }: Finding, columns: number): readonly Line[] {
  return paragraph('  → ', FINDINGS[code].next, columns, 'plain');
}

function paragraph(start: string, text: string, columns: number, style: Style): readonly Line[] {
  const width = textWidth(start);
  return wrapText(text, columns - width).map((line, index) =>
    fit([cell(index === 0 ? start : ' '.repeat(width), style), cell(line, style)], columns),
  );
}

function seen({ count: occurrences }: Finding, age: string): string {
  return occurrences > 1 ? `Seen ${count(occurrences)} times, first ${age} ago.` : `Seen ${age} ago.`;
}

function times({ count: occurrences }: Finding): string {
  return occurrences > 1 ? ` (x${count(occurrences)})` : '';
}
