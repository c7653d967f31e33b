// The summary that a run prints on stdout when it ends, and the one line that stands in for a screen meanwhile. Pure.
// It reads a snapshot and judges nothing; the sections are in summary-traffic.ts and summary-judgement.ts.
import { errorStatuses } from '../stats/error-statuses.ts';
import type { Snapshot, Summary, Throughput } from '../stats/summary.ts';
import { unlessUnseen } from '../stats/tunnels.ts';
import { formatElapsed, formatMbps, formatMs, secondsToMs } from '../units.ts';
import { agreementSection, estimatorsSection } from './summary-agreement.ts';
import { playbackSection } from './summary-clients.ts';
import {
  deliverySentence,
  findingsSection,
  instrumentSection,
  type NextSteps,
  thresholdsSection,
  verdictSentence,
} from './summary-judgement.ts';
import { originSection } from './summary-reconciliation.ts';
import { servingSection } from './summary-serving.ts';
import { streamsSection } from './summary-streams.ts';
import { accountsSection, endingsSection, errorsSection, phasesSection, requestsSection } from './summary-traffic.ts';
import { centred, count, doubleRule, fact, known, UNKNOWN, wrapped } from './text-layout.ts';

export interface SummaryOptions {
  /** Columns of the page; the text uses one fewer, because some terminals wrap at the last one. */
  readonly width: number;
  /** What to do about each finding. */
  readonly nextSteps?: NextSteps;
  /** Where the control server listened. */
  readonly metricsUrl?: string;
  /** Files that the run wrote: what, and the path. */
  readonly files?: readonly (readonly [string, string])[];
  /** False for the tap alone: without FFmpeg there is no parser, no agreement and no playback to speak of. */
  readonly hasClients?: boolean;
}

const LABEL = 12;

/** The whole page, ending in a newline. */
export function renderSummary(snapshot: Snapshot, options: SummaryOptions): string {
  const width = options.width - 1;
  const { hasClients = true } = options;
  const lines = [
    doubleRule(width),
    centred('hls-swarm: summary of the run', width),
    doubleRule(width),
    ...wrapped(verdictSentence(snapshot.summary.instrument), width, '  '),
    ...wrapped(deliverySentence(snapshot, hasClients), width, '  '),
    '',
    ...runFacts(snapshot, hasClients, width),
    ...accountsSection(snapshot, width),
    ...requestsSection(snapshot, width),
    ...phasesSection(snapshot, width),
    ...servingSection(snapshot, width),
    ...streamsSection(snapshot, width),
    ...endingsSection(snapshot, width),
    ...errorsSection(snapshot, width),
    ...(hasClients ? parserSections(snapshot, width) : []),
    ...originSection(snapshot, width),
    ...(hasClients ? playbackSection(snapshot, width) : []),
    ...findingsSection(snapshot, options.nextSteps ?? {}, width),
    ...thresholdsSection(snapshot, width),
    ...instrumentSection(snapshot, width),
    ...outputs(options, width),
    doubleRule(width),
  ];
  return `${lines.join('\n')}\n`;
}

function parserSections({ summary }: Snapshot, width: number): readonly string[] {
  const judged = { summary, segmentTimes: summary.proxy?.byKind.segment?.phases };
  return [...agreementSection(judged, width), ...estimatorsSection(judged, width)];
}

