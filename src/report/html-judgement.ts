// The HTML report's sections that judge: findings, thresholds, origin and reconciliation, the instrument itself. Pure.
// The judgements come ready in the snapshot; this only words them.
import { type FindingGroup, groupFindings } from '../stats/finding-groups.ts';
import { FINDINGS } from '../stats/findings.ts';
import { type ReconciliationRow, reconciliationRows } from '../stats/reconciliation-rows.ts';
import type { OperationSummary, Snapshot, Summary, Verdict } from '../stats/summary.ts';
import { thresholdValue } from '../stats/threshold.ts';
import { formatBytes, formatElapsed, formatMs, formatShortMs, PERCENT, secondsToMs } from '../units.ts';
import { lastEvents } from './html-events.ts';
import { html, type Markup, type Piece } from './html-markup.ts';
import { details, facts, note, numbers, section, table } from './html-parts.ts';
import { percent } from './html-traffic.ts';
import { count, known, UNKNOWN } from './text-layout.ts';

/** A sign beside the colour, for those who see none. */
const VERDICTS: Readonly<Record<Verdict, readonly [sign: string, words: string]>> = {
  valid: ['✓ VALID', 'The numbers of this run can be trusted'],
  degraded: ['▲ DEGRADED', 'The numbers stand with a reservation'],
  invalid: ['✕ INVALID', 'Do not use the numbers of this run'],
};

/** Of one finding in sight; the others unfold. */
const MOST_SUBJECTS = 3;

export function verdict({ verdict: which, reasons }: Summary['instrument']): Markup {
  const [sign, words] = VERDICTS[which];
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return html`<div class="verdict ${which}"><strong>${sign}</strong><span>${words}${why}.</span></div>`;
}

/** Also when there are none: that is worth knowing. */
export function findingsSection(snapshot: Snapshot): Markup {
  const { findings, thresholds } = snapshot.summary;
  const beganAtMs = snapshot.atMs - secondsToMs(snapshot.elapsedSeconds);
  const items = groupFindings(findings).map((group) => findingItem(group, beganAtMs));
  return section(
    'findings',
    'Findings',
    items.length === 0 ? html`<p>None: nothing out of order was seen.</p>` : html`<ul class="findings">${items}</ul>`,
    thresholds.length === 0
      ? undefined
      : table(
          'Thresholds (--fail-if)',
          [{ label: 'expression' }, ...numbers('value'), { label: '' }],
          thresholds.map((threshold) => [
            threshold.expression,
            threshold.value === undefined ? UNKNOWN : thresholdValue(threshold),
            threshold.failed
              ? mark('critical', 'failed')
              : threshold.value === undefined
                ? 'not known'
                : mark('ok', 'ok'),
          ]),
        ),
    lastEvents(snapshot),
  );
}

function findingItem({ code, findings, count: times, sinceMs }: FindingGroup, beganAtMs: number): Markup {
  const subjects = findings.map(({ subject, evidence }) => html`<p>${subject}: <em>${evidence}</em></p>`);
  const rest = subjects.slice(MOST_SUBJECTS);
  return html`<li><strong>${code}</strong>${times > 1 ? ` (${count(times)} times)` : ''}, since ${formatElapsed(sinceMs - beganAtMs)}
<p>${FINDINGS[code].sentence}</p>${subjects.slice(0, MOST_SUBJECTS)}${
    rest.length === 0 ? undefined : details(`${count(rest.length)} more`, rest)
  }<p class="next">${FINDINGS[code].next}</p></li>`;
}

