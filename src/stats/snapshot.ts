// Assembles the Snapshot from the accounts: it reads all of them at one instant and changes none.
// It measures nothing; what it derives (rates of a run, ramp, verdict, differences) it derives from their readings.
import type { RunEvent } from '../events.ts';
import { msToSeconds } from '../units.ts';
import type { Accounts } from './accounts.ts';
import { readAgreement } from './agreement-reading.ts';
import type { ReadClients } from './client-book.ts';
import { readDrift } from './client-rows.ts';
import { NO_DIFFERENCES, readDifferences } from './differences.ts';
import { scoreEstimators } from './estimators.ts';
import type { InstrumentAccount } from './instrument-account.ts';
import { whyUnread } from './log-reach.ts';
import { reconcileFlow, reconcileLog, unexplained, unreconciled } from './reconciliation.ts';
import type { EstimatorScore, ParserReading, ParserSummary, ProxySummary, Snapshot, Summary } from './summary.ts';
import { judgeThresholds, type Threshold } from './threshold.ts';
import { readHistory } from './throughput-history.ts';
import { hasTunnels } from './tunnels.ts';
import { judge } from './verdict.ts';
import { withoutAbsent } from './without-absent.ts';

export interface RunSettings {
  readonly run: Omit<RunEvent, 'type'>;
  readonly segmentCacheWindow?: number;
  /** `--fail-if`, each read. */
  readonly thresholds?: readonly Threshold[];
  /** `--stats-drop-threshold`: share of dropped lines, 0..1, above which the run is degraded. */
  readonly statsDropThreshold: number;
}