/** One line for stderr while there is no screen. Doors without clients of ours have players that nobody can ask. */
export function statusLine(snapshot: Snapshot, { hasClients = true }: Pick<SummaryOptions, 'hasClients'> = {}): string {
  const { summary } = snapshot;
  const { clients, proxy, parser, instrument } = summary;
  const { stalled } = clients.playback;
  const { segment: segments, stream } = proxy?.byKind ?? {};
  const wait = (segments ?? stream)?.phases.waitMs;
  const remaining = snapshot.remainingSeconds;
  const counted =
    proxy === undefined
      ? logged(parser)
      : {
          segments: unlessUnseen(proxy, segments?.transfers ?? 0),
          throughput: proxy.throughput,
          errors: total(errorStatuses(proxy.byKind).values()),
        };
  return [
    `${formatElapsed(secondsToMs(snapshot.elapsedSeconds))}${remaining === undefined ? '' : ` of ${formatElapsed(secondsToMs(snapshot.elapsedSeconds + remaining))}`}`,
    hasClients
      ? `clients ${clients.active}/${clients.target}${snapshot.isRamping ? ' (ramping)' : ''}`
      : `doors ${count(clients.target)}, ${count(snapshot.openTransfers)} transfers open`,
    `segments ${count(counted.segments)}, ${known(counted.throughput?.bytesPerSecond30s ?? counted.throughput?.bytesPerSecondOverall, formatMbps)}`,
    ...streamsWords(snapshot),
    `wait p95 ${known(wait?.window?.p95 ?? wait?.p95, formatMs)}`,
    ...(hasClients ? [`stalled ${count(stalled)}`] : []),
    `HTTP errors ${count(counted.errors)}`,
    ...(hasClients ? [`restarts ${count(clients.restarts)}`] : []),
    [instrument.verdict, ...instrument.reasons].join('; '),
  ].join(' | ');
}

/** What stands in for the tap where there is none; nothing where no log is read either. */
function logged({ requests, httpErrors, throughput }: Summary['parser']): {
  readonly segments: number | undefined;
  readonly throughput: Throughput | undefined;
  readonly errors: number | undefined;
} {
  const errors = httpErrors === undefined ? undefined : total(Object.values(httpErrors));
  return { segments: requests?.segment, throughput, errors };
}

function total(counts: Iterable<number>): number {
  let sum = 0;
  for (const one of counts) sum += one;
  return sum;
}

function streamsWords({ summary, streams }: Snapshot): readonly string[] {
  if (summary.proxy === undefined || summary.proxy.streams.opened === 0) return [];
  const { open, throughput } = summary.proxy.streams;
  const troubled = streams.filter(({ state }) => state !== 'flowing').length;
  const words = `streams ${count(open)} open${troubled > 0 ? ` (${count(troubled)} not flowing)` : ''}`;
  return [`${words}, ${known(throughput.bytesPerSecond1s, formatMbps)}`];
}

function runFacts({ summary, elapsedSeconds }: Snapshot, hasClients: boolean, width: number): readonly string[] {
  const { run, clients } = summary;
  const ramp = run.rampSeconds === undefined ? UNKNOWN : `${run.rampSeconds.toFixed(1)} s`;
  const label = (name: string, text: string): readonly string[] => fact(name, text, LABEL, width);
  return [
    ...label('Stream', run.url),
    ...label('Run', `${run.id}, started ${run.startedAt}`),
    ...label('Duration', `${elapsedSeconds.toFixed(1)} s${hasClients ? `, ramp ${ramp}` : ''}`),
    ...(hasClients
      ? label(
          'Clients',
          `${count(clients.target)} asked for, ${count(clients.peakActive)} at once at most, variant ${run.variant}`,
        )
      : label('Doors', count(clients.target))),
    ...(run.upstream === undefined ? [] : label('Connections', connectionsWords(summary))),
    ...label(
      'Versions',
      `hls-swarm ${run.version}, FFmpeg ${run.ffmpeg}, Node ${run.node}, proxy workers ${run.proxyWorkers}, seed ${run.seed}`,
    ),
  ];
}

/** What sharing does to an origin is a property of the run: whoever reads its numbers must know. */
function connectionsWords({ run, proxy }: Snapshot['summary']): string {
  const own = count(proxy?.connections);
  const upstream = count(proxy?.upstreamConnections);
  return run.upstream === 'shared'
    ? `shared: origins saw ${upstream} connections instead of ${own}`
    : `${own} of clients, ${upstream} to origins`;
}

function outputs({ metricsUrl, files = [] }: SummaryOptions, width: number): readonly string[] {
  const metrics = metricsUrl === undefined ? [] : [['Metrics', `${metricsUrl}/metrics (until now)`] as const];
  const shown = [...metrics, ...files];
  const labelWidth = Math.max(LABEL, ...shown.map(([what]) => what.length + 2));
  const lines = shown.flatMap(([what, where]) => fact(capitalised(what), where, labelWidth, width));
  return lines.length === 0 ? [] : ['', ...lines];
}

function capitalised(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
