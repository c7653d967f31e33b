// The sections of the exit summary that judge: findings, thresholds, verdict. Pure.
// The judgements themselves come ready in the snapshot; this file only words them.
import { readUndelivered, type Undelivered } from '../stats/failure-ratio.ts';
import { type FindingGroup, groupFindings } from '../stats/finding-groups.ts';
import type { Snapshot, Summary, Verdict } from '../stats/summary.ts';
import { thresholdValue } from '../stats/threshold.ts';
import { formatMs, formatShortMs, PERCENT } from '../units.ts';
import { count, fact, heading, known, wrapped } from './text-layout.ts';

type Lines = readonly string[];

const LABEL = 14;
/** Of one finding: enough to see what they have in common. */
const MOST_SUBJECTS = 3;

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  valid: 'VALID: the numbers of this run can be trusted',
  degraded: 'DEGRADED: the numbers stand with a reservation',
  invalid: 'INVALID: do not use the numbers of this run',
};

/** The instrument's verdict in one sentence, with its reasons. */
export function verdictSentence({ verdict, reasons }: Summary['instrument']): string {
  return `${VERDICT_WORDS[verdict]}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}.`;
}

/** What was measured, in a breath: the verdict is about the instrument and says nothing of the stream. */
export function deliverySentence(snapshot: Snapshot, hasClients: boolean): string {
  const { clients, findings, thresholds } = snapshot.summary;
  const undelivered = readUndelivered(snapshot.summary);
  const { stallCount } = clients.playback;
  const facts = [
    ...(undelivered === undefined ? [] : [failedWords(undelivered)]),
    ...(hasClients && stallCount !== undefined ? [counted(stallCount, 'stall')] : []),
    ...(hasClients ? [counted(clients.restarts, 'restart')] : []),
  ];
  const codes = groupFindings(findings).map(({ code }) => code);
  const failed = thresholds.filter((threshold) => threshold.failed).length;
  const found = codes.length === 0 ? 'no findings' : `found: ${codes.join(', ')} (below)`;
  const missed = failed === 0 ? '' : `; ${counted(failed, '--fail-if')} holds`;
  return `What they say: ${[...facts, found].join('; ')}${missed}.`;
}

export function findingsSection({ summary }: Snapshot, nextSteps: NextSteps, width: number): Lines {
  if (summary.findings.length === 0) return [];
  const lines = groupFindings(summary.findings).flatMap((group) => [
    ...wrapped(`! ${findingWords(group)}`, width, '  '),
    ...seenWords(group).flatMap((text, index) => fact(index === 0 ? '  seen' : '', text, LABEL, width)),
    ...(nextSteps[group.code] === undefined ? [] : fact('  next', nextSteps[group.code] ?? '', LABEL, width)),
  ]);
  return [...heading('Findings', width), ...lines];
}

/** The subject in the line itself where there is one only. */
function findingWords({ code, count: times, findings: [first, ...others] }: FindingGroup): string {
  const often = times > 1 ? ` (${count(times)} times)` : '';
  return `${code}${often}: ${others.length === 0 ? (first?.subject ?? '') : `${count(others.length + 1)} subjects`}`;
}

function seenWords({ findings }: FindingGroup): readonly string[] {
  const [first, ...others] = findings;
  if (first !== undefined && others.length === 0) return [first.evidence];
  const hidden = findings.length - MOST_SUBJECTS;
  return [
    ...findings.slice(0, MOST_SUBJECTS).map(({ subject, evidence }) => `${subject}: ${evidence}`),
    ...(hidden > 0 ? [`and ${count(hidden)} more; --report has them all`] : []),
  ];
}

export type NextSteps = Readonly<Partial<Record<Snapshot['summary']['findings'][number]['code'], string>>>;

export function thresholdsSection({ summary }: Snapshot, width: number): Lines {
  if (summary.thresholds.length === 0) return [];
  const lines = summary.thresholds.flatMap((threshold) => {
    const { value, failed } = threshold;
    const label = failed ? '  FAILED' : value === undefined ? '  no value' : '  ok';
    const is = value === undefined ? 'not known' : `is ${thresholdValue(threshold)}`;
    return fact(label, `${threshold.expression} (${is})`, LABEL, width);
  });
  return [...heading('Thresholds (--fail-if)', width), ...lines];
}

export function instrumentSection({ summary, dropRate }: Snapshot, width: number): Lines {
  const { eventLoopDelayMs, tapCpuSeconds, mainCpuSeconds, calibration, ...instrument } = summary.instrument;
  const cpu = (seconds: number | undefined): string => known(seconds, (value) => `${value.toFixed(2)} s`);
  const label = (name: string, text: string): Lines => fact(`  ${name}`, text, LABEL, width);
  return [
    ...heading('Instrument', width),
    ...label(
      'loop delay',
      `p99 tap ${known(eventLoopDelayMs.tapP99, formatMs)}, main ${known(eventLoopDelayMs.mainP99, formatMs)}`,
    ),
    ...label(
      'CPU',
      `tap ${cpu(tapCpuSeconds)}, main ${cpu(mainCpuSeconds)}, FFmpeg clients ${cpu(summary.clients.cpuSeconds)}`,
    ),
    ...label(
      'records',
      `lost ${count(instrument.lostRecords)}, bypassed requests ${count(instrument.bypassedRequests)}, ledger imbalance ${count(instrument.ledgerImbalanceBytes)} bytes`,
    ),
    ...label('log lines', `${logLines(summary.parser)}${droppedWords(dropRate)}`),
    ...(calibration === undefined
      ? []
      : label(
          'added',
          `by the tap, as calibrated before the run (${count(calibration.transfers)} pairs) and subtracted nowhere: ` +
            `${formatShortMs(calibration.addedMsP50)} per request (p50; quartiles ${formatShortMs(calibration.addedMsP25)} to ` +
            `${formatShortMs(calibration.addedMsP75)}), CPU ${formatShortMs(calibration.cpuMsPerTransfer)} per request and ` +
            `${formatShortMs(calibration.cpuMsPerMiB)} per MiB`,
        )),
    '',
    ...wrapped(verdictSentence(summary.instrument), width, '  '),
  ];
}

function failedWords({ failed, requests, ratio = 0 }: Undelivered): string {
  const share = failed === 0 ? '' : ` (${percent(ratio)})`;
  return `${count(failed)} of ${counted(requests, 'request')} failed${share}`;
}

function counted(times: number, what: string): string {
  return `${count(times)} ${what}${times === 1 || what.startsWith('--') ? '' : 's'}`;
}

function percent(ratio: number): string {
  return `${(ratio * PERCENT).toFixed(2)} %`;
}

function droppedWords({ peak, degradedClients }: Snapshot['dropRate']): string {
  if (peak === 0) return '';
  const hint =
    degradedClients === 0
      ? ''
      : `; ${count(degradedClients)} clients above --stats-drop-threshold: raise --stats-buffer`;
  return ` (${percent(peak)} at the worst moment${hint})`;
}

function logLines({ lines, unparsedLines, droppedLines }: Summary['parser']): string {
  const understood =
    unparsedLines === undefined ? 'for the last words of processes only' : `${count(unparsedLines)} not understood`;
  return `${count(lines)} read${unparsedLines === undefined ? ' ' : ', '}${understood}, ${count(droppedLines)} dropped`;
}