export function originSection({ summary }: Snapshot): Markup {
  const { origin, reconciliation } = summary;
  const { joined } = reconciliation;
  const rows = reconciliationRows(summary);
  return section(
    'origin',
    'Origin and reconciliation',
    facts([
      [
        'Source',
        origin.available
          ? origin.sources.join(', ')
          : `not available${origin.reason === undefined ? '' : `: ${origin.reason}`}`,
      ],
      ['Requests', origin.requests === undefined ? undefined : count(origin.requests)],
      ['CPU', origin.cpuRatio === undefined ? undefined : percent(origin.cpuRatio)],
      ['Memory', origin.memoryUsedBytes === undefined ? undefined : formatBytes(origin.memoryUsedBytes)],
      ['Connections', origin.connections === undefined ? undefined : count(origin.connections)],
    ]),
    rows.length === 0
      ? undefined
      : html`<h3>What explains the origin’s bytes</h3>${table(
          `Term by term${reconciliation.source === undefined ? '' : `, by ${reconciliation.source}`}: origin = terms + residual`,
          [{ label: 'term' }, ...numbers('bytes', 'of the origin’s')],
          rows.map(termRow),
        )}`,
    joined === undefined
      ? undefined
      : note(
          `Joined with the origin’s access log: ${count(joined.transfers)} completed transfers, ${count(joined.equal)} equal to the byte, ` +
            `${count(joined.different)} different, ${count(joined.missingAtOrigin)} missing at the origin, ${count(joined.missingAtProxy)} missing at the proxy` +
            `${joined.aborted > 0 ? `; ${count(joined.aborted)} more did not complete` : ''}.`,
        ),
  );
}

export function instrumentSection({ summary, operations }: Snapshot): Markup {
  const { eventLoopDelayMs, tapCpuSeconds, mainCpuSeconds, tapBytesPerCpuSecond, calibration, ...figures } =
    summary.instrument;
  const seconds = (value: number | undefined): string => known(value, (one) => `${one.toFixed(2)} s`);
  return section(
    'instrument',
    'The instrument itself',
    facts([
      [
        'Loop delay, p99',
        `tap ${known(eventLoopDelayMs.tapP99, formatMs)}, main ${known(eventLoopDelayMs.mainP99, formatMs)}`,
      ],
      [
        'CPU',
        `tap ${seconds(tapCpuSeconds)}, main ${seconds(mainCpuSeconds)}, clients ${seconds(summary.clients.cpuSeconds)}`,
      ],
      ['Relayed per CPU second', known(tapBytesPerCpuSecond, formatBytes)],
      ['Lost records', count(figures.lostRecords)],
      ['Bypassed requests', count(figures.bypassedRequests)],
      ['Ledger imbalance', `${count(figures.ledgerImbalanceBytes)} bytes`],
      ['Added by the tap, p50', calibration === undefined ? undefined : formatShortMs(calibration.addedMsP50)],
      [
        'Parser',
        `${count(summary.parser.lines)} lines, ${count(summary.parser.unparsedLines)} not understood, ${count(summary.parser.droppedLines)} dropped`,
      ],
    ]),
    operations === undefined ? undefined : operationsTable(operations),
  );
}

function operationsTable(operations: readonly OperationSummary[]): Markup | undefined {
  const done = operations.filter(({ total }) => total.count > 0);
  if (done.length === 0) return undefined;
  return html`<h3>What is done over and over</h3>${table(
    'Operations over the last five minutes',
    [{ label: 'operation' }, { label: 'status' }, ...numbers('count', 'success', 'mean', 'p50', 'p95', 'p99', 'max')],
    done.map(({ name, status, count: times, successRate, averageMs, p50Ms, p95Ms, p99Ms, maxMs }) => [
      name,
      mark(status, status),
      count(times),
      known(successRate, (rate) => percent(rate / PERCENT)),
      ...[averageMs, p50Ms, p95Ms, p99Ms, maxMs].map((ms) => known(ms, formatShortMs)),
    ]),
  )}`;
}

const SIGNS = { ok: '✓', warn: '▲', critical: '✕' } as const;

function mark(status: keyof typeof SIGNS, word: string): Markup {
  return html`<span class="mark-${status}">${SIGNS[status]} ${word}</span>`;
}

function termRow({ key, label, bytes, ratio, isEstimate }: ReconciliationRow): readonly Piece[] {
  const name = `${label}${isEstimate ? ' (estimate)' : ''}`;
  const isSum = key === 'origin' || key === 'residual';
  return [isSum ? html`<strong>${name}</strong>` : name, count(bytes), known(ratio, percent)];
}
