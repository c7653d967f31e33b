// The sections of the exit summary that judge: agreement, estimators, reconciliation, playback, findings, verdict. Pure.
// The judgements themselves come ready in the snapshot; this file only words them.
import type { EstimatorScore, KindAgreement, Snapshot, Summary, Verdict } from '../stats/summary.ts';
import { formatBytes, formatMs, formatShortMs, PERCENT } from '../units.ts';
import { count, fact, heading, known, row, UNKNOWN, wrapped } from './text-layout.ts';

type Lines = readonly string[];
/** A run's snapshot has it, and so has the analysis of a log. */
interface Judged {
  readonly summary: Pick<Summary, 'parser' | 'agreement'> & Partial<Pick<Summary, 'proxy'>>;
}

const AGREEMENT_WIDTHS = [8, 8, 10, 11, 9, 10, 10];
const ESTIMATOR_WIDTHS = [12, 15, 15, 10, 9];
const LABEL = 14;

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  valid: 'VALID: the numbers of this run can be trusted',
  degraded: 'DEGRADED: the numbers stand with a reservation',
  invalid: 'INVALID: do not use the numbers of this run',
};

/** The instrument's verdict in one sentence, with its reasons. */
export function verdictSentence({ verdict, reasons }: Summary['instrument']): string {
  return `${VERDICT_WORDS[verdict]}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}.`;
}

export function agreementSection(
  { summary }: Judged,
  width: number,
  title: string = 'Agreement of the parser with the proxy (start error = parser - proxy)',
): Lines {
  const kinds = ['segment', 'playlist', 'init', 'key'] as const;
  const lines = kinds.map((kind) => agreementLine(`  ${kind}`, summary.agreement[kind], width));
  const { lookup } = summary.parser;
  return [
    ...heading(title, width),
    row('', ['matched', 'missed', 'spurious', 'precision', 'recall', 'bias', '|p95|'], AGREEMENT_WIDTHS, width),
    ...lines,
    ...fact('  lookup', lookup === undefined ? 'no segment-size listing was read' : lookupWords(lookup), LABEL, width),
    ...fact('  inferred', inferredWords(summary), LABEL, width),
    ...countedTwice(summary.agreement, width),
  ];
}

export function estimatorsSection({ summary }: Judged, width: number): Lines {
  const { estimators } = summary.agreement;
  return [
    ...heading('Estimators of bytes (error = estimator - reference)', width),
    row('', ['status', 'bytes', 'reference', 'error', 'coverage'], ESTIMATOR_WIDTHS, width),
    ...(estimators.length === 0 ? ['  none scored'] : estimators.flatMap((score) => estimatorLines(score, width))),
  ];
}

export function originSection({ summary }: Snapshot, width: number): Lines {
  const { origin, reconciliation } = summary;
  const label = (name: string, text: string): Lines => fact(`  ${name}`, text, LABEL, width);
  const { joined } = reconciliation;
  const terms = Object.entries(reconciliation.explained).filter(([, bytes]) => bytes !== undefined && bytes !== 0);
  return [
    ...heading('Origin and reconciliation', width),
    ...label(
      'source',
      origin.available
        ? `${origin.sources.join(', ')}; ${count(origin.requests)} requests, ${known(origin.bytesSent, formatBytes)} sent`
        : `not available${origin.reason === undefined ? '' : `: ${origin.reason}`}`,
    ),
    ...(origin.available
      ? label(
          'host',
          `CPU ${known(origin.cpuRatio, percent)}, memory ${known(origin.memoryUsedBytes, formatBytes)}, ${count(origin.connections)} connections`,
        )
      : []),
    ...(reconciliation.originBytes === undefined
      ? []
      : [
          ...label('explained', terms.map(([term, bytes]) => `${words(term)} ${count(bytes)}`).join(' + ')),
          ...label(
            'residual',
            `${count(reconciliation.residualBytes)} of ${count(reconciliation.originBytes)} bytes (${known(reconciliation.residualRatio, percent)})`,
          ),
        ]),
    ...(joined === undefined
      ? []
      : label(
          'access log',
          `${count(joined.transfers)} completed transfers: ${count(joined.equal)} equal to the byte, ${count(joined.different)} different, ` +
            `${count(joined.missingAtOrigin)} missing at the origin, ${count(joined.missingAtProxy)} missing at the proxy`,
        )),
  ];
}

export function playbackSection({ summary }: Snapshot, width: number): Lines {
  const { playback, averageSpeed, exits, starts, restarts } = summary.clients;
  const { startupMs, behindLiveMs } = playback;
  const { streams, byKind } = summary.proxy;
  const isStreamOnly = streams.opened > 0 && (byKind.segment?.transfers ?? 0) === 0;
  const ready = isStreamOnly ? 'the first media that FFmpeg reports' : 'first segment complete';
  const label = (name: string, text: string): Lines => fact(`  ${name}`, text, LABEL, width);
  return [
    ...heading('Playback and life of the clients', width),
    ...label(
      'startup',
      `p50 ${known(startupMs.p50, formatMs)}, p95 ${known(startupMs.p95, formatMs)} (process start to ${ready})`,
    ),
    ...label(
      'stalls',
      `${count(playback.stallCount)} ${isStreamOnly ? 'by out_time' : 'modelled'}, ${playback.stallSeconds.toFixed(2)} s, ${known(playback.stallRatio, percent)} of play time; ${count(playback.stalled)} clients stalled now`,
    ),
    ...label('behind live', `p50 ${known(behindLiveMs.p50, formatMs)}, p95 ${known(behindLiveMs.p95, formatMs)}`),
    ...label('speed', `${known(averageSpeed, (speed) => `${speed.toFixed(2)}x`)} (FFmpeg's mean since process start)`),
    ...label('processes', `${count(starts)} starts, ${count(restarts)} restarts`),
    ...label(
      'exits',
      `success ${exits.success}, error ${exits.error}, signal ${exits.signal}, stopped by us ${exits.stopped}, playlist lost ${exits.playlistLost}`,
    ),
  ];
}

