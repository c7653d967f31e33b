// `hls-swarm analyze`: the parser over a saved FFmpeg log, scored against a truth file or a journal; or a parser of somebody
// else over its own events. Reads files, prints one result, starts nothing.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Options } from '../config/options.ts';
import type { ListingEvent } from '../events.ts';
import { type Analysis, type AnalysisResult, renderAnalysis } from '../report/analysis.ts';
import { readListing } from '../scrape/segment-sizes.ts';
import { errorRatio } from '../stats/agreement.ts';
import { isRead } from '../stats/log-reach.ts';
import type { EstimatorScore, ParserReading, Summary } from '../stats/summary.ts';
import { readEvents } from './analyze-events.ts';
import { explain, trueCounts, unexplainedIn } from './analyze-explain.ts';
import { checkArrivals, readArrivals, readLog } from './analyze-log.ts';
import type { Candidate, Reference } from './analyze-material.ts';
import { readReference, withoutHosts, withTimes } from './analyze-reference.ts';
import { isTimed, score } from './analyze-score.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { House } from './house.ts';
import { readInput, refusal, STDIN, type Stdin } from './input-file.ts';
import { redactDeep } from './redact.ts';

const PAGE_WIDTH = 80;
/** Beside a log: when its octets came. */
const ARRIVALS = 'arrivals.jsonl';

/** Resolves to 0 when there is a result, whatever it is. @throws CannotMeasure when a file cannot be read or is not right */
export async function runAnalyze(options: Options, { terminal, redact }: House): Promise<ExitCode> {
  const analysis = redactDeep(await analyze(options, terminal.stdin), redact);
  terminal.stdout.write(options.json ? `${JSON.stringify(analysis, null, 2)}\n` : renderAnalysis(analysis, PAGE_WIDTH));
  return EXIT.measured;
}

type Inputs = Pick<Options, 'stderr' | 'truth' | 'sizes' | 'events' | 'logClient' | 'logProcess'>;

/** @throws CannotMeasure when a file cannot be read or is not right */
export async function analyze(inputs: Inputs, stdin: Stdin): Promise<Analysis> {
  const log = inputs.stderr === undefined ? undefined : await openLog(inputs.stderr, stdin);
  const theirs =
    inputs.events === undefined ? undefined : await readEvents({ option: '--events', path: inputs.events }, stdin);
  const scored = theirs ?? log;
  if (scored === undefined) throw new Error('analyze without a log and without events got past the options');
  const reference = await openReference(inputs, (log ?? scored).statements, stdin);
  const sizes = inputs.sizes === undefined ? undefined : await openSizes(inputs.sizes, stdin);
  const result = resultOf(scored, reference, sizes);
  return {
    schema: 'hls-swarm/analysis@1',
    ...result,
    ...(theirs === undefined || log === undefined ? {} : { ours: resultOf(log, reference, sizes) }),
    ...(reference === undefined ? {} : { truth: truthOf(reference) }),
  };
}

async function openLog(path: string, stdin: Stdin): Promise<Candidate> {
  const file = { option: '--stderr', path };
  const octets = await readInput(file, stdin);
  const beside = { option: ARRIVALS, path: join(dirname(path), ARRIVALS) };
  if (path === STDIN || !existsSync(beside.path)) return readLog(file, octets, []);
  const arrivals = await readArrivals(beside, stdin);
  checkArrivals(beside, arrivals, octets);
  return readLog(file, octets, arrivals);
}

async function openReference(
  { truth, logClient, logProcess }: Inputs,
  statements: Candidate['statements'],
  stdin: Stdin,
): Promise<Reference | undefined> {
  if (truth === undefined) return undefined;
  return readReference({ option: '--truth', path: truth }, stdin, {
    statements,
    ...(logClient === undefined ? {} : { client: logClient }),
    ...(logProcess === undefined ? {} : { process: logProcess }),
  });
}

async function openSizes(path: string, stdin: Stdin): Promise<ListingEvent['entries']> {
  const file = { option: '--sizes', path };
  const listing = readListing((await readInput(file, stdin)).toString('utf8'));
  if (!listing.ok) throw refusal(file, `is no listing: ${listing.reason}`);
  return listing.entries;
}

function resultOf(
  said: Candidate,
  requested: Reference | undefined,
  sizes: ListingEvent['entries'] | undefined,
): AnalysisResult {
  const { candidate, reference } = withoutHosts(said, requested);
  const timed = withTimes(candidate, reference);
  const { summary } = score({ candidate: timed, reference, sizes });
  const { parser } = summary;
  if (!isRead(parser)) throw new Error('the log that was handed in was not read');
  const differences = reference === undefined ? [] : explain(timed, parser, reference);
  const phases = reference?.source === 'journal' ? summary.proxy?.byKind.segment?.phases : undefined;
  return {
    candidate: candidate.name,
    timeSource: timed.timeSource,
    parser: accountOf(parser, timed),
    agreement: agreementOf(summary.agreement, timed, reference),
    ...(phases === undefined ? {} : { segmentTimes: { receiveMs: phases.receiveMs, totalMs: phases.totalMs } }),
    differences,
    unexplained: unexplainedIn(differences),
  };
}

/** Without times of its own a log has no intervals and no rates. */
function accountOf(account: ParserReading, candidate: Candidate): ParserReading {
  const { segmentBytes } = candidate;
  const counted = segmentBytes === undefined ? account : { ...account, segmentBytes };
  if (isTimed(candidate)) return counted;
  const { throughput, inferred, ...untimed } = counted;
  const noIntervals = { segmentMs: { n: 0 }, playlistMs: { n: 0 } };
  return {
    ...untimed,
    ...(throughput === undefined ? {} : { throughput: { totalBytes: throughput.totalBytes } }),
    inferred: { ...inferred, ...noIntervals, original: { ...inferred.original, ...noIntervals } },
  };
}

function agreementOf(
  agreement: Summary['agreement'],
  candidate: Candidate,
  reference: Reference | undefined,
): Summary['agreement'] {
  const { inferredDurationErrorMs, ...segment } = agreement.segment;
  const isShown = inferredDurationErrorMs !== undefined && isTimed(candidate);
  const ownRow = candidate.segmentBytes === undefined ? [] : [eventsRow(candidate.segmentBytes, reference)];
  return {
    ...agreement,
    segment: { ...segment, ...(isShown ? { inferredDurationErrorMs } : {}) },
    estimators: [...ownRow, ...agreement.estimators],
  };
}

/** Bytes that another parser says it counted, against the content of segments. */
function eventsRow(bytes: number, reference: Reference | undefined): EstimatorScore {
  const row = { name: 'events', status: 'ok', reference: 'content of segments', bytes } as const;
  if (reference === undefined) return row;
  const referenceBytes = reference.transfers
    .filter(({ kind, stopping }) => kind === 'segment' && !stopping)
    .reduce((sum, { contentBytes }) => sum + contentBytes, 0);
  const ratio = errorRatio(bytes, referenceBytes);
  return { ...row, referenceBytes, ...(ratio === undefined ? {} : { errorRatio: ratio }) };
}

function truthOf({ source, client, process, transfers, tunnels }: Reference): NonNullable<Analysis['truth']> {
  return { source, client, process, ...trueCounts(transfers), tunnels };
}
