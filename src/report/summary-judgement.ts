// The sections of the exit summary that judge: reconciliation, playback, findings, thresholds, verdict. Pure.
// The judgements themselves come ready in the snapshot; this file only words them.
import type { Snapshot, Summary, Verdict } from '../stats/summary.ts';
import { thresholdValue } from '../stats/threshold.ts';
import { formatBytes, formatMbps, formatMs, formatShortMs, PERCENT } from '../units.ts';
import { count, fact, heading, known, wrapped } from './text-layout.ts';

type Lines = readonly string[];

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

export function originSection({ summary }: Snapshot, width: number): Lines {
  const { origin, reconciliation } = summary;
  const label = (name: string, text: string): Lines => fact(`  ${name}`, text, LABEL, width);
  const { joined } = reconciliation;
  const terms = Object.entries(reconciliation.explained ?? {}).filter(
    ([, bytes]) => bytes !== undefined && bytes !== 0,
  );
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
    ...(origin.rateWindow === undefined ? [] : label('sends', rateWords(origin.rateWindow))),
    ...(reconciliation.residualBytes === undefined
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

function rateWords({
  windowSeconds,
  n,
  bytesPerSecondP50,
  bytesPerSecondMax,
}: NonNullable<Summary['origin']['rateWindow']>): string {
  return `p50 ${formatMbps(bytesPerSecondP50)}, at most ${formatMbps(bytesPerSecondMax)} between scrapes (last ${windowSeconds} s, ${count(n)} intervals)`;
}

export function playbackSection({ summary }: Snapshot, width: number): Lines {
  const { playback, averageSpeed, exits, starts, restarts } = summary.clients;
  const { startupMs, behindLiveMs } = playback;
  const { streams, byKind = {} } = summary.proxy ?? {};
  // Without segments that anybody sees the players' own progress stands in for them.
  const isByProgress =
    summary.proxy === undefined || ((streams?.opened ?? 0) > 0 && (byKind.segment?.transfers ?? 0) === 0);
  const ready = isByProgress ? 'the first media that FFmpeg reports' : 'first segment complete';
  const label = (name: string, text: string): Lines => fact(`  ${name}`, text, LABEL, width);
  return [
    ...heading('Playback and life of the clients', width),
    ...label(
      'startup',
      `p50 ${known(startupMs.p50, formatMs)}, p95 ${known(startupMs.p95, formatMs)} (process start to ${ready})`,
    ),
    ...label('stalls', stallWords(playback, isByProgress)),
    ...label('behind live', `p50 ${known(behindLiveMs.p50, formatMs)}, p95 ${known(behindLiveMs.p95, formatMs)}`),
    ...label('speed', `${known(averageSpeed, (speed) => `${speed.toFixed(2)}x`)} (FFmpeg's mean since process start)`),
    ...label('processes', `${count(starts)} starts, ${count(restarts)} restarts`),
    ...label(
      'exits',
      `success ${exits.success}, error ${exits.error}, signal ${exits.signal}, stopped by us ${exits.stopped}, playlist lost ${exits.playlistLost}`,
    ),
  ];
}

function stallWords(playback: Summary['clients']['playback'], isByProgress: boolean): string {
  const { stallCount, stallSeconds, stallRatio, stalled, outTimeStalled = 0 } = playback;
  if (stallCount === undefined) return 'not known: neither segments nor progress of the players was seen';
  const isChecked = !isByProgress && outTimeStalled > 0;
  const standing = isChecked ? `; out_time of ${count(outTimeStalled)} clients stands still now` : '';
  return (
    `${count(stallCount)} ${isByProgress ? 'by out_time' : 'modelled'}, ${known(stallSeconds, (value) => `${value.toFixed(2)} s`)}, ` +
    `${known(stallRatio, percent)} of play time; ${count(stalled)} clients stalled now${standing}`
  );
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
  const lines = summary.thresholds.flatMap((threshold) => {
    const { value, failed } = threshold;
    const label = failed ? '  FAILED' : value === undefined ? '  no value' : '  ok';
    const is = value === undefined ? 'not known' : `is ${thresholdValue(threshold)}`;
    return fact(label, `${threshold.expression} (${is})`, LABEL, width);
  });
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
    ...label('log lines', logLines(summary.parser)),
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

function percent(ratio: number): string {
  return `${(ratio * PERCENT).toFixed(2)} %`;
}

/** `segmentContent` as `segment content`. */
function words(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function logLines({ lines, unparsedLines, droppedLines }: Summary['parser']): string {
  const understood =
    unparsedLines === undefined ? 'for the last words of processes only' : `${count(unparsedLines)} not understood`;
  return `${count(lines)} read${unparsedLines === undefined ? ' ' : ', '}${understood}, ${count(droppedLines)} dropped`;
}