export function findingsSection({ summary }: Snapshot, nextSteps: NextSteps, width: number): Lines {
  if (summary.findings.length === 0) return [];
  const lines = summary.findings.flatMap(({ code, subject, count: times, evidence }) => [
    ...wrapped(`! ${code}${times > 1 ? ` (${times} times)` : ''}: ${subject}`, width, '  '),
    ...fact('  seen', evidence, LABEL, width),
    ...(nextSteps[code] === undefined ? [] : fact('  next', nextSteps[code], LABEL, width)),
  ]);
  return [...heading('Findings', width), ...lines];
}

export type NextSteps = Readonly<Partial<Record<Snapshot['summary']['findings'][number]['code'], string>>>;

export function thresholdsSection({ summary }: Snapshot, width: number): Lines {
  if (summary.thresholds.length === 0) return [];
  const lines = summary.thresholds.flatMap(({ expression, value, failed }) =>
    fact(failed ? '  FAILED' : '  ok', `${expression} (is ${known(value, String)})`, LABEL, width),
  );
  return [...heading('Thresholds (--fail-if)', width), ...lines];
}

export function instrumentSection({ summary }: Snapshot, width: number): Lines {
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
    ...label(
      'log lines',
      `${count(summary.parser.lines)} read, ${count(summary.parser.unparsedLines)} not understood, ${count(summary.parser.droppedLines)} dropped`,
    ),
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

function agreementLine(label: string, agreement: KindAgreement, width: number): string {
  const { matched, missed, spurious, precision, recall, startErrorMs } = agreement;
  const ratio = (value: number): string => value.toFixed(4);
  return row(
    label,
    [
      count(matched),
      count(missed),
      count(spurious),
      known(precision, ratio),
      known(recall, ratio),
      known(startErrorMs.bias, formatMs),
      known(startErrorMs.absP95, formatMs),
    ],
    AGREEMENT_WIDTHS,
    width,
  );
}

function estimatorLines(score: EstimatorScore, width: number): Lines {
  const line = row(
    `  ${score.name}`,
    [
      score.status,
      count(score.bytes),
      count(score.referenceBytes),
      score.errorRatio === undefined ? UNKNOWN : `${score.errorRatio >= 0 ? '+' : ''}${percent(score.errorRatio)}`,
      known(score.coverage, (ratio) => `${(ratio * PERCENT).toFixed(1)} %`),
    ],
    ESTIMATOR_WIDTHS,
    width,
  );
  const said = [
    ...(score.reason === undefined ? [] : [score.reason]),
    ...(score.requests === undefined
      ? []
      : [`${count(score.requests)} requests, proxy ${count(score.referenceRequests)}`]),
  ];
  return [line, ...(said.length === 0 ? [] : fact('', `(${said.join('; ')})`, 4, width))];
}

function percent(ratio: number): string {
  return `${(ratio * PERCENT).toFixed(2)} %`;
}

/** `segmentContent` as `segment content`. */
function words(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function lookupWords({ attempts, successes, misses, unread }: NonNullable<Summary['parser']['lookup']>): string {
  const found = attempts > 0 ? ` (${percent(successes / attempts)})` : '';
  const { neverListed, evicted, notYetListed, ambiguous } = misses;
  return (
    `${count(successes)} of ${count(attempts)} sizes found${found}; never listed ${count(neverListed)}, ` +
    `evicted ${count(evicted)}, not yet listed ${count(notYetListed)}, ambiguous ${count(ambiguous)}` +
    (unread > 0 ? `; ${count(unread)} segments unread when their client was stopped` : '')
  );
}

/** HTTP errors and retries by both sides; nothing while neither has any. */
function countedTwice({ httpErrors = {}, retries }: Summary['agreement'], width: number): Lines {
  const both = [...Object.entries(httpErrors), ...(retries === undefined ? [] : [['retries', retries] as const])];
  const told = both.filter(([, { parser, proxy }]) => parser > 0 || proxy > 0);
  const text = told.map(([what, { parser, proxy }]) => `${what}: parser ${count(parser)}, proxy ${count(proxy)}`);
  return told.length === 0 ? [] : fact('  errors', text.join('; '), LABEL, width);
}

/** The original's "wall time" of a segment, beside what the wire took: its error is the reason why it is never used. */
function inferredWords({ parser, proxy, agreement }: Judged['summary']): string {
  const { segmentMs } = parser.inferred;
  const phases = proxy?.byKind.segment?.phases;
  const error = agreement.segment.inferredDurationErrorMs;
  return (
    `segment to next segment p50 ${known(segmentMs.p50, formatMs)}, p95 ${known(segmentMs.p95, formatMs)}: the pace of playing; ` +
    `on the wire total p50 ${known(phases?.totalMs.p50, formatMs)}, receive p50 ${known(phases?.receiveMs.p50, formatMs)}; ` +
    `error bias ${known(error?.bias, formatMs)}, |p95| ${known(error?.absP95, formatMs)}`
  );
}