/** What the ledger knows of the run's course. */
export interface RunState {
  readonly tick: number;
  /** First start of a client, else the first request at a door. */
  readonly beganAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

export function assembleSnapshot(
  options: RunSettings,
  accounts: Accounts,
  state: RunState,
  atMs: number,
  wallMs: number,
): Snapshot {
  const { proxy, parser, clients, instrument } = accounts;
  const elapsedMs = elapsed(state, atMs);
  const isUnseen = isPartlyUnseen(options, accounts);
  const isBlind = isUnseen || !options.run.isTapped;
  const read = clients.read(options.run.clients, atMs, accounts.streams.readOpenBytes(), isBlind);
  const { durationSeconds } = options.run;
  return withoutAbsent<Snapshot>({
    atMs,
    wallMs,
    summary: assembleSummary(options, accounts, read, state, atMs),
    clients: read.rows,
    streams: accounts.streams.readRows(atMs),
    clientsStarted: clients.clientsStarted,
    elapsedSeconds: msToSeconds(elapsedMs),
    remainingSeconds: durationSeconds > 0 ? Math.max(0, durationSeconds - msToSeconds(elapsedMs)) : undefined,
    isRamping: isRamping(options, accounts),
    requestRates: accounts.rates.read(),
    ...readDrift(read.rows),
    openTransfers: proxy.sample?.meters['openTransfers'] ?? 0,
    recentLoopDelayP99Ms: withoutAbsent<NonNullable<Snapshot['recentLoopDelayP99Ms']>>({
      tap: options.run.isTapped ? proxy.sample?.tapLoopDelayRecentP99Ms : undefined,
      main: proxy.sample?.mainLoopDelayRecentP99Ms,
    }),
    ...clients.readUptimes(),
    inferredLatencySeconds: parser.readInferredBuckets(),
    ...instrument.readLines(options.statsDropThreshold),
    phaseBuckets: proxy.readPhaseBuckets(),
    differences: isBlind ? NO_DIFFERENCES : readDifferences(accounts, elapsedMs, atMs),
    recentEvents: accounts.recent.read(accounts.findings.read()),
    throughputHistory: readHistory(
      accounts,
      { isBlind, isParsed: whyUnread(options.run.logLevel) === undefined },
      atMs,
    ),
    originBytesAtMs: accounts.origin.bytes?.untilMs,
    originSources: accounts.originSources.read(
      atMs,
      new Set(accounts.origin.staleSources(atMs).map(({ source }) => source)),
    ),
    startErrors: options.run.isTapped ? accounts.pairing.readStartErrors('segment') : undefined,
    lastListing: accounts.listings.read(),
    listingWindow: options.segmentCacheWindow ?? accounts.listingNeed.window,
    shortestTargetDurationSeconds: accounts.listingNeed.targetDurationSeconds,
  });
}

function assembleSummary(
  options: RunSettings,
  accounts: Accounts,
  readClients: ReadClients,
  state: RunState,
  atMs: number,
): Summary {
  const { proxy, parser, clients, findings } = accounts;
  const { isTapped } = options.run;
  const isUnseen = isPartlyUnseen(options, accounts);
  const summary: Summary = {
    schema: 'hls-swarm/summary@1',
    tick: state.tick,
    run: readRun(options, accounts, msToSeconds(elapsed(state, atMs))),
    clients: clients.readSummary(readClients, options.run.clients, atMs, proxy.sample?.clientsCpuSeconds),
    ...(isTapped ? { proxy: readProxy(accounts, isUnseen, state, atMs) } : {}),
    parser: readParser(options, parser.read(atMs, state.beganAtMs)),
    origin: readOrigin(accounts, isUnseen || !isTapped, state.beganAtMs),
    agreement: readAgreement(options.run, accounts, readEstimators(options, accounts), atMs),
    reconciliation: readReconciliation(options, accounts, atMs),
    findings: findings.read(),
    thresholds: [],
    instrument: readInstrument(options, accounts, atMs),
  };
  return { ...summary, thresholds: judgeThresholds(options.thresholds ?? [], summary) };
}

function readProxy(
  { proxy, variants, streams }: Accounts,
  isUnseen: boolean,
  { beganAtMs }: RunState,
  atMs: number,
): ProxySummary {
  const read = proxy.read(atMs, beganAtMs);
  return withoutAbsent<ProxySummary>({
    ...(isUnseen ? withoutEmptyThroughput(read) : read),
    unselectedVariantBytes: variants.unselectedBytes,
    streams: streams.read(beganAtMs),
    hasTunnels: isUnseen,
  });
}

/** Where no request is named no segment was, and what a listing would add up to is unknown; what nobody reads says nothing. */
function readParser({ run: { logLevel } }: RunSettings, read: ParserReading): ParserSummary {
  if (logLevel === undefined) return read;
  if (logLevel === 'none') return { level: logLevel, lines: read.lines, droppedLines: read.droppedLines };
  if (whyUnread(logLevel) === undefined) return { level: logLevel, ...read };
  const { segmentBytes: _bytes, lookup: _lookup, throughput: _throughput, ...counted } = read;
  return { level: logLevel, ...counted };
}

function isPartlyUnseen({ run }: RunSettings, { proxy }: Accounts): boolean {
  return hasTunnels(run, proxy.sample?.meters['opaqueBytes'] ?? 0);
}

/** Nothing seen is not nothing sent. */
function withoutEmptyThroughput<Read extends Pick<ProxySummary, 'throughput' | 'allBytesThroughput'>>({
  throughput,
  allBytesThroughput,
  ...rest
}: Read): Omit<Read, 'throughput' | 'allBytesThroughput'> & Pick<ProxySummary, 'throughput' | 'allBytesThroughput'> {
  return {
    ...rest,
    ...(throughput === undefined || throughput.totalBytes === 0 ? {} : { throughput }),
    ...(allBytesThroughput === undefined || allBytesThroughput.totalBytes === 0 ? {} : { allBytesThroughput }),
  };
}

/** Segments are what the tap leaves of the origin's bytes: where it is blind it cannot say what else was among those. */
function readOrigin(
  { origin, join, collections }: Accounts,
  isBlind: boolean,
  beganAtMs: number | undefined,
): Summary['origin'] {
  const { segmentThroughput, ...rest } = origin.read(join.isActive, beganAtMs);
  const segments = isBlind || segmentThroughput === undefined ? {} : { segmentThroughput };
  return { ...rest, ...segments, collections: collections.read() };
}

function readRun({ run }: RunSettings, { clients }: Accounts, durationSeconds: number): Summary['run'] {
  const { firstStartMs, lastFirstStartMs, clientsStarted } = clients;
  const hasRamped = firstStartMs !== undefined && lastFirstStartMs !== undefined && clientsStarted >= run.clients;
  const { id, startedAt, url, variant, version, ffmpeg, node, proxyWorkers, seed, upstream } = run;
  return withoutAbsent<Summary['run']>({
    id,
    startedAt,
    durationSeconds,
    rampSeconds: hasRamped ? msToSeconds(lastFirstStartMs - firstStartMs) : undefined,
    url,
    clients: run.clients,
    variant,
    version,
    ffmpeg,
    node,
    proxyWorkers,
    seed,
    upstream,
  });
}

/** Doors without clients of ours (`hls-swarm proxy`) do not ramp: traffic without a start says so. */
function isRamping({ run }: RunSettings, { clients, proxy }: Accounts): boolean {
  return clients.clientsStarted === 0 ? proxy.transfers === 0 : clients.clientsStarted < run.clients;
}

function elapsed({ beganAtMs, endedAtMs }: RunState, atMs: number): number {
  return beganAtMs === undefined ? 0 : Math.max(0, Math.min(atMs, endedAtMs ?? atMs) - beganAtMs);
}

/** The table of estimators, now. */
export function readEstimators(options: RunSettings, accounts: Accounts): EstimatorScore[] {
  const { parser, figures, variants, origin } = accounts;
  const { segment, compared } = origin.bytes ?? {};
  return scoreEstimators({
    isTapped: options.run.isTapped,
    isPartlyUnseen: isPartlyUnseen(options, accounts),
    logLevel: options.run.logLevel,
    listings: parser.lookup.table.listings,
    learnedFolder: parser.lookup.table.learnedFolder,
    lookup: parser.lookup.read(),
    undecided: figures.undecided,
    original: parser.original.readLookup(),
    all: figures.totals('all'),
    ended: figures.totals('ended'),
    running: figures.running,
    meanSegmentBytes: parser.lookup.table.meanSegmentBytes,
    meanSegmentSeconds: variants.meanSegmentSeconds,
    declaredBytesPerMediaSecond: variants.declaredBytesPerMediaSecond,
    origin:
      segment === undefined || compared === undefined || !options.run.isTapped
        ? undefined
        : { bytes: segment.totalBytes, referenceBytes: compared.tapSegmentBytes },
  });
}

function readReconciliation(
  { run }: RunSettings,
  { join, origin, proxy }: Accounts,
  atMs: number,
): Summary['reconciliation'] {
  const joined = join.read(atMs);
  const flow = origin.readFlow();
  if (!run.isTapped) return unexplained(joined === undefined ? flow : { source: 'access-log', ...joined });
  if (joined !== undefined) return reconcileLog(joined);
  return flow === undefined ? unreconciled((figure, kinds) => proxy.sum(figure, kinds)) : reconcileFlow(flow);
}

/** Without a tap its thread has no delay and no CPU time, and no quiet loop speaks for it. */
function withoutTap(read: ReturnType<InstrumentAccount['read']>): ReturnType<InstrumentAccount['read']> {
  const { tapCpuSeconds: _cpu, tapBytesPerCpuSecond: _rate, eventLoopDelayMs, ...rest } = read;
  const { tapP99: _delay, rampTapP99: _ramp, ...others } = eventLoopDelayMs;
  return { ...rest, eventLoopDelayMs: others };
}

function readInstrument(
  { run, statsDropThreshold }: RunSettings,
  { instrument, parser, origin }: Accounts,
  atMs: number,
): Summary['instrument'] {
  const read = instrument.read(parser.bypassed);
  const figures = run.isTapped ? read : withoutTap(read);
  const judged = judge({
    ledgerImbalanceBytes: figures.ledgerImbalanceBytes,
    lostRecords: figures.lostRecords,
    bypassedRequests: figures.bypassedRequests,
    internalErrors: instrument.internalErrors,
    localFailures: instrument.localFailures,
    tapDelayP99Ms: figures.eventLoopDelayMs.tapP99,
    mainDelayP99Ms: figures.eventLoopDelayMs.mainP99,
    unparsedLines: instrument.unparsedLines,
    parsedLines: parser.events,
    droppedShare: instrument.droppedShare,
    statsDropThreshold,
    machineFullShare: instrument.machineFull?.share,
    opaqueBytes: instrument.opaqueBytes,
    staleSources: origin.staleSources(atMs).map(({ source }) => source),
  });
  return { ...judged, ...figures };
}
